/**
 * One side of a sample, in a process of its own: a server that answers with what it is asked, or a client
 * that keeps so many calls under way for so long. Knows the library, no statistics.
 *
 *   side.mjs serve|ask <root> <endpoint> <options> <payload> <calls at once> <seconds>
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { PAYLOADS } from './payloads.mjs';

const [role, root, endpointText, optionsText, payload, lanes, seconds] = process.argv.slice(2);
const { UDSocket, UDSocketServer } = createRequire(import.meta.url)(join(root, 'index.js'));
const [endpoint, options] = [JSON.parse(endpointText), JSON.parse(optionsText)];

/** What the process takes from here on. */
function watchCpu() {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
}

if (role === 'serve') {
  const server = new UDSocketServer(options);
  server.handle((value) => value);
  await server.start(endpoint);
  let cpu = watchCpu();
  process.on('message', (what) => {
    if (what === 'begin') cpu = watchCpu();
    else process.send({ cpuUs: cpu() });
  });
  process.send(server.address());
} else {
  const socket = new UDSocket({ ...options, timeoutMs: 0 });
  await socket.connect(endpoint);
  const next = PAYLOADS[payload]();
  const run = async (forMs) => {
    const end = performance.now() + forMs;
    let calls = 0;
    const lane = async () => {
      while (performance.now() < end) {
        await socket.rpc(next(calls));
        calls++;
      }
    };
    await Promise.all(Array.from({ length: Number(lanes) }, lane));
    return calls;
  };
  await run(Number(seconds) * 250);
  process.once('message', async () => {
    const [before, cpu, began] = [socket.stats(), watchCpu(), performance.now()];
    const calls = await run(Number(seconds) * 1000);
    const after = socket.stats();
    // Without compression, what is said is what is carried.
    const name = options.compress ? 'wireBytes' : 'bytes';
    const carried = (stats) => stats[`${name}In`] + stats[`${name}Out`];
    process.send({
      calls,
      seconds: (performance.now() - began) / 1000,
      cpuUs: cpu(),
      bytes: carried(after) - carried(before)
    });
  });
  process.send('warm');
}
