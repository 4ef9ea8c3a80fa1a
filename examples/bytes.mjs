// Bytes: a Buffer at the top of a payload or an answer travels as it is, without JSON and without base64.
//
//   node examples/bytes.mjs

import { createHash } from 'node:crypto';

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

const server = new UDSocketServer({ maxFrameBytes: 32 * 1024 * 1024 });
server.handle('sha256', (bytes) => createHash('sha256').update(bytes).digest());
server.handle('reverse', (bytes) => bytes.toReversed());
await server.start(path);

const socket = new UDSocket();
await socket.connect(path);

const hash = await socket.call('sha256', Buffer.from('some bytes'));
console.log(Buffer.isBuffer(hash), hash.length, hash.toString('hex').slice(0, 16));

// Large ones are read and written off this thread, so that others' small calls don't wait behind them.
const large = Buffer.alloc(8 * 1024 * 1024, 1);
large[0] = 2;
const [reversed, ...hashes] = await Promise.all([
  socket.call('reverse', large),
  socket.call('sha256', new Uint8Array([1, 2, 3])),
  socket.call('sha256', new Uint8Array(0))
]);
console.log(
  reversed.length,
  reversed.at(-1),
  hashes.map(({ length }) => length)
);

// Nested in an object, bytes are what JSON makes of them; give them a topic of their own instead.
await socket.close();
await server.close();
