// `shortwire call --iterate`: answers in parts.

'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { assertQuiet } = require('../support/child.js');
const { startTool, tool, values } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');

forEachDriver((driver) => {
  describe(`shortwire call --iterate (${driver})`, () => {
    /** @param {import('node:test').TestContext} t */
    async function serve(t) {
      const { server, path } = await listen(t, { driver });
      server.handle('count', async function* (most) {
        for (let n = 1; n <= most; n++) yield { n };
      });
      server.handle('break', async function* () {
        yield 1;
        throw Object.assign(new Error('broke off'), { code: 'BROKEN' });
      });
      server.handle('one', () => 'alone');
      return { server, path };
    }

    const iterate = (t, /** @type {string[]} */ ...args) =>
      tool(t, ['call', ...args, '--iterate', '--driver', driver]);

    it('prints each part', async (t) => {
      const { path } = await serve(t);
      const outcome = await iterate(t, path, '3', '--topic', 'count');
      assertQuiet(outcome);
      assert.deepEqual(values(outcome), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    });

    it('prints an answer in one part, too', async (t) => {
      const { path } = await serve(t);
      assert.deepEqual(values(await iterate(t, path, '1', '--topic', 'one')), ['alone']);
    });

    it('prints the parts of one call after those of another', async (t) => {
      const { path } = await serve(t);
      const args = ['call', path, '--topic', 'count', '--iterate', '--driver', driver];
      const outcome = await tool(t, args, { input: '2 0 1' });
      assert.deepEqual(values(outcome), [{ n: 1 }, { n: 2 }, { n: 1 }]);
    });

    it('tells of an error after the parts before it, and ends with 1', async (t) => {
      const { path } = await serve(t);
      const outcome = await iterate(t, path, '1', '--topic', 'break');
      assert.deepEqual([outcome.code, outcome.stdout], [1, '1\n']);
      assert.match(outcome.stderr, /broke off\n.*"BROKEN"/);
    });

    it('takes the call back at Ctrl-C, and ends with 130', async (t) => {
      const { server, path } = await serve(t);
      const taken = new Promise((resolve) =>
        server.handle('watch', async function* (_, { signal }) {
          signal.addEventListener('abort', resolve);
          yield 'first';
          await new Promise(() => {});
        })
      );
      const args = ['call', path, '1', '--topic', 'watch', '--iterate', '--driver', driver];
      const child = startTool(t, args);
      await child.says('"first"');
      child.kill('SIGINT');
      await taken;
      assertQuiet(await child.ended, 130);
    });

    it('waits for a part no longer than --timeout', async (t) => {
      const { server, path } = await serve(t);
      server.handle('slow', async function* () {
        yield 1;
        await new Promise(() => {});
      });
      const outcome = await iterate(t, path, '1', '--topic', 'slow', '-t', '500ms');
      assert.deepEqual([outcome.code, outcome.stdout], [4, '1\n']);
    });

    it('is what a call without it is told to use', async (t) => {
      const { path } = await serve(t);
      const args = ['call', path, '1', '--topic', 'count', '--driver', driver];
      const { code, stderr } = await tool(t, args);
      assert.equal(code, 7);
      assert.match(stderr, /call it with --iterate/);
    });

    it('does not go with --concurrency', async (t) => {
      const { path } = await serve(t);
      const { code, stderr } = await iterate(t, path, '1', '-c', '2');
      assert.equal(code, 2);
      assert.match(stderr, /one call after another/);
    });
  });
});
