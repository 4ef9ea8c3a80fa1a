// Prints what is loaded at each step of a conversation of a server and a client, as JSON.

'use strict';

const { relative, join } = require('node:path');

const ROOT = join(__dirname, '../../..');
const HAD_CRYPTO = hasCrypto();

const { UDSocket, UDSocketServer } = require('../../..');

/** @returns {boolean} whether Node has loaded its crypto: some versions do so by themselves */
function hasCrypto() {
  return /** @type {any} */ (process).moduleLoadList.includes('NativeModule crypto');
}

/** @param {string} step */
function tell(step) {
  const files = Object.keys(require.cache).map((file) => relative(ROOT, file));
  const folders = ['lib/streams/', 'lib/files/', 'lib/endpoint/tls.js'];
  const loaded = folders.filter((folder) => files.some((file) => file.startsWith(folder)));
  if (hasCrypto() && !HAD_CRYPTO) loaded.push('crypto');
  console.log(JSON.stringify({ step, loaded }));
}

async function main() {
  const path = process.argv[2];
  tell('required');
  const server = new UDSocketServer();
  server.handle('echo', (payload) => payload);
  server.handle('count', async function* () {
    yield 1;
  });
  await server.start(path);
  const socket = new UDSocket();
  await socket.connect(path);
  await socket.subscribe('news');
  await socket.call('echo', 'hello');
  socket.stats();
  tell('called');
  for await (const value of socket.iterate(undefined, { topic: 'count' })) void value;
  tell('streamed');
  await socket.close();
  await server.close();
}

main();
