// The façade as users of jftp know it: options, calls, handlers, rejections, serializers.

'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { test } = require('node:test');

const jftp = require('shortwire/compat/jftp');

const { socketPath } = require('../support/address.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, serve } = require('../support/jftp-pair.js');

const { UDSocket, UDSocketServer } = jftp;

const ROOT = join(__dirname, '../..');

test('has the same classes in ESM and in CommonJS', async () => {
  const esm = await import('shortwire/compat/jftp');
  const { default: Default, UDSocket: Named, UDSocketServer: Server, createSerializer } = esm;
  assert.deepEqual(
    [Default, Named, Server, createSerializer],
    [jftp.default, UDSocket, UDSocketServer, jftp.createSerializer]
  );
});

test('takes no options and undefined, and throws for null', () => {
  assert.equal(new UDSocket(undefined).timeoutMs, 5000);
  assert.throws(() => new UDSocket(/** @type {any} */ (null)), TypeError);
});

test('keeps a timeout of zero', () => {
  assert.equal(new UDSocket({ timeoutMs: 0 }).timeoutMs, 0);
});

test('names a header size that is none', () => {
  const options = { encoderOptions: { headerSize: 16 } };
  assert.throws(() => new UDSocket(options), /encoderOptions\.headerSize/);
});

test('names an option of net.Socket that it cannot keep', () => {
  assert.throws(() => new UDSocket({ socketOptions: { fd: 3 } }), /socketOptions\.fd/);
});

test('ignores options that neither jftp nor shortwire has', () => {
  assert.equal(new UDSocket(/** @type {any} */ ({ colour: 'red' })).timeoutMs, 5000);
});

test('returns itself from schema and nothing from handle', () => {
  const socket = new UDSocket();
  assert.equal(socket.schema(JSON.stringify), socket);
  assert.equal(
    socket.handle(() => 1),
    undefined
  );
});

forEachDriver((driver) => {
  test(`answers a call (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => ({ echo: data }));
    const socket = await connect(t, path, { driver });
    assert.deepEqual(await socket.rpc({ hello: 'world' }), { echo: { hello: 'world' } });
  });

  test(`calls before connect are sent once it is connected (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = new UDSocket({ driver });
    t.after(() => void socket.destroy());
    const early = socket.rpc('early');
    socket.connect(path);
    assert.equal(await early, 'early');
  });

  test(`calls right after connect() are sent once it is connected (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = new UDSocket({ driver });
    t.after(() => void socket.destroy());
    socket.connect(path);
    assert.equal(await socket.rpc('soon'), 'soon');
  });

  test(`the handler gets the data and its socket (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const socket = await connect(t, path, { driver });
    const [theirs] = await accepted;
    theirs.handle((/** @type {any} */ data, /** @type {any} */ from) => [data, from === theirs]);
    assert.deepEqual(await socket.rpc(7), [7, true]);
  });

  test(`the last handler counts (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, () => 'first');
    server.on('connection', (socket) => socket.handle(() => 'second'));
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc(1), 'second');
  });

  test(`every connection listener gets the same socket (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const [first, second] = [event(server, 'connection'), event(server, 'connection')];
    await connect(t, path, { driver });
    assert.equal((await first)[0], (await second)[0]);
  });

  test(`answers in the order of completion (${driver})`, async (t) => {
    /** @type {Map<string, (value: string) => void>} */
    const open = new Map();
    const { path } = await serve(t, { driver }, (name) => {
      if (name === 'c') setImmediate(() => ['c', 'a', 'b'].forEach((n) => open.get(n)?.(n)));
      return new Promise((resolve) => open.set(name, resolve));
    });
    const socket = await connect(t, path, { driver });
    /** @type {string[]} */
    const order = [];
    const calls = ['a', 'b', 'c'].map((name) =>
      socket.rpc(name).then((value) => order.push(value))
    );
    await Promise.all(calls);
    assert.deepEqual(order, ['c', 'a', 'b']);
  });

  for (const [given, got] of [
    [undefined, null],
    [null, null],
    [0, 0],
    ['é🌍', 'é🌍'],
    [
      [1, { a: [] }],
      [1, { a: [] }]
    ]
  ]) {
    test(`${JSON.stringify(given)} comes back as JSON has it (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, (data) => data);
      const socket = await connect(t, path, { driver });
      assert.deepEqual(await socket.rpc(given), got);
    });
  }

  test(`a Buffer travels as JSON has it (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    assert.deepEqual(await socket.rpc(Buffer.from([1])), { type: 'Buffer', data: [1] });
  });

  /** @type {[string, () => never, unknown][]} */
  const thrown = [
    ['an Error is a plain object', () => raise(new Error('bad thing')), { message: 'bad thing' }],
    [
      'an Error with a code keeps it',
      () => raise(Object.assign(new Error('nope'), { code: 'EFOO' })),
      { code: 'EFOO', message: 'nope' }
    ],
    ['an object comes as it is', () => raise({ why: 'obj' }), { why: 'obj' }],
    ['an object with a message too', () => raise({ message: 'm', x: 1 }), { message: 'm', x: 1 }],
    ['an array comes as it is', () => raise([1]), [1]],
    ['a string becomes an Error', () => raise('plain string'), new Error('plain string')],
    ['a number becomes an Error', () => raise(0), new Error('0')],
    ['a boolean becomes an Error', () => raise(false), new Error('false')]
  ];
  for (const [name, handler, expected] of thrown) {
    test(`what a handler throws: ${name} (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, handler);
      const socket = await connect(t, path, { driver });
      const reason = await socket.rpc({ my: 'data' }).catch((error) => error);
      assert.deepEqual(reason, expected);
      assert.equal(reason instanceof Error, expected instanceof Error);
    });

    test(`what an async handler rejects with: ${name} (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, async () => handler());
      const socket = await connect(t, path, { driver });
      assert.deepEqual(await socket.rpc(1).catch((error) => error), expected);
    });
  }

  test(`a thrown null resolves with the caller's data (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => raise(null));
    const socket = await connect(t, path, { driver });
    assert.deepEqual(await socket.rpc({ my: 'data' }), { my: 'data' });
  });

  test(`times out with an Error without a code (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => new Promise(() => {}));
    const socket = await connect(t, path, { driver, timeoutMs: 20 });
    const error = await socket.rpc(1).catch((reason) => reason);
    assert.deepEqual([error.message, error.code], ['RPC timeout', undefined]);
  });

  test(`a timeout of zero fires at once (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => new Promise(() => {}));
    const socket = await connect(t, path, { driver, timeoutMs: 0 });
    await assert.rejects(socket.rpc(1), { message: 'RPC timeout' });
  });

  test(`timeoutMs can be changed at any time (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => new Promise(() => {}));
    const socket = await connect(t, path, { driver });
    socket.timeoutMs = 20;
    await assert.rejects(socket.rpc(1), { message: 'RPC timeout' });
  });

  test(`rpc throws at once when the socket is closed (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    socket.destroy();
    await event(socket, 'close');
    assert.throws(() => socket.rpc(1), { message: 'Socket is closed' });
  });

  test(`rpc throws at once what cannot be encoded, and goes on (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    /** @type {any} */
    const circular = {};
    circular.self = circular;
    assert.throws(() => socket.rpc(circular), TypeError);
    assert.throws(() => socket.rpc(1n), TypeError);
    assert.equal(await socket.rpc('next'), 'next');
  });

  test(`a serializer gets the whole message (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    /** @type {any[]} */
    const seen = [];
    socket.schema((message) => {
      seen.push(message);
      return JSON.stringify(message, null, 2);
    });
    assert.deepEqual(await socket.rpc({ a: 1 }), { a: 1 });
    assert.deepEqual(seen, [[seen[0][0], { a: 1 }]]);
    assert.equal(typeof seen[0][0], 'number');
  });

  test(`a serializer of the server's makes the answers (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, () => ({ keep: 1, drop: 2 }));
    server.on('connection', (socket) => {
      socket.schema(([id, { keep }]) => `[${id},{"keep":${keep}}]`);
    });
    const socket = await connect(t, path, { driver });
    assert.deepEqual(await socket.rpc(1), { keep: 1 });
  });

  test(`a serializer's own error is thrown by rpc (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const socket = await connect(t, path, { driver });
    socket.schema(() => {
      throw new Error('Item at 1 does not match schema definition.');
    });
    assert.throws(() => socket.rpc(1), /Item at 1/);
  });

  test(`both sides may agree on another header size (${driver})`, async (t) => {
    const options = { driver, encoderOptions: { headerSize: 4 } };
    const { path } = await serve(t, options, (data) => data);
    const socket = await connect(t, path, options);
    assert.equal(await socket.rpc('short'), 'short');
  });

  test(`an abort signal among the socket options destroys the socket (${driver})`, async (t) => {
    const { path } = await serve(t, { driver });
    const controller = new AbortController();
    const options = { driver, socketOptions: { signal: controller.signal } };
    const socket = await connect(t, path, options);
    const failed = event(socket, 'error');
    controller.abort();
    assert.equal((await failed)[0].name, 'AbortError');
  });

  for (const order of ['(clientOptions, listener)', '(listener, clientOptions)']) {
    test(`the server takes ${order} (${driver})`, async (t) => {
      const path = socketPath(t);
      const options = { driver, timeoutMs: 123 };
      const server =
        order === '(listener, clientOptions)'
          ? new UDSocketServer(listener, options)
          : new UDSocketServer(options, listener);
      t.after(() => void server.close());
      server.start(path);
      await event(server, 'listening');
      const socket = await connect(t, path, { driver });
      assert.equal(await socket.rpc(1), 123);
    });
  }

  test(`start returns nothing and calls back once it listens (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    t.after(() => void server.close());
    const started = new Promise((resolve) => {
      assert.equal(
        server.start(socketPath(t), () => resolve(server.listening)),
        undefined
      );
    });
    assert.equal(await started, true);
  });

  test(`a start that fails is an error event (${driver})`, async () => {
    const server = new UDSocketServer({ driver });
    server.start('/nowhere/at/all/jftp.sock');
    const [error] = await event(server, 'error');
    assert.equal(error.code, 'ENOENT');
  });

  test(`a connect that fails is an error event, then close (${driver})`, async (t) => {
    const socket = new UDSocket({ driver });
    socket.connect(socketPath(t));
    const closed = event(socket, 'close');
    const [error] = await event(socket, 'error');
    assert.equal(error.code, 'ENOENT');
    assert.deepEqual(await closed, [true]);
  });
});

