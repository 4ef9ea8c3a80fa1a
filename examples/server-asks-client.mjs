// Both directions: both ends of a connection can ask, and a handler may ask back before it answers.
//
//   node examples/server-asks-client.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

const server = new UDSocketServer();
server.handle('greet me', async (_payload, { socket }) => {
  const { name } = await socket.call('who are you?');
  return `Hello, ${name}!`;
});
// A server's sockets are there to be asked at any time; `data` is the place for what belongs to one of them.
server.on('connection', async (socket) => {
  socket.data = await socket.call('who are you?');
});
await server.start(path);

const clients = ['Ada', 'Grace'].map((name) =>
  new UDSocket().handle('who are you?', () => ({ name }))
);
await Promise.all(clients.map((client) => client.connect(path)));
console.log(await clients[0].call('greet me'));

// Ask everyone. One that doesn't answer in time is not the others' problem.
const answers = await Promise.allSettled(
  [...server.sockets.values()].map((socket) =>
    socket.call('who are you?', null, { timeoutMs: 1000 })
  )
);
console.log(answers.map(({ value }) => value.name).sort());
console.log([...server.sockets.values()].map(({ data }) => data.name).sort());

await Promise.all(clients.map((client) => client.close()));
await server.close();
