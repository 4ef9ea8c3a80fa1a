// A client that prints what it has loaded at each step, as JSON; its standard input says what comes next.
//
//   loading.js PATH CA         "stream", "send" (a file), "tls", "end"
//   loading.js PATH CA broken  the same, but what streams need can't be loaded until "mend"

'use strict';

const { readFileSync } = require('node:fs');
const { extensions } = /** @type {any} */ (require);
const { join, relative } = require('node:path');
const { createInterface } = require('node:readline');

const ROOT = join(__dirname, '../../..');
const EXCHANGE = join(ROOT, 'lib/socket/exchange.js');
const PARTS = ['lib/streams/', 'lib/files/', 'lib/endpoint/tls.js'];

const [path, ca, mode] = process.argv.slice(2);
/** Some versions of Node load it by themselves. */
const hadCrypto = hasCrypto();

const { UDSocket } = require('../../..');

function hasCrypto() {
  return /** @type {any} */ (process).moduleLoadList.includes('NativeModule crypto');
}

/** @param {string} step */
function tell(step) {
  const files = Object.keys(require.cache).map((file) => relative(ROOT, file));
  const loaded = PARTS.filter((part) => files.some((file) => file.startsWith(part)));
  if (hasCrypto() && !hadCrypto) loaded.push('crypto');
  console.log(JSON.stringify({ step, loaded }));
}

/** As when the process has no descriptor left. @returns {() => void} mends it */
function breakLoading() {
  const load = extensions['.js'];
  extensions['.js'] = (/** @type {any} */ module, /** @type {string} */ file) => {
    if (file !== EXCHANGE) return load(module, file);
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };
  return () => (extensions['.js'] = load);
}

async function main() {
  const mend = mode === 'broken' ? breakLoading() : () => {};
  tell('required');
  const socket = new UDSocket();
  socket.handle('count', async function* () {
    yield* [1, 2, 3];
  });
  await socket.connect(path);
  await socket.subscribe('news');
  await socket.call('echo', 'hello');
  socket.stats();
  tell('called');
  const steps = {
    mend,
    // What can't be loaded is an error like others where there is a promise.
    send: () =>
      socket.send('x', { files: [{ name: 'a', buffer: Buffer.from('a') }] }).catch(() => {}),
    stream: async () => {
      for await (const value of socket.iterate(undefined, { topic: 'count' })) void value;
    },
    // Nobody listens there.
    tls: () => new UDSocket().connect({ port: 1, tls: { ca: readFileSync(ca) } }).catch(() => {}),
    end: () => socket.close()
  };
  for await (const step of createInterface({ input: process.stdin })) {
    await steps[/** @type {keyof typeof steps} */ (step)]();
    tell(step);
    if (step === 'end') break;
  }
  process.stdin.destroy();
}

main();
