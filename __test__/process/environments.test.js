// Several environments at once: worker threads that talk to the main thread and to each other, the
// package loaded twice, forked processes, clusters.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { it } = require('node:test');

const { socketPath } = require('../support/address.js');
const { assertQuiet, run } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/environments.js');

forEachDriver((driver) => {
  for (const [scenario, what, lines] of /** @type {const} */ ([
    ['mainAndWorker', 'the main thread and workers serve each other', ['2,4,6 me true']],
    ['workerAndWorker', 'workers serve each other', ['6 1', '0 0 0']],
    ['politeWorker', 'a worker whose client is closed ends', ['0']],
    [
      'exitingWorker',
      'a worker that leaves in a handler fails the call',
      ['7 SHORTWIRE_ERR_DISCONNECTED']
    ],
    ['throwingWorker', 'a throw in a listener ends the worker and nothing else', ['boom', '1']],
    ['loadedTwice', 'two copies of the package talk', ['true from 0 to 1 from 1 to 0']],
    ['bothModuleSystems', 'both module systems have the same classes', ['true true']],
    ['forks', 'forked processes talk to their parent', ['forked forked forked 0 0 0']],
    [
      'cluster',
      "a cluster's workers talk to their primary, whose path is taken",
      ['clustered-EADDRINUSE clustered-EADDRINUSE 0 0']
    ],
    ['threads', 'the number of threads does not depend on the connections', ['1']]
  ])) {
    it(`${what} (${driver})`, async (t) => {
      const outcome = await run(SCRIPT, [scenario, driver, socketPath(t)]);
      assert.deepEqual(outcome.lines, lines, outcome.stderr);
      assertQuiet(outcome);
    });
  }
});
