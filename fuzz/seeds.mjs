// Makes the fuzz targets' seeds of the wire vectors: `node fuzz/seeds.mjs`, after the vectors have changed.
//
// An input's first byte chooses the codec and its second the portions (fuzz_targets/support.rs).

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const generations = ['A', 'B', 'D'];

const shortwire = read('shortwire').map((vector) => {
  return { name: vector.name, choice: vector.preface ? 2 : 0, bytes: unhex(vector.hex) };
});
const jftp = read('jftp').map((vector) => {
  const { name, generation, role, headerDigits = 0 } = vector;
  const choice =
    (role === 'client' ? 1 : 0) | (generations.indexOf(generation) << 1) | (headerDigits << 3);
  return { name: `${generation} ${role} ${name}`, choice, bytes: unhex(vector.hex) };
});
const detect = [...shortwire, ...jftp].filter((_, index) => index % 4 === 0);

write('native', shortwire);
write('jftp', jftp);
write('detect', detect);

function read(format) {
  const path = join(here, `../__test__/fixtures/wire/${format}.json`);
  return JSON.parse(readFileSync(path, 'utf8')).vectors;
}

// Long runs teach a fuzzer nothing that short ones don't, and it would have to cut them down.
function write(target, seeds) {
  const folder = join(here, 'seeds', target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, choice, bytes } of seeds) {
    if (bytes.length > 4096) continue;
    const file = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    writeFileSync(join(folder, file), Buffer.concat([Buffer.from([choice, 7]), bytes]));
  }
}

function unhex(hex) {
  const words = hex.split(' ').map((word) => word.split('*'));
  return Buffer.concat(
    words.flatMap(([word, times = 1]) => Array(Number(times)).fill(Buffer.from(word, 'hex')))
  );
}
