// TCP: how endpoints of it are written, what they do, and how they fail.

'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { join } = require('node:path');
const { constants } = require('node:os');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { assertQuiet, start } = require('../support/child.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer } = require('../support/raw-peer.js');
const { PREFACE_BYTES, preface, request } = require('../support/wire.js');

const DESCRIPTOR = join(__dirname, 'scripts', 'descriptor.js');
const LOOPBACK = '127.0.0.1';

/** Whether this machine speaks IPv6 with itself. */
const ipv6 = new Promise((resolve) => {
  const probe = net.createServer();
  probe.on('error', () => resolve(false));
  probe.listen(0, '::1', () => probe.close(() => resolve(true)));
});

/** A server on TCP, gone after the test. */
async function serve(t, options, endpoint = 0) {
  const server = new UDSocketServer(options);
  t.after(() => server.close({ timeoutMs: 0 }));
  await server.start(endpoint);
  return { server, ...server.address() };
}

async function connected(t, endpoint, options) {
  const socket = new UDSocket(options);
  t.after(() => socket.destroy());
  await socket.connect(endpoint);
  return socket;
}

/** A port at which nobody listens. */
async function freePort() {
  const probe = net.createServer().listen(0, LOOPBACK);
  await event(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** [what, how the server writes it, how the socket writes it, whether it is of IPv6] */
const ENDPOINTS = [
  ['a port', () => 0, (port) => port],
  ['{ port }', () => ({ port: 0 }), (port) => ({ port })],
  ['a port from the environment', () => ({ port: '0' }), (port) => ({ port: String(port) })],
  ['{ host, port }', () => ({ host: LOOPBACK, port: 0 }), (port) => ({ host: 'localhost', port })],
  ['tcp://', () => 'tcp://127.0.0.1:0', (port) => `tcp://localhost:${port}`],
  ['all of IPv4', () => 'tcp://0.0.0.0:0', (port) => port],
  ['tcp:// of IPv6', () => 'tcp://[::1]:0', (port) => `tcp://[::1]:${port}`, true],
  ['both families', () => ({ host: '::', port: 0 }), (port) => `tcp://127.0.0.1:${port}`, true],
  [
    'a family',
    () => ({ host: 'localhost', port: 0, family: 'IPv4' }),
    (port) => ({ host: 'localhost', port, family: 4 })
  ]
];

/** [what, endpoint, code, message, side] */
const WRONG = [
  ['a negative port', -1, 'INVALID_ARG', /^endpoint must be a port/],
  ['a port too many', 65_536, 'INVALID_ARG', /^endpoint must be a port/],
  ['half a port', { port: 1.5 }, 'INVALID_ARG', /^endpoint\.port /],
  ['a port in words', { port: 'http' }, 'INVALID_ARG', /^endpoint\.port /],
  ['a host without a port', { host: LOOPBACK }, 'INVALID_ARG', /^endpoint\.port /],
  ['an empty host', { host: '', port: 1 }, 'INVALID_ARG', /^endpoint\.host /],
  ['a path and a port', { path: '/x', port: 1 }, 'INVALID_ARG', /^endpoint must be either/],
  ['a descriptor and a host', { fd: 9, host: 'x' }, 'INVALID_ARG', /^endpoint must be either/],
  ['tcp:// without a port', 'tcp://localhost', 'INVALID_ARG', /tcp:\/\/host:port/],
  ['tcp:// without a host', 'tcp://:80', 'INVALID_ARG', /tcp:\/\/host:port/],
  ['tcp:// with a path', 'tcp://localhost:80/x', 'INVALID_ARG', /tcp:\/\/host:port/],
  ['tcp:// with a user', 'tcp://me@localhost:80', 'INVALID_ARG', /tcp:\/\/host:port/],
  ['an unknown family', { port: 1, family: 5 }, 'INVALID_ARG', /^endpoint\.family /],
  ['noDelay that is no boolean', { port: 1, noDelay: 1 }, 'INVALID_ARG', /^endpoint\.noDelay /],
  [
    'a delay without keepAlive',
    { port: 1, keepAliveInitialDelay: 1000 },
    'INVALID_ARG',
    /^endpoint\.keepAlive /
  ],
  ['reusePort', { port: 1, reusePort: true }, 'UNSUPPORTED', /endpoint\.reusePort/],
  ['lookup', { port: 1, lookup: () => {} }, 'UNSUPPORTED', /endpoint\.lookup/],
  ['keepAlive of a path', { path: '/x', keepAlive: true }, 'UNSUPPORTED', /endpoint\.keepAlive/],
  ['family of a path', { path: '/x', family: 4 }, 'UNSUPPORTED', /endpoint\.family/],
  ['family of a descriptor', { fd: 9, family: 4 }, 'UNSUPPORTED', /endpoint\.family/],
  ['port 0 to connect to', 0, 'INVALID_ARG', /^endpoint /, 'connect'],
  ['backlog to connect with', { port: 1, backlog: 1 }, 'UNSUPPORTED', /backlog/, 'connect'],
  ['ipv6Only to connect with', { port: 1, ipv6Only: true }, 'UNSUPPORTED', /ipv6Only/, 'connect'],
  [
    'no address to come from',
    { port: 1, localAddress: 'here' },
    'INVALID_ARG',
    /^endpoint\.localAddress /,
    'connect'
  ],
  [
    'localAddress to listen on',
    { port: 1, localAddress: LOOPBACK },
    'UNSUPPORTED',
    /local/,
    'start'
  ],
  ['localPort to listen on', { port: 1, localPort: 1 }, 'UNSUPPORTED', /localPort/, 'start']
];

forEachDriver((driver) => {
  for (const [what, ofServer, ofSocket, needsIpv6] of ENDPOINTS) {
    test(`${what} is an endpoint on both sides (${driver})`, async (t) => {
      if (needsIpv6 && !(await ipv6)) return t.skip('there is no IPv6 here');
      const { server, port } = await serve(t, { driver }, ofServer());
      const accepted = event(server, 'connection');
      const socket = await connected(t, ofSocket(port), { driver });
      const [peer] = await accepted;
      server.handle((payload) => [payload, 'answered']);
      socket.handle((payload) => [payload, 'answered too']);
      assert.deepEqual(await socket.rpc('asked'), ['asked', 'answered']);
      assert.deepEqual(await peer.rpc('asked'), ['asked', 'answered too']);
    });
  }

  for (const [what, endpoint, code, message, side] of WRONG) {
    test(`${what} is refused by name, and changes nothing (${driver})`, async () => {
      const expected = { code: `SHORTWIRE_ERR_${code}`, message };
      if (side !== 'start') {
        const socket = new UDSocket({ driver });
        await assert.rejects(socket.connect(endpoint), expected);
        assert.equal(socket.status, 'idle');
      }
      if (side !== 'connect') {
        const server = new UDSocketServer({ driver });
        await assert.rejects(server.start(endpoint), expected);
        assert.equal(server.listening, false);
      }
    });
  }

  test(`both sides know each other's address (${driver})`, async (t) => {
    const { server, ...address } = await serve(t, { driver });
    assert.deepEqual(Object.keys(address), ['address', 'family', 'port']);
    assert.deepEqual([address.address, address.family], [LOOPBACK, 'IPv4']);
    assert.notEqual(address.port, 0);
    const accepted = event(server, 'connection');
    const localPort = await freePort();
    const from = { port: address.port, localAddress: LOOPBACK, localPort };
    const socket = await connected(t, from, { driver });
    const [peer] = await accepted;
    assert.deepEqual(socket.peer, address);
    assert.deepEqual(peer.peer, { address: LOOPBACK, port: localPort, family: 'IPv4' });
    await socket.close();
    assert.deepEqual(socket.peer, address);
    await server.close();
    assert.equal(server.address(), null);
  });

  test(`connect fails as Node's own would (${driver})`, async () => {
    const port = await freePort();
    const refused = { code: 'ECONNREFUSED', errno: -constants.errno.ECONNREFUSED };
    const cases = [
      [
        { port },
        { ...refused, syscall: 'connect', address: LOOPBACK, port },
        `connect ECONNREFUSED ${LOOPBACK}:${port}`
      ],
      [
        { host: 'no such host.invalid', port },
        {
          code: 'ENOTFOUND',
          errno: -3008,
          syscall: 'getaddrinfo',
          hostname: 'no such host.invalid'
        },
        'getaddrinfo ENOTFOUND no such host.invalid'
      ],
      [
        { port, localAddress: '203.0.113.1' },
        {
          code: 'EADDRNOTAVAIL',
          errno: -constants.errno.EADDRNOTAVAIL,
          syscall: 'bind',
          address: '203.0.113.1'
        },
        'bind EADDRNOTAVAIL 203.0.113.1'
      ]
    ];
    for (const [endpoint, properties, message] of cases) {
      const socket = new UDSocket({ driver });
      const called = assert.rejects(socket.rpc('waits'), { code: 'SHORTWIRE_ERR_DISCONNECTED' });
      await assert.rejects(socket.connect(endpoint), (error) => {
        assert.deepEqual({ ...error }, properties);
        assert.equal(error.message, message);
        return true;
      });
      await called;
      assert.equal(socket.status, 'closed');
    }
  });

  test(`start fails as Node's own would (${driver})`, async (t) => {
    const { port } = await serve(t, { driver });
    const server = new UDSocketServer({ driver });
    await assert.rejects(server.start(port), (error) => {
      const { code, errno, syscall, address } = error;
      assert.deepEqual(
        { code, errno, syscall, address, port: error.port },
        {
          code: 'EADDRINUSE',
          errno: -constants.errno.EADDRINUSE,
          syscall: 'listen',
          address: LOOPBACK,
          port
        }
      );
      return true;
    });
    await assert.rejects(server.start({ host: '203.0.113.1', port: 0 }), { code: 'EADDRNOTAVAIL' });
    await assert.rejects(server.start({ host: 'no such host.invalid', port: 0 }), {
      code: 'ENOTFOUND',
      hostname: 'no such host.invalid'
    });
    await server.start(0);
    assert.ok(server.listening);
    await server.close();
  });

  test(`a port is free again at once, with connections of the last server's (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle(() => 'first');
    const socket = await connected(t, port, { driver });
    await socket.rpc(1);
    await server.close();
    const { server: next } = await serve(t, { driver }, port);
    next.handle(() => 'second');
    const another = await connected(t, port, { driver });
    assert.equal(await another.rpc(1), 'second');
  });

  test(`large payloads go both ways beside small calls (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    const socket = await connected(t, port, { driver });
    server.handle((payload) => payload);
    const large = 'x'.repeat(6 << 20);
    const bytes = Buffer.alloc(6 << 20, 7);
    const small = Array.from({ length: 100 }, (_, at) => socket.rpc(at));
    const [text, back] = await Promise.all([socket.rpc(large), socket.rpc(bytes)]);
    assert.ok(text === large && bytes.equals(back));
    assert.deepEqual(
      await Promise.all(small),
      Array.from({ length: 100 }, (_, at) => at)
    );
  });

  test(`a peer that says everything byte by byte is understood (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => payload);
    const raw = await RawPeer.connect(t, { port, host: LOOPBACK, noDelay: true });
    for (const byte of Buffer.concat([preface(), request(7, '"slowly"')])) {
      raw.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await raw.take(PREFACE_BYTES);
    const { id, body } = await raw.frame();
    assert.deepEqual([Number(id), String(body)], [7, '"slowly"']);
  });

  test(`a peer that resets the connection is lost, and nobody else (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => payload);
    const raw = await RawPeer.connect(t, { port, host: LOOPBACK });
    const came = event(server, 'connection');
    raw.write(preface());
    const [peer] = await came;
    const socket = await connected(t, port, { driver });
    const gone = event(server, 'disconnect');
    raw.socket.resetAndDestroy();
    assert.equal((await gone)[0], peer);
    assert.equal(await socket.rpc('still here'), 'still here');
  });

  test(`jftp is understood on the same port (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => ({ got: payload }));
    const socket = await connected(t, port, { driver, protocol: 'jftp' });
    assert.deepEqual(await socket.rpc('old'), { got: 'old' });
    assert.deepEqual(
      [...server.sockets.values()].map(({ protocol }) => protocol),
      ['jftp']
    );
  });

  test(`a peer too many is turned away with its address (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver, maxConnections: 1, maxConnectionsPerUid: 1 });
    await connected(t, port, { driver });
    const refused = event(server, 'refused');
    const raw = await RawPeer.connect(t, { port, host: LOOPBACK });
    const [, peer] = await refused;
    assert.deepEqual(peer, { address: LOOPBACK, port: raw.socket.localPort, family: 'IPv4' });
    await raw.ended();
  });

  test(`maxConnectionsPerUid doesn't count peers over TCP (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver, maxConnectionsPerUid: 1 });
    await connected(t, port, { driver });
    await connected(t, port, { driver });
    await until(() => server.sockets.size === 2, 'two sockets');
  });

  test(`an inherited listener of TCP is an endpoint (${driver})`, async (t) => {
    const listener = net.createServer().listen(0, LOOPBACK);
    await event(listener, 'listening');
    const { port } = listener.address();
    const stdio = ['pipe', 'pipe', 'pipe', listener._handle.fd];
    const child = start(t, DESCRIPTOR, ['listen', driver], { stdio });
    await child.says('listening');
    listener.close();
    const socket = await connected(t, port, { driver });
    assert.equal(await socket.rpc('asked'), 'asked, answered over a descriptor');
    await socket.close();
    assertQuiet(await child.ended);
  });
});
