// Two-way streams beside the calls: what they carry, how they end.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Duplex } = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { duplexPair } = require('../support/duplex.js');
const { listen, pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

/** Everything that comes. @param {AsyncIterable<any>} stream */
async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.isBuffer(parts[0]) ? Buffer.concat(parts) : parts;
}

/** @param {any} _ @param {any} context */
const echo = (_, { stream }) => void pipeline(stream, stream).catch(() => {});

/** Both directions: who opens, who answers. */
const DIRECTIONS = /** @type {const} */ (['socket', 'peer']);

forEachDriver((driver) => {
  for (const opener of DIRECTIONS) {
    /** The end that opens streams and the one that answers them. @param {any} t @param {object} [options] */
    const ends = async (t, options) => {
      const { socket, peer } = await pair(t, { driver, ...options });
      return opener === 'socket' ? { one: socket, other: peer } : { one: peer, other: socket };
    };
    const about = `(${driver}, opened by the ${opener})`;

    test(`bytes come back from an echo ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle('echo', echo);
      const stream = one.stream({ a: 1 }, { topic: 'echo' });
      assert.ok(stream instanceof Duplex);
      const sent = Buffer.alloc(3_000_000, 'some text, ');
      stream.end(sent);
      assert.ok(sent.equals(/** @type {any} */ (await within(all(stream), 'the echo'))));
      await until(() => one.stats().streams + other.stats().streams === 0, 'no stream is open');
    });

    test(`the handler gets payload, topic, socket and signal ${about}`, async (t) => {
      const { one, other } = await ends(t);
      const seen = deferred();
      other.handle('a.topic', (payload, context) => {
        seen.resolve([payload, context.topic, context.socket === other, context.signal.aborted]);
        context.stream.end();
      });
      const stream = one.stream({ n: 7 }, { topic: 'a.topic' });
      assert.deepEqual(await seen.promise, [{ n: 7 }, 'a.topic', true, false]);
      assert.equal(stream.topic, 'a.topic');
      stream.destroy();
    });

    test(`values keep what they are ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle(echo);
      const values = [1, 'größe', { a: [true, null] }, Buffer.from([0, 255]), [], '', 0, false];
      const stream = one.stream(undefined, { objectMode: true });
      for (const value of values) stream.write(value);
      stream.end();
      assert.deepEqual(await within(all(stream), 'the values'), values);
    });

    test(`this side ends and goes on reading ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle(async (_, { stream }) => {
        const asked = String(await all(stream));
        stream.end(`${asked} was heard`);
      });
      const stream = one.stream();
      stream.end('this');
      assert.equal(String(await within(all(stream), 'the answer')), 'this was heard');
    });

    test(`the other side ends and goes on reading ${about}`, async (t) => {
      const { one, other } = await ends(t);
      const heard = deferred();
      other.handle(async (_, { stream }) => {
        stream.end('go on');
        heard.resolve(String(await all(stream)));
      });
      const stream = one.stream();
      assert.equal(String(await within(all(stream), 'its end')), 'go on');
      assert.equal(stream.destroyed, false);
      stream.end('late words');
      assert.equal(await heard.promise, 'late words');
    });

    test(`destroying it gives the other side the reason ${about}`, async (t) => {
      const { one, other } = await ends(t);
      const theirs = deferred();
      other.handle((_, context) => theirs.resolve(context));
      const stream = one.stream();
      stream.on('error', () => {});
      stream.write('x');
      const { stream: answered, signal } = await theirs.promise;
      const failed = event(answered, 'error');
      stream.destroy(Object.assign(new RangeError('too far'), { code: 'E_FAR', data: [1] }));
      const [error] = await failed;
      assert.equal(error.code, 'SHORTWIRE_ERR_REMOTE');
      const { name, message, code, data } = error.remote;
      assert.deepEqual([name, message, code, data], ['RangeError', 'too far', 'E_FAR', [1]]);
      assert.ok(signal.aborted);
    });

    test(`the handler's stream, destroyed, gives this side the reason ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle((_, { stream }) => void stream.destroy(new Error('no more')));
      const [error] = await event(one.stream(), 'error');
      assert.deepEqual([error.code, error.message], ['SHORTWIRE_ERR_REMOTE', 'no more']);
    });

    test(`destroying it without a reason aborts the other side ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle((_, { stream }) => void stream.destroy());
      const [error] = await event(one.stream(), 'error');
      assert.deepEqual([error.code, error.name], ['SHORTWIRE_ERR_ABORTED', 'AbortError']);
    });

    test(`what the handler throws resets it ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle('now', () => {
        throw new TypeError('now');
      });
      other.handle('later', async (_, { stream }) => {
        stream.write('first');
        await once(stream, 'data');
        throw new TypeError('later');
      });
      const [now] = await event(one.stream(1, { topic: 'now' }), 'error');
      assert.deepEqual([now.remote.name, now.message], ['TypeError', 'now']);
      const stream = one.stream(1, { topic: 'later' });
      stream.write('go');
      const [later] = await event(stream.resume(), 'error');
      assert.equal(later.message, 'later');
    });

    test(`a signal takes it back on both sides ${about}`, async (t) => {
      const { one, other } = await ends(t);
      const theirs = deferred();
      other.handle((_, context) => theirs.resolve(context));
      const controller = new AbortController();
      const stream = one.stream(1, { signal: controller.signal });
      const { stream: answered } = await theirs.promise;
      const errors = Promise.all([event(stream, 'error'), event(answered, 'error')]);
      controller.abort('enough');
      const [[ours], [remote]] = await errors;
      assert.deepEqual([ours.name, ours.cause], ['AbortError', 'enough']);
      assert.deepEqual([remote.name, remote.code], ['AbortError', 'SHORTWIRE_ERR_ABORTED']);
    });

    test(`a consumer that stops pauses the sender and nothing else ${about}`, async (t) => {
      const { one, other } = await ends(t);
      const theirs = deferred();
      other.handle('stuck', (_, { stream }) => theirs.resolve(stream));
      other.handle('quick', () => 'answered');
      const stream = one.stream(1, { topic: 'stuck' });
      const chunk = Buffer.alloc(64 * 1024);
      let written = 0;
      while (stream.write(chunk)) written++;
      while (written < 100) {
        const more = await Promise.race([event(stream, 'drain', 500), one.ping()]).catch(() => 0);
        if (!Array.isArray(more)) break;
        stream.write(chunk);
        written++;
      }
      assert.ok(written * chunk.length < 2_000_000, `${written} chunks went out`);
      assert.equal(await one.call('quick', 1), 'answered');
      assert.ok(one.stats().streamQueuedBytes <= 256 * 1024);
      const read = theirs.promise.then((answered) => all(answered));
      stream.end();
      assert.ok((await within(read, 'the rest')).length >= written * chunk.length);
      stream.destroy();
    });

    test(`hundreds of streams leave small calls quick ${about}`, async (t) => {
      const { one, other } = await ends(t);
      other.handle('sink', async (_, { stream }) => {
        for await (const _ of stream);
        stream.end();
      });
      other.handle('quick', (n) => n);
      const body = Buffer.alloc(400_000);
      const streams = Array.from({ length: 200 }, () => one.stream(1, { topic: 'sink' }).resume());
      const done = Promise.all(streams.map((stream) => finished(stream.end(body))));
      let order = '';
      void done.then(() => (order += 'streams '));
      for (let call = 0; call < 3; call++) assert.equal(await one.call('quick', call), call);
      order += 'calls ';
      await within(done, 'all streams');
      assert.equal(order, 'calls streams ');
    });

    test(`nobody answers the topic ${about}`, async (t) => {
      const { one } = await ends(t);
      const [error] = await event(one.stream(1, { topic: 'nope' }), 'error');
      assert.equal(error.code, 'SHORTWIRE_ERR_NO_HANDLER');
    });

    test(`one stream more than the other side takes is refused ${about}`, async (t) => {
      const limits = { maxStreams: 2 };
      const { one, other } = await ends(t, { socket: limits, server: limits });
      other.handle((_, { stream }) => void stream.resume());
      const [first, second] = [one.stream(), one.stream()];
      const [error] = await event(one.stream(), 'error');
      assert.equal(error.code, 'SHORTWIRE_ERR_OVERFLOW');
      await until(() => other.stats().streamsRefused === 1, 'the refusal is counted');
      for (const stream of [first, second]) stream.destroy();
      await until(() => other.stats().streams === 0, 'both are gone');
      const last = one.stream();
      await finished(last.resume().end(), { readable: false });
      last.destroy();
    });
  }

  test(`streams that were opened before the connection go out with it (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle(echo);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const stream = socket.stream();
    stream.end('early');
    assert.equal(socket.stats().queuedMessages, 1);
    await socket.connect(path);
    assert.equal(String(await within(all(stream), 'the echo')), 'early');
    assert.equal(socket.stats().queuedMessages, 0);
  });

  for (const [limits, payload] of /** @type {[any, any][]} */ ([
    [{ maxQueuedMessages: 2 }, undefined],
    [{ maxQueuedBytes: 2000 }, 'x'.repeat(998)],
    [{ maxQueuedBytes: 2000 }, Buffer.alloc(1000)]
  ])) {
    const most = `${Object.entries(limits)} with ${typeof payload}`;
    test(`no more than ${most} wait for a connection (${driver})`, async () => {
      const socket = new UDSocket({ driver, ...limits });
      const streams = [socket.stream(payload), socket.stream(payload)];
      const { queuedMessages, queuedBytes } = socket.stats();
      assert.deepEqual([queuedMessages, queuedBytes], [2, payload === undefined ? 0 : 2000]);
      const overflow = { code: 'SHORTWIRE_ERR_OVERFLOW', maybeDelivered: false };
      await assert.rejects(once(socket.stream(payload), 'end'), overflow);
      await assert.rejects(socket.iterate(payload).next(), overflow);
      // One that is given up makes room.
      streams.pop()?.destroy();
      await until(() => socket.stats().queuedMessages === 1, 'one waits');
      streams.push(socket.stream(payload));
      const ended = streams.map((stream) => event(stream, 'error'));
      socket.destroy();
      for (const [error] of await Promise.all(ended)) {
        assert.equal(error.code, 'SHORTWIRE_ERR_DISCONNECTED');
      }
      const after = socket.stats();
      assert.deepEqual([after.queuedMessages, after.queuedBytes], [0, 0]);
    });
  }

  test(`the connection's end ends its streams on both sides (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const theirs = deferred();
    peer.handle((_, { stream }) => theirs.resolve(stream));
    const stream = socket.stream();
    const answered = await theirs.promise;
    const errors = Promise.all([event(stream, 'error'), event(answered, 'error')]);
    socket.destroy();
    for (const [error] of await errors) assert.equal(error.code, 'SHORTWIRE_ERR_DISCONNECTED');
    const [closed] = await event(socket.stream(), 'error');
    assert.deepEqual([closed.code, closed.maybeDelivered], ['SHORTWIRE_ERR_CLOSED', false]);
  });

  test(`close waits for streams and then cuts them (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(echo);
    const finishing = socket.stream();
    finishing.write('half');
    await once(finishing, 'data');
    const closed = socket.close({ timeoutMs: 10_000 });
    finishing.end();
    await within(Promise.all([finished(finishing), closed]), 'the end of both');
  });

  test(`a signal that has fired opens nothing (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let asked = 0;
    peer.handle(() => void asked++);
    const [error] = await event(socket.stream(1, { signal: AbortSignal.abort('no') }), 'error');
    assert.deepEqual([error.name, error.cause, error.maybeDelivered], ['AbortError', 'no', false]);
    await socket.ping();
    assert.equal(asked, 0);
  });

  test(`arguments that are wrong throw at once (${driver})`, () => {
    const socket = new UDSocket({ driver });
    for (const options of [{ topic: 1 }, { objectMode: 1 }, { signal: {} }, { nonsense: 1 }]) {
      assert.throws(() => socket.stream(1, /** @type {any} */ (options)), {
        code: 'SHORTWIRE_ERR_INVALID_ARG'
      });
    }
  });

  test(`streams and large messages pass an attached stream (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const [ours, theirs] = duplexPair();
    await Promise.all([server.attach(theirs), socket.attach(ours)]);
    server.handle('echo', echo);
    server.handle((payload) => payload.length);
    const sent = Buffer.alloc(3_000_000, 'attached, ');
    const stream = socket.stream(1, { topic: 'echo' });
    stream.end(sent);
    assert.ok(sent.equals(/** @type {any} */ (await within(all(stream), 'the echo'))));
    assert.equal(await within(socket.rpc('x'.repeat(5_000_000)), 'the answer'), 5_000_000);
  });

  test(`jftp has no streams (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle(() => 1);
    const socket = new UDSocket({ driver, protocol: 'jftp' });
    t.after(() => socket.destroy());
    await socket.connect(path);
    const [error] = await event(socket.stream(), 'error');
    assert.equal(error.code, 'SHORTWIRE_ERR_UNSUPPORTED');
  });
});
