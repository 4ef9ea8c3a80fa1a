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
const MIB = 1 << 20;

/** What the workers do, how many, the bytes of a payload, and by how much memory may differ. */
const STORMS = /** @type {const} */ ([
  ['server', 'that serve', 40, 16, 24 * MIB],
  ['client', 'with calls in flight', 40, 16, 24 * MIB],
  ['loading', 'that load the addon', 40, 16, 24 * MIB],
  ['connecting', 'that connect', 40, 16, 24 * MIB],
  ['listening', 'that begin to listen', 40, 16, 24 * MIB],
  ['pair', 'that talk to themselves', 40, 16, 24 * MIB],
  ['server', 'that are asked for large things', 24, LARGE, 160 * MIB],
  ['client', 'that ask for large things', 24, LARGE, 160 * MIB]
]);

forEachDriver((driver) => {
  describe(`many terminated workers (${driver})`, () => {
    for (const [role, what, workers, size, moreBytes] of STORMS) {
      it(`${what} leave nothing behind`, (t) => storm(t, role, workers, size, moreBytes));
    }
  });

  /**
   * @param {import('node:test').TestContext} t
   * @param {string} role
   * @param {number} workers
   * @param {number} size
   * @param {number} moreBytes
   */
  async function storm(t, role, workers, size, moreBytes) {
    const args = [role, driver, socketPath(t), `${workers}`, `${size}`];
    assertNothingLeft(await run(SCRIPT, args, { deadlineMs: 120_000 }), moreBytes);
  }
});

describe('three hundred terminated workers with four busy inline connections each', () => {
  it('leave nothing behind', async (t) => {
    const args = ['clients', 'inline', socketPath(t), '300', '64'];
    assertNothingLeft(await run(SCRIPT, args, { deadlineMs: 120_000 }), 24 * MIB);
  });
});

/**
 * @param {import('../support/child.js').Outcome} outcome
 * @param {number} moreBytes
 */
function assertNothingLeft(outcome, moreBytes) {
  assertQuiet(outcome);
  const { before, after, failures, left } = JSON.parse(outcome.stdout);
  assert.deepEqual({ failures, left }, { failures: [], left: [] });
  assert.equal(after.descriptors, before.descriptors);
  assert.equal(after.sockets, before.sockets);
  assert.equal(after.threads, before.threads);
  const grown = after.rssBytes - before.rssBytes;
  assert.ok(grown < moreBytes, `it has grown by ${grown} bytes`);
}
