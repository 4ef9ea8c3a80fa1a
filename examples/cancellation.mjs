// Cancellation: a signal and a deadline of the caller's reach the handler, which can stop its work.
//
//   node examples/cancellation.mjs

import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import UDSocket, { UDSocketServer } from 'shortwire';

const path = `/tmp/shortwire-example-${process.pid}.sock`;

const server = new UDSocketServer();
server.handle('search', async ({ words }, { signal, deadline }) => {
  console.log(deadline === undefined ? 'no hurry' : 'there is a deadline');
  server.emit('searching');
  // Anything that takes a signal can be given this one: fetch, timers, streams, a nested call.
  await wait(60_000, undefined, { signal }).catch(() =>
    console.log(`stopped: ${signal.reason.message}`)
  );
  return `no time for ${words}`;
});
await server.start(path);

const socket = new UDSocket();
await socket.connect(path);

// The caller changes its mind.
const controller = new AbortController();
const call = socket.call('search', { words: 'all' }, { signal: controller.signal, timeoutMs: 0 });
await once(server, 'searching');
controller.abort(new Error('the user left the page'));
await call.catch((error) => console.log(error.name, error.code, '-', error.cause.message));

// The caller's time is up. The handler could have asked for `context.deadline` beforehand.
const late = socket.call('search', { words: 'many' }, { timeoutMs: 50 });
await late.catch((error) => console.log(error.name, error.code));

await socket.close();
await server.close();