/** @param {any} socket */
function listener(socket) {
  socket.handle(() => socket.timeoutMs);
}

/** @param {unknown} error @returns {never} */
function raise(error) {
  throw error;
}

test('createSerializer without fast-json-stringify says so', () => {
  const script = `
    const Module = require('node:module');
    const resolve = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (name === 'fast-json-stringify') throw new Error('Cannot find module');
      return resolve.call(this, name, ...rest);
    };
    const { createSerializer } = require('shortwire/compat/jftp');
    try { createSerializer({}) } catch (error) { console.log(error.message) }`;
  const printed = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: ROOT });
  assert.equal(printed.trim(), 'fast-json-stringify is not installed');
});

test('createSerializer hands fast-json-stringify a tuple of id, data and error', (t) => {
  // A stand-in, so that the test needs no installation: it returns what it was asked for.
  const modules = dirname(socketPath(t));
  mkdirSync(join(modules, 'fast-json-stringify'));
  writeFileSync(
    join(modules, 'fast-json-stringify', 'index.js'),
    'module.exports = (schema) => () => JSON.stringify(schema)'
  );
  const script = `
    const { createSerializer } = require('shortwire/compat/jftp');
    console.log(createSerializer({ type: 'string' })([1, 'x']));`;
  const env = { ...process.env, NODE_PATH: modules };
  const printed = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env,
    cwd: ROOT
  });
  const { type, items } = JSON.parse(printed);
  assert.deepEqual(
    [type, items[0].type, items[1], items[2].type],
    ['array', 'number', { type: 'string' }, ['object', 'string', 'null']]
  );
});
