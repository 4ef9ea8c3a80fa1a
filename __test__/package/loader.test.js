// The way from `require('shortwire')` to the addon: through a bundler, and when the addon is not there.

'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, before, describe, it } = require('node:test');

const { build } = require('esbuild');

const { platformName, root } = require('../support/npm.js');

/** A program that needs the whole way: both classes, one call. */
const PROGRAM = `
import UDSocket, { UDSocketServer } from 'shortwire';
async function main() {
  const server = new UDSocketServer();
  server.on('connection', socket => socket.handle(payload => payload.toUpperCase()));
  await server.start(process.argv[2]);
  const socket = new UDSocket();
  await socket.connect(process.argv[2]);
  console.log(await socket.rpc('through a bundle'));
  await socket.close();
  await server.close();
}
main();`;

/** A bundle of CommonJS code in ESM form needs a \`require\`: esbuild's own advice. */
const ESM_BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** @type {{ name: string, file: string, options: import('esbuild').BuildOptions }[]} */
const BUNDLES = [
  { name: 'CommonJS', file: 'bundle.cjs', options: { format: 'cjs' } },
  { name: 'ESM', file: 'bundle.mjs', options: { format: 'esm', banner: { js: ESM_BANNER } } },
  { name: 'minified', file: 'small.cjs', options: { format: 'cjs', minify: true } }
];

describe('a bundle with *.node left outside', () => {
  const directory = mkdtempSync(join(tmpdir(), 'shortwire-bundle-'));
  /** @type {string} */
  let addon;

  before(async () => {
    addon = `shortwire.${await platformName()}.node`;
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const { name, file, options } of BUNDLES) {
    it(`works with the addon beside it (${name})`, async () => {
      const folder = await bundle(name, file, options);
      copyFileSync(join(root, addon), join(folder, addon));
      const { stdout, stderr } = runBundle(folder, file);
      assert.equal(stderr, '');
      assert.equal(stdout, 'THROUGH A BUNDLE\n');
    });
  }

  it('says what is missing when the addon is not there', async () => {
    const folder = await bundle('missing', 'bundle.cjs', { format: 'cjs' });
    const { status, stderr } = runBundle(folder, 'bundle.cjs');
    assert.notEqual(status, 0);
    assert.ok(stderr.includes(`@shortwire/binding-${await platformName()}`), stderr);
    assert.match(stderr, /no native addon for/);
    assert.match(stderr, /install again with optional dependencies/);
  });

  it('takes an addon from the path that NAPI_RS_NATIVE_LIBRARY_PATH names', async () => {
    const folder = await bundle('elsewhere', 'bundle.cjs', { format: 'cjs' });
    const env = { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: join(root, addon) };
    assert.equal(runBundle(folder, 'bundle.cjs', env).stdout, 'THROUGH A BUNDLE\n');
  });

  /**
   * @param {string} name
   * @param {string} file
   * @param {import('esbuild').BuildOptions} options
   */
  async function bundle(name, file, options) {
    const folder = join(directory, name);
    mkdirSync(folder);
    const { errors } = await build({
      stdin: { contents: PROGRAM, resolveDir: root },
      outfile: join(folder, file),
      bundle: true,
      platform: 'node',
      external: ['*.node'],
      logLevel: 'silent',
      ...options
    });
    assert.deepEqual(errors, []);
    // The folder stands for a machine to which only the bundle was carried.
    writeFileSync(join(folder, 'package.json'), '{}');
    return folder;
  }

  /**
   * @param {string} folder
   * @param {string} file
   * @param {NodeJS.ProcessEnv} [env]
   */
  function runBundle(folder, file, env = process.env) {
    return spawnSync(process.execPath, [file, join(folder, 'b.sock')], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 30_000
    });
  }
});
