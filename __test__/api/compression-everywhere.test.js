// Compressed connections in company: over every transport, across a reconnection, with all that a
// connection carries.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { constants, createDeflateRaw } = require('node:zlib');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until } = require('../support/deadline.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const secure = require('../support/secure.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

const COMPRESS = { compress: true };
const BOTH = { driver: 'auto', server: COMPRESS, socket: COMPRESS };
/** What becomes smaller, and what doesn't. */
const ROWS = Array.from({ length: 2000 }, (_, n) => ({
  id: n,
  name: `row ${n}`,
  done: n % 2 === 0
}));

/** A connection through TLS. */
async function throughTls(t, options) {
  const { server, port } = await secure.serve(t, options);
  const accepted = event(server, 'connection');
  const socket = await secure.connected(t, port, options);
  const [peer] = await accepted;
  return { server, socket, peer };
}

/** The same, plain. */
async function throughTcp(t, options) {
  const server = new UDSocketServer(options);
  t.after(() => server.close({ timeoutMs: 0 }));
  await server.start({ host: '127.0.0.1', port: 0 });
  const accepted = event(server, 'connection');
  const socket = await connect(t, { host: '127.0.0.1', port: server.address().port }, options);
  const [peer] = await accepted;
  return { server, socket, peer };
}

/** Asserts that it was worth it. */
function assertSmaller(socket) {
  const { bytesOut, wireBytesOut, bytesIn, wireBytesIn } = socket.stats();
  assert.ok(wireBytesOut > 0 && wireBytesOut < bytesOut / 2, `${wireBytesOut} of ${bytesOut}`);
  assert.ok(wireBytesIn > 0 && wireBytesIn < bytesIn / 2, `${wireBytesIn} of ${bytesIn}`);
}

for (const [name, through] of [
  ['TLS', throughTls],
  ['TCP', throughTcp]
]) {
  test(`calls go both ways over ${name}`, async (t) => {
    const { socket, peer } = await through(t, COMPRESS);
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      to.handle((payload) => payload);
      const payloads = ['small', ROWS, Buffer.alloc(3_000_000, 7)];
      assert.deepEqual(await Promise.all(payloads.map((payload) => from.rpc(payload))), payloads);
    }
    assertSmaller(socket);
  });

  test(`MessagePack goes both ways over ${name}`, async (t) => {
    const { socket, peer } = await through(t, { ...COMPRESS, encoding: 'msgpack' });
    assert.deepEqual([socket.encoding, peer.encoding], ['msgpack', 'msgpack']);
    const value = new Map([[7n, { at: new Date(0), rows: ROWS, bytes: Buffer.alloc(10_000, 1) }]]);
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      to.handle((payload) => payload);
      assert.deepEqual(await from.rpc(value), value);
    }
    assertSmaller(socket);
  });
}

test('a connection that comes back begins anew, and compresses again', async (t) => {
  const path = socketPath(t);
  const server = new UDSocketServer(COMPRESS);
  t.after(() => server.close({ timeoutMs: 0 }));
  server.handle((payload) => payload);
  await server.start(path);
  const socket = new UDSocket({ ...COMPRESS, reconnect: { minDelayMs: 1, maxDelayMs: 1 } });
  t.after(() => socket.destroy());
  await socket.connect(path);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await socket.rpc(ROWS), ROWS);
    const back = event(socket, 'ready');
    for (const peer of server.sockets.values()) peer.destroy();
    const waiting = socket.rpc('asked while it was away').catch((error) => error);
    const [{ reconnected, compress }] = await back;
    assert.deepEqual([reconnected, compress], [true, true]);
    // It may have been sent before the loss was known.
    const answer = await waiting;
    assert.ok(answer === 'asked while it was away' || answer.code === 'SHORTWIRE_ERR_DISCONNECTED');
  }
  assert.deepEqual(await socket.rpc(ROWS), ROWS);
  const { bytesOut, wireBytesOut } = socket.stats();
  assert.ok(wireBytesOut < bytesOut, `${wireBytesOut} of ${bytesOut}`);
});

test('a server that no longer has it is met without', async (t) => {
  const path = socketPath(t);
  const serve = async (options) => {
    const server = new UDSocketServer(options);
    t.after(() => server.close({ timeoutMs: 0 }));
    server.handle((payload) => payload);
    await server.start(path);
    return server;
  };
  const first = await serve(COMPRESS);
  const socket = new UDSocket({ ...COMPRESS, reconnect: { minDelayMs: 1, maxDelayMs: 1 } });
  t.after(() => socket.destroy());
  await socket.connect(path);
  const back = event(socket, 'ready');
  await first.close();
  await serve({ compress: false });
  assert.equal((await back)[0].compress, false);
  assert.deepEqual(await socket.rpc(ROWS), ROWS);
});

