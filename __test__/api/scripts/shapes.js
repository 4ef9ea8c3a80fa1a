// Calls with payloads of one shape, in a process that must not make functions of text, or mustn't `later`.

'use strict';

const { isDeepStrictEqual } = require('node:util');

const { UDSocket, UDSocketServer } = require('../../../index.js');
const shapes = require('../../../lib/core/shapes.js');
const { alike } = require('../../support/shape-corpus.js');
const { join } = require('node:path');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');

let rebuilt = 0;
const { next } = shapes;
shapes.next = (...args) => {
  rebuilt++;
  return next(...args);
};

async function main() {
  if (process.argv[2] === 'later') {
    globalThis.Function = /** @type {any} */ (
      function () {
        throw new EvalError('forbidden');
      }
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'shortwire-'));
  const path = join(folder, 'shapes.sock');
  const server = new UDSocketServer();
  server.handle('echo', (payload) => payload);
  await server.start(path);
  const socket = new UDSocket();
  await socket.connect(path);
  let same = true;
  for (let seed = 1; seed <= 4; seed++) {
    for (const text of alike(seed, 200)) {
      const value = JSON.parse(text);
      const plain = JSON.parse(JSON.stringify(value));
      same &&= isDeepStrictEqual(await socket.call('echo', value), plain);
    }
  }
  await socket.close();
  await server.close();
  rmSync(folder, { recursive: true });
  process.stdout.write(JSON.stringify({ same, rebuilt }));
}

main();
