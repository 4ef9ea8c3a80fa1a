// The demo's client process: a few real calls with what came back, then the comparison.

import { join } from 'node:path';

import UDSocket from 'shortwire';

import { connectJson } from './json-over-net.mjs';
import { compare } from './measure.mjs';

const [directory] = process.argv.slice(2);

const socket = new UDSocket();
socket.handle(() => `process ${process.pid}`);
await socket.connect(join(directory, 'shortwire.sock'));
console.log(`client  process ${process.pid} is connected\n`);

await show("rpc({ anything: 'Hello from client!' })", () =>
  socket.rpc({ anything: 'Hello from client!' })
);
await show("call('sum', [1, 2, 3])", () => socket.call('sum', [1, 2, 3]));
await show("call('introduce yourself')", () => socket.call('introduce yourself'));
await show("call('divide', { dividend: 1, divisor: 0 })", () =>
  socket.call('divide', { dividend: 1, divisor: 0 })
);

const json = await connectJson(join(directory, 'json.sock'));
const payload = { anything: 'Hello from client!' };
console.log('\nTen seconds of the same small object, both ways, in turns of half a second:\n');
await compare([
  { name: 'shortwire', call: () => socket.rpc(payload, { topic: 'measure' }) },
  { name: 'JSON over node:net', call: () => json.rpc(payload) }
]);

json.close();
await socket.close();

/**
 * Makes one call and prints it with its outcome.
 *
 * @param {string} text
 * @param {() => Promise<unknown>} call
 */
async function show(text, call) {
  console.log(`client → ${text}`);
  try {
    console.log(`client ← ${JSON.stringify(await call())}`);
  } catch (error) {
    console.log(`client ✗ ${error.code}: ${error.message}`);
  }
}
