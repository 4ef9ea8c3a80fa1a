// Backpressure: a worker that takes one job at a time, and a sender that is told when to wait.
//
//   node examples/backpressure.mjs

import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const JOBS = 200;

const server = new UDSocketServer();
const finished = new Promise((resolve) => {
  let done = 0;
  let atOnce = 0;
  server.on('message:job', async (job, worker) => {
    worker.pause();
    console.assert(++atOnce === 1);
    await setTimeout(1);
    atOnce--;
    worker.resume();
    if (++done === JOBS) resolve(done);
  });
});
await server.start(path);

// A small queue, so that it fills.
const socket = new UDSocket({ maxQueuedBytes: 256 * 1024 });
await socket.connect(path);

// All at once, so that the queue fills. What doesn't fit is sent when there is room again.
let waits = 0;
let room;
async function send(job) {
  while (true) {
    await room;
    try {
      return await socket.notify('job', job);
    } catch (error) {
      if (error.code !== 'SHORTWIRE_ERR_OVERFLOW') throw error;
      waits++;
      room ??= once(socket, 'drain').then(() => (room = undefined));
    }
  }
}
const jobs = Array.from({ length: JOBS }, (_, number) => ({ number, data: 'x'.repeat(32 * 1024) }));
await Promise.all(jobs.map(send));
console.log(`${await finished} jobs, one at a time`);
console.log(`the sender had to wait: ${waits > 0}`);

await socket.close();
await server.close();
