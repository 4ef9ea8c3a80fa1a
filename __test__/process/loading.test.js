// A process pays for what it uses: what a client's conversation doesn't need isn't loaded.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { join } = require('node:path');
const { test } = require('node:test');

const { UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet, start } = require('../support/child.js');

const SCRIPT = join(__dirname, 'scripts/loading.js');
const CA = join(__dirname, '../fixtures/certs/authority.cert.pem');

/** A server that talks with a script. */
async function meet(t, ...args) {
  const server = new UDSocketServer();
  t.after(() => server.stop());
  server.handle('echo', (payload) => payload);
  server.handle('count', async function* () {
    yield 1;
  });
  const path = socketPath(t);
  await server.start(path);
  const connection = once(server, 'connection');
  const child = start(t, SCRIPT, [path, CA, ...args]);
  const [socket] = await connection;
  const says = async (/** @type {string} */ step, /** @type {string[]} */ ...loaded) =>
    assert.deepEqual(JSON.parse(await child.line()), { step, loaded });
  await says('required');
  await says('called');
  return { child, says, socket };
}

test('streams and files are loaded with the first of them, TLS with the first that has it', async (t) => {
  const { child, says } = await meet(t);
  child.tell('stream');
  await says('stream', 'lib/streams/', 'lib/files/');
  child.tell('tls');
  const loaded = JSON.parse(await child.line()).loaded;
  // Crypto, too, where Node hasn't loaded it by itself.
  assert.deepEqual(loaded.slice(0, 3), ['lib/streams/', 'lib/files/', 'lib/endpoint/tls.js']);
  child.tell('end');
  await child.line();
  assertQuiet(await child.ended);
});

test('where they cannot be loaded, a stream of the peer is refused, and the rest goes on', async (t) => {
  const { child, says, socket } = await meet(t, 'broken');
  const counted = async () => {
    const values = [];
    for await (const value of socket.iterate(undefined, { topic: 'count' })) values.push(value);
    return values;
  };
  await assert.rejects(counted(), { code: 'SHORTWIRE_ERR_OVERFLOW', message: /loaded/ });
  await socket.ping();
  child.tell('send');
  await says('send');
  child.tell('mend');
  await says('mend');
  assert.deepEqual(await counted(), [1, 2, 3]);
  child.tell('end');
  await child.line();
  assertQuiet(await child.ended);
});
