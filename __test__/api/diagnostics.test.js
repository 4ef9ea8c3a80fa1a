// What diagnostics_channel has of connections, calls and messages.

'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { event } = require('../support/deadline.js');
const { watch, watchMessages } = require('../support/diagnostics.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen, pair } = require('../support/pair.js');

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const steps = (seen) => seen.map(([step]) => step);

forEachDriver((driver) => {
  test(`a call is published where it is made (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('double', (n) => n * 2);
    const { seen } = watch(t, 'rpc');
    const answer = socket.call('double', 2, { timeoutMs: 700 });
    assert.deepEqual(steps(seen), ['start', 'end']);
    assert.equal(await answer, 4);
    assert.deepEqual(steps(seen), ['start', 'end', 'asyncStart', 'asyncEnd']);
    const [[, message]] = seen;
    assert.ok(seen.every(([, other]) => other === message));
    const { socket: asking, ...rest } = message;
    assert.equal(asking, socket);
    const expected = { kind: 'call', topic: 'double', payload: 2, timeoutMs: 700, result: 4 };
    assert.deepEqual(rest, { ...expected, traceparent: undefined });
  });

  test(`a call that fails is published with its error (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    const { seen } = watch(t, 'rpc');
    const error = await socket.call('nobody', 1).catch((reason) => reason);
    assert.equal(error.code, 'SHORTWIRE_ERR_NO_HANDLER');
    assert.deepEqual(steps(seen), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    assert.equal(seen[0][1].error, error);
  });

  for (const [name, handler] of [
    ['that answers at once', (n) => n * 2],
    ['that answers later', async (n) => (await new Promise(setImmediate), n * 2)]
  ]) {
    test(`a call is published where it is answered, by a handler ${name} (${driver})`, async (t) => {
      const { socket, peer } = await pair(t, { driver });
      let context;
      peer.handle('double', (n, given) => ((context = given), handler(n)));
      const { seen } = watch(t, 'handle');
      assert.equal(await socket.call('double', 2, { traceparent: TRACE }), 4);
      assert.deepEqual(steps(seen), ['start', 'end', 'asyncStart', 'asyncEnd']);
      const { socket: answering, context: told, ...rest } = seen[0][1];
      assert.deepEqual([answering, told], [peer, context]);
      const expected = { kind: 'call', topic: 'double', payload: 2, result: 4 };
      assert.deepEqual(rest, { ...expected, traceparent: TRACE });
    });
  }

  for (const [name, prepare, code] of [
    ['throws', (peer) => peer.handle(() => assert.fail('no')), 'SHORTWIRE_ERR_REMOTE'],
    ['rejects', (peer) => peer.handle(async () => assert.fail('no')), 'SHORTWIRE_ERR_REMOTE'],
    ['is not there', () => {}, 'SHORTWIRE_ERR_NO_HANDLER']
  ]) {
    test(`a handler that ${name} is published with its error (${driver})`, async (t) => {
      const { socket, peer } = await pair(t, { driver });
      prepare(peer);
      const { seen } = watch(t, 'handle');
      await assert.rejects(socket.rpc(1), { code });
      assert.deepEqual(steps(seen), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
      assert.ok(seen[0][1].error instanceof Error);
    });
  }

  test(`middleware is part of what is measured (${driver})`, async (t) => {
    const { socket, peer, server } = await pair(t, { driver });
    const order = [];
    server.use((payload, context, next) => (order.push('middleware'), next()));
    peer.handle(() => order.push('handler'));
    const { seen } = watch(t, 'handle', {
      start: () => order.push('start'),
      asyncEnd: () => order.push('asyncEnd')
    });
    await socket.rpc(1);
    assert.deepEqual(order, ['start', 'middleware', 'handler', 'asyncEnd']);
    assert.equal(seen.length, 4);
  });

  test(`a connection is published (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const { seen } = watch(t, 'connect');
    await socket.connect(path);
    assert.deepEqual(steps(seen), ['start', 'end', 'asyncStart', 'asyncEnd']);
    assert.deepEqual([seen[0][1].socket, seen[0][1].endpoint], [socket, path]);
    const missing = new UDSocket({ driver });
    await assert.rejects(missing.connect(`${path}.none`), { code: 'ENOENT' });
    assert.deepEqual(steps(seen.slice(4)), ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    assert.equal(seen[4][1].error.code, 'ENOENT');
  });

  test(`a message is published where it is sent and where it is received (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const seen = watchMessages(t);
    const heard = event(peer, 'message');
    await socket.send([1], { topic: 't', traceparent: TRACE });
    await heard;
    const common = { topic: 't', payload: [1], traceparent: TRACE };
    assert.deepEqual(
      seen.map(({ socket: end, ...rest }) => [end, rest]),
      [
        [socket, { direction: 'sent', ...common }],
        [peer, { direction: 'received', ...common }]
      ]
    );
  });

  test(`a subscriber may give a call or a message its traceparent (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, {
      driver,
      socket: { traceparent: () => assert.fail() }
    });
    peer.handle((_payload, { traceparent }) => traceparent);
    const give = (message) => (message.traceparent = TRACE);
    watch(t, 'rpc', { start: give });
    watchMessages(t, (message) => message.direction === 'sent' && give(message));
    assert.equal(await socket.rpc(1), TRACE);
    const heard = event(peer, 'message');
    await socket.send(1);
    assert.equal((await heard)[1].traceparent, TRACE);
  });

  test(`a store that is bound to the channels is the handler's, and the call's (${driver})`, async (t) => {
    const storage = new AsyncLocalStorage();
    for (const name of ['rpc', 'handle']) {
      const { start } = tracingChannel(`shortwire:${name}`);
      start.bindStore(storage, ({ payload }) => `${name} ${payload}`);
      t.after(() => start.unbindStore(storage));
    }
    const { socket, peer } = await pair(t, { driver });
    peer.handle(async () => {
      await new Promise(setImmediate);
      return storage.getStore();
    });
    assert.deepEqual(await Promise.all([socket.rpc(1), socket.rpc(2)]), ['handle 1', 'handle 2']);
    assert.equal(storage.getStore(), undefined);
  });

  test(`a subscriber that throws costs nobody an answer (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle((n) => n);
    const thrown = [];
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error));
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    const fault = new Error('of the subscriber');
    const fail = () => {
      throw fault;
    };
    for (const name of ['rpc', 'handle']) watch(t, name, { start: fail, asyncEnd: fail });
    assert.equal(await socket.rpc(7), 7);
    await new Promise(setImmediate);
    assert.deepEqual(new Set(thrown), new Set([fault]));
    assert.equal(thrown.length, 4);
  });

  test(`after the last subscriber nothing is published (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle((n) => n);
    const seen = [];
    const listener = { start: (message) => seen.push(message) };
    const tracing = tracingChannel('shortwire:rpc');
    tracing.subscribe(listener);
    await socket.rpc(1);
    tracing.unsubscribe(listener);
    await socket.rpc(2);
    assert.deepEqual(
      seen.map(({ payload }) => payload),
      [1]
    );
  });
});
