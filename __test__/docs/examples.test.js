// Each example runs in a process of its own, as a reader would run it, and prints what it promises.

'use strict';

const assert = require('node:assert/strict');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const { UDSocketServer } = require('../../index.js');
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
  'broadcast.mjs': [
    '3 want the price of acme',
    '2 want the news of acme',
    '2 want the price of umbra',
    '3 get what has no topic',
    'prices: stock.umbra.price 7',
    'all of acme:  closing time',
    'dropped: SHORTWIRE_ERR_OVERFLOW',
    'the others have everything'
  ],
  'survey.mjs': [
    'ada: yes',
    'grace: no',
    'frances: SHORTWIRE_ERR_REMOTE',
    'barbara: SHORTWIRE_ERR_TIMEOUT',
    'barbara stopped',
    '2 were enough',
    'the last: AbortError',
    'all are within a second'
  ],
  'files.mjs': [
    '2 files of Ada',
    'remember the milk',
    'note.txt: remember the milk',
    'SHORTWIRE_ERR_INVALID_ARG'
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
  'reconnection.mjs': [
    'connected',
    'version 1',
    'away',
    'in flight: SHORTWIRE_ERR_DISCONNECTED { maybeDelivered: true }',
    'back again',
    'version 2'
  ],
  'bytes.mjs': ['true 32 0d22cdcc10e6d049', '8388608 2 [ 32, 32 ]'],
  'backpressure.mjs': ['200 jobs, one at a time', 'the sender had to wait: true'],
  'encodings.mjs': [
    'agreed on msgpack',
    'Map(1) {',
    'json { fine: true }',
    'SHORTWIRE_ERR_SERIALIZE',
    '42'
  ],
  'compression.mjs': ['compressed: true', 'more than 5 times smaller: true'],
  'attach.mjs': ["{ protocol: 'shortwire', peer: {} }", 'true'],
  'tls.mjs': [
    'I am client',
    'and this is server',
    'the client was told: SHORTWIRE_ERR_TLS',
    'the server says: TLS failed: the peer showed no certificate'
  ],
  'opentelemetry.mjs': [
    'CLIENT shortwire shop.order: OK',
    '  SERVER shortwire shop.order: OK',
    '    CLIENT shortwire stock.take: OK',
    '      SERVER shortwire stock.take: OK',
    'CLIENT shortwire shop.order: SHORTWIRE_ERR_REMOTE',
    '      SERVER shortwire stock.take: SOLD_OUT',
    'shortwire.server.connections of stock: 1 {connection}',
    'shortwire.socket.requests.in of stock: 3 {request}',
    'shortwire.socket.requests.out of shelf: 3 {request}'
  ],
  'prometheus.mjs': [
    '# TYPE shortwire_server_connections gauge',
    'shortwire_server_accepted_total 1',
    'shortwire_socket_requests_in_total 4',
    'rpc_server_call_duration_seconds_bucket{rpc_method="double",error_type="",le="10"} 2',
    'rpc_server_call_duration_seconds_count{rpc_method="fail",error_type="NO"} 1',
    'rpc_server_call_duration_seconds_count{rpc_method="_OTHER",error_type="SHORTWIRE_ERR_NO_HANDLER"} 1'
  ],
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

test('every number of stats() has its names for Prometheus and OpenTelemetry', () => {
  const { sockets, ...own } = new UDSocketServer().stats();
  const page = readFileSync(join(folder, '../docs/observability.md'), 'utf8');
  const metrics = readFileSync(join(folder, 'opentelemetry/metrics.mjs'), 'utf8');
  const unnamed = [
    ...Object.keys(own).filter((name) => !page.includes(`| server \`${name}\``)),
    ...Object.keys(own).filter((name) => !metrics.includes(`  ${name}: [`)),
    ...Object.keys(sockets).filter((name) => !page.includes(`\`${name}\``)),
    ...Object.keys(sockets).filter((name) => !metrics.includes(`  'sockets.${name}': [`))
  ];
  assert.deepEqual(unnamed, []);
});

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
