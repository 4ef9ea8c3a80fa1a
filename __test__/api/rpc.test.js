// What a call carries there and back.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');

const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { UDSocket } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { deferred } = require('../support/record.js');

/** [what, payload, what arrives if that differs] */
const PAYLOADS = [
  ['an object', { a: 1, b: [true, null, 'x'] }],
  ['a string', 'hello'],
  ['an empty string', ''],
  ['text beyond ASCII', 'é🌍 grüße — 日本'],
  ['a lone surrogate', '\ud800', '\ud800'],
  ['a number', 4.25],
  ['zero', 0],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
  ['what is undefined in JSON', () => 1, undefined],
  ['an empty object', {}],
  ['a date, as JSON has it', new Date(0), '1970-01-01T00:00:00.000Z'],
  [
    'a nested buffer, as JSON has it',
    { b: Buffer.from('a') },
    { b: { type: 'Buffer', data: [97] } }
  ],
  ['other typed arrays, as JSON has them', new Uint16Array([1, 2]), { 0: 1, 1: 2 }],
  ['100 KB of text', 'x'.repeat(100_000)],
  ['1 MB of text beyond ASCII', 'ü'.repeat(500_000)],
  ['brackets that close too early', '1],[2'],
  ['a __proto__ key', JSON.parse('{"__proto__":{"a":1}}')]
];

const BYTES = [
  ['a Buffer', Buffer.from([0, 255, 1])],
  ['a Uint8Array', new Uint8Array([1, 2, 3])],
  ['a part of a larger buffer', Buffer.from('0123456789').subarray(3, 6)],
  ['no bytes at all', new Uint8Array(0)],
  ['bytes of another realm', vm.runInNewContext('new Uint8Array([7, 8])')],
  ['bytes in shared memory', new Uint8Array(new SharedArrayBuffer(3)).fill(9)],
  ['1 MB of bytes', Buffer.alloc(1 << 20, 5)]
];

