// How connections come to be, and how they fail to.

'use strict';

const assert = require('node:assert/strict');
const { chmodSync, mkdirSync, renameSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const { dirname, join } = require('node:path');
const { constants } = require('node:os');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { assertQuiet, start } = require('../support/child.js');
const { event, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen, pair } = require('../support/pair.js');
const { record } = require('../support/record.js');

const DESCRIPTOR = join(__dirname, 'scripts', 'descriptor.js');

let names = 0;
const abstractName = () => `@shortwire-test-${process.pid}-${names++}`;
const linux = process.platform === 'linux';

/** [what, how to write it, skipped] */
const ENDPOINTS = [
  ['a path', (path) => path],
  ['unix: and a path', (path) => `unix:${path}`],
  ['{ path }', (path) => ({ path })],
  ['an abstract name', () => abstractName(), !linux && 'abstract names are of Linux'],
  [
    'a name after a NUL',
    () => `\0${abstractName().slice(1)}`,
    !linux && 'abstract names are of Linux'
  ],
  [
    '{ path } with an abstract name',
    () => ({ path: abstractName() }),
    !linux && 'abstract names are of Linux'
  ]
];

/** [what, endpoint, code, message] */
const WRONG = [
  ['{ path, noDelay }', { path: '/x', noDelay: true }, 'UNSUPPORTED', /endpoint\.noDelay/],
  ['nothing', undefined, 'INVALID_ARG', /^endpoint /],
  ['null', null, 'INVALID_ARG', /^endpoint /],
  ['an empty path', '', 'INVALID_ARG', /^endpoint /],
  ['an empty path after unix:', 'unix:', 'INVALID_ARG', /^endpoint /],
  ['an empty { path }', { path: '' }, 'INVALID_ARG', /^endpoint\.path /],
  ['{}', {}, 'INVALID_ARG', /^endpoint\.path /],
  ['a NUL within a path', '/tmp/a\0b', 'INVALID_ARG', /^endpoint /],
  ['{ fd: -1 }', { fd: -1 }, 'INVALID_ARG', /^endpoint\.fd /],
  ['{ fd } and { path }', { fd: 3, path: '/x' }, 'INVALID_ARG', /^endpoint /],
  ['{ colour }', { path: '/x', colour: 1 }, 'INVALID_ARG', /^endpoint\.colour /],
  ['true', true, 'INVALID_ARG', /^endpoint /]
];

forEachDriver((driver) => {
  for (const [what, write, skip] of ENDPOINTS) {
    test(`${what} is an endpoint on both sides (${driver})`, { skip }, async (t) => {
      const endpoint = write(socketPath(t));
      const server = new UDSocketServer({ driver });
      t.after(() => server.close({ timeoutMs: 0 }));
      server.handle(() => 'here');
      await server.start(endpoint);
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      await socket.connect(endpoint);
      assert.equal(await socket.rpc(1), 'here');
    });
  }

  for (const [what, endpoint, code, message] of WRONG) {
    test(`${what} is no endpoint, and changes nothing (${driver})`, async () => {
      const expected = { code: `SHORTWIRE_ERR_${code}`, message };
      const socket = new UDSocket({ driver });
      await assert.rejects(socket.connect(endpoint), expected);
      assert.equal(socket.status, 'idle');
      const server = new UDSocketServer({ driver });
      await assert.rejects(server.start(endpoint), expected);
      assert.equal(server.listening, false);
    });
  }

  test(`an inherited connection is an endpoint (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload) => payload);
    const raw = net.connect(path);
    await event(raw, 'connect');
    const child = start(t, DESCRIPTOR, ['connect', driver], {
      stdio: ['pipe', 'pipe', 'pipe', raw]
    });
    await child.says('asked over a descriptor');
    raw.destroy();
    assertQuiet(await child.ended);
  });

  test(`an inherited listener is an endpoint (${driver})`, async (t) => {
    const path = socketPath(t);
    const listener = net.createServer();
    listener.listen(path);
    await event(listener, 'listening');
    const child = start(t, DESCRIPTOR, ['listen', driver], {
      stdio: ['pipe', 'pipe', 'pipe', listener._handle.fd]
    });
    await child.says('listening');
    // Only the heir is to accept; and closing takes away the name, but not the socket.
    renameSync(path, `${path}2`);
    listener.close();
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    await socket.connect(`${path}2`);
    assert.equal(await socket.rpc('asked'), 'asked, answered over a descriptor');
    await socket.close();
    assertQuiet(await child.ended);
  });

  test(`connect fails as Node's own would (${driver})`, async (t) => {
    const path = socketPath(t);
    const cases = [
      [path, 'ENOENT'],
      [join(dirname(path), 'x'.repeat(200)), 'ENAMETOOLONG']
    ];
    for (const [where, code] of cases) {
      const socket = new UDSocket({ driver });
      await assert.rejects(socket.connect(where), (error) => {
        const { errno, syscall, path: told } = error;
        assert.deepEqual(
          { code: error.code, errno, syscall, path: told, message: error.message },
          {
            code,
            errno: -constants.errno[code],
            syscall: 'connect',
            path: where,
            message: `connect ${code} ${where}`
          }
        );
        return true;
      });
      assert.equal(socket.status, 'closed');
    }
  });

  test(`the errors show the path without its scheme (${driver})`, async (t) => {
    const path = socketPath(t);
    await assert.rejects(new UDSocket({ driver }).connect(`unix:${path}`), {
      code: 'ENOENT',
      path
    });
  });

  test(`a file that is no socket refuses (${driver})`, async (t) => {
    const path = socketPath(t);
    writeFileSync(path, 'precious');
    await assert.rejects(new UDSocket({ driver }).connect(path), {
      code: 'ECONNREFUSED',
      syscall: 'connect'
    });
    await assert.rejects(new UDSocketServer({ driver }).start(path), (error) => {
      assert.ok(['EADDRINUSE', 'ENOTSOCK'].includes(error.code), error.code);
      assert.equal(error.path, path);
      return true;
    });
  });

  test(`start fails as Node's own would (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const cases = [
      [path, 'EADDRINUSE'],
      [join(dirname(path), 'missing', 's'), 'ENOENT'],
      [join(dirname(path), 'x'.repeat(200)), 'ENAMETOOLONG']
    ];
    for (const [where, code] of cases) {
      const server = new UDSocketServer({ driver });
      await assert.rejects(server.start(where), (error) => {
        assert.deepEqual(
          [error.code, error.errno, error.path],
          [code, -constants.errno[code], where]
        );
        assert.match(error.syscall, /^(bind|listen|open|mkdir|lock)$/);
        return true;
      });
      assert.deepEqual([server.listening, server.address()], [false, null]);
    }
  });

  const root = process.getuid?.() === 0;
  test(
    `start where nobody may write (${driver})`,
    { skip: root && 'to the superuser everything is allowed' },
    async (t) => {
      const directory = join(dirname(socketPath(t)), 'closed');
      mkdirSync(directory);
      chmodSync(directory, 0o500);
      const start = new UDSocketServer({ driver }).start(join(directory, 's'));
      await assert.rejects(start, { code: 'EACCES' });
    }
  );

  test(`a server that could not start can be started elsewhere (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const server = new UDSocketServer({ driver });
    t.after(() => server.close());
    await assert.rejects(server.start(path), { code: 'EADDRINUSE' });
    await server.start(socketPath(t));
    assert.equal(server.listening, true);
  });

  test(`success calls the callback, in second or third place (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    await within(new Promise((resolve) => server.start(path, resolve)), 'start');
    for (const args of [[], [{}], [undefined]]) {
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      await within(new Promise((resolve) => socket.connect(path, ...args, resolve)), 'connect');
      assert.equal(socket.status, 'ready');
    }
  });

  test(`with a callback, failure is an 'error' event and no unhandled rejection (${driver})`, async (t) => {
    const path = socketPath(t);
    const socket = new UDSocket({ driver });
    const failed = event(socket, 'error');
    socket.connect(path, () => assert.fail('called back'));
    assert.equal((await failed)[0].code, 'ENOENT');

    const server = new UDSocketServer({ driver });
    const refused = event(server, 'error');
    server.start(join(path, 'x'), () => assert.fail('called back'));
    assert.match((await refused)[0].code, /ENOENT|ENOTDIR/);
    await new Promise(setImmediate);
  });

  test(`without one, there is a rejection and no event (${driver})`, async (t) => {
    const socket = new UDSocket({ driver });
    const seen = record(socket, ['error']);
    await assert.rejects(socket.connect(socketPath(t)), { code: 'ENOENT' });
    assert.deepEqual(seen, []);
  });

  test(`a callback that is none rejects (${driver})`, async (t) => {
    const path = socketPath(t);
    const wrong = { code: 'SHORTWIRE_ERR_INVALID_ARG', message: /^callback / };
    await assert.rejects(new UDSocket({ driver }).connect(path, {}, 7), wrong);
    await assert.rejects(new UDSocketServer({ driver }).start(path, 7), wrong);
  });

  test(`a wrong option is refused by name (${driver})`, async (t) => {
    const { path } = await pair(t, { driver });
    const connect = (options) => {
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      return socket.connect(path, options);
    };
    await assert.rejects(connect({ retry: true }), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /retry/
    });
    await connect({ hello: undefined, retry: false });
    await assert.rejects(connect({ colour: 1 }), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /colour/
    });
    await assert.rejects(connect(7), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
  });

  test(`connecting twice is a mistake (${driver})`, async (t) => {
    const { socket, path } = await pair(t, { driver });
    await assert.rejects(socket.connect(path), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /ready/
    });
    assert.equal(socket.status, 'ready');
  });

  test(`the events of a connection, in order (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const seen = record(socket, ['status', 'connect', 'ready', 'error', 'close']);
    const connection = event(server, 'connection');
    await socket.connect(path);
    await connection;
    await socket.ping();
    assert.deepEqual(seen, ['status connecting', 'connect', 'status ready', 'ready']);
  });

  test(`'ready' says what was agreed on (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const ready = event(socket, 'ready');
    socket.connect(path);
    assert.deepEqual(await ready, [
      {
        id: socket.id,
        reconnected: false,
        protocol: 'shortwire',
        compress: false,
        encoding: 'json'
      }
    ]);
  });

  test(
    `both ends know each other by the kernel's word (${driver})`,
    { skip: !linux && 'pids are of Linux' },
    async (t) => {
      const { peer, socket } = await pair(t, { driver });
      const { pid } = process;
      const self = { uid: process.getuid(), gid: process.getgid(), pid };
      assert.deepEqual([peer.peer, socket.peer], [self, self]);
      await socket.close();
      assert.deepEqual(socket.peer, self);
    }
  );

  test(`before connect, nobody is there (${driver})`, () => {
    const socket = new UDSocket({ driver });
    const { status, pending, queuedBytes, peer, protocol, server, data } = socket;
    assert.deepEqual(
      { status, pending, queuedBytes, peer, protocol, server, data },
      {
        status: 'idle',
        pending: 0,
        queuedBytes: 0,
        peer: {},
        protocol: 'shortwire',
        server: undefined,
        data: undefined
      }
    );
  });
});
