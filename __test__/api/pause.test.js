// Pausing: nothing new is delivered, everything else goes on, and memory stays bounded.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { duplexPair } = require('../support/duplex.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { record } = require('../support/record.js');
const { Flag, Kind, frame, request } = require('../support/wire.js');

/** A message as a raw peer sends it. */
const message = (json) => frame(Kind.EVENT, { flags: Flag.JSON, body: json });

/** What a socket hears, as it comes. */
function listenTo(socket) {
  const heard = [];
  socket.on('message', (payload) => heard.push(payload));
  return heard;
}

forEachDriver((driver) => {
  test(`nothing is delivered while paused, and all of it in order afterwards (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      const heard = listenTo(to);
      to.handle((payload) => heard.push(payload));
      to.pause();
      assert.equal(to.paused, true);
      await from.send(1);
      const answers = [from.rpc(2)];
      await from.send(3);
      answers.push(from.rpc(4));
      await from.ping();
      await until(() => to.stats().heldMessages === 4, 'four are held');
      assert.deepEqual(heard, []);
      assert.equal(to.stats().heldBytes, 4);
      to.resume();
      await Promise.all(answers);
      assert.deepEqual(heard, [1, 2, 3, 4]);
      const { heldMessages, heldBytes } = to.stats();
      assert.deepEqual([to.paused, heldMessages, heldBytes], [false, 0, 0]);
    }
  });

  test(`what comes while the held is let go stays behind it (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const heard = listenTo(peer);
    peer.pause();
    for (let n = 0; n < 50; n++) await socket.send(n);
    await socket.ping();
    peer.resume();
    for (let n = 50; n < 100; n++) socket.send(n);
    await until(() => heard.length === 100, 'a hundred messages');
    assert.deepEqual(
      heard,
      Array.from({ length: 100 }, (_, n) => n)
    );
  });

  test(`own calls are answered while paused, and time out (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => (payload === 'never' ? new Promise(() => {}) : payload));
    socket.pause();
    await peer.send('held');
    assert.equal(await socket.rpc('answer'), 'answer');
    await socket.ping();
    await assert.rejects(socket.rpc('never', { timeoutMs: 20 }), { code: 'SHORTWIRE_ERR_TIMEOUT' });
  });

  test(`paused by a handler, the rest of what came with it waits (${driver})`, async (t) => {
    const { path, server } = await listen(t, { driver });
    const connected = event(server, 'connection');
    const raw = await RawPeer.greet(t, path);
    const [peer] = await connected;
    const heard = [];
    peer.on('message', (payload) => {
      heard.push(payload);
      peer.pause();
    });
    raw.write(message('1'), message('2'), message('3'));
    await until(() => peer.stats().heldMessages === 2, 'two are held');
    assert.deepEqual(heard, [1]);
    peer.resume();
    await until(() => heard.length === 2, 'the second');
    assert.equal(peer.stats().heldMessages, 1);
    peer.removeAllListeners('message');
    const last = event(peer, 'message');
    peer.resume();
    assert.equal((await last)[0], 3);
  });

  test(`a peer that floods a paused socket is read no further (${driver})`, async (t) => {
    const { path, server } = await listen(t, { driver });
    const connected = event(server, 'connection');
    const raw = await RawPeer.greet(t, path);
    const [peer] = await connected;
    const heard = listenTo(peer);
    peer.pause();
    const chunk = Buffer.concat(Array.from({ length: 64 }, () => message(`"${'x'.repeat(1000)}"`)));
    let poured = false;
    raw.pour(Array.from({ length: 1000 }, () => chunk)).then(() => (poured = true));
    await until(() => peer.stats().bytesIn > 1024 * 1000, 'about a megabyte');
    let before = -1;
    await until(() => before === (before = peer.stats().bytesIn), 'the end of reading');
    const { heldMessages, heldBytes, undeliveredBytes } = peer.stats();
    assert.ok(heldBytes + undeliveredBytes < 2 << 20, `${heldBytes} + ${undeliveredBytes}`);
    assert.ok(heldMessages < 2200, `${heldMessages} messages`);
    assert.equal(poured, false);
    peer.resume();
    await until(() => heard.length === 64_000, 'all of it');
    assert.equal(poured, true);
  });

  test(`the sender's own limits hold against a paused peer (${driver})`, async (t) => {
    const limits = { maxQueuedBytes: 256 * 1024 };
    const { peer, socket } = await pair(t, { driver, socket: limits });
    const heard = listenTo(peer);
    peer.pause();
    const large = 'x'.repeat(64 * 1024);
    /** @type {any} */
    let refused;
    const sent = [];
    const send = () =>
      socket.send(large).then(
        () => true,
        (error) => {
          refused = error;
          return false;
        }
      );
    await until(() => {
      if (peer.stats().heldBytes < 1 << 20) sent.push(send());
      return peer.stats().heldBytes >= 1 << 20;
    }, 'the peer reads no further');
    refused = undefined;
    await until(() => {
      if (refused === undefined) sent.push(send());
      return refused !== undefined;
    }, 'the sender is stopped');
    assert.equal(refused.code, 'SHORTWIRE_ERR_OVERFLOW');
    assert.ok(peer.stats().heldBytes < 2 << 20);
    const drained = event(socket, 'drain');
    peer.resume();
    await drained;
    const accepted = (await Promise.all(sent)).filter(Boolean);
    await until(() => heard.length === accepted.length, 'all that was accepted');
  });

  test(`a request that is taken back while held reaches no handler (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const asked = [];
    peer.handle((payload) => asked.push(payload));
    peer.pause();
    const abort = new AbortController();
    const taken = socket.rpc('taken back', { signal: abort.signal });
    const other = socket.rpc('other');
    await until(() => peer.stats().heldMessages === 2, 'both are held');
    abort.abort();
    await assert.rejects(taken, { code: 'SHORTWIRE_ERR_ABORTED' });
    await until(() => peer.stats().serving === 1, 'one is open');
    peer.resume();
    await other;
    assert.deepEqual(asked, ['other']);
    assert.equal(peer.stats().serving, 0);
  });

  test(`a held request keeps its deadline (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const deadline = new Promise((resolve) =>
      peer.handle((_payload, context) => resolve(context.deadline))
    );
    peer.pause();
    const began = Date.now();
    const answered = socket.rpc(null, { timeoutMs: 60_000 });
    await until(() => peer.stats().heldMessages === 1, 'it is held');
    const held = Date.now();
    await until(() => Date.now() > held + 30, 'some time');
    peer.resume();
    await answered;
    const due = await deadline;
    assert.ok(due >= began + 59_990 && due <= held + 60_010, `${due - began} ms`);
  });

  test(`what was received before the peer left is delivered on resume (${driver})`, async (t) => {
    const { peer, socket, server } = await pair(t, { driver });
    const heard = listenTo(peer);
    const asked = [];
    peer.handle((payload) => asked.push(payload));
    peer.pause();
    const gone = event(server, 'disconnect');
    await socket.send(1);
    socket.rpc('asked').catch(() => {});
    await socket.send(2);
    await until(() => peer.stats().heldMessages === 3, 'three are held');
    socket.destroy();
    await gone;
    assert.equal(peer.status, 'closed');
    assert.deepEqual(heard, []);
    peer.resume();
    await until(() => heard.length === 2, 'the messages');
    assert.deepEqual(heard, [1, 2]);
    // Nobody is left who could be answered.
    assert.deepEqual(asked, []);
  });

  test(`what a socket that has gone still holds is not in its server's sums (${driver})`, async (t) => {
    const { peer, socket, server } = await pair(t, { driver });
    peer.pause();
    await socket.send('held');
    await until(() => server.stats().sockets.heldMessages === 1, 'it is held');
    const gone = event(server, 'disconnect');
    socket.destroy();
    await gone;
    assert.equal(peer.stats().heldMessages, 1);
    const { heldMessages, heldBytes } = server.stats().sockets;
    assert.deepEqual([heldMessages, heldBytes], [0, 0]);
  });

  test(`values that are put together already count as their text (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const heard = listenTo(peer);
    const values = Array.from({ length: 150 }, (_, n) => n);
    const row = (/** @type {number} */ id) => ({ id, name: `größe ${id}`, values });
    const send = async (/** @type {number} */ count) => {
      for (let id = 100; id < 100 + count; id++) await socket.send(row(id));
      await socket.ping();
    };
    // Until they are known to look alike.
    await send(60);
    await until(() => heard.length === 60, 'all of them');
    peer.pause();
    await send(20);
    await until(() => peer.stats().heldMessages === 20, 'they are held');
    assert.equal(peer.stats().heldBytes, 20 * Buffer.byteLength(JSON.stringify(row(100))));
    peer.resume();
    await until(() => heard.length === 80, 'the rest');
    assert.equal(peer.stats().heldBytes, 0);
  });

  test(`closing while paused answers what was received, and ends (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload * 2);
    peer.pause();
    const answer = socket.rpc(21);
    await until(() => peer.stats().heldMessages === 1, 'it is held');
    const [doubled] = await Promise.all([answer, peer.close()]);
    assert.equal(doubled, 42);
  });

  test(`destroying while paused drops what was received (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const heard = listenTo(peer);
    peer.pause();
    await socket.send(1);
    await until(() => peer.stats().heldMessages === 1, 'it is held');
    const closed = event(peer, 'close');
    peer.destroy();
    await closed;
    peer.resume();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heard, []);
  });

  test(`the goodbye and the end of the connection are heard while paused (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const seen = record(socket, ['goaway', 'disconnect', 'close', 'message']);
    socket.pause();
    await peer.send('held');
    const closed = event(socket, 'close');
    await peer.close({ reason: 'maintenance' });
    await closed;
    assert.deepEqual(seen, ['goaway', 'disconnect', 'close']);
  });

  test(`a server pauses all its sockets, those to come included (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const heard = [];
    server.on('message', (payload) => heard.push(payload));
    const before = await connect(t, path, { driver });
    await until(() => server.sockets.size === 1, 'one socket');
    server.pause();
    const after = await connect(t, path, { driver });
    await until(() => server.sockets.size === 2, 'two sockets');
    await before.send('before');
    await after.send('after');
    const held = () => [...server.sockets.values()].map((socket) => socket.stats().heldMessages);
    await until(() => held().join() === '1,1', 'one each');
    assert.deepEqual([server.paused, heard], [true, []]);
    const [first] = server.sockets.values();
    first.pause();
    server.resume();
    await until(() => heard.length === 1, 'that of the other');
    assert.deepEqual([first.paused, heard], [true, ['after']]);
    first.resume();
    await until(() => heard.length === 2, 'both');
  });

  test(`a pause that comes before the connection holds (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.on('connection', (peer) => peer.send('hello'));
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const heard = listenTo(socket);
    assert.equal(socket.pause(), socket);
    await socket.connect(path);
    await until(() => socket.stats().heldMessages === 1, 'it is held');
    assert.deepEqual(heard, []);
    socket.resume();
    await until(() => heard.length === 1, 'it is heard');
  });

  test(`an attached stream is paused with its socket (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const [here, there] = duplexPair();
    const [peer] = await Promise.all([server.attach(there), socket.attach(here)]);
    const heard = listenTo(peer);
    peer.pause();
    const large = 'x'.repeat(256 * 1024);
    for (let n = 0; n < 16; n++) socket.send(large).catch(() => {});
    await until(() => there.isPaused(), 'the stream is paused');
    assert.ok(peer.stats().heldBytes < 2 << 20, `${peer.stats().heldBytes} bytes`);
    peer.resume();
    await until(() => heard.length === 16, 'all of it');
    assert.equal(there.isPaused(), false);
  });

  test(`a paused side that reads no more stays alive for a peer with a heartbeat (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, {
      driver,
      socket: { heartbeatMs: 150 },
      server: { heartbeatMs: 150 }
    });
    const heard = listenTo(peer);
    peer.pause();
    const sent = [];
    for (let n = 0; n < 40; n++) sent.push(socket.send('x'.repeat(64 * 1024)));
    await until(() => peer.stats().heldBytes >= 1 << 20, 'nothing more is read');
    const began = Date.now();
    await until(() => Date.now() > began + 800, 'several heartbeats');
    assert.deepEqual([peer.status, socket.status], ['ready', 'ready']);
    peer.resume();
    await Promise.all(sent);
    await until(() => heard.length === 40, 'all of it');
  });

  test(`a peer that takes nothing for stallTimeoutMs is cut (${driver})`, async (t) => {
    const { path, server } = await listen(t, { driver, stallTimeoutMs: 50 });
    server.handle(() => 'x'.repeat(200_000));
    const failed = event(server, 'error');
    const raw = await RawPeer.greet(t, path);
    raw.stopReading();
    for (let id = 1; id <= 10; id++) raw.write(request(id, '1'));
    const [error] = await failed;
    assert.deepEqual(
      [error.code, error.message],
      ['SHORTWIRE_ERR_TIMEOUT', 'the peer took none of what waits for it']
    );
  });
});
