// Conversations over streams that somebody else has opened.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { PassThrough } = require('node:stream');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { duplexPair } = require('../support/duplex.js');
const { deferred, record } = require('../support/record.js');
const { Kind, PREFACE_BYTES, frame, preface, readFrame, request } = require('../support/wire.js');

/** A server and a socket at the two ends of a stream in memory. */
async function attached(t, driver, { server: forServer, socket: forSocket } = {}) {
  const server = new UDSocketServer({ driver, ...forServer });
  t.after(() => server.close({ timeoutMs: 0 }));
  const socket = new UDSocket({ driver, ...forSocket });
  t.after(() => socket.destroy());
  const [here, there] = duplexPair();
  const [peer] = await Promise.all([server.attach(there), socket.attach(here)]);
  return { server, socket, peer, here, there };
}

/** A peer of a server that says any bytes over a stream in memory. */
function rawAttached(t, driver, options) {
  const server = new UDSocketServer({ driver, ...options });
  t.after(() => server.close({ timeoutMs: 0 }));
  const [here, there] = duplexPair();
  const connected = server.attach(there);
  return { server, here, there, connected };
}

forEachDriver((driver) => {
  test(`calls flow in both directions (${driver})`, async (t) => {
    const { peer, socket } = await attached(t, driver);
    peer.handle((payload) => payload * 2);
    socket.handle((payload) => payload * 3);
    assert.deepEqual(await Promise.all([socket.rpc(1), peer.rpc(1)]), [2, 3]);
  });

  test(`calls made before go out once attached (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    server.handle((payload) => payload);
    const socket = new UDSocket({ driver });
    const call = socket.rpc('early');
    const [here, there] = duplexPair();
    server.attach(there);
    socket.attach(here);
    assert.equal(await call, 'early');
  });

  test(`the server treats it as any other connection (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    const seen = record(server, ['connection', 'disconnect']);
    server.handle('t', () => 'from the server');
    const socket = new UDSocket({ driver });
    const [here, there] = duplexPair();
    const [peer] = await Promise.all([server.attach(there), socket.attach(here)]);
    assert.deepEqual([...server.sockets.values()], [peer]);
    assert.equal(peer.server, server);
    assert.equal(await socket.call('t', 1), 'from the server');
    await socket.close();
    await until(() => seen.length === 2, 'the end');
    assert.deepEqual([seen, server.sockets.size], [['connection', 'disconnect'], 0]);
  });

  test(`the events are those of any connection (${driver})`, async (t) => {
    const { peer, socket } = await attached(t, driver);
    const seen = record(socket, ['status', 'goaway', 'error', 'disconnect', 'close']);
    const closed = event(socket, 'close');
    await peer.close({ reason: 'done' });
    assert.deepEqual(await closed, ['done']);
    assert.deepEqual(seen, ['goaway', 'status closed', 'disconnect', 'close']);
  });

  test(`it works over Node's own sockets (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    server.handle((payload) => payload.length);
    const listener = net.createServer((stream) => server.attach(stream));
    t.after(() => listener.close());
    t.after(() => server.close({ timeoutMs: 0 }));
    listener.listen(path);
    await event(listener, 'listening');
    const socket = new UDSocket({ driver });
    await socket.attach(net.connect(path));
    const sizes = [1, 100_000, 3_000_000];
    const answers = await Promise.all(sizes.map((size) => socket.rpc('x'.repeat(size))));
    assert.deepEqual(answers, sizes);
    await socket.close();
  });

  test(`messages, pings and bytes, too (${driver})`, async (t) => {
    const { peer, socket } = await attached(t, driver);
    const heard = event(peer, 'message');
    await socket.send(Buffer.from('raw'));
    assert.deepEqual((await heard)[0], Buffer.from('raw'));
    assert.ok((await socket.ping()) >= 0);
  });

  test(`close finishes what is in flight, then ends the stream (${driver})`, async (t) => {
    const { peer, socket, here, there } = await attached(t, driver);
    const { promise, resolve } = deferred();
    peer.handle(() => promise);
    const call = socket.rpc(1);
    await socket.ping();
    const closed = socket.close();
    resolve('finished');
    assert.equal(await call, 'finished');
    await within(closed, 'the end');
    await until(() => here.destroyed && there.destroyed, 'the end of both streams');
  });

  test(`destroy destroys the stream (${driver})`, async (t) => {
    const { peer, socket, here } = await attached(t, driver);
    const failed = event(peer, 'error');
    socket.destroy();
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_DISCONNECTED');
    assert.equal(here.destroyed, true);
  });

  test(`an error of the stream is the cause (${driver})`, async (t) => {
    const { peer, socket, here } = await attached(t, driver);
    peer.handle(() => new Promise(() => {}));
    const call = socket.rpc(1);
    const failed = event(socket, 'error');
    const broken = new Error('cable cut');
    here.destroy(broken);
    const [error] = await failed;
    assert.deepEqual([error.code, error.cause], ['SHORTWIRE_ERR_DISCONNECTED', broken]);
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_DISCONNECTED' });
  });

  test(`the end of the stream without a goodbye is a loss (${driver})`, async (t) => {
    const { peer, here } = await attached(t, driver);
    const failed = event(peer, 'error');
    here.end();
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_DISCONNECTED');
  });

  test(`a peer that speaks something else is refused (${driver})`, async (t) => {
    const { server, here, there, connected } = rawAttached(t, driver);
    const refused = event(server, 'refused');
    here.write('GET / HTTP/1.1\r\n\r\n');
    await assert.rejects(connected, { code: 'SHORTWIRE_ERR_PROTOCOL' });
    assert.match((await refused)[0], /HTTP/);
    assert.equal(there.destroyed, true);
  });

  test(`one byte at a time is as good as all at once (${driver})`, async (t) => {
    const { server, here, connected } = rawAttached(t, driver);
    server.handle((payload) => payload);
    let bytes = Buffer.alloc(0);
    here.on('data', (chunk) => (bytes = Buffer.concat([bytes, chunk])));
    for (const byte of Buffer.concat([preface(), request(9, '"slowly"')])) {
      here.write(Buffer.of(byte));
    }
    await connected;
    let read;
    const answered = () => (read = readFrame(bytes.subarray(PREFACE_BYTES))) !== undefined;
    await until(answered, 'the answer');
    assert.deepEqual(
      [read.frame.kind, read.frame.id, read.frame.json],
      [Kind.RESPONSE, 9n, 'slowly']
    );
  });

  test(`jftp is recognised from its first bytes (${driver})`, async (t) => {
    const { server, here, connected } = rawAttached(t, driver);
    server.handle((payload) => payload + 1);
    const answered = event(here, 'data');
    here.write('0000007[7,100]');
    const peer = await connected;
    assert.equal(peer.protocol, 'jftp');
    assert.equal(String((await answered)[0]), '0000007[7,101]');
  });

  test(`a peer that asks and doesn't read is no longer read (${driver})`, async (t) => {
    const { server, here, there, connected } = rawAttached(t, driver);
    let asked = 0;
    server.handle(() => {
      asked++;
      return 'x'.repeat(50_000);
    });
    here.write(preface());
    const peer = await connected;
    const total = 2000;
    const poured = (async () => {
      for (let n = 0; n < total; n++) {
        if (!here.write(request(n, '1')))
          await new Promise((resolve) => here.once('drain', resolve));
        // As over a wire: not all of it in one turn.
        if (n % 10 === 0) await new Promise(setImmediate);
      }
    })();
    await until(() => there.isPaused(), 'the pause');
    await new Promise(setImmediate);
    assert.ok(asked < total, String(asked));
    assert.ok(peer.queuedBytes < 16 << 20, String(peer.queuedBytes));
    here.resume();
    await poured;
    await until(() => asked === total, 'the rest');
  });

  test(`heartbeats beat (${driver})`, async (t) => {
    const { here, connected } = rawAttached(t, driver, { heartbeatMs: 10 });
    let bytes = Buffer.alloc(0);
    here.on('data', (chunk) => (bytes = Buffer.concat([bytes, chunk])));
    here.write(preface());
    const peer = await connected;
    const failed = event(peer, 'error');
    const pinged = () => readFrame(bytes.subarray(PREFACE_BYTES))?.frame.kind === Kind.PING;
    await until(pinged, 'a ping');
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_TIMEOUT');
  });

  test(`a timeout tells the peer at once (${driver})`, async (t) => {
    const { peer, socket } = await attached(t, driver);
    const { promise, resolve } = deferred();
    peer.handle((_, { signal }) => {
      signal.addEventListener('abort', resolve);
      return promise;
    });
    await assert.rejects(socket.rpc(1, { timeoutMs: 20 }), { code: 'SHORTWIRE_ERR_TIMEOUT' });
    await within(promise, 'the abort');
  });

  test(`close cuts a peer that never answers (${driver})`, async (t) => {
    const { peer, socket } = await attached(t, driver);
    peer.handle(() => new Promise(() => {}));
    const call = assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_CLOSED' });
    await socket.ping();
    await within(socket.close({ timeoutMs: 20 }), 'the end');
    await call;
  });

  test(`server.close ends attached connections, whether it listens or not (${driver})`, async (t) => {
    const { server, socket } = await attached(t, driver);
    const closed = event(socket, 'close');
    await server.close({ reason: 'over' });
    assert.deepEqual(await closed, ['over']);
    const [here, there] = duplexPair();
    here.resume();
    server.attach(there).catch(() => {});
    await within(server.close({ timeoutMs: 0 }), 'the end');
    assert.equal(there.destroyed, true);
  });

  test(`maxConnections counts them (${driver})`, async (t) => {
    const { server } = await attached(t, driver, { server: { maxConnections: 1 } });
    const refused = event(server, 'refused');
    await assert.rejects(server.attach(duplexPair()[0]), { code: 'SHORTWIRE_ERR_REFUSED' });
    await refused;
  });

  test(`what is no open stream of bytes is refused by name (${driver})`, async () => {
    const wrong = [
      undefined,
      {},
      new PassThrough({ objectMode: true }),
      new PassThrough().setEncoding('utf8'),
      new PassThrough().destroy(),
      new PassThrough().end()
    ];
    for (const duplex of wrong) {
      const expected = { code: 'SHORTWIRE_ERR_INVALID_ARG', message: /^duplex / };
      const socket = new UDSocket({ driver });
      await assert.rejects(socket.attach(duplex), expected);
      await assert.rejects(new UDSocketServer({ driver }).attach(duplex), expected);
      assert.equal(socket.status, 'idle');
    }
    await assert.rejects(new UDSocketServer({ driver }).attach(duplexPair()[0], { hello: 1 }), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /hello/
    });
  });

  test(`a socket that is connected can't be attached (${driver})`, async (t) => {
    const { socket } = await attached(t, driver);
    await assert.rejects(socket.attach(duplexPair()[0]), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
  });

  test(`a socket may be attached again after its end (${driver})`, async (t) => {
    const { server, socket } = await attached(t, driver);
    server.handle(() => 'again');
    await socket.close();
    const [here, there] = duplexPair();
    await Promise.all([server.attach(there), socket.attach(here)]);
    assert.equal(await socket.rpc(1), 'again');
  });

  test(`a frame in the middle of a goodbye is nothing special (${driver})`, async (t) => {
    const { server, here, connected } = rawAttached(t, driver);
    here.resume();
    here.write(preface());
    const peer = await connected;
    const closed = event(peer, 'close');
    here.write(Buffer.concat([frame(Kind.GOAWAY, { flags: 2, body: 'bye' }), request(1, '1')]));
    here.end();
    assert.deepEqual(await closed, ['bye']);
    assert.equal(server.sockets.size, 0);
  });
});
