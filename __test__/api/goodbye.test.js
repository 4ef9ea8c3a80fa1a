// What crosses a goodbye, and connections that end rudely after one.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { RawServer } = require('../support/raw-peer.js');
const { record } = require('../support/record.js');
const { Flag, Kind, frame } = require('../support/wire.js');

const goaway = (reason) => frame(Kind.GOAWAY, { flags: Flag.BYTES, body: reason });

forEachDriver((driver) => {
  test(`a call that crosses a goodbye was seen by nobody, and says so (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { reconnect: false } });
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      if (from.status !== 'ready') continue;
      let calls = 0;
      /** @type {(value: any) => void} */
      let answer = () => {};
      to.handle(() => {
        calls++;
        return new Promise((resolve) => (answer = resolve));
      });
      const before = from.rpc('before');
      await until(() => calls === 1, 'the first');
      const closed = to.close();
      await assert.rejects(within(from.rpc('crosses'), 'its end'), {
        code: 'SHORTWIRE_ERR_CLOSED',
        maybeDelivered: false
      });
      answer('answered');
      assert.equal(await before, 'answered');
      assert.equal(calls, 1);
      await closed;
    }
  });

  test(`a stream that crosses a goodbye was seen by nobody either (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    socket.rpc('keeps it open').catch(() => {});
    await socket.ping();
    peer.close({ timeoutMs: 1000 });
    const values = socket.iterate('crosses');
    const { code, maybeDelivered } = await values.next().catch((error) => error);
    assert.deepEqual([code, maybeDelivered], ['SHORTWIRE_ERR_CLOSED', false]);
    peer.destroy();
  });

  test(`a connection that is reset after a goodbye is closed, not lost (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const seen = record(socket, ['goaway', 'error', 'disconnect', 'reconnecting', 'close']);
    const [raw] = await Promise.all([server.greeted(), socket.connect(path)]);
    raw.stopReading();
    const call = socket.rpc('x'.repeat(100_000));
    const failed = assert.rejects(call, { code: 'SHORTWIRE_ERR_CLOSED', maybeDelivered: true });
    await until(() => socket.queuedBytes === 0, 'that it has left');
    const closed = event(socket, 'close');
    raw.write(goaway('bye'));
    // With bytes of ours unread, the kernel tells of an error instead of an end.
    raw.socket.destroySoon();
    assert.deepEqual(await closed, ['bye']);
    await failed;
    assert.deepEqual(seen, ['goaway', 'disconnect', 'close']);
  });

  test(`a peer that resets the connection while this side is closing ends it (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const seen = record(socket, ['error', 'disconnect', 'close']);
    const [raw] = await Promise.all([server.greeted(), socket.connect(path)]);
    raw.stopReading();
    const failed = assert.rejects(socket.rpc('x'.repeat(100_000)), {
      code: 'SHORTWIRE_ERR_CLOSED'
    });
    await until(() => socket.queuedBytes === 0, 'that it has left');
    const closed = socket.close({ timeoutMs: 10_000 });
    raw.socket.destroy();
    await Promise.all([closed, failed]);
    assert.deepEqual(seen, ['disconnect', 'close']);
  });
});
