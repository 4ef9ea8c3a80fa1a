// Compressed connections: what travels, what is agreed on, what a peer can't do with it.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { deflateRawSync, createDeflateRaw, constants } = require('node:zlib');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { event, until } = require('../support/deadline.js');
const { duplexPair } = require('../support/duplex.js');
const { listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

const COMPRESS = { compress: true };
const both = (options = COMPRESS) => ({ driver: 'auto', server: options, socket: options });
const FRAMED = { capabilities: Capability.DEFLATE };

for (const options of [COMPRESS, { compress: { level: 1 } }, { compress: { level: 9 } }]) {
  test(`calls, messages and streams flow in both directions (${JSON.stringify(options)})`, async (t) => {
    const { peer, socket } = await pair(t, both(options));
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      const text = JSON.stringify({
        rows: Array.from({ length: 5000 }, (_, n) => ({ n, a: 'b' }))
      });
      to.handle((payload) => payload);
      const payloads = ['small', text, Buffer.alloc(1_000_000, 7), null, '日本'.repeat(100_000)];
      assert.deepEqual(await Promise.all(payloads.map((payload) => from.rpc(payload))), payloads);
      const heard = event(to, 'message');
      await from.send('one way');
      assert.equal((await heard)[0], 'one way');
      await from.ping();
    }
    const { bytesOut, wireBytesOut, bytesIn, wireBytesIn } = socket.stats();
    assert.ok(wireBytesOut > 0 && wireBytesOut < bytesOut / 5, `${wireBytesOut} of ${bytesOut}`);
    assert.ok(wireBytesIn > 0 && wireBytesIn < bytesIn / 5, `${wireBytesIn} of ${bytesIn}`);
  });
}

test('it is used only if both sides have it', async (t) => {
  for (const [ours, theirs, used] of [
    [true, true, true],
    [true, false, false],
    [false, true, false]
  ]) {
    const { path, server } = await listen(t, { compress: theirs });
    server.handle((payload) => payload);
    const socket = new UDSocket({ compress: ours });
    t.after(() => socket.destroy());
    const ready = event(socket, 'ready');
    await socket.connect(path);
    assert.equal((await ready)[0].compress, used);
    assert.equal(await socket.rpc('x'.repeat(100_000)), 'x'.repeat(100_000));
  }
});

test('jftp on a server with it goes on as it is', async (t) => {
  const { path, server } = await listen(t, COMPRESS);
  server.handle((payload) => payload);
  const socket = new UDSocket({ protocol: 'jftp', ...COMPRESS });
  t.after(() => socket.destroy());
  await socket.connect(path);
  assert.deepEqual(await socket.rpc({ a: 'x'.repeat(1000) }), { a: 'x'.repeat(1000) });
});

test('an attached stream is not compressed', async (t) => {
  const server = new UDSocketServer(COMPRESS);
  t.after(() => server.close({ timeoutMs: 0 }));
  server.handle((payload) => payload);
  const socket = new UDSocket(COMPRESS);
  t.after(() => socket.destroy());
  const ready = event(socket, 'ready');
  const [here, there] = duplexPair();
  await Promise.all([server.attach(there), socket.attach(here)]);
  assert.equal((await ready)[0].compress, false);
  assert.equal(await socket.rpc(1), 1);
});

test('it can not be done on the JavaScript thread', () => {
  for (const make of [
    () => new UDSocket({ compress: true, driver: 'inline' }),
    () => new UDSocketServer({ compress: true, driver: 'inline' })
  ]) {
    assert.throws(make, { code: 'SHORTWIRE_ERR_INVALID_ARG', message: /^driver must be/ });
  }
});

/** A raw peer that has agreed on compression. */
async function packedPeer(t, options) {
  const { path, server } = await listen(t, { ...COMPRESS, ...options });
  const connected = event(server, 'connection');
  const raw = await RawPeer.greet(t, path, FRAMED);
  const [peer] = await connected;
  return { server, raw, peer };
}

/** One piece of a stream, ending with a sync flush. @param {Buffer} bytes */
const packed = (bytes) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });

test('a peer written from the specification is understood, byte by byte', async (t) => {
  const { server, raw } = await packedPeer(t);
  const heard = [];
  server.on('message', (payload) => heard.push(payload));
  const stream = createDeflateRaw();
  const pieces = [];
  stream.on('data', (piece) => pieces.push(piece));
  for (const text of ['"one"', '"two"', '"two"']) {
    stream.write(frame(Kind.EVENT, { flags: Flag.JSON, body: text }));
    await new Promise((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve(undefined)));
  }
  for (const byte of Buffer.concat(pieces)) raw.write(Buffer.from([byte]));
  await until(() => heard.length === 3, 'three messages');
  assert.deepEqual(heard, ['one', 'two', 'two']);
});

test('a stream that is corrupt or has an end breaks the protocol', async (t) => {
  for (const bytes of [Buffer.alloc(100, 0xff), deflateRawSync(Buffer.from('x'))]) {
    const { server, raw } = await packedPeer(t);
    const failed = event(server, 'error');
    raw.write(bytes);
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
  }
});

test('a frame over the limit is noticed before it is inflated', async (t) => {
  const { server, raw } = await packedPeer(t, { maxFrameBytes: 1 << 20 });
  const failed = event(server, 'error');
  const before = process.memoryUsage().rss;
  raw.write(packed(frame(Kind.EVENT, { flags: Flag.JSON, body: Buffer.alloc(64 << 20, 0x20) })));
  assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_TOO_LARGE');
  assert.ok(process.memoryUsage().rss - before < 200 << 20);
});

test('a bomb of small messages is read no faster than they are taken', async (t) => {
  const { raw, peer } = await packedPeer(t);
  let heard = 0;
  peer.on('message', () => heard++);
  peer.pause();
  const messages = Buffer.concat(
    Array.from({ length: 200_000 }, () => frame(Kind.EVENT, { flags: Flag.JSON, body: '1' }))
  );
  raw.write(packed(messages));
  await until(() => peer.stats().heldMessages >= 1024, 'enough is held');
  assert.ok(peer.stats().heldMessages < 20_000, `${peer.stats().heldMessages} are held`);
  peer.resume();
  await until(() => heard === 200_000, 'all of them');
});

test('a peer that compresses is told why it is refused', async (t) => {
  const why = (/** @type {RegExp} */ message) => ({ code: 'SHORTWIRE_ERR_REFUSED', message });
  const strict = await listen(t, { compress: true, authorize: (hello) => hello !== 'bad' });
  const refused = new UDSocket(COMPRESS).connect(strict.path, { hello: 'bad' });
  await assert.rejects(refused, why(/not authorized/));
  // Another server: the one refused has its place until it has gone.
  const small = await listen(t, { compress: true, maxConnections: 1 });
  const first = new UDSocket(COMPRESS);
  t.after(() => first.destroy());
  await first.connect(small.path);
  await assert.rejects(new UDSocket(COMPRESS).connect(small.path), why(/too many connections/));
});
