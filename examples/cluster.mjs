// A cluster behind one socket: the primary owns the path, each worker accepts what it has time for, and one that dies is replaced.
//
//   node examples/cluster.mjs

import cluster from 'node:cluster';
import { once } from 'node:events';

import UDSocket, { UDSocketServer, bind } from 'shortwire';

/** Where a worker finds the socket: behind the three standard streams and the channel of the cluster. */
const FD = 4;

if (cluster.isPrimary) await supervise();
else await work();

async function supervise() {
  const listener = await bind(`/tmp/shortwire-example-${process.pid}.sock`);
  // Not `{ exec }` alone: only what stands in `stdio` is inherited.
  cluster.setupPrimary({ stdio: ['inherit', 'inherit', 'inherit', 'ipc', listener.fd] });
  await Promise.all([ready(), ready()]);

  // Clients notice nothing of who serves them.
  const first = await ask(listener.address());
  console.log(`answered: ${first.answer}`);

  const worker = Object.values(cluster.workers).find(({ process }) => process.pid === first.pid);
  worker.process.kill('SIGKILL');
  await once(worker, 'exit');
  await ready();
  const second = await ask(listener.address());
  console.log(`answered again: ${second.answer}, by another: ${second.pid !== first.pid}`);

  // From here on nobody can connect; the workers finish what they have.
  await listener.close();
  for (const one of Object.values(cluster.workers)) one.send('close');
}

/** A worker that serves. */
function ready() {
  return once(cluster.fork(), 'message');
}

async function work() {
  const server = new UDSocketServer();
  server.handle('add', (numbers) => ({
    answer: numbers.reduce((sum, number) => sum + number, 0),
    pid: process.pid
  }));
  await server.start({ fd: FD });
  process.once('message', async () => {
    await server.close();
    process.disconnect();
  });
  process.send('ready');
}

async function ask(path) {
  const socket = new UDSocket();
  await socket.connect(path);
  const answer = await socket.call('add', [1, 2, 3]);
  await socket.close();
  return answer;
}
