// Worker threads terminated by the hundred, in the middle of everything: nothing crashes, every call
// into them settles, and no descriptor, socket, path, thread or memory is left behind.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { socketPath } = require('../support/address.js');
const { assertQuiet, run } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/storm.js');
const LARGE = 1 << 20;

/**
 * By how much memory may differ. What remains doesn't grow with the number of workers (20 to 45 MB from 24 to 192
 * of them, with large frames): the process's pool of large buffers, at most 32 MB, and garbage of Node's.
 */
const MORE_BYTES = 96 << 20;
const SETTINGS = {
  deadlineMs: 120_000,
  nodeArgs: ['--expose-gc'],
  // glibc keeps freed megabytes in the arenas of its threads, unless told that it need not learn to.
  env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' }
};

/** What the workers do, how many, and the bytes of a payload. */
const STORMS = /** @type {const} */ ([
  ['server', 'that serve', 40, 16],
  ['client', 'with calls in flight', 40, 16],
  ['loading', 'that load the addon', 40, 16],
  ['connecting', 'that connect', 40, 16],
  ['listening', 'that begin to listen', 40, 16],
  ['pair', 'that talk to themselves', 40, 16],
  ['server', 'that are asked for large things', 24, LARGE],
  ['client', 'that ask for large things', 24, LARGE]
]);

forEachDriver((driver) => {
  describe(`many terminated workers (${driver})`, () => {
    for (const [role, what, workers, size] of STORMS) {
      it(`${what} leave nothing behind`, (t) => storm(t, role, workers, size));
    }
  });

  /**
   * @param {import('node:test').TestContext} t
   * @param {string} role
   * @param {number} workers
   * @param {number} size
   */
  async function storm(t, role, workers, size) {
    const args = [role, driver, socketPath(t), `${workers}`, `${size}`];
    assertNothingLeft(await run(SCRIPT, args, SETTINGS));
  }
});

describe('three hundred terminated workers with four busy inline connections each', () => {
  it('leave nothing behind', async (t) => {
    const args = ['clients', 'inline', socketPath(t), '300', '64'];
    assertNothingLeft(await run(SCRIPT, args, SETTINGS));
  });
});

/**
 * @param {import('../support/child.js').Outcome} outcome
 */
function assertNothingLeft(outcome) {
  assertQuiet(outcome);
  const { before, after, failures, left } = JSON.parse(outcome.stdout);
  assert.deepEqual({ failures, left }, { failures: [], left: [] });
  assert.equal(after.descriptors, before.descriptors);
  assert.equal(after.sockets, before.sockets);
  assert.equal(after.threads, before.threads);
  const grown = after.rssBytes - before.rssBytes;
  assert.ok(grown < MORE_BYTES, `it has grown by ${grown} bytes`);
}
