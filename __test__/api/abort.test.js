// Taking a call back, on both sides of it.

'use strict';

const assert = require('node:assert/strict');
const { getEventListeners } = require('node:events');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { event, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

forEachDriver((driver) => {
  test(`an abort rejects with the reason as its cause (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const controller = new AbortController();
    const call = socket.rpc(1, { signal: controller.signal });
    await socket.ping();
    controller.abort('changed my mind');
    await assert.rejects(call, {
      name: 'AbortError',
      code: 'SHORTWIRE_ERR_ABORTED',
      cause: 'changed my mind',
      maybeDelivered: true
    });
  });

  test(`the abort travels to the handler's signal (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    const arrived = deferred();
    peer.handle((_, context) => {
      arrived.resolve();
      context.signal.addEventListener('abort', () => resolve([context.signal, context]));
      return promise;
    });
    const controller = new AbortController();
    const call = socket.rpc(1, { signal: controller.signal });
    await arrived.promise;
    controller.abort();
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_ABORTED' });
    const [signal, context] = await within(promise, 'the abort');
    assert.deepEqual(
      [signal.reason.name, signal.reason.code, context.expectsReply],
      ['AbortError', 'SHORTWIRE_ERR_ABORTED', false]
    );
    await assert.rejects(context.reply(1), { code: 'SHORTWIRE_ERR_CLOSED' });
  });

  test(`a signal first looked at after the abort is aborted (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const context = deferred();
    const done = deferred();
    peer.handle((payload, given) => {
      if (payload === 'look') return 'looked';
      context.resolve(given);
      return done.promise;
    });
    const controller = new AbortController();
    const call = socket.rpc(1, { signal: controller.signal });
    const given = await context.promise;
    controller.abort();
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_ABORTED' });
    await socket.rpc('look');
    assert.equal(given.signal.aborted, true);
    done.resolve();
  });

  test(`the timeout of a call aborts its handler's signal, too (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    peer.handle((_, { signal }) => {
      signal.addEventListener('abort', resolve);
      return promise;
    });
    await assert.rejects(socket.rpc(1, { timeoutMs: 20 }), { code: 'SHORTWIRE_ERR_TIMEOUT' });
    await within(promise, 'the abort');
  });

  test(`the end of the connection aborts the handlers' signals (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    const arrived = deferred();
    peer.handle((_, { signal }) => {
      signal.addEventListener('abort', resolve);
      arrived.resolve();
      return promise;
    });
    socket.rpc(1).catch(() => {});
    await arrived.promise;
    socket.destroy();
    await within(promise, 'the abort');
  });

  test(`a signal that has fired already sends nothing (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    let asked = 0;
    peer.handle(() => ++asked);
    const call = socket.rpc(1, { signal: AbortSignal.abort('too late') });
    await assert.rejects(call, {
      code: 'SHORTWIRE_ERR_ABORTED',
      maybeDelivered: false,
      cause: 'too late'
    });
    assert.equal(await socket.rpc(1), 1);
  });

  test(`a call that has not left yet never does (${driver})`, async () => {
    const socket = new UDSocket({ driver });
    const controller = new AbortController();
    const call = socket.rpc(1, { signal: controller.signal });
    controller.abort();
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_ABORTED', maybeDelivered: false });
    assert.equal(socket.pending, 0);
  });

  test(`listeners are gone from the signal when calls have settled (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => {
      if (payload === 'fail') throw new Error('failed');
      return payload === 'slow' ? new Promise(() => {}) : payload;
    });
    const { signal } = new AbortController();
    await Promise.allSettled([
      socket.rpc('fine', { signal }),
      socket.rpc('fail', { signal }),
      socket.rpc('slow', { signal, timeoutMs: 20 }),
      socket.rpc(10n, { signal })
    ]);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  test(`an answer that is on its way is never another call's (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload);
    for (let round = 0; round < 300; round++) {
      const controller = new AbortController();
      const first = socket.rpc(`first ${round}`, { signal: controller.signal });
      // The answer comes at some point of these; the abort before, between or after.
      for (let turn = 0; turn < round % 7; turn++) await new Promise(setImmediate);
      controller.abort();
      const second = socket.rpc(`second ${round}`);
      const [one, two] = await Promise.allSettled([first, second]);
      assert.ok(one.value === `first ${round}` || one.reason.code === 'SHORTWIRE_ERR_ABORTED');
      assert.equal(two.value, `second ${round}`);
    }
  });

  test(`a listener that aborts within a batch changes no other call (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const controller = new AbortController();
    let second;
    // The message comes right before the answer, mostly within one batch.
    peer.handle((payload) => {
      peer.send('now').catch(() => {});
      return payload;
    });
    socket.once('message', () => {
      controller.abort();
      second = socket.rpc('second');
    });
    const [one] = await Promise.allSettled([socket.rpc('first', { signal: controller.signal })]);
    assert.ok(one.value === 'first' || one.reason.code === 'SHORTWIRE_ERR_ABORTED');
    assert.equal(await second, 'second');
  });

  test(`many calls on one signal all reject (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const controller = new AbortController();
    const calls = Array.from({ length: 50 }, () => socket.rpc(1, { signal: controller.signal }));
    controller.abort();
    const outcomes = await Promise.allSettled(calls);
    assert.deepEqual(
      new Set(outcomes.map(({ reason }) => reason?.code)),
      new Set(['SHORTWIRE_ERR_ABORTED'])
    );
    assert.equal(socket.pending, 0);
  });

  test(`many who share a signal are one listener, and no warning (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const warned = [];
    const listener = (warning) => warned.push(warning);
    process.on('warning', listener);
    t.after(() => process.off('warning', listener));
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Array.from({ length: 20 }, () => socket.rpc(1, { signal }));
    const parts = Array.from({ length: 20 }, () => socket.iterate(1, { signal }).next());
    const files = [{ path: __filename }];
    const filed = Array.from({ length: 20 }, () => socket.rpc(1, { signal, files }));
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    controller.abort();
    const outcomes = await Promise.allSettled([...calls, ...parts, ...filed]);
    const codes = outcomes.map(({ reason }) => reason?.code);
    assert.deepEqual(new Set(codes), new Set(['SHORTWIRE_ERR_ABORTED']));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    await new Promise(setImmediate);
    assert.deepEqual(warned, []);
  });

  test(`connect takes a signal (${driver})`, async (t) => {
    const { path } = await pair(t, { driver });
    const socket = new UDSocket({ driver });
    const controller = new AbortController();
    const connected = socket.connect(path, { signal: controller.signal });
    controller.abort('stop');
    await assert.rejects(connected, {
      name: 'AbortError',
      cause: 'stop',
      code: 'SHORTWIRE_ERR_ABORTED'
    });
    assert.equal(socket.status, 'closed');
  });

  test(`connect with a signal that has fired changes nothing (${driver})`, async (t) => {
    const { path } = await pair(t, { driver });
    const socket = new UDSocket({ driver });
    await assert.rejects(socket.connect(path, { signal: AbortSignal.abort() }), {
      name: 'AbortError'
    });
    assert.equal(socket.status, 'idle');
  });

  test(`a signal that fires once connected means nothing any more (${driver})`, async (t) => {
    const { server, path } = await pair(t, { driver });
    server.handle(() => 'here');
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const controller = new AbortController();
    await socket.connect(path, { signal: controller.signal });
    controller.abort();
    assert.deepEqual(
      [await socket.rpc(1), getEventListeners(controller.signal, 'abort').length],
      ['here', 0]
    );
  });

  test(`closing aborts what waits for an answer at the end of its patience (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const call = socket.rpc(1);
    call.catch(() => {});
    const closed = event(socket, 'close');
    await socket.close({ timeoutMs: 20 });
    await closed;
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_CLOSED', maybeDelivered: true });
  });
});
