// Streams: a two-way stream of bytes, and an answer that comes in parts.
//
//   node examples/streams.mjs

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;
const server = new UDSocketServer();

// Reads what comes to its end, and answers in the other direction.
server.handle('hash', async ({ algorithm }, { stream }) => {
  const hash = createHash(algorithm);
  for await (const chunk of stream) hash.update(chunk);
  stream.end(hash.digest('hex'));
});

// An async generator: its values are the parts of the answer. It is held back while nobody reads,
// and ended when the reader has enough.
server.handle('primes', async function* ({ from }) {
  try {
    for (let n = from; ; n++) if (isPrime(n)) yield n;
  } finally {
    console.log('no more primes are wanted');
  }
});
await server.start(path);

const socket = new UDSocket();
await socket.connect(path);

const upload = socket.stream({ algorithm: 'sha256' }, { topic: 'hash' });
await pipeline(createReadStream(new URL(import.meta.url)), upload, async (answer) => {
  for await (const digest of answer) console.log(`the digest has ${digest.length} characters`);
});

for await (const prime of socket.iterate({ from: 1000 }, { topic: 'primes' })) {
  console.log(prime);
  if (prime > 1010) break;
}

await socket.close();
await server.close();

function isPrime(n) {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return false;
  return n > 1;
}
