// Compression: what travels of repetitive data, and what it was.
//
//   node examples/compression.mjs

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

const server = new UDSocketServer({ compress: true });
server.handle('log', (lines) => lines.length);
await server.start(path);

const socket = new UDSocket({ compress: { level: 9 } });
socket.on('ready', ({ compress }) => console.log('compressed:', compress));
await socket.connect(path);

for (let batch = 0; batch < 10; batch++) {
  const lines = Array.from({ length: 1000 }, (_, n) => ({
    level: 'info',
    text: `request ${n} done`
  }));
  await socket.call('log', lines);
}
const { bytesOut, wireBytesOut } = socket.stats();
console.log(`more than 5 times smaller: ${wireBytesOut * 5 < bytesOut}`);

await socket.close();
await server.close();
