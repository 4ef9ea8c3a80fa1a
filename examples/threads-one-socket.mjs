// Threads behind one socket: the main thread owns the path, each worker thread serves the same descriptor in its own event loop.
//
//   node examples/threads-one-socket.mjs

import { once } from 'node:events';
import { Worker, isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';

import UDSocket, { UDSocketServer, bind } from 'shortwire';

if (isMainThread) await main();
else await serve();

async function main() {
  const listener = await bind(`/tmp/shortwire-example-${process.pid}.sock`);
  const workers = [1, 2, 3].map(
    () => new Worker(new URL(import.meta.url), { workerData: { fd: listener.fd } })
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));

  // Each connection stays with the thread that has accepted it.
  const sockets = Array.from({ length: 12 }, () => new UDSocket());
  await Promise.all(sockets.map((socket) => socket.connect(listener.address())));
  const answers = await Promise.all(sockets.map((socket, n) => socket.call('fibonacci', 15 + n)));
  console.log(answers.map(({ value }) => value).join(' '));
  const threads = new Set(answers.map((answer) => answer.threadId));
  console.log(`served by worker threads: ${!threads.has(threadId)}`);

  await Promise.all(sockets.map((socket) => socket.close()));
  await listener.close();
  for (const worker of workers) worker.postMessage('close');
}

async function serve() {
  const server = new UDSocketServer();
  server.handle('fibonacci', (n) => ({ value: fibonacci(n), threadId }));
  // Shared: the descriptor stays the main thread's, and this server listens at a duplicate.
  await server.start({ fd: workerData.fd, shared: true });
  parentPort.once('message', () => server.close());
  parentPort.postMessage('ready');
}

function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
