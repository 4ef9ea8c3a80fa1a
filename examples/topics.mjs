// Topics: a handler for each kind of question, middleware around all of them, and one-way messages.
//
//   node examples/topics.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const users = new Map([[7, { id: 7, name: 'Ada' }]]);

const server = new UDSocketServer();

// Around every request: measures, and sees what comes of it.
server.use(async (_payload, context, next) => {
  const began = performance.now();
  const answer = await next();
  const ms = performance.now() - began;
  console.log(`${context.topic || '(no topic)'} took ${ms < 1000 ? 'less than a second' : 'long'}`);
  return answer;
});
// Another one: refuses what is not a question about numbers, and passes on a changed payload.
server.use((payload, context, next) => {
  if (context.topic !== 'users.get') return next();
  if (!Number.isInteger(Number(payload.id))) throw new TypeError('an id is a number');
  return next({ id: Number(payload.id) });
});

server.handle('users.get', ({ id }) => users.get(id) ?? null);
server.handle('users.count', () => users.size);
server.handle((_payload, context) => `nobody knows about '${context.topic}'`);

// One way: no answer is expected, and none is waited for.
server.on('message:log', (line, socket) =>
  console.log(`process ${typeof socket.peer.pid}: ${line}`)
);
await server.start(path);

const socket = new UDSocket();
await socket.connect(path);
console.log(await socket.call('users.get', { id: '7' }));
console.log(await socket.call('users.count'));
console.log(await socket.call('weather'));
await socket.call('users.get', { id: 'seven' }).catch((error) => console.log(error.message));
await socket.notify('log', 'that was all');
await socket.ping();

await socket.close();
await server.close();
