// What diagnostics_channel has of streams, and of calls and messages with files: at both ends, to their end.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { event } = require('../support/deadline.js');
const { watch, watchMessages } = require('../support/diagnostics.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const DONE = ['start', 'end', 'asyncStart', 'asyncEnd'];
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];
const FILE = { path: __filename };

async function* count(n) {
  for (let at = 0; at < n; at++) yield at;
}

async function all(parts) {
  const list = [];
  for await (const part of parts) list.push(part);
  return list;
}

forEachDriver((driver) => {
  test(`an answer in parts is published at both ends until its last part (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('count', count);
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    const parts = socket.iterate(2, { topic: 'count', timeoutMs: 700, traceparent: TRACE });
    assert.deepEqual(await parts.next(), { value: 0, done: false });
    assert.deepEqual(asked.steps().slice(0, 2), ['start', 'end']);
    assert.deepEqual(await all(parts), [1]);
    await Promise.all([asked.finished(), handled.finished()]);
    assert.deepEqual([asked.steps(), handled.steps()], [DONE, DONE]);
    const { socket: end, ...rest } = asked.message();
    assert.equal(end, socket);
    const common = { topic: 'count', payload: 2, traceparent: TRACE, result: undefined };
    assert.deepEqual(rest, { kind: 'iterate', timeoutMs: 700, ...common });
    const { socket: answering, context, ...told } = handled.message();
    assert.deepEqual([answering, context.topic], [peer, 'count']);
    assert.deepEqual(told, { kind: 'stream', ...common });
  });

  test(`parts that are still wanted are not over (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let more;
    peer.handle(async function* () {
      yield 1;
      await new Promise((resolve) => (more = resolve));
    });
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    const parts = socket.iterate(null);
    await parts.next();
    await socket.ping();
    assert.deepEqual(asked.steps(), ['start', 'end']);
    assert.deepEqual(handled.steps(), ['start', 'end']);
    more();
    assert.deepEqual(await all(parts), []);
    await Promise.all([asked.finished(), handled.finished()]);
  });

  test(`parts that end in an error are published with it (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const fault = new RangeError('enough');
    peer.handle(async function* () {
      yield 1;
      throw fault;
    });
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    await assert.rejects(all(socket.iterate(null)), { message: 'enough' });
    await Promise.all([asked.finished(), handled.finished()]);
    assert.deepEqual([asked.steps(), handled.steps()], [FAILED, FAILED]);
    assert.equal(asked.message().error.code, 'SHORTWIRE_ERR_REMOTE');
    assert.equal(handled.message().error, fault);
  });

  test(`a loop that is left is published as aborted (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(() => count(Infinity));
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    for await (const part of socket.iterate(null)) if (part === 3) break;
    await Promise.all([asked.finished(), handled.finished()]);
    for (const end of [asked, handled]) {
      assert.deepEqual(end.steps(), FAILED);
      assert.equal(end.message().error.code, 'SHORTWIRE_ERR_ABORTED');
    }
  });

  test(`a stream that nobody answers is published with its error (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    await assert.rejects(socket.iterate(1, { topic: 'nobody' }).next());
    await Promise.all([asked.finished(), handled.finished()]);
    for (const end of [asked, handled]) {
      assert.equal(end.message().error.code, 'SHORTWIRE_ERR_NO_HANDLER');
    }
  });

  test(`a stream that can't be opened is published, too (${driver})`, async (t) => {
    const socket = new UDSocket({ driver });
    await socket.close();
    const asked = watch(t, 'rpc');
    await assert.rejects(socket.iterate(1).next(), { code: 'SHORTWIRE_ERR_CLOSED' });
    await asked.finished();
    assert.deepEqual(asked.steps(), FAILED);
    assert.equal(asked.message().error.code, 'SHORTWIRE_ERR_CLOSED');
  });

  test(`a two-way stream is published until both directions have ended (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('echo', (_payload, context) => void context.stream.pipe(context.stream));
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    const stream = socket.stream({ id: 1 }, { topic: 'echo' });
    stream.end('hello');
    assert.deepEqual(Buffer.concat(await all(stream)).toString(), 'hello');
    await Promise.all([asked.finished(), handled.finished()]);
    assert.deepEqual([asked.steps(), handled.steps()], [DONE, DONE]);
    const { kind, payload, timeoutMs } = asked.message();
    assert.deepEqual([kind, payload, timeoutMs], ['stream', { id: 1 }, 0]);
  });

  test(`a stream whose connection breaks is published with that (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const asked = watch(t, 'rpc');
    const stream = socket.stream(null).on('error', () => {});
    await socket.ping();
    peer.destroy();
    await asked.finished();
    assert.equal(stream.destroyed, true);
    assert.equal(asked.message().error.code, 'SHORTWIRE_ERR_DISCONNECTED');
  });

  test(`a subscriber may give a stream its traceparent (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(async function* (_payload, { traceparent }) {
      yield traceparent;
    });
    watch(t, 'rpc', { start: (message) => (message.traceparent = TRACE) });
    assert.deepEqual(await all(socket.iterate(null)), [TRACE]);
    const { value } = await socket.iterate(null, { topic: 'other' }).next();
    assert.equal(value, TRACE);
  });

  test(`a call with files is published at both ends (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('name', (_payload, { files, traceparent }) => [files[0].name, traceparent]);
    const give = (message) => (message.traceparent = TRACE);
    const [asked, handled] = [watch(t, 'rpc', { start: give }), watch(t, 'handle')];
    const answer = await socket.rpc(1, { topic: 'name', files: [FILE] });
    assert.deepEqual(answer, ['diagnostics-streams.test.js', TRACE]);
    await Promise.all([asked.finished(), handled.finished()]);
    assert.deepEqual([asked.steps(), handled.steps()], [DONE, DONE]);
    const { kind, topic, payload, result } = asked.message();
    assert.deepEqual([kind, topic, payload, result], ['call', 'name', 1, answer]);
    assert.deepEqual(handled.message().result, answer);
  });

  test(`a call with files that fails is published with its error (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle(() => assert.fail('no'));
    const [asked, handled] = [watch(t, 'rpc'), watch(t, 'handle')];
    await assert.rejects(socket.rpc(1, { files: [FILE] }));
    await Promise.all([asked.finished(), handled.finished()]);
    assert.deepEqual([asked.steps(), handled.steps()], [FAILED, FAILED]);
  });

  test(`a message with files is published where it is sent and received (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const seen = watchMessages(t);
    const heard = event(peer, 'message');
    await socket.send([1], { topic: 't', files: [FILE], traceparent: TRACE });
    await heard;
    const common = { topic: 't', payload: [1], traceparent: TRACE };
    assert.deepEqual(
      seen.map(({ socket: end, ...rest }) => [end, rest]),
      [
        [socket, { direction: 'sent', ...common }],
        [peer, { direction: 'received', ...common }]
      ]
    );
  });
});
