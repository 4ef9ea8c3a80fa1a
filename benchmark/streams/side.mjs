/**
 * One side of a stream's sample, in a process of its own: a file into a socket, or a socket into nothing.
 * Knows both libraries, no statistics.
 *
 *   side.mjs send|receive <library> <path> <file> <root>
 */
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const [role, library, path, file, root] = process.argv.slice(2);
const [name, driver] = library.split(':');
const load = () => createRequire(import.meta.url)(join(root, 'index.js'));

/** Counts what comes. */
class Sink extends Writable {
  bytes = 0;
  _write(chunk, _encoding, done) {
    this.bytes += chunk.length;
    done();
  }
}

/** How far the process grows from here on. */
function watchMemory() {
  const before = process.memoryUsage.rss();
  let peak = before;
  setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10).unref();
  return () => Math.max(peak, process.memoryUsage.rss()) - before;
}

/** @param {import('node:stream').Duplex} stream */
async function receive(stream) {
  const grown = watchMemory();
  const sink = new Sink();
  await pipeline(stream, sink);
  stream.end();
  process.send({ bytes: sink.bytes, grownBytes: grown(), cpu: process.cpuUsage() });
}

const peers = {
  async net() {
    const server = net.createServer({ allowHalfOpen: true }, receive);
    await new Promise((resolve) => server.listen(path, resolve));
  },
  async shortwire() {
    const { UDSocketServer } = load();
    const server = new UDSocketServer({ driver: driver ?? 'auto' });
    server.handle('up', (_, { stream }) => receive(stream));
    await server.start(path);
  }
};

const openers = {
  async net() {
    const socket = net.connect({ path, allowHalfOpen: true });
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  },
  async shortwire() {
    const { UDSocket } = load();
    const socket = new UDSocket({ driver: driver ?? 'auto' });
    await socket.connect(path);
    return socket.stream(undefined, { topic: 'up' });
  }
};

if (role === 'receive') {
  await peers[name]();
  process.send('ready');
} else {
  const stream = await openers[name]();
  const grown = watchMemory();
  const began = performance.now();
  const ended = new Promise((resolve) => stream.resume().once('end', resolve));
  await pipeline(createReadStream(file), stream);
  await ended;
  const seconds = (performance.now() - began) / 1000;
  process.send({ seconds, grownBytes: grown(), cpu: process.cpuUsage() });
}
