// Makes the fuzz targets' seeds of the wire vectors: `node fuzz/seeds.mjs`, after the vectors have changed.
//
// An input's first byte chooses the codec and its second the portions (fuzz_targets/support.rs).

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';

const here = import.meta.dirname;
const generations = ['A', 'B', 'D'];

// What a target makes of the first byte stands at its head.
const frames = [...read('shortwire'), ...read('shortwire-streams')];
const shortwire = frames.map((vector) => {
  const choice = vector.preface ? 2 : vector.capabilities === 0 ? 8 : 0;
  return { name: vector.name, choice, bytes: unhex(vector.hex) };
});
const greetings = shortwire
  .filter(({ bytes }) => bytes[0] >= 9 && bytes[0] <= 11)
  .map((seed) => ({ ...seed, name: `at first ${seed.name}`, choice: seed.choice | 4 }));
const jftp = read('jftp').map((vector) => {
  const { name, generation, role, headerDigits = 0 } = vector;
  const choice =
    (role === 'client' ? 1 : 0) | (generations.indexOf(generation) << 1) | (headerDigits << 3);
  return { name: `${generation} ${role} ${name}`, choice, bytes: unhex(vector.hex) };
});
const detect = [...shortwire, ...jftp].filter((_, index) => index % 4 === 0);

// Of each vector alone, and of all that a peer may say in one connection, one after the other; to
// either side, with compression and without, with a preface of its own or as it is.
const honest = frames.filter(({ preface, error, incomplete }) => !preface && !error && !incomplete);
const talk = Buffer.concat(
  honest.map(({ hex }) => unhex(hex)).filter(({ length }) => length < 4096)
);
const hello = shortwire.find(({ name }) => name === 'a hello').bytes;
const welcome = shortwire.find(({ name }) => name === 'a welcome').bytes;
const sides = [
  ['server', 0, []],
  ['client', 1, []],
  ['gated server', 2, [hello]],
  ['welcomed client', 3, [welcome]],
  ['MessagePack server', 4, []],
  ['compressed server', 16, []],
  ['compressed client', 17, []],
  ['raw server', 64, []],
  ['deaf server', 128, []]
];
const connection = [
  ...shortwire.filter(({ choice }) => choice === 0),
  ...sides.map(([side, choice, first]) => {
    return { name: `all to a ${side}`, choice, bytes: Buffer.concat([...first, talk]), long: true };
  })
];
const values = [
  [0, Buffer.from('[{"a":[1,"\\"[",{}]}]')],
  [0, Buffer.from('{"deep":[[[[')],
  [1, Buffer.from('82a161c0a16293017fff', 'hex')],
  [1, Buffer.from('9ccb3ff0000000000000c703745a0102d473009201d46d00', 'hex')],
  [1, Buffer.from('d6ff00000001c704420102030400', 'hex')],
  [2, deflateRawSync(Buffer.alloc(100_000), { finishFlush: constants.Z_SYNC_FLUSH })],
  [
    2,
    deflateRawSync(Buffer.from('a message and a message'), { finishFlush: constants.Z_SYNC_FLUSH })
  ]
];
const payload = values.map(([choice, bytes], index) => ({ name: `value ${index}`, choice, bytes }));

write('native', [...shortwire, ...greetings]);
write('connection', connection);
write('payload', payload, []);
write('jftp', jftp);
write('detect', detect);

function read(format) {
  const path = join(here, `../__test__/fixtures/wire/${format}.json`);
  return JSON.parse(readFileSync(path, 'utf8')).vectors;
}

// Long runs teach a fuzzer nothing that short ones don't, and it would have to cut them down.
function write(target, seeds, portions = [7]) {
  const folder = join(here, 'seeds', target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, choice, bytes, long } of seeds) {
    if (bytes.length > 4096 && !long) continue;
    const file = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    writeFileSync(join(folder, file), Buffer.concat([Buffer.from([choice, ...portions]), bytes]));
  }
}

function unhex(hex) {
  const words = hex.split(' ').map((word) => word.split('*'));
  return Buffer.concat(
    words.flatMap(([word, times = 1]) => Array(Number(times)).fill(Buffer.from(word, 'hex')))
  );
}
