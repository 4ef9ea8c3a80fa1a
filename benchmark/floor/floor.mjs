/**
 * Builds and runs the C program that measures the machine itself: what a round trip between two processes
 * costs when nothing but the kernel is in the way. Without a C compiler there is a note instead. Knows no
 * library and no scenario.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SOURCE = join(import.meta.dirname, 'pingpong.c');

/** The sizes are those of the JSON of the payloads of the same names. */
export const floorCases = [
  { id: 'tiny-block', mode: 'block', bytes: 33, title: 'two C processes, blocking, 33 bytes' },
  { id: 'tiny-spin', mode: 'spin', bytes: 33, title: 'two C processes, spinning, 33 bytes' },
  { id: 'k1-block', mode: 'block', bytes: 770, title: 'two C processes, blocking, 770 bytes' },
  { id: 'k1-spin', mode: 'spin', bytes: 770, title: 'two C processes, spinning, 770 bytes' }
];

/**
 * @param {string} folder for the binary
 * @returns {Promise<string | undefined>} its path, undefined without a compiler
 */
export async function buildFloor(folder) {
  const binary = join(folder, 'pingpong');
  for (const compiler of [process.env.CC ?? 'cc', 'gcc', 'clang']) {
    try {
      await run(compiler, ['-O2', '-o', binary, SOURCE]);
      return binary;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}

/**
 * @param {string} binary
 * @param {{ mode: string, bytes: number }} floorCase
 * @param {number} windowMs
 * @returns {Promise<{ rounds: number, p50Us: number, p99Us: number, cpuUsPerCall: number }>}
 */
export async function measureFloor(binary, { mode, bytes }, windowMs) {
  const { stdout } = await run(binary, [mode, String(bytes), String(windowMs)], {
    timeout: windowMs + 20_000
  });
  return JSON.parse(stdout);
}
