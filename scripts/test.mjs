// `npm test`: makes the clone ready, then runs the Rust tests of the core and the JavaScript tests, each with its own runner.
//
//   node scripts/test.mjs                        everything
//   node scripts/test.mjs --only js              one side: js or rust
//   node scripts/test.mjs --node /path/to/node   the JavaScript tests on another Node (the addon is not rebuilt: Node-API)
//   node scripts/test.mjs --no-build             with the addon as it is, even when its sources are newer
//   node scripts/test.mjs rpc process/exit       JavaScript test files whose path contains one of the words
//
// The runners' own closing lines come last. Node 20 takes no glob patterns after --test, so the files are found here.

import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';

import { available, root, run } from './support/run.mjs';
import { setUp } from './support/setup.mjs';

/** Files at a time. Many of them wait for child processes, so two keep two cores busy; more would only disturb each other. */
const CONCURRENCY = 2;

/** A test that takes longer hangs, and is ended by the runner with its name. */
const TEST_TIMEOUT_MS = 240_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string' },
    only: { type: 'string' },
    'no-build': { type: 'boolean' }
  }
});
if (values.only !== undefined && values.only !== 'js' && values.only !== 'rust') {
  console.error(`--only takes "js" or "rust", not "${values.only}"`);
  process.exit(2);
}

const wantsRust = values.only !== 'js' && positionals.length === 0;
const wantsJs = values.only !== 'rust';

if (wantsJs) await setUp({ addon: !values['no-build'] });
const rust = wantsRust ? await testRust() : 0;
const js = wantsJs ? await testJs(values.node ?? process.execPath, positionals) : 0;
if (rust !== 0 && wantsJs) console.error('\nThe Rust tests failed; their report is above.');
process.exitCode = rust || js;

/** The core without the JavaScript boundary: nothing here needs Node. */
function testRust() {
  const nextest = available('cargo', ['nextest', '--version']);
  return run('cargo', [...(nextest ? ['nextest', 'run'] : ['test']), '--no-default-features']);
}

/**
 * @param {string} node the binary
 * @param {string[]} words
 */
async function testJs(node, words) {
  const files = testFiles(join(root, '__test__')).filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word))
  );
  if (files.length === 0) {
    console.error(`No test file under __test__ has ${words.join(' or ') || 'a .test.js name'}`);
    return 1;
  }
  return run(node, [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...files
  ]);
}

/**
 * @param {string} directory
 * @returns {string[]} the test files below it, relative to the repository, with forward slashes
 */
function testFiles(directory) {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.(js|mjs|cjs)$/.test(name))
    .map((name) => relative(root, join(directory, name)).split(sep).join('/'))
    .sort();
}