forEachDriver((driver) => {
  for (const [what, payload, ...arrives] of PAYLOADS) {
    test(`${what} travels there and back (${driver})`, async (t) => {
      const { peer, socket } = await pair(t, { driver });
      const seen = [];
      peer.handle((received) => {
        seen.push(received);
        return received;
      });
      const expected = arrives.length === 0 ? payload : arrives[0];
      const answer = await socket.rpc(payload);
      assert.deepEqual([answer, seen[0]], [expected, expected]);
    });
  }

  for (const [what, bytes] of BYTES) {
    test(`${what} travels as bytes, there and back (${driver})`, async (t) => {
      const { peer, socket } = await pair(t, { driver });
      peer.handle((received) => {
        assert.ok(Buffer.isBuffer(received));
        return new Uint8Array(received);
      });
      const answer = await socket.rpc(bytes);
      assert.ok(Buffer.isBuffer(answer));
      assert.deepEqual([...answer], [...bytes]);
    });
  }

  test(`bytes are copied before the call returns (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((received) => received.toString());
    const bytes = Buffer.from('before');
    const answer = socket.rpc(bytes);
    bytes.fill(0);
    assert.equal(await answer, 'before');
  });

  test(`the accepting side calls, too (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    socket.handle((payload) => payload * 2);
    assert.equal(await peer.rpc(21), 42);
  });

  test(`both sides call each other at once, many times (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((n) => n + 1);
    socket.handle((n) => n - 1);
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    const [up, down] = await Promise.all([
      Promise.all(numbers.map((n) => socket.rpc(n))),
      Promise.all(numbers.map((n) => peer.rpc(n)))
    ]);
    assert.deepEqual([up, down], [numbers.map((n) => n + 1), numbers.map((n) => n - 1)]);
  });

  test(`answers may come in any order (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const held = new Map();
    peer.handle((n) => new Promise((resolve) => held.set(n, () => resolve(n))));
    const answers = [1, 2, 3].map((n) => socket.rpc(n));
    await socket.ping();
    for (const n of [3, 1, 2]) held.get(n)();
    assert.deepEqual(await Promise.all(answers), [1, 2, 3]);
  });

  test(`calls made before connect go out once connected (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((n) => n * 10);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const answers = [socket.rpc(1), socket.rpc(2)];
    socket.connect(path);
    const third = socket.rpc(3);
    assert.deepEqual(await Promise.all([...answers, third]), [10, 20, 30]);
  });

  test(`what can't be encoded rejects that call alone (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload);
    const cycle = {};
    cycle.cycle = cycle;
    const calls = [socket.rpc(1), socket.rpc(cycle), socket.rpc(10n), socket.rpc(2)];
    const outcomes = await Promise.allSettled(calls);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.value ?? outcome.reason.code),
      [1, 'SHORTWIRE_ERR_SERIALIZE', 'SHORTWIRE_ERR_SERIALIZE', 2]
    );
  });

  test(`such an error says why, and that nothing was sent (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    await assert.rejects(socket.rpc(10n), {
      name: 'ShortwireError',
      code: 'SHORTWIRE_ERR_SERIALIZE',
      maybeDelivered: false,
      message: /BigInt/
    });
  });

  test(`nobody who handles: the call says so, the connection stays (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_NO_HANDLER' });
    await assert.rejects(socket.call('users.get', 1), {
      code: 'SHORTWIRE_ERR_NO_HANDLER',
      message: /users\.get/
    });
    peer.handle(() => 'now');
    assert.equal(await socket.rpc(1), 'now');
  });

  test(`a call without an answer in time rejects (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    await assert.rejects(socket.rpc(1, { timeoutMs: 20 }), {
      code: 'SHORTWIRE_ERR_TIMEOUT',
      maybeDelivered: true
    });
  });

  test(`the deadline runs before the connection is there (${driver})`, async () => {
    const socket = new UDSocket({ driver });
    await assert.rejects(socket.rpc(1, { timeoutMs: 20 }), {
      code: 'SHORTWIRE_ERR_TIMEOUT',
      maybeDelivered: false
    });
  });

  test(`timeoutMs of the socket is the default of its calls (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { timeoutMs: 20 } });
    peer.handle(() => new Promise(() => {}));
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_TIMEOUT' });
  });

  test(`timeoutMs 0 waits for as long as it takes (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { timeoutMs: 20 } });
    const { promise, resolve } = deferred();
    peer.handle('slow', () => promise);
    peer.handle('never', () => new Promise(() => {}));
    const slow = socket.call('slow', 1, { timeoutMs: 0 });
    await assert.rejects(socket.call('never', 1), { code: 'SHORTWIRE_ERR_TIMEOUT' });
    resolve('at last');
    assert.equal(await slow, 'at last');
  });

  test(`an answer after the timeout bothers nobody (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    peer.handle((payload) => (payload === 'next' ? payload : promise));
    await assert.rejects(socket.rpc(1, { timeoutMs: 10 }), { code: 'SHORTWIRE_ERR_TIMEOUT' });
    resolve('too late');
    assert.equal(await socket.rpc('next'), 'next');
  });

  test(`a topic of any length but too long reaches its handler (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const long = 'grüße.'.repeat(100);
    peer.handle(long, () => 'found');
    assert.equal(await socket.call(long, 1), 'found');
    await assert.rejects(socket.call('x'.repeat(70_000), 1), (error) => {
      assert.match(error.code, /TOO_LARGE|INVALID_ARG/);
      return true;
    });
    assert.equal(await socket.call(long, 1), 'found');
  });

  test(`call wants a topic, and a rejection says so (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    for (const topic of [undefined, '', 7]) {
      await assert.rejects(socket.call(topic, 1), {
        code: 'SHORTWIRE_ERR_INVALID_ARG',
        message: /^topic /
      });
    }
  });

  test(`wrong options of a call reject and are named (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    const wrong = { topic: 1, timeoutMs: -1, signal: {}, colour: 'red' };
    for (const [name, value] of Object.entries(wrong)) {
      await assert.rejects(socket.rpc(1, { [name]: value }), {
        code: 'SHORTWIRE_ERR_INVALID_ARG',
        message: new RegExp(name)
      });
    }
  });

  test(`schema replaces the serializer of what goes out, and returns the socket (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload);
    assert.equal(
      socket.schema((value) => `{"wrapped":${JSON.stringify(value)}}`),
      socket
    );
    assert.deepEqual(await socket.rpc(1), { wrapped: 1 });
    assert.equal(await socket.rpc(undefined), undefined);
    peer.schema(() => '"always"');
    assert.equal(await socket.rpc(1), 'always');
  });

  test(`a serializer that returns no text, or throws, rejects that call (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    socket.schema(() => 7);
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_SERIALIZE' });
    socket.schema(() => {
      throw new Error('no schema for that');
    });
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_SERIALIZE', message: /no schema/ });
    assert.throws(() => socket.schema('x'), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
  });

  test(`a serializer that makes no JSON fails its own call (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload);
    socket.schema((value) => (value === 'bad' ? '1],[2' : JSON.stringify(value)));
    const outcomes = await Promise.allSettled([
      socket.rpc('a'),
      socket.rpc('bad'),
      socket.rpc('b')
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.value ?? outcome.reason.code),
      ['a', 'SHORTWIRE_ERR_SERIALIZE', 'b']
    );
  });

  test(`a server's socket calls its client before the client has called (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const asked = new Promise((resolve) => {
      server.on('connection', (socket) => resolve(socket.rpc('who are you?')));
    });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    socket.handle(() => 'me');
    await socket.connect(path);
    assert.equal(await asked, 'me');
  });

  test(`many clients at once get their own answers (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle((payload, context) => ({ payload, id: context.socket.id }));
    const sockets = await Promise.all(
      Array.from({ length: 20 }, () => connect(t, path, { driver }))
    );
    const answers = await Promise.all(
      sockets.flatMap((socket, n) => [0, 1, 2].map((k) => socket.rpc([n, k])))
    );
    assert.deepEqual(
      answers.map((answer) => answer.payload),
      sockets.flatMap((_, n) => [0, 1, 2].map((k) => [n, k]))
    );
    assert.equal(new Set(answers.map((answer) => answer.id)).size, 20);
  });
});

test('nothing is at the path, so calls that waited say why', async (t) => {
  const path = socketPath(t);
  const socket = new UDSocket();
  const call = socket.rpc(1);
  const connected = socket.connect(path);
  connected.catch(() => {});
  await assert.rejects(call, (error) => {
    assert.equal(error.code, 'SHORTWIRE_ERR_DISCONNECTED');
    assert.equal(error.maybeDelivered, false);
    assert.equal(error.cause.code, 'ENOENT');
    return true;
  });
});
