// Whoever connects and isn't one of us, or stops half way: it is sent away by name, and nobody else notices.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { arena, growth } = require('../support/arena.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Flag, Kind, MAGIC, frame, preface, request } = require('../support/wire.js');

const PROTOCOL = 'SHORTWIRE_ERR_PROTOCOL';
const TOO_LARGE = 'SHORTWIRE_ERR_TOO_LARGE';

/** Bytes that look random, and are the same in every run. */
const NOISE = Buffer.from(
  Array.from({ length: 4096 }, (_, at) => ((at * 197 + 89) * (at + 31)) & 0xff)
);
const TLS_HELLO = Buffer.from('16030100c8010000c40303' + '5a'.repeat(196), 'hex');
const HTTP = 'GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n';

/** @type {[name: string, bytes: Buffer | string, code: string][]} */
const STRANGERS = [
  ['random bytes', NOISE, PROTOCOL],
  ['random bytes after a preface', Buffer.concat([preface(), Buffer.alloc(1024, 0x5b)]), TOO_LARGE],
  ['an HTTP request', HTTP, PROTOCOL],
  ['a TLS hello', TLS_HELLO, PROTOCOL],
  ['node-ipc', '{"type":"message","data":{}}\f', PROTOCOL],
  ['socket-ipc', '{"topic":"a","message":1}\0\0', PROTOCOL],
  ['net-ipc', 'IPC', PROTOCOL],
  ['Sockety', Buffer.from('e0030100', 'hex'), PROTOCOL],
  [
    'a preface that was mended on the way',
    Buffer.from('d77377697265' + '0a'.repeat(26), 'hex'),
    PROTOCOL
  ],
  ['a later version', preface({ newest: 9, oldest: 8 }), 'SHORTWIRE_ERR_UNSUPPORTED'],
  ['jftp with a length of no digits', '0-----1[1,2]', PROTOCOL],
  ['jftp with a length of 16 MiB and more', Buffer.from('00ffffff5b', 'hex'), undefined],
  [
    'a header that announces 4 GiB',
    Buffer.concat([
      preface(),
      frame(Kind.REQUEST, { id: 1, flags: Flag.JSON, length: 0xffffffff })
    ]),
    TOO_LARGE
  ],
  [
    'a frame one byte over the limit',
    Buffer.concat([preface(), frame(Kind.REQUEST, { id: 1, flags: Flag.JSON, length: 65_537 })]),
    TOO_LARGE
  ],
  ['a jftp header over the limit', '0065537[1,', TOO_LARGE]
].map(([name, bytes, code]) => /** @type {any} */ ([name, bytes, code ?? TOO_LARGE]));

