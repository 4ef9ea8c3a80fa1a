// A process ends when nothing is left to do, and not before, as with Node's own sockets.

'use strict';

const assert = require('node:assert/strict');
const { writeFileSync } = require('node:fs');
const net = require('node:net');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet, run, start } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/exit.js');
/** How long an ended conversation may keep a process: Node itself takes some tens of milliseconds to leave. */
const PROMPT_MS = 1000;

forEachDriver((driver) => {
  describe(`a process whose client (${driver})`, () => {
    for (const [scenario, what, lines] of /** @type {const} */ ([
      ['clientClosed', 'is closed ends', ['HELLO', 'closed']],
      ['clientClosedByPeer', 'was closed by its peer ends', ['closed']],
      ['clientDestroyed', 'is destroyed ends', ['SHORTWIRE_ERR_CLOSED']],
      ['clientClosedWithDistantDeadline', 'had distant deadlines ends', ['HELLO', 'closed']],
      ['clientHolds', 'is connected and idle goes on', ['held']],
      ['clientUnreferenced', 'is unreferenced ends', ['unreferenced']],
      ['clientUnreferencedBeforeConnect', 'was unreferenced early still connects', ['connected']],
      ['clientReferencedAgain', 'is referenced again goes on', ['held']],
      ['clientUnreferencedWithCall', 'is unreferenced does not wait for an answer', ['asked']],
      ['clientUnreferencedAfterLargeCall', 'had a large answer can be unreferenced', ['1048576']],
      ['clientNeverConnected', 'was never connected ends', ['made']],
      [
        'clientNeverConnectedWithCall',
        'was never connected waits for its calls to time out',
        ['SHORTWIRE_ERR_TIMEOUT false']
      ],
      [
        'clientNeverConnectedWithCallUnreferenced',
        'was never connected nor referenced does not wait for its calls',
        ['asked']
      ]
    ])) {
      it(what, async (t) => {
        const path = socketPath(t);
        await serve(t, path, driver);
        assertPrompt(await run(SCRIPT, [scenario, driver, path]), lines);
      });
    }

    it('finds nobody at the path ends', async (t) => {
      const path = socketPath(t);
      assertPrompt(await run(SCRIPT, ['clientFailedToConnect', driver, path]), ['ENOENT']);
    });

    it('finds a file at the path that is no socket ends', async (t) => {
      const path = socketPath(t);
      writeFileSync(path, '');
      assertPrompt(await run(SCRIPT, ['clientFailedToConnect', driver, path]), ['ECONNREFUSED']);
    });

    it('finds nobody at the path rejects what was queued', async (t) => {
      const outcome = await run(SCRIPT, ['clientFailedToConnectWithCall', driver, socketPath(t)]);
      assertPrompt(outcome, ['ENOENT SHORTWIRE_ERR_DISCONNECTED false']);
    });

    it('is connecting and gives up ends', async (t) => {
      const path = socketPath(t);
      await mute(t, path);
      assertPrompt(await run(SCRIPT, ['clientAborted', driver, path]), ['AbortError']);
    });
  });

  describe(`a process whose server (${driver})`, () => {
    for (const [scenario, what, lines] of /** @type {const} */ ([
      ['serverClosed', 'is closed ends', ['closed']],
      ['serverHolds', 'listens goes on', ['held']],
      ['serverUnreferenced', 'is unreferenced ends', ['unreferenced']],
      ['serverUnreferencedBeforeStart', 'was unreferenced early still starts', ['listening']],
      ['serverReferencedAgain', 'is referenced again goes on', ['held']],
      ['serverNeverStarted', 'was never started ends', ['made']]
    ])) {
      it(what, async (t) => {
        assertPrompt(await run(SCRIPT, [scenario, driver, socketPath(t)]), lines);
      });
    }

    it("can't start ends", async (t) => {
      const path = socketPath(t);
      await serve(t, path, driver);
      const outcome = await run(SCRIPT, ['serverFailedToStart', driver, path]);
      assertPrompt(outcome, ['EADDRINUSE']);
    });

    it('closes while clients are connected ends', async (t) => {
      const path = socketPath(t);
      const child = start(t, SCRIPT, ['serverClosedWithClients', driver, path]);
      await child.says('listening');
      const socket = await connect(t, path, driver);
      assert.equal(await socket.rpc('close'), 'closing');
      assertPrompt(await child.ended, ['listening', 'closed']);
    });

    it('is unreferenced goes on while a client is connected', async (t) => {
      const path = socketPath(t);
      const child = start(t, SCRIPT, ['serverUnreferencedWithClient', driver, path]);
      await child.says('listening');
      await connect(t, path, driver);
      assertPrompt(await child.ended, ['listening', 'held']);
    });

    it('has had clients goes on after they have left', async (t) => {
      const path = socketPath(t);
      const child = start(t, SCRIPT, ['serverServes', driver, path]);
      await child.says('listening');
      for (let i = 0; i < 3; i++) {
        const socket = await connect(t, path, driver);
        assert.equal(await socket.rpc('still there?'), 'STILL THERE?');
        await socket.close();
      }
    });
  });

  it(`a process without a standard input ends all the same (${driver})`, async (t) => {
    const path = socketPath(t);
    await serve(t, path, driver);
    const stdio = /** @type {const} */ (['ignore', 'pipe', 'pipe']);
    const outcome = await run(SCRIPT, ['clientClosed', driver, path], { stdio: [...stdio] });
    assertPrompt(outcome, ['HELLO', 'closed']);
  });
});

/**
 * @param {import('../support/child.js').Outcome} outcome
 * @param {readonly string[]} lines
 */
function assertPrompt(outcome, lines) {
  assert.deepEqual(outcome.lines, lines, outcome.stderr);
  assertQuiet(outcome);
  assert.ok(outcome.lingeredMs < PROMPT_MS, `it lingered for ${outcome.lingeredMs} ms`);
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} path
 * @param {'inline' | 'task'} driver
 */
async function serve(t, path, driver) {
  const server = new UDSocketServer({ driver });
  server.handle((/** @type {string} */ payload, /** @type {any} */ { socket }) => {
    if (payload === 'close') socket.close({ timeoutMs: 10 });
    if (payload === 'close' || payload === 'never') return new Promise(() => {});
    return payload.length > 1000 ? { length: payload.length } : payload.toUpperCase();
  });
  await server.start(path);
  t.after(() => server.close({ timeoutMs: 0 }));
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} path
 * @param {'inline' | 'task'} driver
 */
async function connect(t, path, driver) {
  const socket = new UDSocket({ driver, reconnect: false });
  await socket.connect(path);
  t.after(() => socket.destroy());
  return socket;
}

/**
 * Accepts and says nothing.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} path
 */
async function mute(t, path) {
  const server = net.createServer((socket) => t.after(() => socket.destroy()));
  await new Promise((/** @type {(value: void) => void} */ resolve) => server.listen(path, resolve));
  t.after(() => server.close());
}
