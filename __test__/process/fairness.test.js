// A connection that is busy leaves room on the JavaScript thread for everybody else.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { it } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { forEachDriver } = require('../support/drivers.js');

const DELAY_MS = 10;
/** A timer may be late by some messages, not by hundreds. */
const LATE_MS = 500;

forEachDriver((driver) => {
  for (const [size, what] of /** @type {const} */ ([
    [10, 'small'],
    [1 << 20, 'large']
  ])) {
    it(`timers are on time while ${what} messages flow (${driver})`, async (t) => {
      const path = socketPath(t);
      const server = new UDSocketServer({ driver });
      server.handle((/** @type {unknown} */ payload) => payload);
      await server.start(path);
      t.after(() => server.close({ timeoutMs: 0 }));
      const socket = new UDSocket({ driver });
      await socket.connect(path);
      t.after(() => socket.destroy());
      const payload = 'x'.repeat(size);
      const ask = () => socket.rpc(payload).then(ask, () => {});
      for (let i = 0; i < 8; i++) ask();
      await socket.rpc('it flows');

      for (let i = 0; i < 10; i++) {
        const began = performance.now();
        await once(AbortSignal.timeout(DELAY_MS), 'abort');
        const lateMs = performance.now() - began - DELAY_MS;
        assert.ok(lateMs < LATE_MS, `it was ${lateMs} ms late`);
      }
    });
  }

  it(`other connections are heard while one never pauses (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {unknown} */ payload) => payload);
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 0 }));
    const connect = async () => {
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      await socket.connect(path);
      return socket;
    };
    const [busy, other] = await Promise.all([connect(), connect()]);
    const talk = async (/** @type {number} */ calls) => {
      while (calls-- > 0) await busy.rpc(calls);
    };
    // Until nobody else has been heard for long, and its socket is asked directly.
    await talk(1000);
    const whole = talk(100_000).catch(() => {});

    for (let i = 0; i < 10; i++) {
      const began = performance.now();
      assert.equal(await other.rpc(i), i);
      const tookMs = performance.now() - began;
      assert.ok(tookMs < LATE_MS, `it took ${tookMs} ms`);
      await talk(100);
    }
    busy.destroy();
    await whole;
  });
});
