// The examples of jftp's first README, unchanged but for the package's name, as two processes. (They
// choose no driver, so there is one run.)

'use strict';

const assert = require('node:assert/strict');
const { mkdirSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { test } = require('node:test');

const { socketPath } = require('../support/address.js');
const { start } = require('../support/child.js');

const SCRIPTS = join(__dirname, '../fixtures/jftp');

test("the README's client gets the README's server's answer", async (t) => {
  const directory = dirname(socketPath(t));
  mkdirSync(join(directory, 'secure_directory'));
  // The paths in the examples are relative.
  const chdir = `data:text/javascript,process.chdir(${JSON.stringify(directory)})`;
  const settings = { nodeArgs: ['--import', chdir] };
  const server = start(t, join(SCRIPTS, 'readme-server.mjs'), [], settings);
  await server.says('Server listening on ./secure_directory/my_socket.sock');
  const client = start(t, join(SCRIPTS, 'readme-client.mjs'), [], settings);
  await server.says('Client connected');
  await server.says("Received message: { anything: 'Hello from client!' }");
  const said = [await client.line(), await client.line()];
  assert.deepEqual(said, [
    'Connected to the server',
    "Received response: { anything: 'Hello from server!' }"
  ]);
});
