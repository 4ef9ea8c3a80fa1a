// Errors: what a caller gets when a handler throws, is missing, is too slow, or when nobody is there.
//
//   node examples/errors.mjs

import UDSocket, { ShortwireError, UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

class NoSuchUser extends Error {
  name = 'NoSuchUser';
  code = 'NO_SUCH_USER';
  constructor(id) {
    super(`there is no user ${id}`);
    this.data = { id };
  }
}

const server = new UDSocketServer();
server.handle('users.get', ({ id }) => {
  throw new NoSuchUser(id);
});
server.handle('slow', () => new Promise(() => {}));
await server.start(path);

const socket = new UDSocket();

// Nobody listens there: Node's own code. The call that waited for the connection fails with it.
const early = socket.rpc('early').catch(show);
await socket.connect(`${path}.not`).catch(show);
await early;

await socket.connect(path);
await socket.call('users.get', { id: 7 }).catch(show);
await socket.call('users.gte', { id: 7 }).catch(show);
await socket.call('slow', null, { timeoutMs: 20 }).catch(show);
await socket.rpc(1n).catch(show);

// An ignored failure of a one-way message is no unhandled rejection, but an event.
socket.on('dropped', ({ reason }) => console.log('dropped:', reason));
await socket.close();
void socket.send('too late');

await server.close();

/** What can be read off an error. Match on `code`; messages are for people. */
function show(error) {
  const { code, maybeDelivered, remote } = error;
  console.log(code, error instanceof ShortwireError ? { maybeDelivered } : 'from the system');
  if (remote !== undefined) console.log(' ', remote.name, remote.code, remote.data);
}
