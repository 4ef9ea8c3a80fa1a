// Graceful shutdown: on SIGTERM a service takes no more requests, finishes those it has, and ends.
//
//   node examples/graceful-shutdown.mjs

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import UDSocket, { UDSocketServer } from 'shortwire';

if (process.argv[2] === undefined) await watch();
else await serve(process.argv[2]);

async function serve(path) {
  const server = new UDSocketServer();
  server.handle('report', async () => {
    process.send('working');
    await wait(100);
    return 'the report is finished';
  });
  await server.start(path);
  process.send('listening');
  process.once('SIGTERM', () => {
    // No process.exit: when the last socket is gone, nothing keeps the process alive.
    void server.close({ timeoutMs: 2000, reason: 'a new version is coming' });
    process.disconnect();
  });
}

async function watch() {
  const path = `/tmp/shortwire-example-${process.pid}.sock`;
  const service = fork(fileURLToPath(import.meta.url), [path]);
  await once(service, 'message');

  const socket = new UDSocket();
  socket.on('goaway', (reason) => console.log(`goodbye: ${reason}`));
  socket.on('close', () => console.log('the connection is closed'));
  await socket.connect(path);

  const report = socket.call('report');
  await once(service, 'message');
  const gone = once(service, 'exit');
  service.kill('SIGTERM');
  console.log(await report);
  const [code, signal] = await gone;
  console.log(`the service ended with ${code ?? signal}`);
  // The goodbye said that the service will be back, and the socket would go on trying.
  await socket.close();
}
