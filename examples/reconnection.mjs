// Reconnection: the server is restarted; its client comes back by itself, and calls made meanwhile wait.
//
//   node examples/reconnection.mjs

import { once } from 'node:events';

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

async function serve(version) {
  const server = new UDSocketServer();
  server.handle('version', () => version);
  server.handle('slow', () => new Promise(() => {}));
  await server.start(path);
  return server;
}

const first = await serve(1);
// `reconnect` is on by default; here the delays are shorter. `retry` is for the first connection.
const socket = new UDSocket({ reconnect: { minDelayMs: 20 }, retry: { maxAttempts: 5 } });
socket.on('reconnecting', ({ attempt }) => attempt === 1 && console.log('away'));
socket.on('ready', ({ reconnected }) => console.log(reconnected ? 'back again' : 'connected'));
await socket.connect(path);
console.log('version', await socket.call('version'));

const slow = socket.call('slow').catch((error) => error);
const lost = once(socket, 'reconnecting');
await first.close({ timeoutMs: 100, reason: 'an update' });
const { code, maybeDelivered } = await slow;
console.log('in flight:', code, { maybeDelivered });

await lost;
const waiting = socket.call('version');
const second = await serve(2);
console.log('version', await waiting);

await socket.close();
await second.close();
