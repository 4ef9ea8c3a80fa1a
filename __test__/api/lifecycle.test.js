// How connections end: what becomes of what was under way, and what can follow.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { deferred, record } = require('../support/record.js');

const EVENTS = ['status', 'connect', 'ready', 'goaway', 'error', 'disconnect', 'close'];

forEachDriver((driver) => {
  test(`close finishes the calls that were made before it (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    peer.handle(() => promise);
    const call = socket.rpc(1);
    await socket.ping();
    const closed = socket.close();
    assert.equal(socket.status, 'closing');
    await assert.rejects(socket.rpc(2), { code: 'SHORTWIRE_ERR_CLOSED', maybeDelivered: false });
    resolve('finished');
    assert.equal(await call, 'finished');
    await closed;
    assert.equal(socket.status, 'closed');
  });

  test(`close finishes the requests that it is answering (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    const arrived = deferred();
    peer.handle(() => {
      arrived.resolve();
      return promise;
    });
    const call = socket.rpc(1);
    await arrived.promise;
    const goaway = event(socket, 'goaway');
    const closed = peer.close({ reason: 'soon' });
    assert.deepEqual(await goaway, ['soon']);
    await assert.rejects(socket.rpc(2), { maybeDelivered: false });
    resolve('finished');
    assert.equal(await call, 'finished');
    await closed;
  });

  test(`close sends what still waits for the peer's limit (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, server: { maxInFlight: 1 } });
    peer.handle(async (payload) => payload);
    const calls = [1, 2, 3, 4].map((payload) => socket.rpc(payload));
    const closed = socket.close();
    assert.deepEqual(await Promise.all(calls), [1, 2, 3, 4]);
    await closed;
  });

  test(`close writes what has been sent (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const heard = [];
    peer.on('message', (payload) => heard.push(payload.length));
    const gone = event(peer, 'close');
    const sent = [socket.send('x'.repeat(3_000_000)), socket.send('y')];
    await socket.close();
    await Promise.all([...sent, gone]);
    assert.deepEqual(heard, [3_000_000, 1]);
  });

  test(`close after the peer has said goodbye works as well (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    socket.once('goaway', () => socket.close());
    await Promise.all([peer.close(), event(socket, 'close')]);
    assert.deepEqual([peer.status, socket.status], ['closed', 'closed']);
  });

  test(`both sides may close at once (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    await Promise.all([peer.close(), socket.close()]);
    assert.deepEqual([peer.status, socket.status], ['closed', 'closed']);
  });

  test(`close is idempotent (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    const seen = record(socket, ['close']);
    await Promise.all([socket.close(), socket.close()]);
    await socket.close();
    socket.destroy().destroy();
    assert.deepEqual(seen, ['close']);
  });

  test(`close before connect ends what waits, and says so (${driver})`, async () => {
    const socket = new UDSocket({ driver });
    const seen = record(socket, EVENTS);
    const call = socket.rpc(1);
    const outcome = assert.rejects(call, { code: 'SHORTWIRE_ERR_CLOSED', maybeDelivered: false });
    await socket.close();
    await outcome;
    assert.deepEqual(seen, ['status closing', 'status closed', 'close']);
  });

  test(`an idle socket closes, too (${driver})`, async () => {
    const socket = new UDSocket({ driver });
    const seen = record(socket, EVENTS);
    await socket.close({ reason: 'never mind' });
    assert.deepEqual([socket.status, seen], ['closed', ['status closed', 'close']]);
  });

  test(`close while connecting ends the attempt (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    const connected = assert.rejects(socket.connect(path), { code: 'SHORTWIRE_ERR_CLOSED' });
    await socket.close();
    await connected;
  });

  test(`close within the handshake finishes what was asked (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload) => payload);
    const socket = new UDSocket({ driver });
    const call = socket.rpc('asked');
    socket.once('connect', () => socket.close());
    socket.connect(path).catch(() => {});
    assert.equal(await call, 'asked');
  });

  test(`wrong options of close reject and are named (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    for (const target of [server, socket]) {
      const code = 'SHORTWIRE_ERR_INVALID_ARG';
      await assert.rejects(target.close({ timeoutMs: -1 }), { code, message: /^timeoutMs / });
      await assert.rejects(target.close({ reason: 7 }), { code, message: /^reason / });
      await assert.rejects(target.close({ allowReconnect: 1 }), {
        code,
        message: /^allowReconnect /
      });
    }
    assert.equal(await socket.ping().then(() => 'open'), 'open');
  });

  test(`destroy gives pending calls its error as their cause (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const call = socket.rpc(1);
    await socket.ping();
    const error = new Error('broken');
    socket.destroy(error);
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_CLOSED', cause: error });
    await assert.rejects(socket.rpc(2), { code: 'SHORTWIRE_ERR_CLOSED', cause: error });
  });

  test(`destroy while connecting rejects with its error (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    const error = new Error('broken');
    const connected = assert.rejects(socket.connect(path), error);
    socket.destroy(error);
    await connected;
  });

  test(`a closed socket can be connected again (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload) => payload);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const seen = record(socket, EVENTS);
    const peers = [];
    server.on('connection', (peer) => peers.push(peer));
    for (const end of [() => socket.close(), () => event(socket.destroy(), 'close')]) {
      await socket.connect(path);
      assert.equal(await socket.rpc('again'), 'again');
      await end();
      await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_CLOSED' });
    }
    await assert.rejects(socket.connect(socketPath(t)), { code: 'ENOENT' });
    await socket.connect(path);
    assert.equal(await socket.rpc('and again'), 'and again');
    assert.notEqual(peers[0].id, peers[1].id);
    assert.equal(seen.filter((name) => name === 'ready').length, 3);
  });

  test(`a listener of status may connect again at once (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload) => payload);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    /** @type {Promise<void> | undefined} */
    let again;
    socket.on('status', (status) => {
      if (status === 'closed') again ??= socket.connect(path);
    });
    await assert.rejects(socket.connect(socketPath(t)), { code: 'ENOENT' });
    await again;
    assert.equal(await socket.rpc('first'), 'first');
    again = undefined;
    const closed = event(socket, 'close');
    await socket.close();
    await Promise.all([closed, again]);
    assert.equal(await socket.rpc('second'), 'second');
  });

  test(`a handler of the last connection can't answer into the next one (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const late = deferred();
    const now = deferred();
    socket.handle((payload) => (payload === 1 ? late.promise : now.promise));
    const ask = async (payload) => {
      const connection = event(server, 'connection');
      await socket.connect(path);
      const [peer] = await connection;
      const answer = peer.rpc(payload);
      await peer.ping();
      return answer;
    };
    const first = ask(1).catch((error) => error.code);
    await until(() => server.sockets.size === 1, 'a connection');
    await until(() => socket.stats().serving === 1, 'the first request');
    await event(socket.destroy(), 'close');
    const second = ask(2);
    await until(() => socket.stats().serving === 1, 'the second request');
    late.resolve('of the first');
    await new Promise(setImmediate);
    now.resolve('of the second');
    assert.deepEqual(await Promise.all([first, second]), [
      'SHORTWIRE_ERR_DISCONNECTED',
      'of the second'
    ]);
  });

  test(`server.close says goodbye to all, and ends when the last is gone (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const { promise, resolve } = deferred();
    server.handle(() => promise);
    const options = { driver, reconnect: false };
    const sockets = await Promise.all([1, 2, 3].map(() => connect(t, path, options)));
    const call = sockets[0].rpc(1);
    await sockets[0].ping();
    const seen = record(server, ['close', 'disconnect']);
    const closed = server.close();
    assert.equal(server.listening, false);
    await Promise.all(sockets.slice(1).map((socket) => event(socket, 'close')));
    assert.deepEqual(
      seen.filter((name) => name === 'close'),
      []
    );
    resolve('finished');
    assert.equal(await call, 'finished');
    await closed;
    assert.deepEqual(seen, ['disconnect', 'disconnect', 'disconnect', 'close']);
    await assert.rejects(new UDSocket({ driver }).connect(path), { code: 'ENOENT' });
  });

  test(`server.close is idempotent, and the server can be started again (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const seen = record(server, ['close', 'listening']);
    await Promise.all([server.close(), server.close()]);
    await server.close();
    assert.deepEqual(seen, ['close']);
    await server.start(path);
    server.handle(() => 'again');
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc(1), 'again');
    await server.close();
    assert.deepEqual(seen, ['close', 'listening', 'close']);
  });

  test(`server.close ends strangers who have said nothing (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const stranger = await RawPeer.connect(t, path);
    // A connection that came after the stranger's: the server has seen both.
    await connect(t, path, { driver });
    await within(server.close({ timeoutMs: 0 }), 'the end of the server');
    await stranger.ended();
  });

  test(`a server closed while it starts says so (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    const started = assert.rejects(server.start(socketPath(t)), { code: 'SHORTWIRE_ERR_CLOSED' });
    await within(server.close(), 'the end of the server');
    await started;
  });

  test(`await using closes both (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    await socket[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    assert.deepEqual([socket.status, server.listening], ['closed', false]);
  });

  test(`the numbers of a closed socket stay (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload);
    await socket.rpc('x'.repeat(1000));
    const gone = event(peer, 'close');
    await socket.close();
    await gone;
    for (const end of [socket, peer]) {
      const { bytesIn, bytesOut, pending, queuedBytes } = end.stats();
      assert.ok(bytesIn > 1000 && bytesOut > 1000, JSON.stringify(end.stats()));
      assert.deepEqual([pending, queuedBytes], [0, 0]);
    }
    assert.deepEqual([socket.stats().requestsOut, peer.stats().requestsIn], [1, 1]);
  });
});
