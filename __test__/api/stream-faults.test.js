// Streams and answers in parts when somebody stops, leaves, throws, or never says a word.

'use strict';

const assert = require('node:assert/strict');
const { finished, pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const { test } = require('node:test');

const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

const MIB = 1 << 20;
const never = () => new Promise(() => {});
/** @param {any} _ @param {any} context */
const echo = (_, { stream }) => void pipeline(stream, stream).catch(() => {});

forEachDriver((driver) => {
  for (const opener of /** @type {const} */ (['socket', 'peer'])) {
    /** The end that opens streams and the one that answers them. @param {any} t @param {object} [options] */
    const ends = async (t, options) => {
      const { socket, peer } = await pair(t, { driver, ...options });
      const [one, other] = opener === 'socket' ? [socket, peer] : [peer, socket];
      const gone = () =>
        until(() => one.stats().streams + other.stats().streams === 0, 'no stream is open');
      return { one, other, gone };
    };
    const about = `(${driver}, opened by the ${opener})`;

    test(`500 streams at once, each with its own bytes, beside calls ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      other.handle('echo', echo);
      other.handle('quick', (n) => n);
      const echoes = Array.from({ length: 500 }, async (_, n) => {
        const sent = Buffer.alloc(20_000, `stream ${n}, `);
        const stream = one.stream(n, { topic: 'echo' });
        stream.end(sent);
        return sent.equals(Buffer.concat(await stream.toArray()));
      });
      const calls = Array.from({ length: 500 }, (_, n) => one.call('quick', n));
      const answers = await within(Promise.all(calls), 'the calls');
      assert.ok(answers.every((answer, n) => answer === n));
      assert.ok((await within(Promise.all(echoes), 'the echoes')).every(Boolean));
      await gone();
    });

    test(`small calls pass 64 MiB that are on their way ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      let come = 0;
      other.handle('sink', async (_, { stream }) => {
        for await (const chunk of stream) come += chunk.length;
      });
      other.handle('come', () => come);
      const chunk = Buffer.alloc(MIB);
      const chunks = Readable.from(Array.from({ length: 64 }, () => chunk));
      const stream = one.stream(1, { topic: 'sink' });
      const sent = pipeline(chunks, stream, (answer) => answer.resume().toArray());
      let calls = 0;
      while ((await one.call('come')) < 64 * MIB) calls++;
      // Behind the transfer there would be one, and at most 4 MiB of it in each queue.
      assert.ok(calls >= 8, `${calls} calls were answered meanwhile`);
      await within(sent, 'all bytes');
      await gone();
    });

    test(`a consumer that stops holds up neither another stream nor memory ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      const stuck = deferred();
      other.handle('stuck', (_, { stream }) => stuck.resolve(stream));
      other.handle('sink', async (_, { stream }) => {
        let bytes = 0;
        for await (const chunk of stream) bytes += chunk.length;
        stream.end(String(bytes));
      });
      const full = one.stream(1, { topic: 'stuck' }).on('error', () => {});
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!full.destroyed && full.write(chunk));
      };
      full.on('drain', more);
      more();
      await stuck.promise;
      const stream = one.stream(1, { topic: 'sink' });
      stream.end(Buffer.alloc(8 * MIB));
      const answer = await within(stream.toArray(), 'the other stream');
      assert.equal(String(Buffer.concat(answer)), String(8 * MIB));
      assert.ok(one.stats().streamQueuedBytes <= 256 * 1024);
      full.destroy();
      await gone();
    });

    test(`a handler that never answers is left by either end ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      const signals = [deferred(), deferred()];
      let asked = 0;
      other.handle((_, { signal }) => {
        signals[asked++].resolve(signal);
        return never();
      });
      const stream = one.stream(1);
      const first = await signals[0].promise;
      stream.destroy();
      await until(() => first.aborted, 'the handler hears of it');
      const parts = one.iterate(1);
      const waits = parts.next();
      const second = await signals[1].promise;
      await parts.return?.();
      assert.deepEqual(await waits, { value: undefined, done: true });
      await until(() => second.aborted, 'this one, too');
      await gone();
    });

    test(`a consumer that destroys it in the middle ends the source ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      other.handle('bytes', async (_, { stream }) => {
        stream.once('data', () => stream.destroy(new RangeError('enough')));
        await finished(stream).catch(() => {});
      });
      const source = new Readable({
        read() {
          this.push(Buffer.alloc(64 * 1024));
        }
      });
      const sent = pipeline(source, one.stream(1, { topic: 'bytes' }));
      await assert.rejects(within(sent, 'the failure'), { message: 'enough' });
      assert.ok(source.destroyed);
      await gone();
    });

    test(`undefined passes as a value, null is told where it can go ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      other.handle('echo', echo);
      other.handle('null', async function* () {
        yield 1;
        yield null;
      });
      const stream = one.stream(1, { topic: 'echo', objectMode: true });
      stream.write(undefined);
      assert.throws(() => stream.write(null), { code: 'ERR_STREAM_NULL_VALUES' });
      stream.end('x');
      assert.deepEqual(await stream.toArray(), [undefined, 'x']);
      const values = one.stream(1, { topic: 'null', objectMode: true });
      await assert.rejects(values.toArray(), /iterate\(\)/);
      await gone();
    });

    test(`iterables that throw at once or never return fail alone ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      const stop = () => {
        throw new RangeError('at once');
      };
      let returned = 0;
      const stuck = { next: never, return: () => (returned++, never()) };
      other.handle('at once', () => ({ [Symbol.asyncIterator]: stop }));
      other.handle('next', () => ({ [Symbol.asyncIterator]: () => ({ next: stop }) }));
      other.handle('stuck', () => ({ [Symbol.asyncIterator]: () => stuck }));
      for (const topic of ['at once', 'next']) {
        await assert.rejects(one.iterate(1, { topic }).next(), { message: 'at once' });
      }
      const signal = AbortSignal.timeout(20);
      const waits = one.iterate(1, { topic: 'stuck', signal }).next();
      await assert.rejects(waits, { code: 'SHORTWIRE_ERR_ABORTED', maybeDelivered: true });
      await until(() => returned === 1, 'its return is called');
      await gone();
    });

    test(`a signal that has fired asks for no parts ${about}`, async (t) => {
      const { one, other } = await ends(t);
      let asked = 0;
      other.handle(() => void asked++);
      const parts = one.iterate(1, { signal: AbortSignal.abort('no') });
      const expected = { name: 'AbortError', cause: 'no', maybeDelivered: false };
      await assert.rejects(parts.next(), expected);
      assert.deepEqual(await parts.next(), { value: undefined, done: true });
      await one.ping();
      assert.equal(asked, 0);
    });

    test(`who asks for several parts at once gets them in order ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      other.handle(async function* () {
        yield* [0, 1, 2];
        throw new Error('the end');
      });
      const parts = one.iterate();
      const asked = Array.from({ length: 5 }, () => parts.next());
      const come = (await Promise.allSettled(asked)).map(
        (result) => result.value?.value ?? result.reason?.message
      );
      assert.deepEqual(come, [0, 1, 2, 'the end', undefined]);
      await gone();
    });

    test(`an async handler that has read to the end needn't end it ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      other.handle('sink', async (_, { stream }) => {
        for await (const _ of stream);
      });
      other.handle('fails', async (_, { stream }) => {
        for await (const _ of stream);
        throw new RangeError('disk full');
      });
      other.handle('piped', async (_, { stream }) => {
        for await (const _ of stream);
        Readable.from(['still ', 'piped']).pipe(stream);
      });
      const upload = async (/** @type {string} */ topic) => {
        const stream = one.stream(1, { topic });
        return pipeline([Buffer.alloc(10)], stream, async (answer) =>
          String(Buffer.concat(await answer.toArray()))
        );
      };
      assert.equal(await within(upload('sink'), 'the end'), '');
      await assert.rejects(upload('fails'), { message: 'disk full' });
      assert.equal(await within(upload('piped'), 'the answer'), 'still piped');
      await gone();
    });

    test(`reasons of the library's own reach the other end as such ${about}`, async (t) => {
      const { one, other, gone } = await ends(t);
      const theirs = deferred();
      other.handle((_, { stream }) => void stream.on('error', theirs.resolve));
      const stream = one.stream(1, { objectMode: true });
      const ours = event(stream, 'error');
      stream.write(1n);
      assert.equal((await ours)[0].code, 'SHORTWIRE_ERR_SERIALIZE');
      const error = await within(theirs.promise, 'its failure');
      assert.equal(error.code, 'SHORTWIRE_ERR_SERIALIZE');
      await gone();
    });
  }

  test(`a call that can't be encoded opens nothing (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let asked = 0;
    peer.handle(() => void asked++);
    const expected = { code: 'SHORTWIRE_ERR_SERIALIZE' };
    await assert.rejects(socket.iterate(1n).next(), expected);
    const [error] = await event(socket.stream(1n), 'error');
    assert.equal(error.code, expected.code);
    await socket.ping();
    assert.equal(asked, 0);
  });
});
