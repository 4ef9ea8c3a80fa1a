// Each example runs in a process of its own, as a reader would run it, and prints what it promises.

'use strict';

const assert = require('node:assert/strict');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const { assertQuiet, run } = require('../support/child.js');

const folder = join(__dirname, '../../examples');
/** Run by other tests. */
const OTHERS = /^(?:demo|hello)/;

/** What each prints, among other things; lines of two processes come in no particular order. */
const LINES = {
  'request-response.mjs': [
    'Hello, Ada! another process',
    'Hello, Grace! Hello, Barbara! Hello, Frances!'
  ],
  'topics.mjs': [
    "{ id: 7, name: 'Ada' }",
    "nobody knows about 'weather'",
    'an id is a number',
    'process number: that was all'
  ],
  'streams.mjs': ['the digest has 64 characters', '1009', '1013', 'no more primes are wanted'],
  'errors.mjs': [
    'ENOENT from the system',
    'SHORTWIRE_ERR_DISCONNECTED { maybeDelivered: false }',
    '  NoSuchUser NO_SUCH_USER { id: 7 }',
    'SHORTWIRE_ERR_TIMEOUT { maybeDelivered: true }',
    'SHORTWIRE_ERR_SERIALIZE { maybeDelivered: false }',
    'dropped: SHORTWIRE_ERR_CLOSED'
  ],
  'cancellation.mjs': [
    'AbortError SHORTWIRE_ERR_ABORTED - the user left the page',
    'stopped: The caller no longer wants the answer',
    'ShortwireError SHORTWIRE_ERR_TIMEOUT'
  ],
  'server-asks-client.mjs': ['Hello, Ada!', "[ 'Ada', 'Grace' ]"],
  'graceful-shutdown.mjs': [
    'goodbye: a new version is coming',
    'the report is finished',
    'the connection is closed',
    'the service ended with 0'
  ],
  'authorisation.mjs': [
    'Ada is connected',
    'you are Ada',
    'the same id at both ends: true',
    'refused: The peer is not authorized',
    'SHORTWIRE_ERR_REFUSED - The peer is not authorized'
  ],
  'bytes.mjs': ['true 32 0d22cdcc10e6d049', '8388608 2 [ 32, 32 ]'],
  'backpressure.mjs': ['200 jobs, one at a time', 'the sender had to wait: true'],
  'attach.mjs': ["{ protocol: 'shortwire', peer: {} }", 'true'],
  'cluster.mjs': ['answered: 6', 'answered again: 6, by another: true'],
  'threads-one-socket.mjs': [
    '610 987 1597 2584 4181 6765 10946 17711 28657 46368 75025 121393',
    'served by worker threads: true'
  ],
  'worker-threads.mjs': ['20:6765 21:10946 22:17711 23:28657 24:46368 25:75025']
};

const examples = readdirSync(folder).filter((name) => name.endsWith('.mjs') && !OTHERS.test(name));

test('every example is run', () => {
  assert.deepEqual(examples.sort(), Object.keys(LINES).sort());
});

for (const [name, expected] of Object.entries(LINES)) {
  test(`${name} runs, ends by itself and prints what it promises`, async () => {
    const outcome = await run(join(folder, name));
    assertQuiet(outcome);
    const missing = expected.filter((line) => !outcome.lines.includes(line));
    assert.deepEqual(missing, [], outcome.stdout);
  });
}

test('typed-service.mts runs where Node takes types, and is type-checked anyway', async (t) => {
  const config = JSON.parse(readFileSync(join(__dirname, '../types/tsconfig.json'), 'utf8'));
  assert.ok(
    config.include.includes('../../examples/*.mts'),
    'the type tests leave the examples out'
  );
  if (!process.features.typescript) {
    t.diagnostic('this Node does not strip types; it is run on 22.18 and newer');
    return;
  }
  // Some versions warn on stderr that this is new to them.
  const { code, lines } = await run(join(folder, 'typed-service.mts'));
  assert.deepEqual([code, ...lines], [0, 'Ada 1', 'example: DONE', 'SHORTWIRE_ERR_NO_HANDLER']);
});
