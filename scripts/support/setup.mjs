// Makes a fresh clone ready: installs what package-lock.json names, builds the addon. Does nothing where both are there.
//
// Must not know what the clone is made ready for.

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { staleReason } from './addon.mjs';
import { root, run } from './run.mjs';

/**
 * Readies the clone, or ends the process with the exit code of the step that failed (which has said why).
 *
 * @param {{ addon?: boolean }} [options] `addon: false` leaves the addon alone
 */
export async function setUp({ addon = true } = {}) {
  if (!installed()) {
    console.log('shortwire: installing the development dependencies (npm ci)');
    // Without scripts: the addon is built below, where its progress can be seen.
    await step('npm', ['ci', '--ignore-scripts', '--include=dev', '--loglevel=error']);
  }
  if (addon && staleReason()) await step(process.execPath, [join(root, 'scripts/prepare.mjs')]);
}

/** Is node_modules there, and not older than the lock file? npm writes its own copy of the lock last. */
function installed() {
  const mark = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(mark)) return false;
  return statSync(mark).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function step(command, args) {
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}
