// Connections that are lost and come back, and the first ones that take several attempts.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { duplexPair } = require('../support/duplex.js');
const { RawServer } = require('../support/raw-peer.js');
const { record } = require('../support/record.js');

/** As good as at once. */
const SOON = { minDelayMs: 1, maxDelayMs: 1 };
/** Not while the test runs. */
const LATE = { minDelayMs: 60_000, maxDelayMs: 60_000 };
const DISCONNECTED = 'SHORTWIRE_ERR_DISCONNECTED';

forEachDriver((driver) => {
  const serve = async (t, path, options) => {
    const server = new UDSocketServer({ driver, ...options });
    server.handle((payload) => payload);
    server.handle('never', () => new Promise(() => {}));
    t.after(() => server.close({ timeoutMs: 0 }));
    await server.start(path);
    return server;
  };
  const newSocket = (t, options) => {
    const socket = new UDSocket({ driver, reconnect: SOON, ...options });
    t.after(() => socket.destroy());
    return socket;
  };
  /** A socket that is connected. */
  const begin = async (t, options, connectOptions) => {
    const path = socketPath(t);
    const server = await serve(t, path);
    const socket = newSocket(t, options);
    await socket.connect(path, connectOptions);
    await until(() => server.sockets.size === 1, 'the server knows it');
    return { path, server, socket };
  };
  /** A socket that has lost its server. */
  const away = async (t, options) => {
    const { path, server, socket } = await begin(t, options);
    const lost = event(socket, 'reconnecting');
    await server.close();
    const [info] = await lost;
    return { path, socket, info };
  };

  test(`a socket comes back by itself, with its handlers and a new id (${driver})`, async (t) => {
    const { path, server, socket } = await begin(t, {}, { hello: 'me' });
    socket.handle('whoami', () => 'still me');
    const { id } = socket;
    const events = record(socket, ['status', 'connect', 'ready', 'disconnect', 'close', 'error']);
    for (const peer of server.sockets.values()) peer.destroy();
    const [info] = await event(socket, 'ready');
    assert.equal(info.reconnected, true);
    assert.notEqual(info.id, id);
    assert.equal(info.id, socket.id);
    assert.deepEqual(events, [
      'status reconnecting',
      'disconnect',
      'connect',
      'status ready',
      'ready'
    ]);
    await until(() => server.sockets.has(info.id), 'the server knows it by the same name');
    assert.equal(await server.sockets.get(info.id).call('whoami'), 'still me');
    assert.equal(await socket.rpc('again'), 'again');
    await server.close();
    const met = event(await serve(t, path), 'connection');
    assert.equal((await met)[1], 'me', 'the hello is said again');
  });

  test(`what was in flight rejects, and may have been delivered (${driver})`, async (t) => {
    const { server, socket } = await begin(t);
    const calls = [socket.call('never', 1), socket.call('never', 2)];
    await socket.ping();
    for (const peer of server.sockets.values()) peer.destroy();
    for (const call of calls) {
      await assert.rejects(call, { code: DISCONNECTED, maybeDelivered: true });
    }
    assert.equal(await socket.rpc('after'), 'after');
  });

  test(`calls made while away are answered after the return (${driver})`, async (t) => {
    const { path, socket } = await away(t);
    const calls = [socket.rpc(1), socket.rpc({ two: 2 }), socket.rpc('é'.repeat(50_000))];
    assert.equal(socket.status, 'reconnecting');
    assert.equal(socket.pending, 3);
    await serve(t, path);
    assert.deepEqual(await Promise.all(calls), [1, { two: 2 }, 'é'.repeat(50_000)]);
  });

  test(`calls made while away keep their own deadlines (${driver})`, async (t) => {
    const { socket } = await away(t, { reconnect: LATE });
    await assert.rejects(socket.rpc(1, { timeoutMs: 20 }), {
      code: 'SHORTWIRE_ERR_TIMEOUT',
      maybeDelivered: false
    });
  });

  test(`calls made while away queue within the limits, and can be taken back (${driver})`, async (t) => {
    const { socket } = await away(t, { reconnect: LATE, maxQueuedMessages: 1 });
    const controller = new AbortController();
    const waiting = socket.rpc(1, { signal: controller.signal });
    await assert.rejects(socket.rpc(2), { code: 'SHORTWIRE_ERR_OVERFLOW', maybeDelivered: false });
    await assert.rejects(socket.rpc(3, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    controller.abort();
    await assert.rejects(waiting, { name: 'AbortError', maybeDelivered: false });
  });

  test(`messages and pings don't wait while away (${driver})`, async (t) => {
    const { socket } = await away(t, { reconnect: LATE });
    await assert.rejects(socket.send('x'), { code: DISCONNECTED, maybeDelivered: false });
    await assert.rejects(socket.ping(), { code: DISCONNECTED, maybeDelivered: false });
  });

  test(`reconnecting tells which attempt, when, and why (${driver})`, async (t) => {
    const { socket, info, path } = await away(t, { reconnect: { ...SOON, jitter: 'none' } });
    assert.deepEqual([info.attempt, info.delayMs], [1, 1]);
    assert.equal(info.error.code, 'SHORTWIRE_ERR_CLOSED');
    const [next] = await event(socket, 'reconnecting');
    assert.deepEqual([next.attempt, next.error.code], [2, 'ENOENT']);
    assert.equal(next.error.path, path);
  });

  test(`after maxAttempts it gives up with an error, and may be connected anew (${driver})`, async (t) => {
    const { path, socket } = await away(t, { reconnect: { ...SOON, maxAttempts: 2 } });
    const call = assert.rejects(socket.rpc(1), { code: DISCONNECTED, maybeDelivered: false });
    const [error] = await event(socket, 'error');
    assert.equal(error.code, DISCONNECTED);
    assert.match(error.message, /^Gave up after 2 attempts: connect ENOENT/);
    assert.equal(error.cause.code, 'ENOENT');
    await call;
    assert.equal(socket.status, 'closed');
    await serve(t, path);
    await socket.connect(path);
    assert.equal(await socket.rpc('anew'), 'anew');
  });

  for (const [what, act] of [
    ['close', (socket) => socket.close()],
    ['destroy', (socket) => socket.destroy()]
  ]) {
    test(`${what} while it waits ends it at once (${driver})`, async (t) => {
      const { socket } = await away(t, { reconnect: LATE });
      const call = assert.rejects(socket.rpc(1), {
        code: 'SHORTWIRE_ERR_CLOSED',
        maybeDelivered: false
      });
      const closed = event(socket, 'close');
      await act(socket);
      await closed;
      await call;
      assert.equal(socket.status, 'closed');
    });

    for (const name of ['status', 'disconnect', 'reconnecting', 'connect']) {
      test(`${what} in a listener of ${name} ends it for good (${driver})`, async (t) => {
        const { server, socket } = await begin(t);
        const closed = event(socket, 'close');
        const events = record(socket, ['ready', 'connect']);
        socket.once(name, () => void act(socket));
        for (const peer of server.sockets.values()) peer.destroy();
        await closed;
        assert.equal(socket.status, 'closed');
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual(events, name === 'connect' ? ['connect'] : []);
      });
    }

    test(`${what} while it is being let in again ends it (${driver})`, async (t) => {
      const { path, socket } = await away(t);
      await serve(t, path, { authorize: () => new Promise(() => {}) });
      await event(socket, 'connect');
      const closed = event(socket, 'close');
      await act(socket);
      await closed;
    });
  }

  test(`a server that refuses it when it comes back is not asked again (${driver})`, async (t) => {
    const { path, socket } = await away(t);
    const failed = event(socket, 'error');
    const closed = event(socket, 'close');
    await serve(t, path, { authorize: () => Promise.reject(new Error('no more')) });
    const [error] = await failed;
    assert.deepEqual([error.code, error.message], ['SHORTWIRE_ERR_REFUSED', 'no more']);
    await closed;
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_CLOSED' });
  });

  test(`a peer that breaks the protocol is not asked again (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = newSocket(t);
    const connected = socket.connect(path);
    const peer = await server.greeted();
    await connected;
    const closed = event(socket, 'close');
    peer.write(Buffer.alloc(16, 0x7f));
    await closed;
  });

  test(`a server says whether those it sends away may come back (${driver})`, async (t) => {
    for (const [given, comes] of [
      [undefined, false],
      [{ allowReconnect: false }, false],
      [{ allowReconnect: true }, true]
    ]) {
      const { server, socket } = await begin(t);
      const next = event(socket, comes ? 'reconnecting' : 'close');
      const [peer] = server.sockets.values();
      await peer.close(given);
      await next;
      socket.destroy();
    }
  });

  test(`calls made after the goodbye of a server that returns wait for it (${driver})`, async (t) => {
    const { path, server, socket } = await begin(t, { reconnect: { minDelayMs: 20 } });
    const farewell = event(socket, 'goaway');
    let answer;
    server.handle('slow', () => new Promise((resolve) => (answer = resolve)));
    const slow = socket.call('slow');
    await until(() => answer !== undefined, 'the handler is at work');
    const closed = server.close();
    await farewell;
    const early = socket.rpc('early');
    answer('in time');
    assert.equal(await slow, 'in time');
    await closed;
    await serve(t, path);
    assert.equal(await early, 'early');
  });

  test(`subscriptions and streams: the former come back, the latter don't (${driver})`, async (t) => {
    const { server, socket } = await begin(t);
    await socket.subscribe('news.*');
    const stream = socket.stream('open');
    const failed = event(stream, 'error');
    await socket.ping();
    const ready = event(socket, 'ready');
    for (const peer of server.sockets.values()) peer.destroy();
    assert.equal((await failed)[0].code, DISCONNECTED);
    await ready;
    const heard = event(socket, 'message');
    await until(() => server.sockets.has(socket.id), 'the server knows it');
    await socket.ping();
    await server.broadcast('no', { topic: 'weather.today' });
    await server.broadcast('yes', { topic: 'news.today' });
    assert.equal((await heard)[0], 'yes');
  });

  test(`an attached stream is not tried again (${driver})`, async (t) => {
    const server = await serve(t, socketPath(t));
    const [ours, theirs] = duplexPair();
    const socket = newSocket(t);
    const attached = server.attach(ours);
    await socket.attach(theirs);
    const peer = await attached;
    const closed = event(socket, 'close');
    peer.destroy();
    await closed;
  });

  test(`retry makes the first connection patient (${driver})`, async (t) => {
    const path = socketPath(t);
    const socket = newSocket(t);
    const events = record(socket, ['status', 'error', 'disconnect']);
    const call = socket.rpc('early');
    const connected = socket.connect(path, { retry: SOON });
    const [first] = await event(socket, 'reconnecting');
    assert.deepEqual([first.attempt, first.error.code], [1, 'ENOENT']);
    assert.equal(socket.status, 'connecting');
    await serve(t, path);
    await connected;
    assert.equal(await call, 'early');
    assert.deepEqual(events, ['status connecting', 'status ready']);
  });

  test(`retry is an option of the socket, too, and ends with the last error (${driver})`, async (t) => {
    const socket = newSocket(t, { retry: { ...SOON, maxAttempts: 2 } });
    const events = record(socket, ['reconnecting', 'error', 'close']);
    await assert.rejects(socket.connect(socketPath(t)), { code: 'ENOENT' });
    await until(() => events.includes('close'), 'the end');
    assert.deepEqual(events, ['reconnecting', 'reconnecting', 'close']);
  });

  test(`retry covers a handshake that is cut off (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = newSocket(t);
    const connected = socket.connect(path, { retry: SOON });
    (await server.accepted()).socket.destroy();
    await server.greeted();
    await connected;
  });

  test(`a signal ends the retries; one that has fired begins none (${driver})`, async (t) => {
    const path = socketPath(t);
    const socket = newSocket(t);
    const aborted = { signal: AbortSignal.abort(), retry: SOON };
    await assert.rejects(socket.connect(path, aborted), { name: 'AbortError' });
    assert.equal(socket.status, 'idle');
    const controller = new AbortController();
    const connected = socket.connect(path, { signal: controller.signal, retry: LATE });
    await event(socket, 'reconnecting');
    controller.abort();
    await assert.rejects(within(connected, 'the end of connect'), { name: 'AbortError' });
    assert.equal(socket.status, 'closed');
  });

  test(`jftp, which has no goodbye, comes back as well (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await serve(t, path);
    const socket = newSocket(t, { protocol: 'jftp' });
    await socket.connect(path);
    assert.equal(await socket.rpc('first'), 'first');
    const lost = event(socket, 'reconnecting');
    await server.close();
    await lost;
    const call = socket.rpc('second');
    await serve(t, path);
    assert.equal(await call, 'second');
  });
});
