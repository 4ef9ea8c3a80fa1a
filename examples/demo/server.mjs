// The demo's server process: answers over shortwire, and, for the comparison, over JSON on node:net.

import { join } from 'node:path';

import { UDSocketServer } from 'shortwire';

import { startJsonServer } from './json-over-net.mjs';

const [directory] = process.argv.slice(2);

const server = new UDSocketServer();

// Named questions: one handler per topic.
server.handle('sum', (numbers) => numbers.reduce((total, number) => total + number, 0));
server.handle('divide', ({ dividend, divisor }) => {
  if (divisor === 0) throw new RangeError('division by zero');
  return dividend / divisor;
});

// Both ends are alike: here the server asks the client back before it answers.
server.handle('introduce yourself', async (_payload, { socket }) => {
  const name = await socket.rpc('and who are you?');
  return `I am process ${process.pid}, and you are ${name}`;
});

// Everything else.
server.on('connection', (socket) => {
  socket.handle((payload) => ({ youSent: payload, answeredBy: process.pid }));
});
server.handle('measure', () => ({ anything: 'Hello from server!' }));

await server.start(join(directory, 'shortwire.sock'));
const stopJsonServer = await startJsonServer(join(directory, 'json.sock'), () => ({
  anything: 'Hello from server!'
}));

console.log(`server  process ${process.pid} is listening`);
process.send('ready');
process.once('disconnect', async () => {
  await server.close();
  stopJsonServer();
});
