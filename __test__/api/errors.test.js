// What a handler's failure becomes on the caller's side.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { ShortwireError } = require('../../index.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');

class Teapot extends Error {
  name = 'Teapot';
  code = 'E_TEAPOT';
  data = { litres: 2 };
}

const hostile = new Error('hostile');
Object.defineProperty(hostile, 'message', {
  get() {
    throw new Error('no message for you');
  }
});

/** [what is thrown, the thrown, message, remote as far as it matters] */
const THROWN = [
  ['an Error', new Error('out of tea'), 'out of tea', { name: 'Error', message: 'out of tea' }],
  [
    'an Error with name, code and data',
    new Teapot('short and stout'),
    'short and stout',
    { name: 'Teapot', message: 'short and stout', code: 'E_TEAPOT', data: { litres: 2 } }
  ],
  ['a string', 'plain', 'plain', { name: 'Error', message: 'plain', data: 'plain' }],
  ['a number', 7, '7', { name: 'Error', message: '7', data: 7 }],
  [
    'an object',
    { why: 'obj' },
    'The handler threw an object',
    { name: 'Error', message: 'The handler threw an object', data: { why: 'obj' } }
  ],
  [
    'an object that looks like an error',
    { message: 'looks like', code: 3 },
    'looks like',
    { message: 'looks like', code: 3 }
  ],
  ['null', null, 'null', { name: 'Error', message: 'null', data: null }],
  ['undefined', undefined, 'undefined', { name: 'Error', message: 'undefined' }],
  ['a symbol', Symbol('s'), 'Symbol(s)', { name: 'Error', message: 'Symbol(s)' }],
  [
    'an error whose data can’t be encoded',
    Object.assign(new Error('big'), { code: 12, data: 10n }),
    'big',
    { name: 'Error', message: 'big', code: 12 }
  ],
  [
    'an error that throws when looked at',
    hostile,
    "The handler threw something that can't be encoded",
    { name: 'Error', message: "The handler threw something that can't be encoded" }
  ],
  [
    'an object without a prototype that can’t be encoded',
    Object.assign(Object.create(null), { n: 1n }),
    'The handler threw an object',
    { name: 'Error', message: 'The handler threw an object' }
  ]
];

/** [what, a handler, the code of the call] */
const UNANSWERABLE = [
  [
    'a cycle',
    () => {
      const cycle = {};
      return Object.assign(cycle, { cycle });
    },
    'SHORTWIRE_ERR_SERIALIZE'
  ],
  ['a BigInt', async () => 10n, 'SHORTWIRE_ERR_SERIALIZE'],
  [
    'an async generator',
    async function* () {
      yield 1;
    },
    'SHORTWIRE_ERR_UNSUPPORTED'
  ],
  ['an answer over the limit', () => 'x'.repeat(20_000), 'SHORTWIRE_ERR_TOO_LARGE']
];

forEachDriver((driver) => {
  for (const [what, thrown, message, remote] of THROWN) {
    for (const how of ['throws', 'rejects with']) {
      test(`a handler that ${how} ${what} (${driver})`, async (t) => {
        const { peer, socket } = await pair(t, { driver });
        peer.handle(() => {
          if (how === 'throws') throw thrown;
          return Promise.reject(thrown);
        });
        await assert.rejects(socket.rpc(1), (error) => {
          assert.ok(error instanceof ShortwireError);
          const { code, maybeDelivered } = error;
          assert.deepEqual(
            { code, maybeDelivered, message: error.message, remote: error.remote },
            { code: 'SHORTWIRE_ERR_REMOTE', maybeDelivered: true, message, remote }
          );
          return true;
        });
      });
    }
  }

  for (const [what, handler, code] of UNANSWERABLE) {
    test(`a handler that answers with ${what} fails that call alone (${driver})`, async (t) => {
      const { peer, socket } = await pair(t, { driver, server: { maxFrameBytes: 16_384 } });
      peer.handle((payload) => payload);
      peer.handle('bad', handler);
      const outcomes = await Promise.allSettled([
        socket.rpc(1),
        socket.call('bad', 1),
        socket.rpc(2)
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.value ?? outcome.reason.code),
        [1, code, 2]
      );
    });
  }

  test(`an error too large to be sent is still an answer (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, server: { maxFrameBytes: 16_384 } });
    peer.handle(() => {
      throw new Error('x'.repeat(20_000));
    });
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_REMOTE' });
  });

  test(`the stack of a handler's error stays at home (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => {
      throw new Error('private');
    });
    await assert.rejects(socket.rpc(1), (error) => !('stack' in error.remote));
  });

  test(`sendStacks lets it travel, of calls and of streams (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, server: { sendStacks: true } });
    peer.handle(function thrower() {
      throw new Error('open');
    });
    const hasStack = (/** @type {any} */ { remote }) => /open\n.*thrower/.test(remote.stack);
    await assert.rejects(socket.rpc(1), hasStack);
    await assert.rejects(socket.iterate(1).next(), hasStack);
  });

  test(`a thenable is awaited, however it behaves (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle('fine', () => ({ then: (resolve) => resolve('thenable') }));
    peer.handle('throws', () => ({
      then() {
        throw new Error('in then');
      }
    }));
    assert.equal(await socket.call('fine', 1), 'thenable');
    await assert.rejects(socket.call('throws', 1), { message: 'in then' });
  });
});
