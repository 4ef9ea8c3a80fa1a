// Descriptors: children inherit none of ours, and none stays open longer than its connection.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { it } = require('node:test');

const { socketPath } = require('../support/address.js');
const { assertQuiet, run } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/descriptors.js');

forEachDriver((driver) => {
  for (const [scenario, what, lines] of /** @type {const} */ ([
    ['inherited', 'a child inherits no descriptor', ['inheritable 0', 'inherited 0']],
    ['kept', 'no descriptor outlives its connection', ['kept 0']]
  ])) {
    it(`${what} (${driver})`, async (t) => {
      const stdio = /** @type {const} */ (['ignore', 'pipe', 'pipe']);
      const outcome = await run(SCRIPT, [scenario, driver, socketPath(t)], { stdio: [...stdio] });
      assert.deepEqual(outcome.lines, lines, outcome.stderr);
      assertQuiet(outcome);
    });
  }
});
