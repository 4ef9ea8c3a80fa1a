// Streams between processes: `receive <path> <driver>` takes what comes, `send <path> <driver> <megabytes>` sends that much,
// `hold <path> <driver>` opens one in which both sides write without end, and waits to be killed.

'use strict';

const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { UDSocket, UDSocketServer } = require('../../..');

const MIB = 1 << 20;
/** Code is loaded by then. */
const WARM_UP = MIB;

const [role, path, driver, megabytes] = process.argv.slice(2);
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

/** Notes how far the process grows once so many bytes have passed. */
function watch() {
  let passed = 0;
  let before = 0;
  let peak = 0;
  return {
    pass(/** @type {number} */ bytes) {
      passed += bytes;
      if (passed < WARM_UP) return;
      const now = process.memoryUsage.rss();
      before ||= now;
      peak = Math.max(peak, now);
    },
    get grownMb() {
      return Math.ceil((peak - before) / 1e6);
    }
  };
}

async function receive() {
  const server = new UDSocketServer({ driver });
  server.handle('sink', async (_, { stream }) => {
    const memory = watch();
    let bytes = 0;
    for await (const chunk of stream) {
      bytes += chunk.length;
      memory.pass(chunk.length);
    }
    stream.end(JSON.stringify({ bytes, grownMb: memory.grownMb }));
  });
  server.handle('hold', (_, { stream }) => {
    stream.on('error', (error) => say(`${error.code}`));
    fill(stream.resume());
    say('held');
  });
  await server.start(path);
  say('listening');
}

async function send() {
  const socket = new UDSocket({ driver });
  await socket.connect(path);
  const stream = socket.stream(undefined, { topic: 'sink' });
  const memory = watch();
  const chunk = Buffer.alloc(64 * 1024, 'x');
  function* chunks() {
    for (let sent = 0; sent < Number(megabytes) * MIB; sent += chunk.length) {
      memory.pass(chunk.length);
      yield chunk;
    }
  }
  await pipeline(Readable.from(chunks(), { objectMode: false }), stream, async (answer) => {
    for await (const part of answer) say(String(part));
  });
  say(JSON.stringify({ grownMb: memory.grownMb }));
  await socket.close();
}

async function hold() {
  const socket = new UDSocket({ driver });
  await socket.connect(path);
  const stream = socket.stream(undefined, { topic: 'hold' });
  stream.on('error', (error) => say(`${/** @type {any} */ (error).code}`));
  fill(stream.resume());
  say('sending');
}

/** Writes as long as there is room. @param {import('node:stream').Duplex} stream */
function fill(stream) {
  const chunk = Buffer.alloc(64 * 1024);
  const more = () => {
    while (!stream.destroyed && stream.write(chunk));
  };
  stream.on('drain', more);
  more();
}

void { receive, send, hold }[/** @type {'receive' | 'send' | 'hold'} */ (role)]();
