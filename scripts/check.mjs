// `npm run check`: everything that can be said about the code without running the tests. Continuous integration runs the same.
//
//   node scripts/check.mjs              all steps
//   node scripts/check.mjs lint types   the steps whose name contains one of the words
//
// Each step gets one line with its result and time; a failing one is followed by what it printed, and the others still run.

import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { available, capture, root } from './support/run.mjs';
import { setUp } from './support/setup.mjs';

const node = process.execPath;
const tool = (/** @type {string} */ path) => join(root, 'node_modules', path);
const tsc = tool('typescript/bin/tsc');

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {[command: string, ...args: string[]][]} commands run in order until one fails
 * @property {() => string | undefined} [skip] why it can't run here
 * @property {string} [hint] what to do when it fails
 */

/** @type {Step[]} */
const STEPS = [
  { name: 'layers', commands: [[node, 'scripts/check-layers.mjs']] },
  { name: 'hosts', commands: [[node, 'scripts/check-hosts.mjs']] },
  {
    name: 'format (rust)',
    commands: [['cargo', 'fmt', '--check']],
    hint: 'npm run format'
  },
  {
    name: 'format (js)',
    commands: [[node, tool('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.']],
    hint: 'npm run format'
  },
  { name: 'lint (js)', commands: [[node, tool('oxlint/bin/oxlint'), '--deny-warnings', '.']] },
  { name: 'types (lib)', commands: [[node, tsc, '-p', 'tsconfig.json']] },
  { name: 'types (tests)', commands: [[node, tsc, '-p', '__test__/types/tsconfig.json']] },
  { name: 'lint (rust core)', commands: [clippy('--all-targets', '--no-default-features')] },
  // Without the test targets: in those napi-derive registers nothing, and all of bridge/ would count as dead code.
  { name: 'lint (rust addon)', commands: [clippy('--lib')] },
  {
    name: 'generated files',
    commands: [
      [node, 'scripts/prepare.mjs', '--force'],
      ['git', 'ls-files', '--error-unmatch', 'binding.js', 'binding.d.ts'],
      ['git', 'diff', '--exit-code', '--', 'binding.js', 'binding.d.ts']
    ],
    hint: 'a build rewrites both from the Rust side: add the new ones with "git add binding.js binding.d.ts"'
  },
  {
    name: 'licences',
    commands: [['cargo', 'deny', '--all-features', 'check', 'licenses', 'bans', 'sources']],
    skip: () =>
      available('cargo', ['deny', '--version'])
        ? undefined
        : 'cargo-deny is not installed: cargo install --locked cargo-deny'
  }
];

await setUp();
const words = process.argv.slice(2);
const steps = STEPS.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word))
);
let failed = 0;
let skipped = 0;
for (const step of steps) {
  const why = step.skip?.();
  if (why) {
    skipped += 1;
    report('skipped', step.name, why);
  } else if (!(await passes(step))) {
    failed += 1;
  }
}
console.log(
  `\ncheck: ${steps.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`
);
process.exitCode = failed > 0 || steps.length === 0 ? 1 : 0;

/** @param {Step} step */
async function passes({ name, commands, hint }) {
  const start = performance.now();
  for (const [command, ...args] of commands) {
    const { code, output } = await capture(command, args);
    if (code !== 0) {
      report('FAILED', name, seconds(start));
      console.log(indent(output));
      if (hint) console.log(`    To fix it: ${hint}`);
      return false;
    }
  }
  report('ok', name, seconds(start));
  return true;
}

/**
 * @param {string[]} selection targets and features
 * @returns {[string, ...string[]]}
 */
function clippy(...selection) {
  return ['cargo', 'clippy', '--quiet', ...selection, '--', '-D', 'warnings'];
}

/** @param {string} result @param {string} name @param {string} detail */
function report(result, name, detail) {
  console.log(`${result.padEnd(8)} ${name.padEnd(20)} ${detail}`);
}

/** @param {number} start */
function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** @param {string} text */
function indent(text) {
  return stripVTControlCharacters(text).trimEnd().replace(/^/gm, '    ');
}
