// One message for many: subscriptions with patterns, and a receiver that is too slow.
//
//   node examples/broadcast.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const server = new UDSocketServer({ maxQueuedBytes: 1024 * 1024 });
await server.start(path);

/** A client that prints what it hears. */
async function client(name, ...patterns) {
  const socket = new UDSocket();
  socket.on('message', (payload, { topic }) => console.log(`${name}: ${topic} ${payload}`));
  for (const pattern of patterns) await socket.subscribe(pattern);
  await socket.connect(path);
  return socket;
}
const clients = [
  await client('all of acme', 'stock.acme.**'),
  await client('prices', 'stock.*.price'),
  await client('everything')
];

const count = (topic, payload) => server.broadcast(payload, { topic });
console.log(await count('stock.acme.price', 12), 'want the price of acme');
console.log(await count('stock.acme.news.today', 'sunny'), 'want the news of acme');
console.log(await count('stock.umbra.price', 7), 'want the price of umbra');
console.log(await count('', 'closing time'), 'get what has no topic');
await Promise.all(clients.map((socket) => socket.ping()));

// Who doesn't read is passed by, and the others don't notice. A paused socket doesn't read.
const [slow, ...others] = clients;
await slow.subscribe('load');
await others[0].subscribe('load');
slow.removeAllListeners('message');
others.forEach((socket) => socket.removeAllListeners('message'));
slow.pause();
server.once('dropped', (_socket, { reason }) => console.log('dropped:', reason));
const load = 'x'.repeat(64 * 1024);
while (server.stats().dropped < 3) {
  await server.broadcast(load, { topic: 'load' });
  await Promise.all(others.map((socket) => socket.ping()));
}
console.log('the others have everything');

for (const socket of clients) socket.destroy();
await server.close();
