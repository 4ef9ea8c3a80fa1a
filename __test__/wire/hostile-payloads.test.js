// Payloads that want to be more than a payload: each fails alone, in the middle of a good batch.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { arena } = require('../support/arena.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Flag, Kind, frame, request } = require('../support/wire.js');

const SERIALIZE = 9;
const LEVELS = 100_000;

/** @type {[name: string, text: string | Buffer][]} */
const PAYLOADS = [
  ['1],[2', '1],[2'],
  ['1,2', '1,2'],
  ['1]', '1]'],
  ['an open bracket', '['],
  ['a string without an end', '"a'],
  ['an escape without an end', '"\\'],
  ['nothing at all', ''],
  ['only space', ' \n'],
  ['two values', '1 2'],
  ['a comment', '1 // 2'],
  ['a zero byte', '"a\0b"'],
  ['a byte order mark', '\ufeff1'],
  ['a lone surrogate in UTF-8', Buffer.from('22eda08022', 'hex')],
  ['bytes that are not UTF-8', Buffer.from('22ff22', 'hex')],
  ['half a character', Buffer.from('22c3', 'hex')],
  ['undefined', 'undefined'],
  ['100,000 levels of nesting', '['.repeat(LEVELS) + ']'.repeat(LEVELS)],
  ['100,000 levels of nesting in objects', '{"a":'.repeat(LEVELS) + '1' + '}'.repeat(LEVELS)],
  ['100,000 levels that are never closed', '['.repeat(LEVELS)]
];

/** @param {string} body */
const message = (body) => frame(Kind.EVENT, { flags: Flag.JSON, body });

forEachDriver((driver) => {
  describe(`A payload in a good batch, ${driver}`, () => {
    for (const [name, text] of PAYLOADS) {
      test(`${name}: fails alone`, async (t) => {
        const { path, asked, othersAreServed } = await arena(t, { driver });
        const peer = await RawPeer.greet(t, path);
        peer.write(request(1, '{"é":1}'), request(2, text), request(3, '"🌍"'), request(4, '[4]'));
        const frames = await peer.frames(4);
        const failed = frames.filter(({ kind }) => kind === Kind.ERROR);
        assert.deepEqual(
          failed.map(({ id, errorKind }) => [id, errorKind]),
          [[2n, SERIALIZE]]
        );
        assert.deepEqual(asked, [{ é: 1 }, '🌍', [4]]);
        await othersAreServed();
      });
    }

    test('of a message fails alone, and is told as an error of that socket', async (t) => {
      const { server, path, fault } = await arena(t, { driver });
      /** @type {any[]} */
      const heard = [];
      const three = new Promise((/** @type {(value: void) => void} */ resolve) => {
        server.on('message', (payload) => heard.push(payload) === 2 && resolve());
      });
      const faulted = fault();
      const peer = await RawPeer.greet(t, path);
      peer.write(message('"é"'), message('1],[2'), message('3'));
      await three;
      assert.deepEqual(heard, ['é', 3]);
      assert.equal(await faulted, 'SHORTWIRE_ERR_SERIALIZE');
    });

    test('with a topic that is not UTF-8 fails alone', async (t) => {
      const { path, asked } = await arena(t, { driver });
      const peer = await RawPeer.greet(t, path);
      peer.write(request(1, '1'), request(2, '2', Buffer.from([0xc3])), request(3, '3'));
      const frames = await peer.frames(3);
      assert.deepEqual(
        frames.filter(({ kind }) => kind === Kind.ERROR).map(({ id }) => id),
        [2n]
      );
      assert.deepEqual(asked, [1, 3]);
    });

    test('of 512 levels is no offence', async (t) => {
      const { path } = await arena(t, { driver });
      const peer = await RawPeer.greet(t, path);
      peer.write(request(1, '['.repeat(512) + ']'.repeat(512)));
      // Within the answer, it is one level deeper.
      assert.equal((await peer.frame()).kind, Kind.RESPONSE);
    });
  });

  describe(`A name that every object has, ${driver}`, () => {
    for (const name of [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'error',
      'then'
    ]) {
      test(`${name} as a topic reaches the general handler like any other`, async (t) => {
        const { path } = await arena(t, { driver });
        const peer = await RawPeer.greet(t, path);
        peer.write(
          frame(Kind.EVENT, { flags: Flag.JSON, topic: name, body: '1' }),
          request(1, '1', name)
        );
        assert.deepEqual((await peer.frame()).json, { payload: 1, topic: name });
      });
    }

    test('as a key of a payload stays a key', async (t) => {
      const { path, asked } = await arena(t, { driver });
      const peer = await RawPeer.greet(t, path);
      peer.write(
        request(1, '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
      );
      await peer.frame();
      assert.deepEqual(Object.keys(asked[0]), ['__proto__', 'constructor']);
      assert.equal(/** @type {any} */ ({}).polluted, undefined);
    });

    test('as the id of a jftp request is sent back as it is', async (t) => {
      const { path } = await arena(t, { driver });
      const peer = await RawPeer.connect(t, path);
      peer.write('0000017["__proto__",[1]]');
      const answer = '["__proto__",{"payload":[1],"topic":""}]';
      const whole = String(answer.length).padStart(7, '0') + answer;
      assert.equal((await peer.take(whole.length)).toString(), whole);
    });
  });
});
