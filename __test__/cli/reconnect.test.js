// Servers that are not there yet, or come back: `--wait` and `listen --reconnect`.

'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet } = require('../support/child.js');
const { startTool, tool } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');
const { nextEvent } = require('../support/events.js');

forEachDriver((driver) => {
  /**
   * @param {import('node:test').TestContext} t
   * @param {string} path
   */
  async function serve(t, path) {
    const server = new UDSocketServer({ driver });
    server.handle((payload) => payload);
    t.after(() => server.close({ timeoutMs: 0 }));
    await server.start(path);
    return server;
  }

  describe(`--wait (${driver})`, () => {
    it('waits for a server that is not there yet', async (t) => {
      const path = socketPath(t);
      const child = startTool(t, ['call', path, '1', '--wait', '0', '--driver', driver]);
      // It has been looked for in vain by then, or will be found at once: both are right.
      await serve(t, path);
      const outcome = await child.ended;
      assertQuiet(outcome);
      assert.equal(outcome.stdout, '1\n');
    });

    it('ends with 3 and the reason of the last attempt when nobody comes', async (t) => {
      const path = socketPath(t);
      const { code, stderr } = await tool(t, ['ping', path, '--wait', '400ms', '--driver', driver]);
      assert.equal(code, 3);
      assert.match(stderr, /ENOENT[^]*Is the server running/);
    });

    it('ends with 130 at Ctrl-C', async (t) => {
      const path = socketPath(t);
      const args = ['listen', path, '--wait', '0', '--driver', driver];
      const child = startTool(t, args);
      await child.stderrSays(/not connected: connect ENOENT/);
      child.kill('SIGINT');
      assert.equal((await child.ended).code, 130);
    });
  });

  describe(`shortwire listen --reconnect (${driver})`, () => {
    it('goes on when the server is back, with its subscriptions', async (t) => {
      const path = socketPath(t);
      const first = await serve(t, path);
      const met = nextEvent(first, 'connection');
      const args = ['listen', path, '--reconnect', '--topic', 'a', '--driver', driver];
      const child = startTool(t, args);
      const [before] = await met;
      await before.ping();
      await first.broadcast(1, { topic: 'a' });
      assert.deepEqual(JSON.parse(await child.line()), { topic: 'a', payload: 1 });
      await first.close();
      const second = await serve(t, path);
      const [after] = await nextEvent(second, 'connection');
      await after.ping();
      await second.broadcast(2, { topic: 'b' });
      await second.broadcast(3, { topic: 'a' });
      assert.deepEqual(JSON.parse(await child.line()), { topic: 'a', payload: 3 });
      child.kill('SIGINT');
      assert.equal((await child.ended).code, 130);
    });
  });
});
