// The README's code is what people copy first: it is taken from there and run. Its links lead somewhere, and those of docs/ too.

'use strict';

const assert = require('node:assert/strict');
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');
const { test } = require('node:test');

const { run, start } = require('../support/child.js');

const root = join(__dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
];

/** Files of this repository that a document speaks of. */
const MENTION = /(?<![\w/.])(?:src|lib|scripts|docs|examples|benchmark|__test__)\/[\w./-]+\.\w+/g;

/** The code blocks that say which file they are. */
function blocks() {
  const found = readme.matchAll(/```js\n\/\/ (\S+\.mjs)\n(.*?)```/gs);
  return Object.fromEntries([...found].map(([, name, code]) => [name, code]));
}

test('the thirty seconds of code do what the README says', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'shortwire-readme-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/shortwire'), 'dir');
  for (const [name, code] of Object.entries(blocks())) {
    writeFileSync(
      join(directory, name),
      code.replaceAll('/tmp/calculator.sock', join(directory, 'calculator.sock'))
    );
  }
  const server = start(t, join(directory, 'server.mjs'));
  await server.says('listening');

  const client = await run(join(directory, 'client.mjs'));
  assert.equal(client.code, 0, client.stderr);
  for (const line of client.lines) assert.ok(readme.includes(`\`${line}\``), `it printed: ${line}`);
  assert.equal(client.lines.length, 2);

  server.kill('SIGTERM');
  assert.equal((await server.ended).code, 0);
});

test('the two commands come first, before any other code', () => {
  const [first] = /```sh\n.*?```/s.exec(readme);
  assert.match(first, /^```sh\nnpm run demo .*\nnpm test /);
  assert.ok(readme.indexOf(first) < readme.indexOf('```js'));
});

test('the results of the benchmark have their place', () => {
  assert.match(readme, /<!-- benchmark:begin -->\n.*\n<!-- benchmark:end -->/s);
});

for (const document of documents) {
  test(`the links of ${document} lead to files and headings that there are`, () => {
    const text = readFileSync(join(root, document), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link);
    const broken = links.filter((link) => !leads(join(root, document), link));
    assert.deepEqual(broken, []);
  });
}

for (const document of documents) {
  test(`the files that ${document} names are there`, () => {
    const mentioned = readFileSync(join(root, document), 'utf8').match(MENTION) ?? [];
    assert.deepEqual(
      mentioned.filter((file) => !existsSync(join(root, file))),
      []
    );
  });
}

test('docs/architecture.md gives a reason for every crate that is used, and for no other', () => {
  const manifest = readFileSync(join(root, 'Cargo.toml'), 'utf8');
  const tables = manifest.split(/^(?=\[)/m).filter((table) => /^\[.*dependencies\]/.test(table));
  const crates = tables.flatMap((table) =>
    [...table.matchAll(/^([\w-]+) = /gm)].map(([, name]) => name)
  );
  const rust = readdirSync(join(root, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.rs'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
    .concat(readFileSync(join(root, 'build.rs'), 'utf8'))
    .join('\n');
  const used = crates.filter((name) => new RegExp(`\\b${name.replaceAll('-', '_')}\\b`).test(rust));
  const [, section] = /## Dependencies(.*?)\n## /s.exec(
    readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  );
  const listed = [...section.matchAll(/^\| ([a-z0-9_, -]+) \|/gm)].flatMap(([, names]) =>
    names.split(', ')
  );
  const explained = listed.filter((name) => name !== 'crate' && !/^-+$/.test(name));
  assert.deepEqual(explained.sort(), [...new Set(used)].sort());
});

/**
 * @param {string} from
 * @param {string} link
 */
function leads(from, link) {
  const [path, heading] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  if (!existsSync(target)) return false;
  if (heading === undefined) return true;
  const headings = readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].some(([, words]) => anchor(words) === heading);
}

/** @param {string} words of a heading, as it becomes a link's target */
function anchor(words) {
  return words
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
