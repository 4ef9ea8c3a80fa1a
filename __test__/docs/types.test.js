// The declarations are written by hand. Here its members and its defaults are compared with what there is.

'use strict';

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const { readFileSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const shortwire = require('../../index.js');

const folder = join(__dirname, '../../types');
const files = readdirSync(folder).sort();
const source = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');

test('every file of declarations is exported, except for the helpers', () => {
  const index = readFileSync(join(__dirname, '../../index.d.ts'), 'utf8');
  const exported = [...index.matchAll(/^export \* from '\.\/types\/(\w+)\.js';$/gm)];
  assert.deepEqual([...exported.map(([, name]) => `${name}.d.ts`), 'support.d.ts'].sort(), files);
});

test('the classes and functions that are declared are those that are exported', () => {
  const declared = [...source.matchAll(/^export (?:class|function) (\w+)/gm)].map(
    ([, name]) => name
  );
  assert.deepEqual(declared.sort(), Object.keys(shortwire).sort());
});

for (const name of ['UDSocket', 'UDSocketServer']) {
  test(`the members of ${name} that are declared are those that it has`, () => {
    assert.deepEqual(declaredMembers(name), members(new shortwire[name]()));
  });
}

for (const [name, given] of [
  ['ConnectionOptions', new shortwire.UDSocket()],
  ['SocketOptions', new shortwire.UDSocket()],
  ['ServerOptions', new shortwire.UDSocketServer()]
]) {
  test(`the defaults of ${name} are those that are documented`, () => {
    const documented = defaults(name);
    const actual = Object.keys(documented).map((option) => [option, given.options[option]]);
    assert.deepEqual(Object.fromEntries(actual), documented);
  });
}

for (const [interfaces, given] of [
  [['ConnectionOptions', 'SocketOptions'], new shortwire.UDSocket()],
  [['ConnectionOptions', 'ServerOptions'], new shortwire.UDSocketServer()]
]) {
  test(`${interfaces.join(' and ')} have the options that there are`, () => {
    const declared = interfaces.flatMap((name) => [
      ...body(`interface ${name}`).matchAll(/^ {2}(\w+)\?:/gm)
    ]);
    assert.deepEqual(
      declared.map(([, option]) => option).sort(),
      Object.keys(given.options).sort()
    );
  });
}

for (const [name, given] of [
  ['SocketStats', new shortwire.UDSocket()],
  ['ServerStats', new shortwire.UDSocketServer()]
]) {
  test(`${name} has the counters that there are`, () => {
    const declared = [...body(`interface ${name}`).matchAll(/^ {2}readonly (\w+):/gm)];
    assert.deepEqual(
      declared.map(([, counter]) => counter).sort(),
      Object.keys(given.stats()).sort()
    );
  });
}

/** Public members that an object has beyond those of event emitters. */
function members(object) {
  const found = new Set(Object.keys(object));
  for (let at = Object.getPrototypeOf(object); at !== EventEmitter.prototype;) {
    for (const name of Object.getOwnPropertyNames(at)) found.add(name);
    at = Object.getPrototypeOf(at);
  }
  found.delete('constructor');
  return [...found].filter((name) => !name.startsWith('_')).sort();
}

function declaredMembers(name) {
  const found = body(`class ${name}`).matchAll(/^ {2}(?:readonly )?([a-z]\w*)(?=[(<:?])/gm);
  return [...new Set([...found].map(([, member]) => member))]
    .filter((member) => member !== 'constructor')
    .sort();
}

/** Documented defaults that are values; those in words are left out. */
function defaults(name) {
  const found = body(`interface ${name}`).matchAll(/@default (.+)\n\s+\*\/\n\s+(\w+)\?:/g);
  const values = [...found].map(([, text, option]) => [option, literal(text)]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function literal(text) {
  if (/^[\d_]+$|^0o\d+$/.test(text)) return Number(text.replaceAll('_', ''));
  if (/^\[?'/.test(text)) return JSON.parse(text.replaceAll("'", '"'));
  return undefined;
}

/** What stands between the braces of a declaration. */
function body(declaration) {
  const start = source.search(new RegExp(`^export ${declaration}\\b`, 'm'));
  assert.notEqual(start, -1, `${declaration} is not declared`);
  return source.slice(start, source.indexOf('\n}', start));
}
