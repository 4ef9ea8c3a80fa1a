// TLS at the level of bytes: strangers, silence, and Node's own at the other end.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const tls = require('node:tls');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { AUTHORITY, identity } = require('../support/certs.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer } = require('../support/raw-peer.js');
const { HOST, LOOPBACK, TLS_ERROR, connected, nodesOwn, serve } = require('../support/secure.js');
const { PREFACE_BYTES, preface, request, response } = require('../support/wire.js');

const ALPNProtocols = ['shortwire/1'];

forEachDriver((driver) => {
  test(`a client that speaks plainly is told, and so is the server (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    const failed = event(server, 'error');
    await assert.rejects(new UDSocket({ driver }).connect(port), {
      code: 'SHORTWIRE_ERR_PROTOCOL',
      message: /the peer speaks TLS/
    });
    const [error] = await failed;
    assert.deepEqual(
      [error.code, error.message],
      [TLS_ERROR, "TLS failed: the peer doesn't speak TLS"]
    );
  });

  test(`a server that speaks plainly is told, and so is the client (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    await server.start(0);
    const failed = event(server, 'error');
    const { port } = server.address();
    const connecting = new UDSocket({ driver }).connect({
      host: HOST,
      port,
      tls: { ca: AUTHORITY }
    });
    await assert.rejects(connecting, {
      code: 'SHORTWIRE_ERR_DISCONNECTED',
      message: /left during the handshake of TLS/
    });
    const [error] = await failed;
    assert.deepEqual(
      [error.code, error.message],
      ['SHORTWIRE_ERR_PROTOCOL', 'the peer speaks TLS']
    );
  });

  test(`silent clients are ended in time, and delay nobody (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver, handshakeTimeoutMs: 300 });
    server.handle(() => 'at once');
    const raws = [];
    for (let at = 0; at < 20; at++) raws.push(await RawPeer.connect(t, { port, host: LOOPBACK }));
    // Half a record, so that it is clear what is meant.
    raws[0].write(Buffer.from('160301', 'hex'));
    const refused = event(server, 'refused');
    const socket = await connected(t, port, { driver });
    assert.equal(await socket.rpc(1), 'at once');
    assert.match((await refused)[0], /did not finish the handshake of TLS in time/);
    await until(() => server.stats().refused === 20, 'all of them');
    await Promise.all(raws.map((raw) => raw.ended()));
  });

  test(`silent servers are given up in time (${driver})`, async (t) => {
    const silent = net.createServer(() => {}).listen(0, LOOPBACK);
    await event(silent, 'listening');
    t.after(() => silent.close());
    const { port } = silent.address();
    const socket = new UDSocket({ driver, handshakeTimeoutMs: 100 });
    await assert.rejects(socket.connect({ host: HOST, port, tls: { ca: AUTHORITY } }), {
      code: 'ETIMEDOUT',
      syscall: 'connect',
      port
    });
  });

  test(`handshakes count as connections, and a closing server ends them (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver, maxConnections: 1 });
    const raw = await RawPeer.connect(t, { port, host: LOOPBACK });
    const refused = event(server, 'refused');
    const second = await RawPeer.connect(t, { port, host: LOOPBACK });
    assert.match((await refused)[0], /too many/);
    await second.ended();
    const gone = event(server, 'refused');
    await server.close({ timeoutMs: 5000 });
    await gone;
    await raw.ended();
  });

  test(`hostile bytes end their own connection only (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => payload);
    const socket = await connected(t, port, { driver });
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    const noise = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 197 + 89) & 0xff));
    for (const bytes of [
      noise,
      Buffer.concat([hello, noise]),
      Buffer.concat([hello, Buffer.alloc(400, 0xff)]),
      Buffer.from('1603010000', 'hex'),
      Buffer.from('160303ffff', 'hex'),
      Buffer.from('1703030010', 'hex'),
      Buffer.from('15030300020100', 'hex'),
      preface()
    ]) {
      const refused = event(server, 'refused');
      const raw = await RawPeer.connect(t, { port, host: LOOPBACK });
      raw.write(bytes);
      raw.socket.end();
      assert.equal(typeof (await refused)[0], 'string');
      await raw.ended();
    }
    assert.equal(await socket.rpc('still here'), 'still here');
  });

  test(`bytes that are changed on the way end the connection (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => payload);
    let changes = false;
    const relay = net.createServer((stream) => {
      const onward = net.connect(port, LOOPBACK);
      t.after(() => onward.destroy());
      stream.on('data', (chunk) => {
        if (changes) chunk[chunk.length - 1] ^= 1;
        onward.write(chunk);
      });
      onward.pipe(stream);
      for (const end of [stream, onward]) end.on('error', () => {});
    });
    relay.listen(0, LOOPBACK);
    await event(relay, 'listening');
    t.after(() => relay.close());
    const socket = await connected(t, relay.address().port, { driver });
    assert.equal(await socket.rpc('unchanged'), 'unchanged');
    changes = true;
    const failed = event(server, 'error');
    await assert.rejects(socket.rpc('changed'), {
      code: 'SHORTWIRE_ERR_DISCONNECTED',
      message: /^TLS failed: the peer refused: BadRecordMac/,
      maybeDelivered: true
    });
    assert.match((await failed)[0].message, /^TLS failed: .*decrypt/);
  });

  test(`Node's own TLS talks to a server of ours, byte by byte (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => payload);
    const stream = await nodesOwn(t, port, { ALPNProtocols });
    assert.equal(stream.alpnProtocol, 'shortwire/1');
    const peer = new RawPeer(stream);
    for (const byte of Buffer.concat([preface(), request(7, '"slowly"')])) {
      peer.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.take(PREFACE_BYTES);
    const { id, body } = await peer.frame();
    assert.deepEqual([Number(id), String(body)], [7, '"slowly"']);
  });

  test(`Node's own TLS without a protocol is refused, or not, as asked (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    const refused = event(server, 'refused');
    const stream = await nodesOwn(t, port, {});
    assert.match((await refused)[0], /doesn't speak shortwire\/1 \(ALPN\)/);
    await new RawPeer(stream).ended();

    const { server: open, port: there } = await serve(t, { driver }, { ALPNProtocols: [] });
    open.handle((payload) => payload);
    const peer = new RawPeer(await nodesOwn(t, there, {}));
    peer.write(preface(), request(1, '"in"'));
    await peer.take(PREFACE_BYTES);
    assert.equal(String((await peer.frame()).body), '"in"');
  });

  test(`a socket of ours talks to Node's own TLS (${driver})`, async (t) => {
    const options = { ...identity('server'), ALPNProtocols };
    const listener = tls.createServer(options).listen(0, LOOPBACK);
    await event(listener, 'listening');
    t.after(() => listener.close());
    const came = event(listener, 'secureConnection');
    const { port } = listener.address();
    const socket = new UDSocket({ driver, reconnect: false });
    t.after(() => socket.destroy());
    const connecting = socket.connect({ host: HOST, port, tls: { ca: AUTHORITY } });
    const [stream] = await came;
    const peer = new RawPeer(stream);
    await peer.take(PREFACE_BYTES);
    peer.write(preface());
    await connecting;
    const call = socket.rpc('asked');
    const { id, body } = await peer.frame();
    peer.write(response(id, body));
    assert.equal(await call, 'asked');
    stream.destroy();
    await event(socket, 'close');
  });

  test(`connections of one endpoint take up each other's sessions (${driver})`, async (t) => {
    const { port } = await serve(t, { driver });
    const first = await nodesOwn(t, port, { ALPNProtocols, maxVersion: 'TLSv1.2' });
    const again = await nodesOwn(t, port, {
      ALPNProtocols,
      maxVersion: 'TLSv1.2',
      session: first.getSession()
    });
    assert.equal(again.isSessionReused(), true);
  });
});
