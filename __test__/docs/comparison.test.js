// The README's feature table: its cells are those that docs/comparison.md gives a source for, and what it says of shortwire is what the code
// does.

'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');

const read = (/** @type {string} */ file) => readFileSync(join(__dirname, '../..', file), 'utf8');

/** @param {string} text @returns {string[][]} the rows of the tables in it, heads included */
function rows(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
    );
}

const [, block] = /<!-- features:begin -->(.*?)<!-- features:end -->/s.exec(read('README.md'));
const [[, ...libraries], ...features] = rows(block);

test('each cell has its source', () => {
  const sections = read('docs/comparison.md').split(/^## /m).slice(1);
  assert.deepEqual(
    sections.map((section) => section.split('\n')[0]),
    libraries
  );
  libraries.forEach((library, at) => {
    const found = rows(sections[at]).filter(([, , source]) => source !== 'from');
    assert.deepEqual(
      found.map(([feature, cell]) => [feature, cell]),
      features.map(([feature, ...cells]) => [feature, cells[at]]),
      library
    );
    assert.deepEqual(
      found.filter(([, , source]) => !source),
      [],
      library
    );
  });
});

/** Whether something is refused as "not in this version", by what is asked for. */
const SUPPORTED = /** @type {[string, () => unknown][]} */ ([
  ['TLS', () => new UDSocket().connect('tls://127.0.0.1:1', { signal: AbortSignal.abort() })],
  ['broadcast', () => method(new UDSocketServer(), 'broadcast')],
  ['subscriptions', () => method(new UDSocket(), 'subscribe')],
  ['survey', () => method(new UDSocketServer(), 'survey')],
  ['reconnects by itself', () => new UDSocket({ reconnect: {} })],
  ['streams', () => method(new UDSocket(), 'stream')],
  ['files beside a payload', () => method(new UDSocket(), 'sendFile')],
  ['compression', () => new UDSocket({ compress: true })],
  ['decides who may come in', () => new UDSocketServer({ authorize: () => true })]
]);

/** @param {any} object @param {string} name */
function method(object, name) {
  if (typeof object[name] !== 'function') {
    throw Object.assign(new Error(name), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
  }
}

for (const [feature, ask] of SUPPORTED) {
  test(`what the table says of ${feature} is so`, async () => {
    let supported = true;
    try {
      await ask();
    } catch (error) {
      supported = /** @type {any} */ (error).code !== 'SHORTWIRE_ERR_UNSUPPORTED';
    }
    const [, cell] = features.find(([name]) => name === feature) ?? [];
    assert.equal(cell !== '–', supported, `the table says ${cell}`);
  });
}

test('what the table says of payloads is so', () => {
  const [, cell] = features.find(([name]) => name === 'payloads') ?? [];
  let supported = true;
  try {
    void new UDSocket({ encoding: 'msgpack' });
  } catch (error) {
    supported = /** @type {any} */ (error).code !== 'SHORTWIRE_ERR_UNSUPPORTED';
  }
  assert.equal(cell.includes('MessagePack'), supported, cell);
});
