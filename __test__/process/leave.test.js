// `process.exit()` at any moment: the exit code is kept, nothing crashes, hangs or complains, and
// the other side learns of it.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet, run, start } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/leave.js');

forEachDriver((driver) => {
  describe(`process.exit() of a client (${driver})`, () => {
    for (const [scenario, when] of /** @type {const} */ ([
      ['withCallsOfItsOwn', 'with calls that are about to leave'],
      ['withCallsThatHaveLeft', 'with calls in flight'],
      ['withLargeCalls', 'with large calls in flight'],
      ['inAContinuation', 'in the continuation of a call'],
      ['inARejection', 'when a call has timed out'],
      ['inAMessageListener', 'in a message listener'],
      ['inACloseListener', 'in a close listener'],
      ['whileConnecting', 'while it connects'],
      ['whileClosing', 'while it closes']
    ])) {
      it(`${when} keeps its exit code`, async (t) => {
        const path = socketPath(t);
        await serve(t, path);
        const outcome = await run(SCRIPT, [scenario, driver, path]);
        assertQuiet(outcome, 7);
        assert.equal(outcome.stdout, '');
      });
    }

    it('ends the requests it had open', async (t) => {
      const path = socketPath(t);
      const { reasons } = await serve(t, path);
      await run(SCRIPT, ['withCallsThatHaveLeft', driver, path]);
      const names = await Promise.all(reasons);
      assert.deepEqual(names, Array(100).fill('AbortError'));
    });
  });

  describe(`process.exit() of a server (${driver})`, () => {
    for (const [scenario, when] of /** @type {const} */ ([
      ['withRequestsOpen', 'with requests open'],
      ['inAHandler', 'in a handler'],
      ['inAnAsyncHandler', 'in an asynchronous handler'],
      ['inMiddleware', 'in middleware'],
      ['withLargeAnswers', 'with large answers under way']
    ])) {
      it(`${when} keeps its exit code and fails the calls`, async (t) => {
        const path = socketPath(t);
        const child = start(t, SCRIPT, [scenario, driver, path]);
        await child.says('listening');
        const socket = await connect(t, path);
        const calls = Array.from({ length: 100 }, () => socket.rpc('a'.repeat(100)));
        const codes = new Set((await Promise.allSettled(calls)).map(code));
        assertQuiet(await child.ended, 7);
        codes.delete('answered');
        assert.deepEqual([...codes], ['SHORTWIRE_ERR_DISCONNECTED']);
      });
    }

    it('in a connection listener keeps its exit code', async (t) => {
      const path = socketPath(t);
      const child = start(t, SCRIPT, ['inAConnectionListener', driver, path]);
      await child.says('listening');
      const socket = new UDSocket({ driver, reconnect: false });
      await socket.connect(path).catch(() => {});
      assertQuiet(await child.ended, 7);
    });

    it('while it starts keeps its exit code', async (t) => {
      assertQuiet(await run(SCRIPT, ['whileStarting', driver, socketPath(t)]), 7);
    });
  });

  describe(`process.exit() of a process that talks to itself (${driver})`, () => {
    it('in the middle of a load keeps its exit code', async (t) => {
      assertQuiet(await run(SCRIPT, ['inTheMiddleOfALoad', driver, socketPath(t)]), 7);
    });

    it('may use everything in its exit listeners', async (t) => {
      const outcome = await run(SCRIPT, ['withExitHandlers', driver, socketPath(t)]);
      assertQuiet(outcome, 7);
      assert.deepEqual(outcome.lines, ['left']);
    });

    it('may use what is closed in its exit listeners', async (t) => {
      const path = socketPath(t);
      await serve(t, path);
      const outcome = await run(SCRIPT, ['withExitHandlersAfterClosing', driver, path]);
      assertQuiet(outcome, 7);
      assert.deepEqual(outcome.lines, ['closed']);
    });
  });

  /**
   * @param {import('node:test').TestContext} t
   * @param {string} path
   */
  async function serve(t, path) {
    /** @type {Promise<string>[]} */
    const reasons = [];
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {any} */ payload, /** @type {any} */ { socket, signal }) => {
      if (payload === 'message me') {
        socket.send('here you are');
        socket.send('and again');
      }
      if (payload !== 'never') return 'fine';
      reasons.push(
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve(signal.reason.name))
        )
      );
      return new Promise(() => {});
    });
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 10 }));
    return { reasons };
  }

  /**
   * @param {import('node:test').TestContext} t
   * @param {string} path
   */
  async function connect(t, path) {
    const socket = new UDSocket({ driver, reconnect: false, timeoutMs: 30_000 });
    await socket.connect(path);
    t.after(() => socket.destroy());
    return socket;
  }
});

/** @param {PromiseSettledResult<unknown>} result */
function code(result) {
  return result.status === 'rejected' ? result.reason.code : 'answered';
}