test('a broadcast reaches those with it and those without', async (t) => {
  const { server, path } = await listen(t, COMPRESS);
  const all = [true, false, true];
  const sockets = [];
  for (const compress of all) sockets.push(await connect(t, path, { compress }));
  await until(() => server.sockets.size === all.length, 'the server knows them');
  const heard = Promise.all(sockets.map((socket) => event(socket, 'message')));
  assert.equal(await server.broadcast(ROWS), 3);
  for (const [payload] of await heard) assert.deepEqual(payload, ROWS);
  const [packed, plain] = sockets.map((socket) => socket.stats());
  assert.ok(packed.wireBytesIn * 3 < packed.bytesIn, `${packed.wireBytesIn} of ${packed.bytesIn}`);
  assert.ok(plain.bytesIn >= packed.bytesIn);
});

test('a survey asks them all', async (t) => {
  const { server, path } = await listen(t, COMPRESS);
  for (const [n, compress] of [true, false, true].entries()) {
    const socket = await connect(t, path, { compress });
    socket.handle((rows) => [n, rows.length]);
    // Those with it and those without may come in out of order: answers are in the server's.
    await until(() => server.sockets.size === n + 1, 'the server knows it');
  }
  const entries = await server.survey(ROWS);
  assert.deepEqual(
    entries.map(({ value }) => value),
    [0, 1, 2].map((n) => [n, ROWS.length])
  );
});

test('streams of bytes and of values flow both ways, and stop where nobody reads', async (t) => {
  const { socket, peer } = await pair(t, BOTH);
  const line = Buffer.from('a line that is much like the one before it\n');
  const bytes = Buffer.concat(Array(100_000).fill(line));
  for (const [from, to] of [
    [socket, peer],
    [peer, socket]
  ]) {
    to.handle('echo', (_payload, { stream }) => void stream.pipe(stream));
    to.handle('rows', async function* () {
      yield* ROWS;
    });
    const stream = from.stream(null, { topic: 'echo' });
    stream.end(bytes);
    assert.ok(Buffer.concat(await stream.toArray()).equals(bytes));
    const rows = [];
    for await (const row of from.iterate(null, { topic: 'rows' })) rows.push(row);
    assert.deepEqual(rows, ROWS);
  }
  assertSmaller(socket);
  let pulled = 0;
  peer.handle('endless', async function* () {
    for (;;) {
      pulled++;
      yield line.toString();
    }
  });
  const parts = socket.iterate(null, { topic: 'endless' });
  await parts.next();
  await socket.ping();
  const held = pulled;
  await socket.ping();
  assert.ok(held < 50_000 && pulled === held, `${held}, then ${pulled} parts were made`);
  await parts.return();
});

test('whoever is turned away hears why', async (t) => {
  const authorize = () => {
    throw new Error('not today');
  };
  const { path } = await listen(t, { ...COMPRESS, authorize });
  const socket = new UDSocket(COMPRESS);
  t.after(() => socket.destroy());
  await assert.rejects(socket.connect(path, { hello: ROWS.slice(0, 100) }), {
    code: 'SHORTWIRE_ERR_REFUSED',
    message: /not today/
  });
});

test('a bomb in a stream costs no more than its window', async (t) => {
  const { server, path } = await listen(t, COMPRESS);
  let stream;
  server.handle((_payload, context) => {
    ({ stream } = context);
    return new Promise(() => {});
  });
  const failed = event(server, 'error');
  const raw = await RawPeer.greet(t, path, {
    capabilities: Capability.DEFLATE | Capability.STREAMS
  });
  const packer = createDeflateRaw();
  packer.on('data', (piece) => raw.write(piece));
  packer.write(frame(Kind.OPEN, { id: 1 }));
  // A thousand times what it is on the wire, and far more than the window that nobody has opened.
  for (let n = 0; n < 1024; n++) {
    packer.write(frame(Kind.DATA, { id: 1, flags: Flag.BYTES, body: Buffer.alloc(64 << 10) }));
  }
  packer.flush(constants.Z_SYNC_FLUSH);
  assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
  assert.ok(stream.readableLength <= 128 << 10, `${stream.readableLength} bytes are kept`);
});
