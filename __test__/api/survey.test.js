// Surveys and server-wide pings: every socket gives one entry, whatever becomes of it.

'use strict';

const assert = require('node:assert/strict');
const { tracingChannel } = require('node:diagnostics_channel');
const { getEventListeners } = require('node:events');
const { test } = require('node:test');

const { UDSocketServer } = require('../../index.js');
const { crowd } = require('../support/crowd.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Kind } = require('../support/wire.js');

/** What each entry comes to, in one word. */
const words = (entries) =>
  entries.map(({ status, value, reason }) => (status === 'fulfilled' ? value : reason.code));

/** Never answers; tells when the question has come, and when it was taken back. */
function silent(socket) {
  let told = () => {};
  const asked = new Promise((resolve) => (told = resolve));
  let taken = () => {};
  const takenBack = new Promise((resolve) => (taken = resolve));
  socket.handle((_, { signal }) => {
    told();
    return new Promise(() => signal.addEventListener('abort', taken));
  });
  return { asked, takenBack };
}

forEachDriver((driver) => {
  test(`a survey asks every socket, and answers come in their order (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 5);
    sockets.forEach((socket, n) => socket.handle((payload) => ({ ...payload, n })));
    const entries = await server.survey({ q: 'é🌍' });
    assert.deepEqual(
      entries.map(({ socket }) => socket),
      [...server.sockets.values()]
    );
    assert.deepEqual(
      words(entries),
      sockets.map((_, n) => ({ q: 'é🌍', n }))
    );
  });

  test(`undefined, bytes and large payloads can be asked (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 3);
    const seen = [];
    for (const socket of sockets) socket.handle((payload) => void seen.push(payload));
    const large = 'é'.repeat(400_000);
    for (const payload of [undefined, Buffer.from('raw'), large]) {
      assert.deepEqual(words(await server.survey(payload)), [undefined, undefined, undefined]);
      assert.deepEqual(seen.splice(0), [payload, payload, payload]);
    }
  });

  test(`a topic chooses the handlers (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 2);
    sockets[0].handle('vote', () => 'yes');
    sockets[0].handle(() => 'general');
    assert.deepEqual(words(await server.survey(1, { topic: 'vote' })), [
      'yes',
      'SHORTWIRE_ERR_NO_HANDLER'
    ]);
  });

  test(`those who fail, leave, stay silent or can't be asked have an entry each (${driver})`, async (t) => {
    const { server, path, sockets } = await crowd(t, driver, 4);
    sockets[0].handle(() => 'fine');
    sockets[1].handle(() => {
      throw new RangeError('no');
    });
    const quiet = silent(sockets[2]);
    const leaver = silent(sockets[3]);
    await connect(t, path, { driver, protocol: 'jftp' }).then((socket) =>
      socket.rpc(1).catch(() => {})
    );
    const surveyed = server.survey('?', { timeoutMs: 400 });
    await leaver.asked;
    sockets[3].destroy();
    const entries = await surveyed;
    assert.deepEqual(words(entries), [
      'fine',
      'SHORTWIRE_ERR_REMOTE',
      'SHORTWIRE_ERR_TIMEOUT',
      'SHORTWIRE_ERR_DISCONNECTED',
      'SHORTWIRE_ERR_UNSUPPORTED'
    ]);
    assert.equal(entries[1].reason.remote.message, 'no');
    assert.equal(entries[3].reason.maybeDelivered, true);
    await within(quiet.takenBack, 'the end of the silent one');
  });

  test(`a peer that is killed between the question and its answer has an entry (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const peer = await RawPeer.greet(t, path);
    await until(() => server.sockets.size === 1, 'it is there');
    const surveyed = server.survey(1);
    assert.equal((await peer.frame()).kind, Kind.REQUEST);
    peer.socket.destroy();
    assert.deepEqual(words(await surveyed), ['SHORTWIRE_ERR_DISCONNECTED']);
  });

  test(`a quorum takes the other questions back (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 4);
    const quiet = [silent(sockets[0]), silent(sockets[2])];
    for (const n of [1, 3]) {
      sockets[n].handle(async () => {
        await Promise.all(quiet.map(({ asked }) => asked));
        return n;
      });
    }
    const entries = await server.survey('?', { quorum: 2, timeoutMs: 0 });
    assert.deepEqual(words(entries), ['SHORTWIRE_ERR_ABORTED', 1, 'SHORTWIRE_ERR_ABORTED', 3]);
    const { reason } = entries[0];
    assert.deepEqual([reason.name, reason.maybeDelivered], ['AbortError', true]);
    await within(Promise.all(quiet.map(({ takenBack }) => takenBack)), 'the cancels');
    assert.deepEqual(
      [...server.sockets.values()].map(({ pending }) => pending),
      [0, 0, 0, 0]
    );
  });

  test(`refusals don't count towards the quorum (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 3);
    sockets[1].handle(() => 'yes');
    assert.deepEqual(words(await server.survey('?', { quorum: 2 })), [
      'SHORTWIRE_ERR_NO_HANDLER',
      'yes',
      'SHORTWIRE_ERR_NO_HANDLER'
    ]);
    assert.equal((await server.survey('?', { quorum: 10 })).length, 3);
  });

  test(`a signal takes all questions back and rejects (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 3);
    const quiet = sockets.map(silent);
    const controller = new AbortController();
    const surveyed = server.survey('?', { signal: controller.signal, timeoutMs: 0 });
    await Promise.all(quiet.map(({ asked }) => asked));
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(surveyed, {
      code: 'SHORTWIRE_ERR_ABORTED',
      name: 'AbortError',
      cause: reason
    });
    await within(Promise.all(quiet.map(({ takenBack }) => takenBack)), 'the cancels');
  });

  test(`a signal that has fired already asks nobody; one that doesn't is let go (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 1);
    let asked = 0;
    sockets[0].handle(() => ++asked);
    await assert.rejects(server.survey('?', { signal: AbortSignal.abort() }), {
      code: 'SHORTWIRE_ERR_ABORTED',
      maybeDelivered: false
    });
    await sockets[0].ping();
    assert.equal(asked, 0);
    const { signal } = new AbortController();
    await server.survey('?', { signal });
    assert.deepEqual([asked, getEventListeners(signal, 'abort').length], [1, 0]);
  });

  test(`where leaves sockets out, and a predicate that throws rejects (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 3);
    sockets.forEach((socket, n) => socket.handle(() => n));
    const [, second] = server.sockets.values();
    assert.deepEqual(
      words(await server.survey(1, { where: (socket) => socket !== second })),
      [0, 2]
    );
    assert.deepEqual(await server.survey(1, { where: () => false }), []);
    const where = () => {
      throw new RangeError('no');
    };
    await assert.rejects(server.survey(1, { where }), RangeError);
  });

  test(`a closing socket can't be asked, and has an entry (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 2);
    for (const socket of sockets) socket.handle(() => 'yes');
    const quiet = silent(sockets[0]);
    const [first] = server.sockets.values();
    const call = first.rpc('wait').catch(() => {});
    await quiet.asked;
    const closed = first.close({ timeoutMs: 50 });
    assert.deepEqual(words(await server.survey('?')), ['SHORTWIRE_ERR_CLOSED', 'yes']);
    await Promise.all([closed, call]);
  });

  test(`handlers that ask back during a survey disturb nothing (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 3);
    server.handle((payload) => payload * 2);
    sockets.forEach((socket, n) => socket.handle((payload) => socket.rpc(payload + n)));
    const both = await Promise.all([server.survey(1), server.survey(10)]);
    assert.deepEqual(both.map(words), [
      [2, 4, 6],
      [20, 22, 24]
    ]);
  });

  test(`who observes the calls of a survey may broadcast meanwhile (${driver})`, async (t) => {
    const { server, sockets, heard } = await crowd(t, driver, 3);
    sockets.forEach((socket, n) => socket.handle(() => n));
    const start = () => void server.broadcast('observed');
    const tracing = tracingChannel('shortwire:rpc');
    tracing.start.subscribe(start);
    t.after(() => tracing.start.unsubscribe(start));
    assert.deepEqual(words(await server.survey('who?')), [0, 1, 2]);
    await until(() => heard.every(({ length }) => length === 3), 'every broadcast');
  });

  test(`a server's ping measures every socket (${driver})`, async (t) => {
    const { server, path, sockets } = await crowd(t, driver, 2);
    const deaf = await RawPeer.greet(t, path);
    await until(() => server.sockets.size === 3, 'all are there');
    const entries = await server.ping({ timeoutMs: 300 });
    for (const { status, value } of entries.slice(0, 2)) {
      assert.ok(status === 'fulfilled' && value > 0 && value < 300, String(value));
    }
    assert.deepEqual(words(entries.slice(2)), ['SHORTWIRE_ERR_TIMEOUT']);
    assert.equal((await deaf.frame()).kind, Kind.PING);
    for (const socket of sockets) assert.equal(socket.pending, 0);
  });

  test(`without sockets, everything is empty (${driver})`, async () => {
    const server = new UDSocketServer({ driver });
    assert.deepEqual(
      [await server.broadcast(1), await server.survey(1), await server.ping()],
      [0, [], []]
    );
  });

  for (const [what, options] of [
    ['an unknown option', { to: [] }],
    ['a quorum of none', { quorum: 0 }],
    ['half a quorum', { quorum: 1.5 }],
    ['a wrong time limit', { timeoutMs: -1 }],
    ['a wrong signal', { signal: {} }],
    ['a wrong predicate', { where: true }]
  ]) {
    test(`a survey with ${what} rejects (${driver})`, async () => {
      const server = new UDSocketServer({ driver });
      await assert.rejects(server.survey(1, options), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
    });
  }

  test(`a payload that can't be encoded rejects, and asks nobody (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 1);
    sockets[0].handle(() => assert.fail('asked'));
    await assert.rejects(server.survey(10n), { code: 'SHORTWIRE_ERR_SERIALIZE' });
    await assert.rejects(server.ping({ quorum: 1 }), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
    const left = event(server, 'disconnect');
    sockets[0].destroy();
    await left;
  });
});
