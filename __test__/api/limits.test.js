// Every limit, on both sides of a connection.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer, RawServer } = require('../support/raw-peer.js');
const { deferred } = require('../support/record.js');
const { Kind, frame, request, response } = require('../support/wire.js');

const OVERFLOW = 7;

/** A socket whose peer has introduced itself and does nothing more by itself. */
async function withRawServer(t, options, limits) {
  const path = socketPath(t);
  const listener = await RawServer.listen(t, path);
  const socket = new UDSocket(options);
  t.after(() => socket.destroy());
  const connected = socket.connect(path);
  const raw = await listener.greeted(limits);
  await connected;
  return { socket, raw };
}

forEachDriver((driver) => {
  test(`a message over the peer's maxFrameBytes rejects, and the next goes through (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, server: { maxFrameBytes: 10_000 } });
    peer.handle((payload) => payload.length);
    const large = 'x'.repeat(10_001);
    await assert.rejects(socket.rpc(large), {
      code: 'SHORTWIRE_ERR_TOO_LARGE',
      maybeDelivered: false
    });
    await assert.rejects(socket.send(large), { code: 'SHORTWIRE_ERR_TOO_LARGE' });
    await assert.rejects(socket.rpc(Buffer.alloc(10_001)), { code: 'SHORTWIRE_ERR_TOO_LARGE' });
    assert.equal(await socket.rpc('x'.repeat(9_000)), 9_000);
  });

  test(`an answer over the caller's maxFrameBytes fails that call (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { maxFrameBytes: 10_000 } });
    peer.handle((length) => 'x'.repeat(length));
    await assert.rejects(socket.rpc(10_001), {
      code: 'SHORTWIRE_ERR_TOO_LARGE',
      maybeDelivered: true
    });
    assert.equal((await socket.rpc(9_000)).length, 9_000);
  });

  test(`a peer that sends more than maxFrameBytes is cut, before anything is reserved (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxFrameBytes: 10_000 });
    const failed = event(server, 'error');
    const raw = await RawPeer.greet(t, path);
    raw.write(frame(Kind.REQUEST, { id: 1, length: 0xf0000000 }));
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_TOO_LARGE');
    await raw.ended();
  });

  test(`past maxQueuedBytes calls and messages reject, then comes 'drain' (${driver})`, async (t) => {
    const { raw, socket } = await withRawServer(t, { driver, maxQueuedBytes: 1 << 20 });
    raw.stopReading();
    const kilobyte = 'x'.repeat(100_000);
    const sent = Array.from({ length: 60 }, () => socket.send(kilobyte));
    const called = Array.from({ length: 20 }, () => socket.rpc(kilobyte));
    const outcomes = Promise.allSettled([...sent, ...called]);
    const overflow = { code: 'SHORTWIRE_ERR_OVERFLOW', maybeDelivered: false };
    await assert.rejects(sent.at(-1), overflow);
    await assert.rejects(called.at(-1), overflow);
    // What the application is owed is bounded by the option, with one message to spare.
    assert.ok(socket.queuedBytes <= (1 << 20) + 200_000, String(socket.queuedBytes));
    const drained = event(socket, 'drain');
    raw.readOn();
    await drained;
    await socket.send('there is room again');
    socket.destroy();
    await outcomes;
  });

  test(`'drain' comes while away, too, when calls are given up (${driver})`, async (t) => {
    const socket = new UDSocket({ driver, maxQueuedMessages: 4 });
    t.after(() => socket.destroy());
    for (const settle of ['deadline', 'signal']) {
      const abort = new AbortController();
      const patience = settle === 'signal' ? { signal: abort.signal } : { timeoutMs: 20 };
      const drained = event(socket, 'drain');
      const calls = [1, 2, 3, 4, 5].map((n) => socket.rpc(n, patience));
      await assert.rejects(calls[4], { code: 'SHORTWIRE_ERR_OVERFLOW', maybeDelivered: false });
      if (settle === 'signal') abort.abort();
      await Promise.allSettled(calls);
      await drained;
    }
  });

  test(`past maxQueuedMessages, too (${driver})`, async (t) => {
    const { raw, socket } = await withRawServer(t, { driver, maxQueuedMessages: 10 });
    raw.stopReading();
    // One that fills the kernel's buffer, so that the others wait behind it.
    const first = socket.send('x'.repeat(4_000_000));
    await until(() => socket.queuedBytes > 0, 'bytes that wait');
    const sent = Array.from({ length: 20 }, (_, n) => socket.send(n));
    const outcomes = await Promise.allSettled(sent.slice(10));
    assert.deepEqual(
      new Set(outcomes.map((outcome) => outcome.reason?.code)),
      new Set(['SHORTWIRE_ERR_OVERFLOW'])
    );
    const drained = event(socket, 'drain');
    raw.readOn();
    await Promise.all([first, ...sent.slice(0, 5), drained]);
  });

  test(`calls that wait for connect are limited, too (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload) => payload);
    const socket = new UDSocket({ driver, maxQueuedMessages: 10 });
    t.after(() => socket.destroy());
    const calls = Array.from({ length: 12 }, (_, n) => socket.rpc(n));
    const late = calls
      .splice(10)
      .map((call) =>
        assert.rejects(call, { code: 'SHORTWIRE_ERR_OVERFLOW', maybeDelivered: false })
      );
    await Promise.all(late);
    await socket.connect(path);
    assert.deepEqual(await Promise.all(calls), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test(`calls that timed out give their place in the queue back (${driver})`, async () => {
    const socket = new UDSocket({ driver, maxQueuedMessages: 10 });
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 10 }, () => socket.rpc(1, { timeoutMs: 5 }));
      const outcomes = await Promise.allSettled(calls);
      assert.deepEqual(
        new Set(outcomes.map((outcome) => outcome.reason.code)),
        new Set(['SHORTWIRE_ERR_TIMEOUT'])
      );
    }
  });

  test(`maxInFlight is told to the peer, whose calls wait on its side (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, server: { maxInFlight: 3 } });
    let open = 0;
    let most = 0;
    peer.handle(async (payload) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return payload;
    });
    const calls = Array.from({ length: 50 }, (_, n) => socket.rpc(n));
    assert.equal(socket.pending, 50);
    assert.deepEqual(
      await Promise.all(calls),
      calls.map((_, n) => n)
    );
    assert.deepEqual([most, peer.stats().refused], [3, 0]);
  });

  test(`maxInFlightBytes is, too; one larger than all of it passes alone (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, server: { maxInFlightBytes: 10_000 } });
    let open = 0;
    let most = 0;
    peer.handle(async (payload) => {
      most = Math.max(most, (open += payload.length));
      await new Promise(setImmediate);
      open -= payload.length;
      return payload.length;
    });
    const sizes = [4000, 4000, 4000, 20_000, 4000, 4000];
    const answers = sizes.map((size) => socket.rpc('x'.repeat(size)));
    assert.deepEqual(await Promise.all(answers), sizes);
    assert.deepEqual([most, peer.stats().refused], [20_000, 0]);
  });

  test(`a peer that ignores maxInFlight is rejected call by call (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxInFlight: 2 });
    const { promise, resolve } = deferred();
    server.handle(() => promise);
    const raw = await RawPeer.greet(t, path);
    raw.write(request(1, '1'), request(2, '2'), request(3, '3'), request(4, '4'));
    const refused = await raw.frames(2);
    assert.deepEqual(
      refused.map(({ kind, id, errorKind }) => [kind, id, errorKind]),
      [
        [Kind.ERROR, 3n, OVERFLOW],
        [Kind.ERROR, 4n, OVERFLOW]
      ]
    );
    resolve('done');
    const answered = await raw.frames(2);
    assert.deepEqual(
      answered.map(({ id, json }) => [id, json]),
      [
        [1n, 'done'],
        [2n, 'done']
      ]
    );
    const [peer] = server.sockets.values();
    assert.equal(peer.stats().refused, 2);
  });

  test(`a peer that ignores maxInFlightBytes, too (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxInFlightBytes: 1000 });
    server.handle(() => new Promise(() => {}));
    const raw = await RawPeer.greet(t, path);
    const large = JSON.stringify('x'.repeat(700));
    raw.write(request(1, large), request(2, large));
    const { kind, id, errorKind } = await raw.frame();
    assert.deepEqual([kind, id, errorKind], [Kind.ERROR, 2n, OVERFLOW]);
  });

  test(`cancelling makes no room: handlers still run (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxInFlight: 1 });
    server.handle(() => new Promise(() => {}));
    const raw = await RawPeer.greet(t, path);
    raw.write(request(1, '1'), frame(Kind.CANCEL, { id: 1 }), request(2, '2'));
    const { id, errorKind } = await raw.frame();
    assert.deepEqual([id, errorKind], [2n, OVERFLOW]);
  });

  test(`a peer that connects and says nothing is cut after handshakeTimeoutMs (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, handshakeTimeoutMs: 30 });
    const refused = event(server, 'refused');
    const raw = await RawPeer.connect(t, path);
    await raw.ended();
    assert.match((await refused)[0], /introduce/);
  });

  test(`a server that accepts and says nothing, as well (${driver})`, async (t) => {
    const path = socketPath(t);
    const listener = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver, handshakeTimeoutMs: 30 });
    await assert.rejects(socket.connect(path), { code: 'SHORTWIRE_ERR_TIMEOUT' });
    await (await listener.accepted()).ended();
  });

  test(`a peer that stops within a frame is cut after frameTimeoutMs (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, frameTimeoutMs: 30 });
    const failed = event(server, 'error');
    const raw = await RawPeer.greet(t, path);
    raw.write(request(1, '"half of it"').subarray(0, 20));
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_TIMEOUT');
    await raw.ended();
  });

  test(`heartbeatMs finds a peer that is there but dead (${driver})`, async (t) => {
    const { raw, socket } = await withRawServer(t, {
      driver,
      heartbeatMs: 20,
      reconnect: false
    });
    const failed = event(socket, 'error');
    const { kind } = await raw.frame();
    assert.equal(kind, Kind.PING);
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_TIMEOUT');
  });

  test(`heartbeatMs leaves a peer alone that answers (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { heartbeatMs: 10 } });
    peer.handle((payload) => payload);
    // Eight pings of the core's own, each answered.
    await until(() => socket.stats().messagesIn >= 8, 'pongs');
    assert.equal(await socket.rpc('still'), 'still');
  });

  test(`an answer that nobody waits for is counted and ignored (${driver})`, async (t) => {
    const { raw, socket } = await withRawServer(t, { driver });
    const call = socket.rpc('once');
    const { id } = await raw.frame();
    raw.write(response(id, '"first"'), response(id, '"second"'), response(12345, '"never asked"'));
    assert.equal(await call, 'first');
    await until(() => socket.stats().lateResponses === 2, 'two late answers');
    assert.equal(socket.status, 'ready');
  });

  test(`large payloads in both directions at once get through (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    for (const end of [peer, socket]) end.handle((payload) => payload);
    const large = 'x'.repeat(2_000_000);
    const calls = [1, 2, 3, 4].flatMap(() => [socket.rpc(large), peer.rpc(large)]);
    for (const answer of await within(Promise.all(calls), 'eight large answers')) {
      assert.equal(answer.length, large.length);
    }
  });

  test(`a peer that asks and doesn't read is no longer read, and others are served (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const answer = 'x'.repeat(50_000);
    let asked = 0;
    server.handle(() => {
      asked++;
      return answer;
    });
    const raw = await RawPeer.greet(t, path);
    raw.stopReading();
    const total = 2000;
    // Not all of it in one turn, as long as it is read: what is read in one is answered.
    const isRead = () => [...server.sockets.values()].every((peer) => peer.queuedBytes <= 1 << 20);
    const poured = (async () => {
      for (let n = 0; n < total; n++) {
        raw.write(request(n, '1'));
        if (n % 10 === 0) await until(() => asked > n || !isRead(), 'its turn');
      }
    })();
    await until(() => server.sockets.size === 1, 'the connection');
    const [peer] = server.sockets.values();
    await until(() => peer.queuedBytes > 1 << 20, 'answers that wait');
    const friend = await connect(t, path, { driver });
    for (let n = 0; n < 20; n++) assert.equal((await friend.call('x', n)).length, 50_000);
    // All of it would be 100 MB.
    assert.ok(peer.queuedBytes < 16 << 20, String(peer.queuedBytes));
    assert.ok(asked < total, String(asked));
    // Read on, and keep nothing of it.
    raw.socket.removeAllListeners('data').resume();
    await poured;
    await until(() => asked === total + 20, 'the rest');
  });

  test(`answers pass a queue that is full of our own calls (${driver})`, async (t) => {
    const { raw, socket } = await withRawServer(t, { driver, maxQueuedBytes: 1 << 20 });
    socket.handle((payload) => payload);
    raw.stopReading();
    const outcomes = Promise.allSettled(
      Array.from({ length: 40 }, () => socket.send('x'.repeat(100_000)))
    );
    raw.write(request(77, '"asked"'));
    await until(() => socket.stats().requestsIn === 1, 'the request');
    raw.readOn();
    let seen;
    do seen = await raw.frame();
    while (seen.kind !== Kind.RESPONSE);
    assert.deepEqual([seen.id, seen.json], [77n, 'asked']);
    await outcomes;
  });

  test(`a burst past the limit in one go rejects what is too much, then drains (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { maxQueuedBytes: 100_000 } });
    let heard = 0;
    peer.on('message', () => heard++);
    const drained = event(socket, 'drain');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 3000 }, () => socket.send('x'.repeat(1000)))
    );
    const sent = outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
    const codes = new Set(outcomes.flatMap((outcome) => outcome.reason?.code ?? []));
    await socket.ping();
    assert.equal(heard, sent);
    if (codes.size > 0) {
      assert.deepEqual(codes, new Set(['SHORTWIRE_ERR_OVERFLOW']));
      await drained;
    } else {
      drained.catch(() => {});
    }
  });
});
