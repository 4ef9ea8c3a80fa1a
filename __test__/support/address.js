// Paths for sockets: one per test, in a directory of its own that is gone afterwards.
//
// Must not know: who listens there.

'use strict';

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/**
 * A path at which nothing is, short enough for a socket.
 *
 * @param {{ after: (done: () => void) => void }} test the context of the test, or of the suite's `after`
 * @returns {string}
 */
function socketPath(test) {
  const directory = mkdtempSync(join(tmpdir(), 'shortwire-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 's');
}

module.exports = { socketPath };
