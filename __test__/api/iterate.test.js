// Answers in parts: handlers that return an async iterable, and `iterate`.

'use strict';

const assert = require('node:assert/strict');
const { Readable } = require('node:stream');
const { test } = require('node:test');

const { until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

/** @param {AsyncIterable<any>} parts */
async function all(parts) {
  const come = [];
  for await (const part of parts) come.push(part);
  return come;
}

/** A result set as a database's driver makes it: its members would arrive, its rows wouldn't. */
class Rows {
  total = 2;
  async *[Symbol.asyncIterator]() {
    yield* [1, 2];
  }
}

/** @param {number} count */
async function* count(count) {
  for (let n = 0; n < count; n++) yield n;
}

forEachDriver((driver) => {
  test(`a generator's values come in order, in both directions (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    for (const [one, other] of [
      [socket, peer],
      [peer, socket]
    ]) {
      other.handle('count', count);
      const numbers = await within(all(one.iterate(2000, { topic: 'count' })), 'the numbers');
      assert.deepEqual([numbers.length, numbers[1999]], [2000, 1999]);
    }
  });

  test(`null and undefined are values too (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(async function* () {
      yield* [null, undefined, 0, 'x', Buffer.from('b')];
    });
    const parts = await all(socket.iterate());
    assert.deepEqual(parts, [null, undefined, 0, 'x', Buffer.from('b')]);
  });

  test(`leaving the loop ends the generator on the other side (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const ended = deferred();
    let signal;
    peer.handle(async function* (_, context) {
      ({ signal } = context);
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        ended.resolve();
      }
    });
    for await (const n of socket.iterate()) if (n === 3) break;
    await within(ended.promise, 'the end of the generator');
    assert.ok(/** @type {any} */ (signal).aborted);
    await until(() => peer.stats().streams === 0, 'no stream is open');
  });

  test(`a reader that stops holds the generator back (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let made = 0;
    const part = 'x'.repeat(10_000);
    peer.handle(async function* () {
      for (; made < 10_000; made++) yield part;
    });
    const parts = socket.iterate();
    await parts.next();
    let before = -1;
    while (before !== made) {
      before = made;
      for (let turn = 0; turn < 20; turn++) await socket.ping();
    }
    assert.ok(made < 200, `${made} were made`);
    await parts.return();
  });

  test(`what the generator throws comes after what it gave (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(async function* () {
      yield 1;
      throw new RangeError('out');
    });
    const parts = socket.iterate();
    assert.deepEqual(await parts.next(), { value: 1, done: false });
    await assert.rejects(parts.next(), { code: 'SHORTWIRE_ERR_REMOTE', message: 'out' });
    assert.deepEqual(await parts.next(), { value: undefined, done: true });
  });

  test(`any async iterable will do (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('readable', () => Readable.from([1, { b: 2 }]));
    peer.handle('promised', async () => count(2));
    assert.deepEqual(await all(socket.iterate(1, { topic: 'readable' })), [1, { b: 2 }]);
    assert.deepEqual(await all(socket.iterate(1, { topic: 'promised' })), [0, 1]);
  });

  test(`a plain answer is the only part (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('one', () => ({ a: 1 }));
    peer.handle('none', () => {});
    peer.handle('reply', (_, context) => void context.reply(5));
    assert.deepEqual(await all(socket.iterate(1, { topic: 'one' })), [{ a: 1 }]);
    assert.deepEqual(await all(socket.iterate(1, { topic: 'none' })), []);
    assert.deepEqual(await all(socket.iterate(1, { topic: 'reply' })), [5]);
  });

  test(`a plain call to such a handler says what to do instead (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('generator', count);
    peer.handle('readable', () => Readable.from([1]));
    peer.handle('members', () => new Rows());
    for (const topic of ['generator', 'readable', 'members']) {
      const message = /iterate\(\)/;
      await assert.rejects(socket.call(topic, 1), { code: 'SHORTWIRE_ERR_UNSUPPORTED', message });
    }
  });

  test(`a stream of Node's that nobody reads is destroyed (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const [plain, late, idle] = [0, 1, 2].map(() => new Readable({ objectMode: true, read() {} }));
    const left = deferred();
    peer.handle('plain', () => plain);
    peer.handle('late', (_, { signal }) => {
      signal.addEventListener('abort', () => left.resolve(late));
      return left.promise;
    });
    peer.handle('idle', () => idle);
    await assert.rejects(socket.call('plain', 1), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
    for (const topic of ['late', 'idle']) {
      const parts = socket.iterate(1, { topic, timeoutMs: 50 });
      await assert.rejects(parts.next(), { code: 'SHORTWIRE_ERR_TIMEOUT' });
    }
    const all = [plain, late, idle];
    await until(() => all.every((readable) => readable.destroyed), 'they are destroyed');
  });

  test(`an iterator may make what it likes of its end (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let ends = 0;
    // Can't be encoded, so this side ends it.
    const next = async () => ({ value: 1n, done: false });
    const fail = () => {
      throw new Error('not now');
    };
    for (const end of [() => 1, fail]) {
      const iterator = { next, return: () => (ends++, end()) };
      peer.handle(() => ({ [Symbol.asyncIterator]: () => iterator }));
      await assert.rejects(socket.iterate().next(), { code: 'SHORTWIRE_ERR_REMOTE' });
    }
    await until(() => ends === 2 && peer.stats().streams === 0, 'both are told');
  });

  test(`a thenable that throws fails its stream alone (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const thenable = {};
    // eslint-disable-next-line unicorn/no-thenable
    Object.defineProperty(thenable, 'then', {
      value: () => {
        throw new RangeError('no');
      }
    });
    peer.handle(() => thenable);
    await assert.rejects(socket.iterate().next(), { message: 'no' });
    await assert.rejects(socket.rpc(1, { files: [] }), { message: 'no' });
  });

  test(`a part that doesn't come in time ends it (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const aborted = deferred();
    peer.handle(async function* (_, { signal }) {
      yield 1;
      signal.addEventListener('abort', () => aborted.resolve());
      await new Promise(() => {});
    });
    const parts = socket.iterate(1, { timeoutMs: 100 });
    await parts.next();
    await assert.rejects(parts.next(), { code: 'SHORTWIRE_ERR_TIMEOUT', maybeDelivered: true });
    await within(aborted.promise, 'the abort');
  });

  test(`a signal ends it (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(async function* () {
      yield 1;
      await new Promise(() => {});
    });
    const controller = new AbortController();
    const parts = socket.iterate(1, { signal: controller.signal });
    await parts.next();
    const next = parts.next();
    controller.abort('enough');
    await assert.rejects(next, { name: 'AbortError', cause: 'enough' });
  });

  test(`values of any size come whole, and small calls pass (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const large = 'é漢😀x'.repeat(600_000);
    peer.handle('large', async function* () {
      yield large;
      yield 'small';
      yield large;
    });
    peer.handle('quick', () => 1);
    const parts = within(all(socket.iterate(1, { topic: 'large' })), 'the values');
    assert.equal(await socket.call('quick', 1), 1);
    assert.ok((await parts).every((part, at) => part === (at === 1 ? 'small' : large)));
  });

  test(`a value that can't be encoded fails the stream alone (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('bad', async function* () {
      yield 1;
      yield 10n;
    });
    peer.handle('large', async function* () {
      yield 'x'.repeat(17 << 20);
    });
    await assert.rejects(all(socket.iterate(1, { topic: 'bad' })), { code: /REMOTE|SERIALIZE/ });
    await assert.rejects(all(socket.iterate(1, { topic: 'large' })), {
      code: 'SHORTWIRE_ERR_TOO_LARGE'
    });
    assert.equal(socket.status, 'ready');
  });

  test(`the connection's end rejects who waits (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(async function* () {
      yield 1;
      await new Promise(() => {});
    });
    const parts = socket.iterate();
    await parts.next();
    const next = parts.next();
    peer.destroy();
    await assert.rejects(next, { code: 'SHORTWIRE_ERR_DISCONNECTED' });
  });

  test(`middleware stands around streams as well (${driver})`, async (t) => {
    const { socket, server } = await pair(t, { driver });
    server.use((payload, context, next) => {
      if (context.topic === 'closed') throw new Error('not today');
      return next(Number(payload) + 1);
    });
    server.handle(count);
    assert.deepEqual(await all(socket.iterate(2)), [0, 1, 2]);
    await assert.rejects(all(socket.iterate(2, { topic: 'closed' })), { message: 'not today' });
  });
});
