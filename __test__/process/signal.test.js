// Signals: a polite end drains, a killed peer costs no more than the calls it had, and the path it
// leaves behind can be used again.

'use strict';

const assert = require('node:assert/strict');
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet, start } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');
const { nextEvent } = require('../support/events.js');

const SCRIPT = join(__dirname, 'scripts/signal.js');

forEachDriver((driver) => {
  describe(`SIGTERM with a drain (${driver})`, () => {
    it('lets open calls finish', async (t) => {
      const { child, socket } = await serve(t, 'drain');
      const slow = socket.call('slow', null, { timeoutMs: 0 });
      await child.says('asked');
      child.kill('SIGTERM');
      await child.says('draining');
      child.tell('answer');
      assert.equal(await slow, 'finished');
    });

    it('tells the clients why', async (t) => {
      const { child, socket } = await serve(t, 'drain');
      const goodbye = nextEvent(socket, 'goaway');
      child.kill('SIGTERM');
      assert.deepEqual(await goodbye, ['maintenance']);
    });

    it('refuses new calls meanwhile', async (t) => {
      const { child, socket } = await serve(t, 'drain');
      const slow = socket.call('slow', null, { timeoutMs: 0 });
      await child.says('asked');
      const goodbye = nextEvent(socket, 'goaway');
      child.kill('SIGTERM');
      await goodbye;
      const error = await socket.rpc('one more').catch((/** @type {any} */ failure) => failure);
      child.tell('answer');
      await slow;
      assert.deepEqual([error.code, error.maybeDelivered], ['SHORTWIRE_ERR_CLOSED', false]);
    });

    it('refuses new connections meanwhile', async (t) => {
      const { child, socket, path } = await serve(t, 'drain');
      const slow = socket.call('slow', null, { timeoutMs: 0 });
      await child.says('asked');
      const goodbye = nextEvent(socket, 'goaway');
      child.kill('SIGTERM');
      await goodbye;
      const late = new UDSocket({ driver });
      t.after(() => late.destroy());
      await assert.rejects(late.connect(path));
      child.tell('answer');
      await slow;
    });

    it('ends with exit code 0 and takes the path with it', async (t) => {
      const { child, socket, path } = await serve(t, 'drain');
      const slow = socket.call('slow', null, { timeoutMs: 0 });
      await child.says('asked');
      child.kill('SIGTERM');
      await child.says('draining');
      child.tell('answer');
      await slow;
      const outcome = await child.ended;
      assertQuiet(outcome);
      assert.deepEqual(outcome.lines, ['listening', 'asked', 'draining', 'closed']);
      assert.equal(existsSync(path), false);
    });

    it('cuts calls that take too long', async (t) => {
      const { child, socket } = await serve(t, 'drainInVain');
      const call = socket.rpc('never', { timeoutMs: 0 }).catch((/** @type {any} */ error) => error);
      await child.says('asked');
      child.kill('SIGTERM');
      const { code, maybeDelivered } = await call;
      assert.deepEqual([code, maybeDelivered], ['SHORTWIRE_ERR_CLOSED', true]);
      assertQuiet(await child.ended);
    });
  });

  describe(`SIGKILL of a server (${driver})`, () => {
    it('fails the calls it had, which may have been delivered', async (t) => {
      const { child, socket } = await serve(t, 'serve');
      const call = socket.call('never', null, { timeoutMs: 0 });
      await socket.ping();
      child.kill('SIGKILL');
      await assert.rejects(call, { code: 'SHORTWIRE_ERR_DISCONNECTED', maybeDelivered: true });
    });

    it('fails the calls that waited here, which were not delivered', async (t) => {
      const { child, socket } = await serve(t, 'serve');
      // The script takes ten at a time.
      const calls = Array.from({ length: 15 }, () => socket.call('never', null, { timeoutMs: 0 }));
      await socket.ping();
      child.kill('SIGKILL');
      const fates = (await Promise.allSettled(calls)).map(
        (result) => result.status === 'rejected' && result.reason.maybeDelivered
      );
      assert.deepEqual(fates, [...Array(10).fill(true), ...Array(5).fill(false)]);
    });

    it('is told to whoever listens', async (t) => {
      const { child, socket } = await serve(t, 'serve');
      const gone = nextEvent(socket, 'disconnect');
      child.kill('SIGKILL');
      await gone;
      assert.equal(socket.status, 'closed');
    });

    it('in the middle of large answers fails what is open', async (t) => {
      const { child, socket } = await serve(t, 'serve');
      const large = 'x'.repeat(1 << 20);
      const calls = Array.from({ length: 12 }, () => socket.rpc(large, { timeoutMs: 0 }));
      const ended = Promise.allSettled(calls);
      await calls[0];
      child.kill('SIGKILL');
      const codes = new Set((await ended).map((result) => outcome(result, large)));
      codes.delete('answered');
      codes.delete('SHORTWIRE_ERR_DISCONNECTED');
      assert.deepEqual([...codes], []);
    });

    it('leaves a path that the next start takes over', async (t) => {
      const { child, path } = await serve(t, 'serve');
      child.kill('SIGKILL');
      await child.ended;
      assert.equal(existsSync(path), true);
      const { socket } = await serve(t, 'serve', path);
      assert.equal(await socket.rpc('anybody?'), 'anybody?');
    });

    it('leaves a path at which nobody answers', async (t) => {
      const { child, path } = await serve(t, 'serve');
      child.kill('SIGKILL');
      await child.ended;
      const late = new UDSocket({ driver });
      await assert.rejects(late.connect(path), { code: 'ECONNREFUSED' });
    });

    it('does not cost what it said before', async (t) => {
      const path = socketPath(t);
      // Inline, so that its words leave before it does.
      const child = start(t, SCRIPT, ['lastWords', 'inline', path]);
      await child.says('listening');
      const socket = await connect(t, path);
      /** @type {string[]} */
      const heard = [];
      socket.on('message', (words) => heard.push(words.trim()));
      const calls = [socket.rpc('die')];
      await child.says('blocked');
      calls.push(socket.rpc('unread'));
      await Promise.resolve();
      const settled = Promise.allSettled(calls);
      // Until then nothing is read here either.
      child.tell('go');
      holdUntilDead(child.pid);
      await settled;
      assert.deepEqual(heard, ['last words']);
    });
  });

  describe(`SIGKILL of a client (${driver})`, () => {
    it('fails the calls made to it', async (t) => {
      const { child, socket } = await meet(t, 'ask');
      const call = socket.rpc('are you there?', { timeoutMs: 0 });
      call.catch(() => {});
      await child.says('asked');
      child.kill('SIGKILL');
      await assert.rejects(call, { code: 'SHORTWIRE_ERR_DISCONNECTED', maybeDelivered: true });
    });

    it('abandons its requests', async (t) => {
      const { child, requests } = await meet(t, 'ask');
      const { signal } = await requests[0];
      const abandoned = new Promise((resolve) => signal.addEventListener('abort', resolve));
      child.kill('SIGKILL');
      await abandoned;
      assert.equal(signal.reason.name, 'AbortError');
    });

    it('takes it out of the list', async (t) => {
      const { child, server } = await meet(t, 'ask');
      const gone = nextEvent(server, 'disconnect');
      child.kill('SIGKILL');
      await gone;
      assert.equal(server.sockets.size, 0);
    });

    it('in the middle of a large request costs nobody else anything', async (t) => {
      const { child, server, path } = await meet(t, 'askForMuch');
      await child.line();
      const gone = nextEvent(server, 'disconnect');
      child.kill('SIGKILL');
      await gone;
      const socket = await connect(t, path);
      assert.equal(await socket.rpc('still there?'), 'still there?');
    });
  });

  /**
   * A script that serves, and a socket connected to it.
   *
   * @param {import('node:test').TestContext} t
   * @param {string} scenario
   */
  async function serve(t, scenario, path = socketPath(t)) {
    const child = start(t, SCRIPT, [scenario, driver, path]);
    await child.says('listening');
    return { child, path, socket: await connect(t, path) };
  }

  /**
   * @param {import('node:test').TestContext} t
   * @param {string} path
   */
  async function connect(t, path) {
    const socket = new UDSocket({ driver, reconnect: false });
    await socket.connect(path);
    t.after(() => socket.destroy());
    return socket;
  }

  /**
   * A server, and a script that connects to it and has something open.
   *
   * @param {import('node:test').TestContext} t
   * @param {string} scenario
   */
  async function meet(t, scenario) {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    /** @type {((context: any) => void) | undefined} */
    let asked;
    const requests = [new Promise((resolve) => (asked = resolve))];
    server.handle((/** @type {unknown} */ payload, context) => {
      if (payload !== 'never') return payload;
      asked?.(context);
      return new Promise(() => {});
    });
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 10 }));
    const connected = nextEvent(server, 'connection');
    const child = start(t, SCRIPT, [scenario, driver, path]);
    const [socket] = await connected;
    return { child, server, socket, path, requests };
  }
});

/**
 * @param {PromiseSettledResult<unknown>} result
 * @param {unknown} expected
 */
function outcome(result, expected) {
  if (result.status === 'rejected') return result.reason.code;
  return result.value === expected ? 'answered' : 'answered wrongly';
}

/**
 * Keeps this thread busy until a child has ended, though its end has not been taken note of.
 *
 * @param {number} pid
 */
function holdUntilDead(pid) {
  const deadline = performance.now() + 10_000;
  while (!/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) {
    assert.ok(performance.now() < deadline, 'the child lives on');
  }
}