forEachDriver((driver) => {
  describe(`A stranger at a server, ${driver}`, () => {
    for (const [name, bytes, code] of STRANGERS) {
      test(`${name}: the connection ends with ${code}, others are served`, async (t) => {
        const { server, path, othersAreServed, fault } = await arena(t, {
          driver,
          maxFrameBytes: 65_536
        });
        const faulted = fault();
        const stranger = await RawPeer.connect(t, path);
        await othersAreServed();
        stranger.write(bytes);
        assert.equal(await faulted, code);
        await stranger.ended();
        await othersAreServed();
        assert.equal(server.sockets.size, 1);
      });
    }

    test('is told of by `refused`, with the reason and who it was', async (t) => {
      const { server, path } = await arena(t, { driver });
      const refused = event(server, 'refused');
      (await RawPeer.connect(t, path)).write(HTTP);
      const [reason, peer] = await refused;
      assert.match(reason, /HTTP/);
      assert.equal(peer.pid, process.pid);
    });

    test('is sent away when nobody listens to errors either', async (t) => {
      const { path, othersAreServed } = await arena(t, { driver });
      const stranger = await RawPeer.connect(t, path);
      stranger.write(HTTP);
      await stranger.ended();
      await othersAreServed();
    });

    test('that speaks a dialect which is not accepted is refused by its name', async (t) => {
      const { server, path } = await arena(t, { driver, protocols: ['shortwire'] });
      const faulted = event(server, 'error');
      (await RawPeer.connect(t, path)).write('0000005[7,8]');
      const [error] = await faulted;
      assert.equal(error.code, 'SHORTWIRE_ERR_REFUSED');
      assert.match(error.message, /jftp/);
    });
  });

  describe(`Somebody who stops, ${driver}`, () => {
    test('before the first byte is sent away after handshakeTimeoutMs', async (t) => {
      const { path, othersAreServed, fault } = await arena(t, { driver, handshakeTimeoutMs: 40 });
      const faulted = fault();
      const silent = await RawPeer.connect(t, path);
      assert.equal(await faulted, 'SHORTWIRE_ERR_TIMEOUT');
      await silent.ended();
      await othersAreServed();
    });

    for (const [name, bytes] of /** @type {[string, Buffer][]} */ ([
      ['within its preface', preface().subarray(0, 20)],
      ['after the first byte', MAGIC.subarray(0, 1)],
      ['within jftp’s length', Buffer.from('00')]
    ])) {
      test(`${name} is sent away after handshakeTimeoutMs`, async (t) => {
        const { path, othersAreServed, fault } = await arena(t, { driver, handshakeTimeoutMs: 40 });
        const faulted = fault();
        const silent = await RawPeer.connect(t, path);
        silent.write(bytes);
        assert.equal(await faulted, 'SHORTWIRE_ERR_TIMEOUT');
        await silent.ended();
        await othersAreServed();
      });
    }

    for (const [name, bytes] of /** @type {[string, Buffer][]} */ ([
      ['within a header', request(1, '1').subarray(0, 9)],
      ['within a payload', request(1, '{"a":[1,2,3]}').subarray(0, 20)],
      ['within a large payload', request(1, `"${'x'.repeat(400_000)}"`).subarray(0, 300_000)]
    ])) {
      test(`${name} is sent away after frameTimeoutMs`, async (t) => {
        const { path, asked, othersAreServed, fault } = await arena(t, {
          driver,
          frameTimeoutMs: 40
        });
        const faulted = fault();
        const lame = await RawPeer.greet(t, path);
        lame.write(request(0, '"whole"'), bytes);
        assert.equal(await faulted, 'SHORTWIRE_ERR_TIMEOUT');
        assert.deepEqual(asked, ['whole']);
        await lame.ended();
        await othersAreServed();
      });
    }

    test('between frames may be silent for ever', async (t) => {
      const options = { driver, frameTimeoutMs: 20, handshakeTimeoutMs: 20 };
      const { path, othersAreServed } = await arena(t, options);
      const quiet = await RawPeer.greet(t, path);
      const began = Date.now();
      await until(() => Date.now() - began > 80, 'some time');
      await othersAreServed();
      quiet.write(request(1, '"still here"'));
      assert.equal((await quiet.frame()).json.payload, 'still here');
    });
  });

  describe(`Somebody who is slow, ${driver}`, () => {
    test('with one byte at a time is served', async (t) => {
      const { path } = await arena(t, { driver });
      const slow = await RawPeer.connect(t, path);
      slow.socket.setNoDelay(true);
      for (const byte of Buffer.concat([preface(), request(5, '{"é":"🌍"}', 'größe')])) {
        slow.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await slow.take(32);
      assert.deepEqual((await slow.frame()).json, { payload: { é: '🌍' }, topic: 'größe' });
    });

    test('with a large frame costs no more memory than has arrived', async (t) => {
      const { path, othersAreServed } = await arena(t, { driver, maxFrameBytes: 512 << 20 });
      const peers = await Promise.all(Array.from({ length: 8 }, () => RawPeer.greet(t, path)));
      const mebibytes = await growth(async () => {
        for (const peer of peers) {
          peer.write(frame(Kind.REQUEST, { id: 1, flags: Flag.JSON, length: 400 << 20 }));
        }
        for (let byte = 0; byte < 64; byte++) {
          for (const peer of peers) peer.write('x');
          await othersAreServed();
        }
      });
      assert.ok(mebibytes < 64, `${mebibytes} MiB more`);
    });
  });
});
