// A process pays for what it uses: what a conversation of calls doesn't need isn't loaded.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { test } = require('node:test');

const { socketPath } = require('../support/address.js');
const { assertQuiet, run } = require('../support/child.js');

const SCRIPT = join(__dirname, 'scripts/loading.js');

test('streams, files, TLS and crypto are loaded when they are needed', async (t) => {
  const outcome = await run(SCRIPT, [socketPath(t)]);
  assertQuiet(outcome);
  assert.deepEqual(
    outcome.lines.map((line) => JSON.parse(line)),
    [
      { step: 'required', loaded: [] },
      { step: 'called', loaded: [] },
      // A file's bytes are a stream: they come together.
      { step: 'streamed', loaded: ['lib/streams/', 'lib/files/'] }
    ]
  );
});
