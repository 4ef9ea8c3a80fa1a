// Authorisation: clients say who they are, and the server decides whom to let in.
//
//   node examples/authorisation.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const users = new Map([['secret-of-ada', { name: 'Ada' }]]);

const server = new UDSocketServer({
  // May be async. What it returns is `socket.auth`; a falsy result or an error refuses.
  authorize(hello, peer) {
    if (peer.uid !== undefined && peer.uid !== process.getuid())
      throw new Error('not your service');
    return users.get(hello?.token);
  }
});
server.handle('whoami', (_, { socket }) => socket.auth.name);
server.on('connection', (socket) => console.log(`${socket.auth.name} is connected`));
server.on('refused', (reason) => console.log(`refused: ${reason}`));
await server.start(path);

const ada = new UDSocket();
await ada.connect(path, { hello: { token: 'secret-of-ada' } });
console.log('you are', await ada.call('whoami'));
console.log('the same id at both ends:', server.sockets.has(ada.id));

const stranger = new UDSocket();
try {
  await stranger.connect(path, { hello: { token: 'a guess' } });
} catch (error) {
  console.log(error.code, '-', error.message);
}

await ada.close();
await server.close();
