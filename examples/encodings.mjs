// Encodings: MessagePack carries what JSON can't, and 'raw' leaves it to you.
//
//   npm install msgpackr
//   node examples/encodings.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

const server = new UDSocketServer({ encoding: 'msgpack' });
server.handle('orders', ({ since }) => {
  return new Map([[2n ** 64n, { since, items: new Set(['pen', 'ink']), seal: Buffer.from([7]) }]]);
});
await server.start(path);

const socket = new UDSocket({ encoding: 'msgpack' });
socket.on('ready', ({ encoding }) => console.log('agreed on', encoding));
await socket.connect(path);
const orders = await socket.call('orders', { since: new Date(0) });
console.log(orders);

// A peer without it: JSON travels, and what JSON would change is refused.
const plain = new UDSocketServer();
plain.handle((payload) => payload);
await plain.start(`${path}.plain`);
const other = new UDSocket({ encoding: 'msgpack' });
await other.connect(`${path}.plain`);
console.log(other.encoding, await other.rpc({ fine: true }));
await other.rpc({ at: new Date() }).catch((error) => console.log(error.code));

// Your own serializer.
const own = { encode: (value) => Buffer.from(String(value)), decode: (bytes) => Number(bytes) };
const rawServer = new UDSocketServer({ encoding: 'raw' });
rawServer.handle((bytes) => own.encode(own.decode(bytes) * 2));
await rawServer.start(`${path}.raw`);
const raw = new UDSocket({ encoding: 'raw' });
await raw.connect(`${path}.raw`);
console.log(own.decode(await raw.rpc(own.encode(21))));

await Promise.all([socket.close(), other.close(), raw.close()]);
await Promise.all([server.close(), plain.close(), rawServer.close()]);
