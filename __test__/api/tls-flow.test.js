// TLS under load: what it holds in memory is neither forgotten nor held up, whoever stops and goes on.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { AUTHORITY } = require('../support/certs.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { HOST, LOOPBACK, connected, pair, serve } = require('../support/secure.js');

const KILOBYTE = 'k'.repeat(1000);
const LINE = 'l'.repeat(120);
/** The content type of TLS for goodbyes and failures. */
const ALERT = 21;

/** The content types of all records. @param {Buffer} bytes */
function recordTypes(bytes) {
  const types = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]);
  return types;
}

/** A socket in the middle of a handshake that the other side never goes on with. */
async function shaking(t, driver) {
  const silent = net.createServer();
  t.after(() => silent.close());
  silent.listen(0, LOOPBACK);
  await event(silent, 'listening');
  const accepted = event(silent, 'connection');
  const socket = new UDSocket({ driver });
  t.after(() => socket.destroy());
  const { port } = silent.address();
  const connecting = socket.connect({ host: HOST, port, tls: { ca: AUTHORITY } });
  const call = socket.rpc('early');
  call.catch(() => {});
  const [raw] = await accepted;
  t.after(() => raw.destroy());
  await event(raw, 'data');
  return { call, connecting, raw, socket };
}

forEachDriver((driver) => {
  test(`a reader that pauses gets everything afterwards, in order (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, driver);
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      const heard = [];
      to.on('message', ({ n }) => heard.push(n));
      // A little more than a pause holds: for some of these the rest is with TLS, not with the kernel.
      for (let count = 1100; count <= 1600; count += 50) {
        to.pause();
        for (let n = 0; n < count; n++) from.send({ n, text: LINE });
        await until(() => to.stats().heldMessages >= 1000, 'so much is held that reading stops');
        await until(() => from.stats().queuedBytes === 0, 'the kernel has the rest');
        to.resume();
        await until(() => heard.length === count, `all ${count} have come`);
        assert.ok(heard.splice(0).every((n, at) => n === at));
      }
    }
  });

  test(`both ask at once, much more than the kernel holds (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, driver);
    const text = KILOBYTE.repeat(20);
    for (const side of [socket, peer]) side.handle((payload) => payload);
    const asked = [socket, peer].flatMap((side) =>
      Array.from({ length: 400 }, (_, n) => side.rpc({ n, text }))
    );
    const answers = await Promise.all(asked);
    assert.ok(answers.every(({ n, text: got }, at) => n === at % 400 && got === text));
  });

  test(`a last word arrives whole before the end (${driver})`, async (t) => {
    const { server, socket, peer } = await pair(t, driver);
    const text = KILOBYTE.repeat(200);
    server.handle(() => {
      setImmediate(() => peer.close());
      return text;
    });
    const closed = event(socket, 'close');
    assert.equal(await socket.rpc('now'), text);
    await closed;
  });

  test(`TLS is told of the end before TCP is (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver }, { maxVersion: 'TLSv1.2' });
    const heard = [];
    const between = net.createServer((raw) => {
      const onwards = net.connect(port, LOOPBACK);
      raw.pipe(onwards).on('data', (bytes) => heard.push(bytes));
      onwards.pipe(raw);
    });
    t.after(() => between.close());
    between.listen(0, LOOPBACK);
    await event(between, 'listening');
    const socket = await connected(t, between.address().port, { driver });
    const closed = event(socket, 'close');
    const sockets = [...server.sockets.values()];
    await Promise.all(sockets.map((peer) => peer.close()));
    await closed;
    const types = recordTypes(Buffer.concat(heard));
    assert.equal(types.at(-1), ALERT);
  });

  test(`a call's time counts during the handshake (${driver})`, async (t) => {
    const { connecting, socket } = await shaking(t, driver);
    const one = assert.rejects(socket.rpc('one', { timeoutMs: 30 }), {
      code: 'SHORTWIRE_ERR_TIMEOUT',
      maybeDelivered: false
    });
    const other = assert.rejects(socket.rpc('other', { signal: AbortSignal.timeout(30) }), {
      code: 'SHORTWIRE_ERR_ABORTED'
    });
    await within(Promise.all([one, other]), 'their time');
    assert.equal(socket.status, 'connecting');
    connecting.catch(() => {});
  });

  test(`a close during the handshake settles everything at once (${driver})`, async (t) => {
    const { call, connecting, raw, socket } = await shaking(t, driver);
    const late = socket.rpc('while hands are shaken');
    await new Promise((resolve) => setImmediate(resolve));
    const gone = event(raw, 'close');
    const settled = Promise.allSettled([connecting, call, late]);
    const began = performance.now();
    await socket.close();
    assert.ok(performance.now() - began < 5000, 'long before the handshake is given up');
    for (const { status, reason } of await settled) {
      assert.equal(status, 'rejected');
      assert.equal(reason.code, 'SHORTWIRE_ERR_CLOSED');
    }
    raw.resume();
    await gone;
  });
});
