// Builds the native addon with cargo: what `npm install` in a clone runs, and `npm run build`.
//
// Nothing is downloaded here, and users of the published package never get here: npm runs `prepare` in a clone only. Without a
// Rust compiler it ends with an error on purpose, since a clone whose addon is missing can do nothing at all, and a success now
// would come back as a puzzling failure at the first `require`.
//
//   node scripts/prepare.mjs            build unless the addon is newer than its sources
//   node scripts/prepare.mjs --force    build in any case (cargo itself still skips what is fresh)

import { utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { addonPath, staleReason } from './support/addon.mjs';
import { available, root, run } from './support/run.mjs';

const NO_RUST = `
shortwire: no Rust compiler was found, and a clone builds its native addon from source.

  To fix it, one of:
    - install Rust 1.91 or newer (https://rustup.rs), open a new terminal, and run this command again;
    - if you only want to use shortwire, install the published package instead of a clone:
      "npm install shortwire" brings a built addon and needs no compiler;
    - if you only want to read, or to edit documents: "npm install --ignore-scripts".
`;

const NO_TOOLS = `
shortwire: the build tool is missing from node_modules (development dependencies were left out).

  To fix it: "npm ci --include=dev".
`;

const FAILED = `
shortwire: the native addon could not be built; cargo's own message is above.

  If it speaks of the compiler's version: shortwire needs Rust 1.91 or newer ("rustup update").
  If it speaks of a missing linker or "cc": install a C compiler (Debian: build-essential, macOS: xcode-select --install).
`;

const BUILD = ['build', '--platform', '--release', '--js', 'binding.js', '--dts', 'binding.d.ts'];

process.exitCode = await prepare(process.argv.includes('--force'));

/**
 * @param {boolean} force
 * @returns {Promise<number>} the exit code
 */
async function prepare(force) {
  const reason = force ? 'asked to' : staleReason();
  if (!reason) {
    console.log('shortwire: the addon is up to date');
    return 0;
  }
  const tool = findBuildTool();
  if (!tool) return fail(NO_TOOLS);
  if (!available('cargo')) return fail(NO_RUST);
  console.log(`shortwire: building the addon (${reason}); the first time takes a minute or two`);
  if ((await run(process.execPath, [tool, ...BUILD])) !== 0) return fail(FAILED);
  // cargo's copy keeps the time of the last link, which can be older than a source that was only touched.
  utimesSync(addonPath(), new Date(), new Date());
  console.log(`shortwire: built ${relative(root, addonPath())}`);
  return 0;
}

/** The script of @napi-rs/cli, run by this very node; looked up, since `npx` would offer to download it. */
function findBuildTool() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve('@napi-rs/cli/package.json');
    return join(dirname(manifest), require(manifest).bin.napi);
  } catch {
    return undefined;
  }
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  return 1;
}
