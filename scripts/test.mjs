// `npm test`: makes the clone ready, then runs the Rust tests of the core and the JavaScript tests, each with its own runner.
//
//   node scripts/test.mjs                        everything
//   node scripts/test.mjs --only js              one side: js or rust
//   node scripts/test.mjs --node /path/to/node   the JavaScript tests on another Node (the addon is not rebuilt: Node-API)
//   node scripts/test.mjs --no-build             with the addon as it is, even when its sources are newer
//   node scripts/test.mjs rpc process/exit       JavaScript test files whose path contains one of the words
//
// Files in which a JavaScript test fails run once more, alone: that run counts. The runners' own closing lines come last. Node 20 takes no glob patterns after --test, so the files are found here.

import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  const scratch = mkdtempSync(join(tmpdir(), 'shortwire-test-'));
  try {
    const report = join(scratch, 'failed');
    const failed = await runTests(node, files, CONCURRENCY, report);
    const again = failed === 0 ? [] : filesIn(report, files);
    if (again.length === 0) return failed;
    // Some tests have bounds on time and memory, which a busy machine can break. A real failure fails alone, too.
    console.error(`\nOnce more, one at a time, what failed above: ${again.join(', ')}\n`);
    return await runTests(node, again, 1, report);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * @param {string} node
 * @param {string[]} files
 * @param {number} concurrency
 * @param {string} report where the names of the files that failed go
 */
function runTests(node, files, concurrency, report) {
  return run(node, [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${new URL('./support/failed-files.mjs', import.meta.url)}`,
    `--test-reporter-destination=${report}`,
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    ...files
  ]);
}

/**
 * @param {string} report
 * @param {string[]} files all that ran
 * @returns {string[]} those that failed; all, if the report doesn't say
 */
function filesIn(report, files) {
  const failed = existsSync(report) ? readFileSync(report, 'utf8').split('\n') : [];
  const known = files.filter((file) => failed.includes(file) || failed.includes(join(root, file)));
  return known.length === 0 ? files : known;
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
