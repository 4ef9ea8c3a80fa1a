// Worker threads: each thread has connections of its own, in its own event loop; a path connects threads as it connects processes.
//
//   node examples/worker-threads.mjs

import { Worker, isMainThread, threadId, workerData } from 'node:worker_threads';

import UDSocket, { UDSocketServer } from 'shortwire';

if (isMainThread) await main();
else await work(workerData.path);

async function main() {
  const path = `/tmp/shortwire-example-${process.pid}.sock`;
  const server = new UDSocketServer();
  let next = 20;
  server.handle('next', () => (next < 26 ? next++ : null));
  server.handle('result', ({ number, fibonacci }) => results.set(number, fibonacci));
  const results = new Map();
  await server.start(path);

  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url), { workerData: { path } }));
  await Promise.all(workers.map((worker) => new Promise((done) => worker.once('exit', done))));
  console.log(
    [...results]
      .sort(([a], [b]) => a - b)
      .map(([number, value]) => `${number}:${value}`)
      .join(' ')
  );
  await server.close();
}

async function work(path) {
  const socket = new UDSocket();
  await socket.connect(path);
  for (;;) {
    const number = await socket.call('next', { threadId });
    if (number === null) break;
    await socket.call('result', { number, fibonacci: fibonacci(number) });
  }
  await socket.close();
}

function fibonacci(number) {
  return number < 2 ? number : fibonacci(number - 1) + fibonacci(number - 2);
}
