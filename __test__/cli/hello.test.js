// Who may come in: `--hello` on one side, a module's `authorize` on the other.

'use strict';

const assert = require('node:assert/strict');
const { writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { describe, it } = require('node:test');

const { socketPath } = require('../support/address.js');
const { assertQuiet } = require('../support/child.js');
const { startTool, tool } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');

const MODULE = `
  export function authorize(hello) {
    if (hello === 'trouble') throw new Error('not before noon');
    return hello?.token === 'secret' && { name: 'Ada' };
  }
  export default (payload, { socket }) => socket.auth.name;
`;

forEachDriver((driver) => {
  describe(`a server with authorize (${driver})`, () => {
    /** @param {import('node:test').TestContext} t */
    async function serve(t) {
      const path = socketPath(t);
      const folder = dirname(path);
      writeFileSync(join(folder, 'handlers.mjs'), MODULE);
      writeFileSync(join(folder, 'token.json'), '{"token":"secret"}');
      const args = ['serve', path, join(folder, 'handlers.mjs'), '-v', '--driver', driver];
      const child = startTool(t, args);
      await child.stderrSays(/listening/);
      return { child, path, folder };
    }

    const call = (t, /** @type {string[]} */ ...args) =>
      tool(t, ['call', ...args, '--driver', driver]);

    it('lets in whom it knows, by an argument or a file', async (t) => {
      const { path, folder } = await serve(t);
      for (const hello of ['{"token":"secret"}', `@${join(folder, 'token.json')}`]) {
        const outcome = await call(t, path, '1', '--hello', hello);
        assertQuiet(outcome);
        assert.equal(outcome.stdout, '"Ada"\n');
      }
    });

    it('refuses others, who end with 6 and are told the reason', async (t) => {
      const { path } = await serve(t);
      for (const [args, words] of /** @type {[string[], RegExp][]} */ ([
        [[], /SHORTWIRE_ERR_REFUSED.*\n.*--hello/],
        [['--hello', '{"token":"wrong"}'], /SHORTWIRE_ERR_REFUSED/],
        [['--hello', '"trouble"'], /SHORTWIRE_ERR_REFUSED: .*not before noon/]
      ])) {
        const { code, stdout, stderr } = await call(t, path, '1', ...args);
        assert.deepEqual([code, stdout], [6, ''], stderr);
        assert.match(stderr, words);
      }
    });

    it('does not print what it was told', async (t) => {
      const { child, path } = await serve(t);
      await call(t, path, '1', '--hello', '{"token":"secret"}');
      /** @type {string[]} */
      const lines = [];
      do lines.push(await child.line());
      while (!lines.at(-1)?.includes('"disconnect"'));
      assert.doesNotMatch(lines.join(), /secret/);
    });
  });
});

describe('--hello', () => {
  for (const [name, hello, words] of /** @type {const} */ ([
    ['no JSON', '{token}', /--hello is not JSON/],
    ['a file that is not there', '@/nowhere/token.json', /--hello: ENOENT/]
  ])) {
    it(`of ${name} ends with 2`, async (t) => {
      const { code, stderr } = await tool(t, ['ping', socketPath(t), '--hello', hello]);
      assert.equal(code, 2);
      assert.match(stderr, words);
    });
  }
});

it('an authorize that is no function ends with 2', async (t) => {
  const path = socketPath(t);
  writeFileSync(`${path}.mjs`, 'export default () => 1; export const authorize = true;');
  const { code, stderr } = await tool(t, ['serve', path, `${path}.mjs`]);
  assert.equal(code, 2);
  assert.match(stderr, /authorize is no function/);
});
