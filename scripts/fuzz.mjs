// `npm run fuzz`: runs each fuzz target for a while, one after the other.
//
//   node scripts/fuzz.mjs                       every target, 60 seconds each
//   node scripts/fuzz.mjs --seconds 600 native  the targets named, ten minutes each

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { available, root, run } from './support/run.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' } }
});
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 1) {
  stop(`--seconds takes a whole number of seconds, not "${values.seconds}"`);
}
if (!available('cargo', ['+nightly', '--version'])) {
  stop('Fuzzing needs the nightly compiler: rustup toolchain install nightly');
}
if (!available('cargo', ['fuzz', '--version'])) {
  stop('Fuzzing needs cargo-fuzz: cargo install --locked cargo-fuzz');
}

const targets = fuzzTargets();
const unknown = positionals.filter((name) => !targets.includes(name));
if (unknown.length > 0)
  stop(`No such target: ${unknown.join(', ')}. There are: ${targets.join(', ')}`);

const failed = [];
for (const target of positionals.length > 0 ? positionals : targets) {
  console.log(`\n${target}: ${seconds} s`);
  const limits = [`-max_total_time=${seconds}`, '-rss_limit_mb=1024', '-timeout=10'];
  // What a run finds worth keeping goes into the first folder; the second is committed.
  const corpus = join(root, 'fuzz/corpus', target);
  mkdirSync(corpus, { recursive: true });
  const folders = [corpus, join(root, 'fuzz/seeds', target)].filter((folder) => existsSync(folder));
  if (
    (await run('cargo', ['+nightly', 'fuzz', 'run', target, ...folders, '--', ...limits])) !== 0
  ) {
    failed.push(target);
  }
}
if (failed.length > 0) stop(`Findings in ${failed.join(', ')}: see fuzz/artifacts/`);
console.log('\nNo findings.');

/** The names of the [[bin]] entries in fuzz/Cargo.toml. */
function fuzzTargets() {
  const manifest = join(root, 'fuzz/Cargo.toml');
  if (!existsSync(manifest)) stop('There is no fuzz/Cargo.toml');
  const bins = readFileSync(manifest, 'utf8').split('[[bin]]').slice(1);
  return bins.flatMap((bin) => /^name\s*=\s*"([^"]+)"/m.exec(bin)?.[1] ?? []);
}

/**
 * @param {string} message
 * @returns {never}
 */
function stop(message) {
  console.error(message);
  process.exit(1);
}
