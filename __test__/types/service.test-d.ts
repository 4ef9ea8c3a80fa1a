// A service interface types both ends: what is sent, handled and answered.

import { UDSocket, UDSocketServer } from 'shortwire';

/** Exactly the same type, in both directions. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

interface User {
  id: number;
  name: string;
}
interface Users {
  'users.get': (query: { id: number }) => User;
  'users.count': () => number;
  'users.find': (name?: string) => Promise<User[]>;
  'users.watch': (query: { name: string }) => AsyncIterable<User>;
  log: (line: string) => void;
}
interface Clients {
  whoami: () => string;
}

const socket = new UDSocket<Users, Clients>();
const server = new UDSocketServer<Users, Clients>();

// Callers.

const user = socket.call('users.get', { id: 7 });
same<typeof user, Promise<User>>(true);
const count = socket.call('users.count');
same<typeof count, Promise<number>>(true);
const found = socket.call('users.find', undefined, { timeoutMs: 100 });
same<typeof found, Promise<User[]>>(true);
const asked = socket.rpc({ id: 7 }, { topic: 'users.get' });
same<typeof asked, Promise<User>>(true);
const general = socket.rpc({ anything: 1 });
same<typeof general, Promise<unknown>>(true);
void socket.notify('log', 'ready');
void socket.send('ready', { topic: 'log' });

// Files.

const withFiles = socket.rpc(
  { id: 7 },
  { topic: 'users.get', answerFiles: true, files: [{ path: 'a' }] }
);
void withFiles.then(({ value, files }) => {
  same<typeof value, User>(true);
  return files[0].saveTo('folder', { overwrite: true });
});
const calledWithFiles = socket.call('users.get', { id: 7 }, { answerFiles: true });
void calledWithFiles.then(({ value }) => same<typeof value, User>(true));
const calledWithout = socket.call('users.get', { id: 7 }, { answerFiles: false });
same<typeof calledWithout, Promise<User>>(true);
void socket.sendFile('a', { topic: 'log' });
// @ts-expect-error no such option
void socket.sendFile('a', { to: 'log' });

// Streams.

const parts = socket.iterate({ name: 'A' }, { topic: 'users.watch', timeoutMs: 100 });
same<typeof parts, AsyncIterableIterator<User>>(true);
const part = socket.iterate(undefined, { topic: 'users.count' });
same<typeof part, AsyncIterableIterator<number>>(true);
const stream = socket.stream({ id: 7 }, { topic: 'users.get', objectMode: true });
same<typeof stream.socket, typeof socket>(true);
server.handle('users.watch', async function* ({ name }, { stream }) {
  stream?.write(name);
  yield { id: 1, name };
});
// @ts-expect-error the payload is of the wrong type
void socket.iterate({ id: 7 }, { topic: 'users.watch' });
// @ts-expect-error no such topic
void socket.stream(1, { topic: 'users.gte' });
// @ts-expect-error a part is of the wrong type
server.handle('users.watch', async function* () {
  yield 1;
});

// @ts-expect-error no such topic
void socket.call('users.gte', { id: 7 });
// @ts-expect-error the payload is missing
void socket.call('users.get');
// @ts-expect-error the payload is of the wrong type
void socket.call('users.get', { id: '7' });
// @ts-expect-error the payload is of the wrong type
void socket.rpc({ id: '7' }, { topic: 'users.get' });
// @ts-expect-error no such topic
void socket.rpc({ id: 7 }, { topic: 'users.gte' });
// @ts-expect-error the payload is of the wrong type
void socket.notify('log', 7);
// @ts-expect-error no such topic
void socket.send('ready', { topic: 'lgo' });
void socket.call('users.count', undefined, { traceparent: '00-…' });
void socket.send('ready', { topic: 'log', traceparent: '00-…' });
void socket.send(1, { traceparent: '00-…' });
void new UDSocket({ traceparent: () => undefined }).options.traceparent?.();
// @ts-expect-error the option is a function
void new UDSocketServer({ traceparent: '00-…' });
// @ts-expect-error no such option
void socket.call('users.count', undefined, { timeout: 100 });

// Handlers.

server.handle('users.get', ({ id }, context) => {
  same<typeof id, number>(true);
  same<typeof context.socket, UDSocket<Clients, Users>>(true);
  same<typeof context.traceparent, string | undefined>(true);
  return { id, name: 'Ada' };
});
server.handle('users.count', async () => 1);
server.handle('users.find', (name) => {
  same<typeof name, string | undefined>(true);
  return [];
});
server.handle('users.get', null);
socket.handle('whoami', () => 'me');

// @ts-expect-error no such topic
server.handle('users.gte', () => null);
// @ts-expect-error the answer is of the wrong type
server.handle('users.get', () => ({ id: 7 }));
// @ts-expect-error the answer is of the wrong type
server.handle('users.count', async () => '1');
// @ts-expect-error the server answers users.count, this end doesn't
socket.handle('users.count', () => 1);

// A server's sockets are the other way round.

server.on('connection', (accepted) => {
  const name = accepted.call('whoami');
  same<typeof name, Promise<string>>(true);
  accepted.handle('users.count', () => 1);
  // @ts-expect-error clients don't answer that
  void accepted.call('users.count');
});
for (const accepted of server.sockets.values()) void accepted.call('whoami');

// Messages.

server.on('message:log', (line, from, info) => {
  same<typeof line, string>(true);
  same<typeof from, UDSocket<Clients, Users>>(true);
  same<typeof info.expectsReply, false>(true);
  same<typeof info.traceparent, string | undefined>(true);
});
// @ts-expect-error the payload is a string
server.on('message:log', (line: number) => line);

// A service is a map of functions, as an interface or as a type.

type Plain = { add: (numbers: number[]) => number };
const sum = new UDSocket<Plain>().call('add', [1, 2]);
same<typeof sum, Promise<number>>(true);
// @ts-expect-error a topic's type is a function
void new UDSocket<{ add: number }>();

// All sockets at once.

const told = server.broadcast(undefined, { topic: 'whoami', where: ({ data }) => data });
same<typeof told, Promise<number>>(true);
void server.broadcast({ anything: 1 });
void server.broadcast(1, { except: server.sockets.values() });
// @ts-expect-error clients have no such topic
void server.broadcast(1, { topic: 'users.get' });
// @ts-expect-error no such option
void server.broadcast(1, { to: [] });

void server.survey(undefined, { topic: 'whoami', quorum: 2 }).then((entries) => {
  for (const entry of entries) {
    same<typeof entry.socket, UDSocket<Clients, Users>>(true);
    if (entry.status === 'fulfilled') same<typeof entry.value, string>(true);
    else same<typeof entry.reason.code, import('shortwire').ErrorCode>(true);
  }
});
void server.survey(1).then(([entry]) => {
  if (entry?.status === 'fulfilled') same<typeof entry.value, unknown>(true);
});
// @ts-expect-error no such option
void server.survey(1, { files: [] });
void server.ping({ timeoutMs: 100 }).then(([entry]) => {
  if (entry?.status === 'fulfilled') same<typeof entry.value, number>(true);
});
const subscribed = socket.subscribe('users.*');
same<typeof subscribed, Promise<void>>(true);
// @ts-expect-error a pattern is needed
void socket.unsubscribe();

// Values that only MessagePack carries.

interface Orders {
  orders: (query: { since: Date }) => Map<bigint, { items: Set<string> }>;
}
const orders = new UDSocket<Orders>({ encoding: 'msgpack' }).call('orders', { since: new Date() });
same<typeof orders, Promise<Map<bigint, { items: Set<string> }>>>(true);
