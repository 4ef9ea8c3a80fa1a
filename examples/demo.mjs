// The demo: a server process and a client process talk over a Unix domain socket, then the same machine is measured with shortwire
// and with JSON over node:net. This file only starts the two and cleans up after them.
//
//   npm run demo

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = mkdtempSync(join(tmpdir(), 'shortwire-demo-'));
const start = (/** @type {string} */ file) =>
  fork(fileURLToPath(new URL(`demo/${file}`, import.meta.url)), [directory]);

const server = start('server.mjs');
const serverGone = once(server, 'exit');
try {
  await Promise.race([
    once(server, 'message'),
    serverGone.then(([code]) => Promise.reject(new Error(`the server ended with ${code}`)))
  ]);
  const [code] = await once(start('client.mjs'), 'exit');
  process.exitCode = code ?? 1;
  // The server ends by itself when its parent lets go of it.
  if (server.connected) server.disconnect();
  await serverGone;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
