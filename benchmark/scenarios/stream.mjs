/**
 * One file through one stream: from the disk into a stream on one side, out of it into nothing on the other.
 * Knows no library.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const MIB = 2 ** 20;
const LOOK_MS = 10;

/** @param {string} path @param {number} megabytes */
export function writeFile(path, megabytes) {
  const part = randomBytes(MIB);
  const file = openSync(path, 'w');
  for (let written = 0; written < megabytes; written++) writeSync(file, part);
  closeSync(file);
}

/** What this process uses from here on. */
function watchProcess() {
  const before = process.memoryUsage.rss();
  const cpuBefore = process.cpuUsage();
  let peak = before;
  const look = () => (peak = Math.max(peak, process.memoryUsage.rss()));
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    const { user, system } = process.cpuUsage(cpuBefore);
    return { grownBytes: look() - before, cpuMs: (user + system) / 1000 };
  };
}

/**
 * Sends the file; over when the other side has all of it and says so by ending its own direction.
 *
 * @param {import('node:stream').Duplex} stream
 * @param {string} path
 */
export async function pourFile(stream, path) {
  const used = watchProcess();
  const startMs = performance.now();
  await pipeline(createReadStream(path), stream, async (answer) => {
    for await (const part of answer) throw new Error(`${part.length} bytes came back`);
  });
  return { seconds: (performance.now() - startMs) / 1000, ...used() };
}

/**
 * Takes all that comes, and ends its own direction then.
 *
 * @param {import('node:stream').Duplex} stream
 */
export async function takeAll(stream) {
  const used = watchProcess();
  let bytes = 0;
  const count = new Writable({
    write(chunk, _encoding, done) {
      bytes += chunk.length;
      done();
    }
  });
  await pipeline(stream, count);
  stream.end();
  return { bytes, ...used() };
}

/**
 * @param {{ bytes: number, grownBytes: number, cpuMs: number }} taken
 * @param {{ seconds: number, grownBytes: number, cpuMs: number }} poured
 * @param {number} megabytes that were to come
 */
export function streamFigures(taken, poured, megabytes) {
  if (taken.bytes !== megabytes * MIB) throw new Error(`${taken.bytes} bytes have come`);
  return {
    megabytesPerSecond: taken.bytes / 1e6 / poured.seconds,
    grownMb: Math.max(taken.grownBytes, poured.grownBytes) / 1e6,
    cpuMsPerGb: (taken.cpuMs + poured.cpuMs) / (taken.bytes / 1e9)
  };
}
