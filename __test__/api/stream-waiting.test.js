// Streams, and calls with files, that wait for a connection: what ends the waiting, and what doesn't go out then.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');

/** At once. */
const RETRY = { minDelayMs: 1, maxDelayMs: 5 };
const files = [{ name: 'f', buffer: Buffer.from('bytes') }];

/** What is asked for, with options of its own, and how its failure is heard. @type {Record<string, (socket: any, options: any) => Promise<any>>} */
const ASK = {
  stream: async (socket, options) => {
    const [error] = await event(socket.stream(1, options), 'error');
    throw error;
  },
  iterate: (socket, options) => socket.iterate(1, options).next(),
  rpc: (socket, options) => socket.rpc(1, { files, timeoutMs: 0, ...options }),
  sendFile: (socket, options) => socket.sendFile(__filename, options)
};

forEachDriver((driver) => {
  /** A socket that isn't connected, and a server that counts what it is asked. @param {any} t */
  const apart = async (t) => {
    const { server, path } = await listen(t, { driver });
    let asked = 0;
    server.handle(() => void asked++);
    server.on('message', () => void asked++);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    /** Only what is asked from now on comes to the server. */
    const meet = async () => {
      await socket.connect(path);
      assert.equal(await within(socket.rpc(1), 'an answer'), undefined);
      return asked;
    };
    return { socket, meet };
  };

  for (const [what, ask] of Object.entries(ASK)) {
    test(`a signal ends the waiting: ${what} (${driver})`, async (t) => {
      const { socket, meet } = await apart(t);
      const controller = new AbortController();
      const outcome = ask(socket, { signal: controller.signal });
      // Files are opened first.
      await until(() => socket.stats().queuedMessages === 1, 'it waits');
      controller.abort('no longer');
      await assert.rejects(outcome, {
        code: 'SHORTWIRE_ERR_ABORTED',
        cause: 'no longer',
        maybeDelivered: false
      });
      await until(() => socket.stats().queuedMessages === 0, 'nothing waits');
      assert.equal(await meet(), 1);
    });
  }

  for (const what of ['iterate', 'rpc']) {
    test(`a time limit ends the waiting: ${what} (${driver})`, async (t) => {
      const { socket, meet } = await apart(t);
      await assert.rejects(ASK[what](socket, { timeoutMs: 30 }), {
        code: 'SHORTWIRE_ERR_TIMEOUT',
        maybeDelivered: false
      });
      await until(() => socket.stats().queuedMessages === 0, 'nothing waits');
      assert.equal(await meet(), 1);
    });
  }

  test(`what is left waiting goes out with its payload as it was (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    server.handle('bytes', (payload, context) => String(payload) + context.files.length);
    server.handle('parts', async function* (payload) {
      yield String(payload);
    });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const payload = Buffer.from('before');
    const answer = socket.rpc(payload, { topic: 'bytes', files });
    const part = socket.iterate(payload, { topic: 'parts' }).next();
    payload.fill('x');
    await socket.connect(path);
    assert.equal(await within(answer, 'the answer'), 'before1');
    assert.deepEqual(await within(part, 'the part'), { value: 'before', done: false });
  });

  test(`payloads beside files count among what waits (${driver})`, async (t) => {
    const socket = new UDSocket({ driver, maxQueuedBytes: 2000 });
    t.after(() => socket.destroy());
    const first = socket.rpc(Buffer.alloc(1500), { files, timeoutMs: 0 });
    const second = socket.rpc('x'.repeat(1500), { files, timeoutMs: 0 });
    await assert.rejects(within(second, 'the refusal'), {
      code: 'SHORTWIRE_ERR_OVERFLOW',
      maybeDelivered: false
    });
    assert.ok(socket.stats().queuedBytes >= 1500);
    socket.destroy();
    await assert.rejects(within(first, 'its end'), { code: 'SHORTWIRE_ERR_DISCONNECTED' });
  });

  test(`'drain' says that streams may be opened again, while away too (${driver})`, async (t) => {
    const socket = new UDSocket({ driver, maxQueuedMessages: 4, retry: RETRY });
    t.after(() => socket.destroy());
    const path = socketPath(t);
    const gone = event(socket, 'reconnecting');
    const connected = socket.connect(path);
    await gone;
    const open = () => socket.stream(null, { topic: 'echo' }).on('error', () => {});
    const waiting = Array.from({ length: 4 }, open);
    const refused = once(open(), 'error');
    let drained = event(socket, 'drain');
    assert.equal((await refused)[0].code, 'SHORTWIRE_ERR_OVERFLOW');
    // Room comes back when they are given up.
    for (const stream of waiting.slice(0, 2)) stream.destroy();
    await drained;
    waiting.push(open(), open());
    await assert.rejects(within(once(open(), 'end'), 'its end'), {
      code: 'SHORTWIRE_ERR_OVERFLOW'
    });
    // And when they go out.
    drained = event(socket, 'drain');
    const server = new UDSocketServer({ driver });
    t.after(() => server.close({ timeoutMs: 0 }));
    await server.start(path);
    await connected;
    await drained;
    assert.deepEqual([socket.stats().queuedMessages, socket.status], [0, 'ready']);
  });
});
