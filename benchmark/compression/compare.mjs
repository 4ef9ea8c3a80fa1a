/**
 * What compression costs and saves: the same calls with it and without, between two processes, in turns.
 * Each sample has fresh processes. Bytes are those of both directions, CPU is of both processes, with all
 * threads. Knows no statistics beyond a median.
 *
 *   node benchmark/compression/compare.mjs [--rounds 3] [--seconds 2] [--lanes 16] [--payloads tiny,order]
 *                                          [--over unix,tcp] [--levels 1,6,9] [--root ..]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { PAYLOADS } from './payloads.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    lanes: { type: 'string', default: '16' },
    payloads: { type: 'string', default: Object.keys(PAYLOADS).join() },
    over: { type: 'string', default: 'unix,tcp' },
    levels: { type: 'string', default: '1,6' },
    root: { type: 'string', default: join(import.meta.dirname, '../..') }
  }
});
const folder = mkdtempSync(join(tmpdir(), 'shortwire-compression-'));
const ways = [
  ['plain', { driver: 'auto' }],
  ...values.levels
    .split(',')
    .map((level) => [`level ${level}`, { compress: { level: Number(level) } }])
];

/** What a child says next. @param {import('node:child_process').ChildProcess} child */
const said = (child) =>
  new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`a side has left with ${code}`)));
  });

async function sample(over, options, payload, number) {
  const side = (role, endpoint) => {
    const given = [values.root, JSON.stringify(endpoint), JSON.stringify(options), payload];
    const args = [role, ...given, values.lanes, values.seconds];
    return fork(join(import.meta.dirname, 'side.mjs'), args);
  };
  const path = join(folder, `${number}.sock`);
  const server = side('serve', over === 'unix' ? path : { host: '127.0.0.1', port: 0 });
  const address = await said(server);
  const there = over === 'unix' ? path : { host: '127.0.0.1', port: address.port };
  const client = side('ask', there);
  await said(client);
  server.send('begin');
  client.send('begin');
  const asked = await said(client);
  server.send('end');
  const served = await said(server);
  for (const child of [client, server]) child.kill();
  return {
    callsPerSecond: asked.calls / asked.seconds,
    bytesPerCall: asked.bytes / asked.calls,
    cpuUsPerCall: (asked.cpuUs + served.cpuUs) / asked.calls
  };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

try {
  const rows = [];
  let number = 0;
  for (const over of values.over.split(',')) {
    for (const payload of values.payloads.split(',')) {
      const samples = new Map(ways.map(([way]) => [way, []]));
      for (let round = 0; round < Number(values.rounds); round++) {
        // Every second round goes backwards: a slow minute of the machine falls on all.
        for (const [way, options] of round % 2 === 0 ? ways : ways.toReversed()) {
          samples.get(way).push(await sample(over, options, payload, number++));
        }
      }
      for (const [way, all] of samples) {
        const of = (key) => median(all.map((one) => one[key]));
        rows.push({
          over,
          payload,
          way,
          'bytes per call': Math.round(of('bytesPerCall')),
          'calls/s': Math.round(of('callsPerSecond')),
          'CPU µs per call': Number(of('cpuUsPerCall').toPrecision(3)),
          // What the two cores could carry if the network were the limit, and no more.
          'Mbit/s': Number(((of('bytesPerCall') * of('callsPerSecond') * 8) / 1e6).toPrecision(3))
        });
      }
    }
  }
  console.table(rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
