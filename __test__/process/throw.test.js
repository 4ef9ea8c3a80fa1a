// What becomes of a throw: in a handler it is the caller's answer, in a listener an
// `uncaughtException`, of a call nobody looks after an `unhandledRejection`; and everybody else's
// business goes on.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet, run, start } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/throw.js');

forEachDriver((driver) => {
  describe(`a throw that answers a request (${driver})`, () => {
    for (const [scenario, where] of /** @type {const} */ ([
      ['handler', 'in a handler'],
      ['asyncHandler', 'in an asynchronous handler'],
      ['middleware', 'in middleware'],
      ['asyncMiddleware', 'in asynchronous middleware']
    ])) {
      it(`${where} fails the call and is caught`, async (t) => {
        const { child, socket } = await meet(t, scenario);
        const error = await socket.call('throw', 1).catch((/** @type {any} */ failure) => failure);
        assert.deepEqual([error.code, error.remote?.message], ['SHORTWIRE_ERR_REMOTE', 'boom']);
        await end(socket);
        assertSaid(await child.ended, ['listening']);
      });
    }

    it('after its caller has left is caught', async (t) => {
      const { child, socket, path } = await meet(t, 'rejectsForNobody');
      const call = socket.call('throw', 1).catch(() => {});
      await child.says('asked');
      socket.destroy();
      await call;
      await child.says('abandoned');
      await end(await connect(t, path));
      assertSaid(await child.ended, ['listening', 'asked', 'abandoned']);
    });
  });

  describe(`a throw in a listener (${driver})`, () => {
    for (const scenario of ['serverMessage', 'serverTopic', 'socketMessage']) {
      it(`of messages costs nobody else a message (${scenario})`, async (t) => {
        const { child, socket } = await meet(t, scenario);
        for (const number of [1, 2, 3]) socket.notify('n', number);
        assert.equal(await socket.rpc('still there?'), 'fine');
        await end(socket);
        const { lines } = await child.ended;
        assert.deepEqual(lines.toSorted(), [
          'got 1',
          'got 2',
          'got 3',
          'listening',
          'uncaught boom'
        ]);
      });
    }

    for (const [scenario, event] of /** @type {const} */ ([
      ['connection', "of the server's connection event"],
      ['disconnect', "of the server's disconnect event"],
      ['socketClose', "of a socket's close event"]
    ])) {
      it(`${event} is an uncaught exception`, async (t) => {
        const { child, socket } = await meet(t, scenario);
        assert.equal(await socket.rpc('still there?'), 'fine');
        await end(socket);
        assertSaid(await child.ended, ['listening', 'uncaught boom']);
      });
    }

    it("of a request's signal is an uncaught exception", async (t) => {
      const { child, socket, path } = await meet(t, 'abortListener');
      const call = socket.call('throw', 1).catch(() => {});
      await socket.rpc('it has begun');
      socket.destroy();
      await call;
      await end(await connect(t, path));
      assertSaid(await child.ended, ['listening', 'uncaught boom']);
    });

    it('ends a process that does not watch for it', async (t) => {
      const { child, socket } = await meet(t, 'unwatched');
      socket.send('go');
      const { code, signal, stderr } = await child.ended;
      assert.deepEqual([code, signal], [1, null]);
      assert.match(stderr, /Error: boom\n/);
    });

    for (const [scenario, where, lines] of /** @type {const} */ ([
      [
        'readyListener',
        'of a connecting socket lets it connect',
        ['fine', 'uncaught boom', 'uncaught boom', 'uncaught boom', 'uncaught boom']
      ],
      ['connectCallback', 'given to connect is an uncaught exception', ['uncaught boom']],
      ['startCallback', 'given to start is an uncaught exception', ['uncaught boom']],
      ['droppedListener', 'of dropped messages is an uncaught exception', ['uncaught boom']]
    ])) {
      it(where, async (t) => {
        const outcome = await run(SCRIPT, [scenario, driver, await serve(t)]);
        assertQuiet(outcome);
        assert.deepEqual(outcome.lines.toSorted(), lines);
      });
    }
  });

  describe(`a failure that nobody looks after (${driver})`, () => {
    for (const [scenario, what, lines] of /** @type {const} */ ([
      ['rpcUnhandled', 'of a call is an unhandled rejection', ['unhandled SHORTWIRE_ERR_REMOTE']],
      ['rpcHandledLate', 'of a call is none once it was looked after', ['SHORTWIRE_ERR_TIMEOUT']],
      ['sendIgnored', 'of a message is none', []],
      ['thenThrows', 'of a continuation is an unhandled rejection', ['fine', 'unhandled boom']]
    ])) {
      it(what, async (t) => {
        const outcome = await run(SCRIPT, [scenario, driver, await serve(t)]);
        assertQuiet(outcome);
        assert.deepEqual(outcome.lines.toSorted(), lines);
      });
    }

    for (const [scenario, what, message] of /** @type {const} */ ([
      ['rpcUnhandledUnwatched', 'of a call ends the process', /SHORTWIRE_ERR_REMOTE/],
      ['connectFailureUnheard', 'of a connection with a callback ends the process', /ENOENT/],
      ['startFailureUnheard', 'of a start with a callback ends the process', /EADDRINUSE/]
    ])) {
      it(what, async (t) => {
        const { code, stdout, stderr } = await run(SCRIPT, [scenario, driver, await serve(t)]);
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, message);
      });
    }
  });

  /**
   * A script that serves, and a socket connected to it.
   *
   * @param {import('node:test').TestContext} t
   * @param {string} scenario
   */
  async function meet(t, scenario) {
    const path = socketPath(t);
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

  /** @param {import('node:test').TestContext} t */
  async function serve(t) {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {unknown} */ payload) => {
      if (payload === 'refuse') throw new Error('refused');
      return payload === 'never' ? new Promise(() => {}) : 'fine';
    });
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 10 }));
    return path;
  }
});

/**
 * Tells the script's server to close.
 *
 * @param {UDSocket} socket
 */
async function end(socket) {
  await socket.call('end', null);
}

/**
 * @param {import('../support/child.js').Outcome} outcome
 * @param {string[]} lines
 */
function assertSaid(outcome, lines) {
  assert.deepEqual(outcome.lines, lines, outcome.stderr);
  assertQuiet(outcome);
}
