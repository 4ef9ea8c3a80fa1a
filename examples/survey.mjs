// Asking everybody: a vote with a quorum, and what becomes of those who don't answer.
//
//   node examples/survey.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const server = new UDSocketServer();
await server.start(path);

const voters = {
  ada: () => 'yes',
  grace: () => 'no',
  frances: () => {
    throw new Error('it depends');
  },
  // Thinks until nobody waits any more.
  barbara: (_question, { signal }) =>
    new Promise(() => signal.addEventListener('abort', () => console.log('barbara stopped')))
};
const clients = [];
for (const [name, vote] of Object.entries(voters)) {
  const socket = new UDSocket();
  socket.handle('vote', vote);
  await socket.connect(path, { hello: { name } });
  clients.push(socket);
}
const names = Object.keys(voters);

const all = await server.survey('Shall we?', { topic: 'vote', timeoutMs: 200 });
all.forEach(({ status, value, reason }, n) => {
  console.log(`${names[n]}: ${status === 'fulfilled' ? value : reason.code}`);
});

const first = await server.survey('Once more?', { topic: 'vote', quorum: 2, timeoutMs: 0 });
console.log(first.filter(({ status }) => status === 'fulfilled').length, 'were enough');
console.log('the last:', first[3].reason.name);

const pings = await server.ping();
console.log(pings.every(({ value }) => value < 1000) ? 'all are within a second' : 'far away');

await Promise.all(clients.map((socket) => socket.close()));
await server.close();
