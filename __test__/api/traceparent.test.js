// A traceparent travels with the calls and messages that are given one, and with nothing else.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen, pair } = require('../support/pair.js');

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

/** Answers with what arrives beside the payload. */
const tell = (_payload, { traceparent, topic }) => ({ traceparent, topic });

forEachDriver((driver) => {
  for (const direction of ['to the server', 'to the client']) {
    const ends = async (t, options) => {
      const { socket, peer } = await pair(t, { driver, server: options, socket: options });
      return direction === 'to the server' ? [socket, peer] : [peer, socket];
    };

    test(`a handler has the one of its call, ${direction} (${driver})`, async (t) => {
      const [asking, answering] = await ends(t);
      answering.handle(tell);
      const options = { traceparent: TRACE };
      const large = 'ü'.repeat(300_000);
      const heard = await Promise.all([
        asking.rpc(1, options),
        asking.rpc(undefined, options),
        asking.call('größe', 1, options),
        asking.rpc(Buffer.from('1'), { ...options, topic: 'bytes' }),
        asking.rpc(large, { ...options, topic: 'large' }),
        asking.rpc(1, { topic: 'none' })
      ]);
      assert.deepEqual(heard, [
        { traceparent: TRACE, topic: '' },
        { traceparent: TRACE, topic: '' },
        { traceparent: TRACE, topic: 'größe' },
        { traceparent: TRACE, topic: 'bytes' },
        { traceparent: TRACE, topic: 'large' },
        { topic: 'none' }
      ]);
    });

    test(`a listener has the one of its message, ${direction} (${driver})`, async (t) => {
      const [sending, hearing] = await ends(t);
      const heard = [];
      const all = new Promise((resolve) => {
        hearing.on('message', (payload, { traceparent, topic }) => {
          heard.push([payload, topic, traceparent]);
          if (heard.length === 3) resolve(undefined);
        });
      });
      await sending.send(1, { traceparent: TRACE });
      await sending.send(2, { topic: 't', traceparent: OTHER });
      await sending.notify('t', 3);
      await within(all, 'three messages');
      assert.deepEqual(heard, [
        [1, '', TRACE],
        [2, 't', OTHER],
        [3, 't', undefined]
      ]);
    });

    test(`a streamed answer and a stream have theirs, ${direction} (${driver})`, async (t) => {
      const [asking, answering] = await ends(t);
      answering.handle(async function* (_payload, { traceparent }) {
        yield traceparent;
      });
      answering.handle('two-way', (_payload, { stream, traceparent }) => stream.end(traceparent));
      const heard = [];
      const parts = [asking.iterate(1, { traceparent: TRACE }), asking.iterate(Buffer.from('1'))];
      for (const iteration of parts) for await (const part of iteration) heard.push(part);
      const stream = asking.stream(1, { topic: 'two-way', objectMode: true, traceparent: OTHER });
      for await (const part of stream) heard.push(part);
      assert.deepEqual(heard, [TRACE, undefined, OTHER]);
      stream.end();
      assert.throws(() => asking.iterate(1, { traceparent: 'x' }), {
        code: 'SHORTWIRE_ERR_INVALID_ARG'
      });
    });

    test(`one end's function gives each its own, ${direction} (${driver})`, async (t) => {
      const given = [TRACE, undefined, OTHER];
      const [asking, answering] = await ends(t, { traceparent: () => given.shift() });
      answering.handle(tell);
      const heard = [];
      for (let n = 0; n < 3; n++) heard.push((await asking.rpc(n)).traceparent);
      assert.deepEqual(heard, [TRACE, undefined, OTHER]);
    });
  }

  test(`a call's own comes before that of its socket (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver, socket: { traceparent: () => OTHER } });
    peer.handle(tell);
    assert.equal((await socket.rpc(1, { traceparent: TRACE })).traceparent, TRACE);
    assert.equal((await socket.rpc(1)).traceparent, OTHER);
  });

  test(`it waits with a call that was made too early (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle(tell);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const early = socket.call('early', 1, { traceparent: TRACE });
    await socket.connect(path);
    assert.deepEqual(await early, { traceparent: TRACE, topic: 'early' });
  });

  test(`one that is none rejects its call and nothing else (${driver})`, async (t) => {
    let next;
    const traceparent = () => next;
    const { socket, peer } = await pair(t, { driver, socket: { traceparent } });
    peer.handle(tell);
    const invalid = { code: 'SHORTWIRE_ERR_INVALID_ARG' };
    const zeros = TRACE.replace('00f067aa0ba902b7', '0'.repeat(16));
    for (const wrong of [
      '',
      'x',
      7,
      null,
      TRACE.toUpperCase(),
      `${TRACE}-00`,
      zeros,
      `ff${TRACE.slice(2)}`
    ]) {
      await assert.rejects(socket.rpc(1, { traceparent: wrong }), invalid);
      await assert.rejects(socket.send(1, { traceparent: wrong }), invalid);
      next = wrong ?? false;
      await assert.rejects(socket.rpc(1), invalid);
      await assert.rejects(socket.send(1), invalid);
      next = undefined;
    }
    assert.deepEqual(await socket.rpc(1), { topic: '' });
  });

  test(`what its function throws rejects the call (${driver})`, async (t) => {
    const error = new Error('no tracer');
    const traceparent = () => {
      throw error;
    };
    const { socket } = await pair(t, { driver, socket: { traceparent } });
    await assert.rejects(socket.rpc(1), error);
  });

  test(`jftp leaves it out (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle(tell);
    const connected = once(server, 'connection');
    const socket = new UDSocket({ driver, protocol: 'jftp', traceparent: () => TRACE });
    t.after(() => socket.destroy());
    await socket.connect(path);
    assert.deepEqual(await socket.rpc(1), { topic: '' });
    assert.deepEqual(await socket.rpc(1, { traceparent: OTHER }), { topic: '' });
    await connected;
  });
});

test('the option is a function', () => {
  for (const Class of [UDSocket, UDSocketServer]) {
    assert.throws(() => new Class({ traceparent: TRACE }), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /traceparent/
    });
  }
});
