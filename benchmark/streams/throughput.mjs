/**
 * Stream throughput: a file piped through one Unix socket into nothing, between two processes, in turns
 * with `node:net`. Each sample has fresh processes. Knows no library.
 *
 *   node benchmark/streams/throughput.mjs [--megabytes 1024] [--rounds 5] [--libs net,shortwire] [--root ..]
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, writeSync, closeSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '5' },
    libs: { type: 'string', default: 'net,shortwire,shortwire:task' },
    root: { type: 'string', default: join(import.meta.dirname, '../..') }
  }
});
const megabytes = Number(values.megabytes);
const libraries = values.libs.split(',');
const folder = mkdtempSync(join(tmpdir(), 'shortwire-stream-'));
const file = join(folder, 'file');

function writeFile() {
  const part = randomBytes(1 << 20);
  const to = openSync(file, 'w');
  for (let written = 0; written < megabytes; written++) writeSync(to, part);
  closeSync(to);
}

/** What a child says next. @param {import('node:child_process').ChildProcess} child */
const said = (child) =>
  new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`a side has left with ${code}`)));
  });

/** @param {string} library @param {number} number */
async function sample(library, number) {
  const args = [library, join(folder, `${number}.sock`), file, values.root];
  const start = (role) => fork(join(import.meta.dirname, 'side.mjs'), [role, ...args]);
  const receiver = start('receive');
  await said(receiver);
  const sender = start('send');
  const [to, from] = await Promise.all([said(receiver), said(sender)]);
  for (const child of [receiver, sender]) child.kill();
  if (to.bytes !== megabytes << 20) throw new Error(`${to.bytes} bytes have come`);
  const cpuUs = [to, from].reduce((sum, { cpu }) => sum + cpu.user + cpu.system, 0);
  return {
    mbPerSecond: to.bytes / 1e6 / from.seconds,
    grownMb: Math.max(to.grownBytes, from.grownBytes) / 1e6,
    cpuMsPerGb: cpuUs / 1e3 / (to.bytes / 1e9)
  };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

writeFile();
try {
  const samples = new Map(libraries.map((library) => [library, []]));
  let number = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    // Every second round goes backwards: a slow minute of the machine falls on all.
    for (const library of round % 2 === 0 ? libraries : libraries.toReversed()) {
      samples.get(library).push(await sample(library, number++));
    }
  }
  console.table(
    Object.fromEntries(
      [...samples].map(([library, all]) => {
        const of = (key) => all.map((one) => one[key]);
        const speeds = of('mbPerSecond');
        const row = {
          'MB/s': Math.round(median(speeds)),
          'from, to': `${Math.round(Math.min(...speeds))}, ${Math.round(Math.max(...speeds))}`,
          'grown by, MB': Math.round(Math.max(...of('grownMb'))),
          'CPU ms per GB': Math.round(median(of('cpuMsPerGb')))
        };
        return [library, row];
      })
    )
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
