// A server's numbers: sums over its sockets, which stay when these have gone.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen } = require('../support/pair.js');

forEachDriver((driver) => {
  test(`a server counts what its sockets count (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload) => payload);
    const sockets = [await connect(t, path, { driver }), await connect(t, path, { driver })];
    for (const socket of sockets) await socket.rpc('x'.repeat(1000));
    const { sockets: sums } = server.stats();
    assert.equal(sums.requestsIn, 2);
    const bytes = sockets.map((socket) => socket.stats().bytesOut);
    assert.equal(sums.bytesIn, bytes[0] + bytes[1]);
    assert.deepEqual(Object.keys(sums).sort(), Object.keys(sockets[0].stats()).sort());
  });

  test(`what only grows never falls, whoever goes (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle(() => new Promise(() => {}));
    server.handle('echo', (payload) => payload);
    const socket = await connect(t, path, { driver });
    await socket.call('echo', 1);
    const open = socket.rpc(2).catch(() => {});
    await socket.ping();
    const before = server.stats().sockets;
    assert.deepEqual([before.requestsIn, before.serving], [2, 1]);
    const gone = event(server, 'disconnect');
    socket.destroy();
    await Promise.all([gone, open]);
    const after = server.stats().sockets;
    assert.deepEqual([after.requestsIn, after.serving, after.pending], [2, 0, 0]);
    assert.ok(after.bytesIn >= before.bytesIn && after.bytesOut >= before.bytesOut);
    const next = await connect(t, path, { driver });
    await next.call('echo', 1);
    assert.equal(server.stats().sockets.requestsIn, 3);
  });
});

test('before anybody has come, all of them are 0', () => {
  const { sockets } = new UDSocketServer().stats();
  assert.deepEqual(sockets, new UDSocket().stats());
  assert.ok(Object.values(sockets).every((value) => value === 0));
});
