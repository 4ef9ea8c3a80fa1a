// Peers that want too much: more than they may ask, more than they will ever read, more connections than anybody needs.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { join } = require('node:path');
const { describe, test } = require('node:test');

const { arena, growth } = require('../support/arena.js');
const { start } = require('../support/child.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Flag, Kind, frame, preface, request } = require('../support/wire.js');

const OVERFLOW = 7;
const MEBIBYTE = 1 << 20;

/** The same chunk, so many times. @type {(chunk: Buffer, times: number) => Generator<Buffer>} */
function* times(chunk, count) {
  for (let done = 0; done < count; done++) yield chunk;
}

const PINGS = Buffer.concat(Array.from({ length: 4096 }, (_, id) => frame(Kind.PING, { id })));

forEachDriver((driver) => {
  describe(`A peer that doesn't read, ${driver}`, () => {
    test('and pings: the connection ends with an overflow where little may wait', async (t) => {
      const small = { driver, maxQueuedBytes: 65_536, maxFrameBytes: 65_536 };
      const { path, othersAreServed, fault } = await arena(t, small);
      const faulted = fault();
      const deaf = await RawPeer.greet(t, path);
      deaf.stopReading();
      const poured = deaf.pour(times(PINGS, 400));
      assert.equal(await faulted, 'SHORTWIRE_ERR_OVERFLOW');
      assert.equal(await within(poured, 'the end of the flood'), false);
      await othersAreServed();
    });

    test('and pings: it is not read either, and others are served', async (t) => {
      const { path, othersAreServed } = await arena(t, { driver });
      const deaf = await RawPeer.greet(t, path);
      deaf.stopReading();
      const mebibytes = await growth(async () => {
        let done = false;
        deaf.pour(times(PINGS, 4000)).then(() => (done = true));
        await until(() => done || deaf.socket.writableNeedDrain, 'the flood stops');
        for (let round = 0; round < 50; round++) await othersAreServed();
        assert.equal(done, false);
      });
      assert.ok(mebibytes < 64, `${mebibytes} MiB more`);
    });

    test('and asks for large answers: memory stays bounded, others are served', async (t) => {
      const limits = { driver, maxQueuedBytes: 8 * MEBIBYTE, maxFrameBytes: 2 * MEBIBYTE };
      const { server, path, othersAreServed } = await arena(t, limits);
      const large = 'x'.repeat(MEBIBYTE);
      server.handle('large', () => large);
      const deaf = await RawPeer.greet(t, path);
      deaf.stopReading();
      const asks = Array.from({ length: 400 }, (_, id) => request(id, '1', 'large'));
      const mebibytes = await growth(async () => {
        deaf.write(...asks);
        for (let round = 0; round < 20; round++) await othersAreServed();
      });
      // Of 400 MiB that were asked for.
      assert.ok(mebibytes < 150, `${mebibytes} MiB more`);
    });

    test('for a while gets its answers later', async (t) => {
      const { server, path, othersAreServed } = await arena(t, { driver });
      server.handle('large', () => 'x'.repeat(MEBIBYTE));
      const slow = await RawPeer.greet(t, path);
      slow.stopReading();
      slow.write(...Array.from({ length: 20 }, (_, id) => request(id, '1', 'large')));
      await othersAreServed();
      slow.readOn();
      const frames = await slow.frames(20);
      assert.ok(frames.every(({ kind, body }) => kind === Kind.RESPONSE && body.length > MEBIBYTE));
    });
  });

  /** An arena whose handler answers when it is told to. @type {(t: any, options?: object) => Promise<any>} */
  const patient = async (t, options) => {
    const all = await arena(t, { driver, maxInFlight: 10, ...options });
    /** @type {((value: any) => void)[]} */
    const answers = [];
    all.server.handle('wait', () => new Promise((resolve) => answers.push(resolve)));
    return { ...all, answers };
  };

  describe(`A peer that asks too much, ${driver}`, () => {
    test('is rejected call by call beyond maxInFlight', async (t) => {
      const { path, answers, othersAreServed } = await patient(t);
      const greedy = await RawPeer.greet(t, path);
      greedy.write(...Array.from({ length: 1000 }, (_, id) => request(id, '1', 'wait')));
      const refused = await greedy.frames(990);
      assert.ok(
        refused.every(({ kind, errorKind }) => kind === Kind.ERROR && errorKind === OVERFLOW)
      );
      await until(() => answers.length === 10, 'ten handlers run');
      for (const answer of answers) answer(1);
      const answered = await greedy.frames(10);
      assert.ok(answered.every(({ kind }) => kind === Kind.RESPONSE));
      await othersAreServed();
    });

    test('is rejected call by call beyond maxInFlightBytes', async (t) => {
      const { path, answers } = await patient(t, { maxInFlightBytes: 1000 });
      const greedy = await RawPeer.greet(t, path);
      const large = `"${'x'.repeat(600)}"`;
      greedy.write(request(1, large, 'wait'), request(2, large, 'wait'));
      const refused = await greedy.frame();
      assert.deepEqual([refused.id, refused.errorKind], [2n, OVERFLOW]);
      await until(() => answers.length === 1, 'the handler runs');
      answers[0](1);
      assert.equal((await greedy.frame()).id, 1n);
    });

    test('and takes it back in turn starts no more handlers than it may', async (t) => {
      const { path, answers, othersAreServed } = await patient(t);
      const fickle = await RawPeer.greet(t, path);
      const both = Array.from({ length: 5000 }, (_, id) => [
        request(id, '1', 'wait'),
        frame(Kind.CANCEL, { id })
      ]);
      fickle.write(...both.flat());
      const refused = await fickle.frames(4990);
      assert.ok(refused.every(({ errorKind }) => errorKind === OVERFLOW));
      await until(() => answers.length === 10, 'ten handlers run');
      await othersAreServed();
    });

    test('and takes it back while the handler runs: the handler is told', async (t) => {
      const { server, path } = await arena(t, { driver });
      const told = new Promise((resolve) => {
        server.handle(
          'wait',
          (_, { signal }) => new Promise(() => signal.addEventListener('abort', resolve))
        );
      });
      const fickle = await RawPeer.greet(t, path);
      fickle.write(request(1, '1', 'wait'), frame(Kind.CANCEL, { id: 1 }));
      await within(told, 'the signal');
    });

    test('with messages faster than they are heard: memory stays bounded', async (t) => {
      const { server, path, othersAreServed } = await arena(t, { driver });
      let heard = 0;
      server.on('message', () => {
        const end = performance.now() + 0.02;
        while (performance.now() < end);
        heard++;
      });
      const message = frame(Kind.EVENT, { flags: Flag.JSON, body: `"${'x'.repeat(4000)}"` });
      const many = Buffer.concat([...times(message, 64)]);
      const loud = await RawPeer.greet(t, path);
      let most = 0;
      const before = process.memoryUsage().rss;
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5);
      await loud.pour(times(many, 600));
      await until(() => heard === 600 * 64, 'all is heard');
      clearInterval(watch);
      assert.ok((most - before) / MEBIBYTE < 150, `${(most - before) / MEBIBYTE} MiB more`);
      await othersAreServed();
    });
  });

  describe(`A peer that leaves, ${driver}`, () => {
    test('hundreds of times, right after it has come, leaves nothing behind', async (t) => {
      const { server, path, othersAreServed } = await arena(t, { driver });
      for (let round = 0; round < 10; round++) {
        const sockets = Array.from({ length: 50 }, () => net.connect(path));
        for (const socket of sockets) socket.on('error', () => {});
        await Promise.all(sockets.map((socket) => once(socket, 'connect')));
        for (const socket of sockets) socket.destroy();
        await othersAreServed();
      }
      await until(() => server.stats().connections === 1, 'all are gone');
      await othersAreServed();
    });

    test('with its requests still running is not missed', async (t) => {
      const { server, path, othersAreServed } = await arena(t, { driver });
      /** @type {((value: any) => void)[]} */
      const answers = [];
      server.handle('wait', () => new Promise((resolve) => answers.push(resolve)));
      const brief = await RawPeer.greet(t, path);
      brief.write(...Array.from({ length: 20 }, (_, id) => request(id, '1', 'wait')));
      await until(() => answers.length === 20, 'they run');
      brief.socket.destroy();
      await event(server, 'disconnect');
      for (const answer of answers) answer('too late');
      await othersAreServed();
    });

    test('by SIGKILL in the middle of a frame is reported and not missed', async (t) => {
      const { server, path, othersAreServed, fault } = await arena(t, { driver });
      const half = Buffer.concat([preface(), request(1, `"${'x'.repeat(100_000)}"`)]).subarray(
        0,
        50_000
      );
      const script = join(__dirname, '../support/say-and-wait.js');
      const connected = event(server, 'connection');
      const child = start(t, script, [path, half.toString('base64')]);
      const [socket] = await connected;
      await child.says('said');
      await until(() => socket.stats().bytesIn === half.length, 'it has arrived');
      const faulted = fault();
      child.kill('SIGKILL');
      assert.equal(await faulted, 'SHORTWIRE_ERR_DISCONNECTED');
      await othersAreServed();
    });

    test('by silence is sent away when its server closes', async (t) => {
      const { server, path } = await arena(t, { driver });
      const silent = await RawPeer.connect(t, path);
      await server.close({ timeoutMs: 100 });
      await silent.ended();
    });
  });
});
