// What users of jftp know from net.Socket and net.Server: members, events, their order.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { finished } = require('node:stream/promises');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('shortwire/compat/jftp');

const { socketPath } = require('../support/address.js');
const { event, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connectJftp, listenJftp } = require('../support/jftp.js');
const { connect, serve } = require('../support/jftp-pair.js');

/**
 * Notes which of these events come, in their order.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string[]} names
 */
function notes(emitter, names) {
  /** @type {string[]} */
  const seen = [];
  for (const name of names) emitter.on(name, () => seen.push(name));
  return seen;
}

test('sockets and servers are instances of those of node:net', () => {
  assert.ok(new UDSocket() instanceof net.Socket);
  assert.ok(new UDSocketServer() instanceof net.Server);
});

test('a socket that was never connected can be destroyed', async () => {
  const socket = new UDSocket();
  socket.destroy();
  assert.deepEqual(await event(socket, 'close'), [false]);
});

test('a server that does not run says so to the callback of close', async () => {
  const server = new UDSocketServer();
  const error = await new Promise((resolve) => server.close(resolve));
  assert.equal(error.code, 'ERR_SERVER_NOT_RUNNING');
});

forEachDriver((driver) => {
  test(`a connection goes from connecting to open to closed (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = new UDSocket({ driver });
    /** @type {any[]} */
    const states = [];
    const note = () => {
      const { pending, connecting, readyState, destroyed, closed } = socket;
      states.push([pending, connecting, readyState, destroyed, closed]);
    };
    note();
    socket.connect(path, note);
    note();
    await event(socket, 'ready');
    socket.destroy();
    await event(socket, 'close');
    note();
    assert.deepEqual(states, [
      [true, false, 'open', false, false],
      [true, true, 'opening', false, false],
      [false, false, 'open', false, false],
      [true, false, 'closed', true, true]
    ]);
  });

  test(`connect takes an object with a path (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = new UDSocket({ driver });
    t.after(() => void socket.destroy());
    await new Promise((resolve) => socket.connect({ path }, () => resolve(undefined)));
    assert.equal(await socket.rpc(1), 1);
  });

  test(`a client that ends sees its events in Node's order (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = new UDSocket({ driver });
    const seen = notes(socket, ['connect', 'ready', 'end', 'close', 'error']);
    socket.connect(path);
    await event(socket, 'ready');
    socket.end();
    await event(socket, 'close');
    assert.deepEqual(seen, ['connect', 'ready', 'end', 'close']);
  });

  test(`a server's socket ends when its client does (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const socket = await connect(t, path, { driver });
    const [theirs] = await accepted;
    const seen = notes(theirs, ['end', 'close', 'error']);
    const closed = event(theirs, 'close');
    socket.end();
    assert.deepEqual(await closed, [false]);
    assert.deepEqual(seen, ['end', 'close']);
  });

  test(`a client's socket ends when its server's does (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const socket = await connect(t, path, { driver });
    const seen = notes(socket, ['end', 'close', 'error']);
    const closed = event(socket, 'close');
    (await accepted)[0].end();
    await closed;
    assert.deepEqual(seen, ['end', 'close']);
  });

  test(`end waits for the answers that are under way (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, async (data) => data);
    const socket = await connect(t, path, { driver });
    const answered = socket.rpc('last');
    socket.end();
    assert.equal(await answered, 'last');
  });

  test(`after end, calls are rejected (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => new Promise(() => {}));
    const socket = await connect(t, path, { driver });
    socket.rpc('keeps it open').catch(() => {});
    socket.end();
    await assert.rejects(socket.rpc('late'), { code: 'SHORTWIRE_ERR_CLOSED' });
  });

  test(`destroy(error) is an error event, then close (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    const [failed, closed] = [event(socket, 'error'), event(socket, 'close')];
    const error = new Error('enough');
    socket.destroy(error);
    assert.deepEqual(await failed, [error]);
    assert.deepEqual(await closed, [true]);
  });

  test(`a destroyed connect comes to nothing (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = new UDSocket({ driver });
    const seen = notes(socket, ['connect', 'error', 'close']);
    socket.connect(path);
    socket.destroy();
    await event(socket, 'close');
    assert.deepEqual(seen, ['close']);
  });

  test(`a closed socket can be connected again (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    socket.end();
    await event(socket, 'close');
    socket.connect(path);
    assert.equal(await socket.rpc('again'), 'again');
  });

  test(`a socket whose connect failed can try again (${driver})`, async (t) => {
    const path = socketPath(t);
    const socket = new UDSocket({ driver });
    t.after(() => void socket.destroy());
    socket.connect(path);
    socket.once('error', () => {});
    await event(socket, 'close');
    await serve(t, { driver }, (data) => data, path);
    socket.connect(path);
    assert.equal(await socket.rpc('now'), 'now');
  });

  test(`a peer's fault is told to who listens, with close after it (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const peer = await connectJftp(t, path);
    const [theirs] = await accepted;
    const seen = notes(theirs, ['error', 'close']);
    const closed = event(theirs, 'close');
    peer.write('nonsense');
    assert.deepEqual(await closed, [true]);
    assert.deepEqual(seen, ['error', 'close']);
  });

  test(`a peer's fault does not end the process when nobody listens (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const peer = await connectJftp(t, path);
    const closed = event((await accepted)[0], 'close');
    peer.write('nonsense');
    assert.deepEqual(await closed, [true]);
  });

  test(`setTimeout fires after silence (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    await within(
      new Promise((/** @type {(value: void) => void} */ resolve) => socket.setTimeout(20, resolve)),
      'the timeout'
    );
    assert.ok(!socket.destroyed);
  });

  test(`bytes are counted (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => 'ok');
    const socket = await connect(t, path, { driver });
    await socket.rpc('x');
    assert.deepEqual(
      [socket.bytesWritten, socket.bytesRead],
      [`0000000[${process.pid},"x"]`.length, `0000000[${process.pid},"ok"]`.length]
    );
  });

  test(`addresses are those of a Unix socket (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    const { remoteAddress, remotePort, localAddress } = socket;
    assert.deepEqual(
      [remoteAddress, remotePort, localAddress, socket.address()],
      [undefined, undefined, undefined, {}]
    );
  });

  test(`write and end with data throw, since they would break the framing (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    assert.throws(() => socket.write('raw'), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
    assert.throws(() => socket.end('raw'), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
    assert.equal(await socket.rpc('fine'), 'fine');
  });

  test(`stream.finished sees the end (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    const done = finished(socket);
    socket.end();
    await within(done, 'the end of the stream');
  });

  test(`ref, unref, setNoDelay and setKeepAlive return the socket (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    const returned = [socket.unref(), socket.ref(), socket.setNoDelay(), socket.setKeepAlive()];
    assert.ok(returned.every((value) => value === socket));
  });

  test(`a server knows its path while it listens (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const before = [server.listening, server.address()];
    const closed = event(server, 'close');
    server.close();
    await closed;
    assert.deepEqual([...before, server.listening, server.address()], [true, path, false, null]);
  });

  test(`a server counts its connections (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    await socket.rpc(1);
    const count = await new Promise((resolve) =>
      server.getConnections((_error, connections) => resolve(connections))
    );
    assert.equal(count, 1);
  });

  test(`maxConnections can be set at any time (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, (data) => data);
    const first = await connect(t, path, { driver });
    await first.rpc(1);
    server.maxConnections = 1;
    const dropped = event(server, 'drop');
    const second = await connectJftp(t, path);
    await dropped;
    await second.ended;
    assert.equal(await first.rpc('still'), 'still');
  });

  test(`close waits for open sockets, whose calls are answered (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    await socket.rpc('known');
    const closed = event(server, 'close');
    const seen = notes(server, ['close']);
    server.close();
    assert.equal(await socket.rpc('after'), 'after');
    assert.deepEqual(seen, []);
    socket.end();
    await closed;
  });

  test(`close refuses new connections at once (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    await socket.rpc('known');
    server.close();
    socket.end();
    await event(server, 'close');
    const late = new UDSocket({ driver });
    late.connect(path);
    assert.equal((await event(late, 'error'))[0].code, 'ENOENT');
  });

  test(`a closed server can start again (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, (data) => data);
    const closed = event(server, 'close');
    server.close();
    await closed;
    server.start(path);
    await event(server, 'listening');
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc('again'), 'again');
  });

  test(`a second listen throws, as Node's does (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    assert.throws(() => server.start(path), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  });

  test(`a listener for connections can be removed (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const never = () => assert.fail('it was removed');
    server.on('connection', never);
    server.off('connection', never);
    const accepted = event(server, 'connection');
    await connect(t, path, { driver });
    assert.ok((await accepted)[0] instanceof UDSocket);
  });

  test(`a server that resets is no error for a client that does not listen (${driver})`, async (t) => {
    const path = socketPath(t);
    const next = await listenJftp(t, path);
    const socket = await connect(t, path, { driver });
    const closed = event(socket, 'close');
    (await next()).socket.destroy();
    await closed;
  });
});
