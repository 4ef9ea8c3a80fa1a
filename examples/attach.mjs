// Attach: speak over a stream that somebody else opened. Here it is TCP through node:net; TLS, a tunnel or an in-memory pair will do.
//
//   node examples/attach.mjs

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import UDSocket, { UDSocketServer } from 'shortwire';

const service = new UDSocketServer();
service.handle('where am I?', (_payload, { socket }) => ({
  protocol: socket.protocol,
  peer: socket.peer
}));

// Who may come, and how, is decided here: with node:tls this would be certificates.
const door = createServer({ noDelay: true }, (stream) => {
  service.attach(stream).catch((error) => console.log('turned away:', error.code));
});
door.listen(0, '127.0.0.1');
await once(door, 'listening');

const stream = connect({ port: door.address().port, host: '127.0.0.1', noDelay: true });
const socket = new UDSocket();
await socket.attach(stream);
console.log(await socket.call('where am I?'));
console.log((await socket.ping()) < 1000);

await socket.close();
await service.close();
door.close();
