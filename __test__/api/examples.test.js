// The examples run as they stand.

'use strict';

const assert = require('node:assert/strict');
const { mkdirSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { test } = require('node:test');

const { start } = require('../support/child.js');

const EXAMPLES = join(__dirname, '..', '..', 'examples');

test('hello-server and hello-client greet each other', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'shortwire-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  mkdirSync(join(cwd, 'secure_directory'), { mode: 0o700 });

  const server = start(t, join(EXAMPLES, 'hello-server.mjs'), [], { cwd });
  await server.says('Server listening on ./secure_directory/my_socket.sock');
  const client = start(t, join(EXAMPLES, 'hello-client.mjs'), [], { cwd });
  const said = new Set([await client.line(), await client.line()]);
  assert.deepEqual(
    said,
    new Set(['Connected to the server', "Received response: { anything: 'Hello from server!' }"])
  );
  await server.says('Client connected');
  await server.says("Received message: { anything: 'Hello from client!' }");
});

test('without a server, the client says what is wrong', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'shortwire-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const client = start(t, join(EXAMPLES, 'hello-client.mjs'), [], { cwd });
  const { stderr, code } = await client.ended;
  assert.match(stderr, /Socket error: Error: connect ENOENT/);
  assert.equal(code, 0);
});
