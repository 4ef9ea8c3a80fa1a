// A server and who is connected to it.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { record } = require('../support/record.js');
const { Capability, Kind } = require('../support/wire.js');

forEachDriver((driver) => {
  test(`the connection listener may stand in the constructor, alone or second (${driver})`, async (t) => {
    for (const make of [
      (listener) => new UDSocketServer(listener),
      (listener) => new UDSocketServer({ driver }, listener)
    ]) {
      const path = socketPath(t);
      const seen = [];
      const server = make((socket) => seen.push(socket));
      t.after(() => server.close({ timeoutMs: 0 }));
      await server.start(path);
      await connect(t, path, { driver });
      await until(() => seen.length === 1, 'the listener');
      assert.ok(seen[0] instanceof UDSocket);
    }
  });

  test(`it says where it listens, and since when (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    const seen = record(server, ['listening', 'error', 'close']);
    assert.deepEqual([server.listening, server.address()], [false, null]);
    const started = server.start(path);
    assert.equal(server.listening, false);
    await started;
    assert.deepEqual([server.listening, server.address(), seen], [true, path, ['listening']]);
    await server.close();
    assert.deepEqual([server.listening, server.address()], [false, null]);
  });

  test(`starting twice is a mistake (${driver})`, async (t) => {
    const { server } = await listen(t, { driver });
    await assert.rejects(server.start(socketPath(t)), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /listening already/
    });
    assert.equal(server.listening, true);
  });

  test(`sockets holds the connected ones, by id (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const sockets = await Promise.all([1, 2, 3].map(() => connect(t, path, { driver })));
    await until(() => server.sockets.size === 3, 'three sockets');
    for (const [id, socket] of server.sockets) {
      assert.deepEqual([socket.id, socket.server, socket.status], [id, server, 'ready']);
    }
    await sockets[0].close();
    await until(() => server.sockets.size === 2, 'two sockets');
  });

  test(`socket.data is the user's own place (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    const [peer] = server.sockets.values();
    peer.data = { user: 'ada' };
    server.handle((_, context) => context.socket.data.user);
    assert.equal(await socket.rpc(1), 'ada');
  });

  test(`ids are random, long and different (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    await Promise.all([1, 2, 3].map(() => connect(t, path, { driver })));
    await until(() => server.sockets.size === 3, 'three sockets');
    for (const id of server.sockets.keys()) assert.match(id, /^[0-9a-f]{32}$/);
  });

  test(`generateId makes them (${driver})`, async (t) => {
    let n = 0;
    const { server, path } = await listen(t, { driver, generateId: () => `client-${++n}` });
    await connect(t, path, { driver });
    await connect(t, path, { driver });
    await until(() => server.sockets.size === 2, 'two sockets');
    assert.deepEqual([...server.sockets.keys()], ['client-1', 'client-2']);
  });

  for (const [what, generateId] of [
    ['makes one twice', () => 'same'],
    [
      'throws',
      () => {
        throw new Error('no more ids');
      }
    ]
  ]) {
    test(`a generateId that ${what} is the server's own fault (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver, generateId });
      const first = new UDSocket({ driver });
      t.after(() => first.destroy());
      const failed = event(server, 'error');
      server.on('error', () => {});
      await first.connect(path).catch(() => {});
      const second = new UDSocket({ driver });
      t.after(() => second.destroy());
      await second.connect(path).catch(() => {});
      const [error] = await failed;
      assert.match(error.message, /generateId|no more ids/);
      await until(() => second.status === 'closed', 'the end of the second');
    });
  }

  test(`over maxConnections a peer is refused, and the others go on (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxConnections: 1 });
    server.handle(() => 'served');
    const first = await connect(t, path, { driver });
    const refused = event(server, 'refused');
    await assert.rejects(new UDSocket({ driver }).connect(path), {
      code: 'SHORTWIRE_ERR_REFUSED',
      message: /too many/
    });
    const [reason, peer] = await refused;
    assert.match(reason, /too many/);
    if (process.platform === 'linux') {
      assert.deepEqual(peer, { uid: process.getuid(), pid: process.pid });
    }
    assert.equal(await first.rpc(1), 'served');
    const { connections, accepted, refused: away } = server.stats();
    assert.deepEqual([connections, accepted, away], [1, 1, 1]);
    // A place that becomes free is given out again.
    await first.close();
    await until(() => server.sockets.size === 0, 'the end of the first');
    const next = await connect(t, path, { driver });
    assert.equal(await next.rpc(1), 'served');
  });

  test(`over maxConnectionsPerUid, too (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxConnectionsPerUid: 2 });
    await connect(t, path, { driver });
    await connect(t, path, { driver });
    const refused = event(server, 'refused');
    await assert.rejects(new UDSocket({ driver }).connect(path), {
      code: 'SHORTWIRE_ERR_REFUSED'
    });
    await refused;
    assert.equal(server.sockets.size, 2);
  });

  test(`a peer that never introduces itself is refused, with its reason and who it was (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const seen = record(server, ['connection', 'disconnect']);
    const refused = event(server, 'refused');
    const failed = event(server, 'error');
    const raw = await RawPeer.connect(t, path);
    raw.write('GET / HTTP/1.1\r\n\r\n');
    const [reason, peer] = await refused;
    const [error, socket] = await failed;
    assert.match(reason, /HTTP/);
    assert.equal(error.code, 'SHORTWIRE_ERR_PROTOCOL');
    assert.equal(socket.server, server);
    if (process.platform === 'linux') assert.equal(peer.pid, process.pid);
    assert.deepEqual(seen, []);
    await raw.ended();
  });

  test(`a protocol that it doesn't accept is refused (${driver})`, async (t) => {
    for (const compress of driver === 'task' ? [false, true] : [false]) {
      const { server, path } = await listen(t, { driver, compress, protocols: ['jftp'] });
      const refused = event(server, 'refused');
      const socket = new UDSocket({ driver, compress, reconnect: {} });
      const asked = socket.rpc(1);
      const why = {
        code: 'SHORTWIRE_ERR_REFUSED',
        message: 'The server does not accept shortwire'
      };
      await assert.rejects(socket.connect(path, { retry: {}, hello: { token: 1 } }), why);
      await assert.rejects(asked, { ...why, maybeDelivered: false });
      assert.match((await refused)[0], /speaks shortwire/);
      const { connections, introducing } = server.stats();
      assert.deepEqual([connections, introducing], [0, 0]);
    }
  });

  test(`whoever stays after such a refusal is sent away (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, protocols: ['jftp'] });
    const failed = event(server, 'error');
    const raw = await RawPeer.greet(t, path, { capabilities: Capability.HELLO });
    assert.equal((await raw.frame()).kind, Kind.REFUSED);
    raw.write(Buffer.alloc(100_000, 'whatever'));
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_REFUSED');
    await raw.ended();
  });
});
