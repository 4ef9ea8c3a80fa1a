// Files on the command line: `--file` beside payloads, `--save` for those of answers.

'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { describe, it } = require('node:test');
const { buffer } = require('node:stream/consumers');

const { assertQuiet } = require('../support/child.js');
const { tool, values } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');

const BYTES = randomBytes(300_000);

forEachDriver((driver) => {
  describe(`files on the command line (${driver})`, () => {
    /** @param {import('node:test').TestContext} t */
    async function serve(t) {
      const { server, path } = await listen(t, { driver });
      const folder = dirname(path);
      writeFileSync(join(folder, 'big.bin'), BYTES);
      writeFileSync(join(folder, 'small.txt'), 'small');
      mkdirSync(join(folder, 'inbox'));
      return { server, path, folder };
    }

    const run = (t, /** @type {string[]} */ ...args) => tool(t, [...args, '--driver', driver]);

    it('go beside the payload of a call', async (t) => {
      const { server, path, folder } = await serve(t);
      server.handle('put', async (payload, { files }) => {
        const contents = await Promise.all(files.map((file) => buffer(file)));
        return [
          payload,
          files.map(({ name }) => name),
          contents[0].equals(BYTES),
          `${contents[1]}`
        ];
      });
      const args = ['--file', join(folder, 'big.bin'), '-f', join(folder, 'small.txt')];
      const outcome = await run(t, 'call', path, '7', '--topic', 'put', ...args);
      assertQuiet(outcome);
      assert.deepEqual(values(outcome), [[7, ['big.bin', 'small.txt'], true, 'small']]);
    });

    it('go beside a message', async (t) => {
      const { server, path, folder } = await serve(t);
      const heard = new Promise((resolve) =>
        server.on('message:put', async (payload, _socket, { files }) =>
          resolve([payload, String(await buffer(files[0]))])
        )
      );
      const args = ['--topic', 'put', '--file', join(folder, 'small.txt')];
      assertQuiet(await run(t, 'send', path, '7', ...args));
      assert.deepEqual(await heard, [7, 'small']);
    });

    it('of an answer are saved, and never over what is there', async (t) => {
      const { server, path, folder } = await serve(t);
      server.handle('get', (_, context) =>
        context.reply('here', { files: [{ path: join(folder, 'big.bin') }] })
      );
      const inbox = join(folder, 'inbox');
      const get = () => run(t, 'call', path, '1', '--topic', 'get', '--save', inbox);
      const outcome = await get();
      assert.deepEqual([outcome.code, outcome.stdout], [0, '"here"\n']);
      assert.match(outcome.stderr, /^saved .*inbox\/big\.bin\n$/);
      assert.ok(readFileSync(join(inbox, 'big.bin')).equals(BYTES));
      const again = await get();
      assert.equal(again.code, 7);
      assert.match(again.stderr, /EEXIST/);
    });

    it('with names that lead elsewhere are refused', async (t) => {
      const { server, path, folder } = await serve(t);
      server.handle('get', (_, context) =>
        context.reply(1, { files: [{ name: '../out.txt', buffer: Buffer.from('x') }] })
      );
      const args = ['--topic', 'get', '--save', join(folder, 'inbox')];
      const { code, stderr } = await run(t, 'call', path, '1', ...args);
      assert.notEqual(code, 0);
      assert.match(stderr, /SHORTWIRE_ERR_/);
    });
  });
});

describe('options of files', () => {
  for (const [name, args, words] of /** @type {const} */ ([
    ['a file that is not there', ['call', '/tmp/x', '1', '-f', '/nowhere/x'], /--file: ENOENT/],
    ['a directory for a file', ['send', '/tmp/x', '1', '-f', __dirname], /is no file/],
    ['a file for a directory', ['call', '/tmp/x', '1', '--save', __filename], /is no directory/]
  ])) {
    it(`${name} ends with 2`, async (t) => {
      const { code, stderr } = await tool(t, [...args]);
      assert.match(stderr, words);
      assert.equal(code, 2);
    });
  }
});
