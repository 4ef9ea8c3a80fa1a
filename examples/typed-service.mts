// A typed service: one interface, given to both ends, types calls, handlers, messages and errors.
//
//   npx tsc --noEmit examples/typed-service.mts    (or run it with a Node that strips types, 22.18 and newer)

import { UDSocket, UDSocketServer } from 'shortwire';

interface User {
  id: number;
  name: string;
}

/** What the server answers. A topic is a function from payload to answer, asynchronous or not. */
interface Users {
  'users.get': (query: { id: number }) => User | null;
  'users.count': () => number;
  log: (line: string) => void;
}

/** What clients answer. */
interface Clients {
  whoami: () => string;
}

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const users = new Map<number, User>([[7, { id: 7, name: 'Ada' }]]);

const server = new UDSocketServer<Users, Clients>();
server.handle('users.get', ({ id }) => users.get(id) ?? null);
server.handle('users.count', () => users.size);
server.on('message:log', async (line, socket) => {
  console.log(`${await socket.call('whoami')}: ${line.toUpperCase()}`);
});
await server.start(path);

const socket = new UDSocket<Users, Clients>();
socket.handle('whoami', () => 'example');
await socket.connect(path);

const user = await socket.call('users.get', { id: 7 });
console.log(user?.name, await socket.call('users.count'));
await socket.notify('log', 'done');
await socket.ping();

// @ts-expect-error there is no such topic
await socket.call('users.gte', { id: 7 }).catch(({ code }) => console.log(code));

await socket.close();
await server.close();
