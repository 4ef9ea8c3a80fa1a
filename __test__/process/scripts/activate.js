// Starts a script as a service manager would: `node activate.js <script> <argument>…`, with the sockets from descriptor 3 on.
// `LISTEN_PID` is the number of the process itself, which only a shell can tell beforehand.

'use strict';

const { spawn } = require('node:child_process');

const count = Number(process.env.LISTEN_FDS);
const sockets = Array.from({ length: count }, (_, at) => 3 + at);
const child = spawn(
  '/bin/sh',
  ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', process.execPath, ...process.argv.slice(2)],
  { stdio: ['inherit', 'inherit', 'inherit', ...sockets] }
);
child.on('exit', (code) => (process.exitCode = code ?? 1));
