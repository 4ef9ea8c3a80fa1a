// The binary keeps what every call runs through in a section of its own, as hot.ld asks.

'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const BINARY = join(__dirname, '..', '..', 'shortwire.linux-x64-gnu.node');
/** About sixty functions, some of them large. A list that no longer fits the compiler's names has fewer. */
const [LEAST_BYTES, MOST_BYTES] = [40_000, 100_000];

const { arch, platform, report } = process;
const { header } = /** @type {any} */ (report.getReport());
const { SHORTWIRE_PLAIN_LINK: plain } = process.env;
const isOrdered =
  platform === 'linux' && arch === 'x64' && header.glibcVersionRuntime && plain === undefined;
const skip = isOrdered ? false : 'only the linker of x86_64-unknown-linux-gnu is given an order';

test('the hot functions are together', { skip }, () => {
  const sections = elfSections(readFileSync(BINARY));
  const size = sections.get('.text.hot');
  assert.ok(size !== undefined, `there is no such section among ${[...sections.keys()]}`);
  assert.ok(size > LEAST_BYTES && size < MOST_BYTES, `${size} bytes`);
});

/**
 * The sections of an ELF file of 64 bits, least significant byte first, and their sizes in bytes.
 *
 * @param {Buffer} file
 * @returns {Map<string, number>}
 */
function elfSections(file) {
  assert.deepEqual([...file.subarray(0, 6)], [0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  const headers = Number(file.readBigUInt64LE(0x28));
  const [length, count, ofNames] = [0x3a, 0x3c, 0x3e].map((at) => file.readUInt16LE(at));
  const at = (/** @type {number} */ index) => headers + index * length;
  const names = Number(file.readBigUInt64LE(at(ofNames) + 0x18));
  const sections = new Map();
  for (let index = 0; index < count; index++) {
    const name = names + file.readUInt32LE(at(index));
    const text = file.toString('latin1', name, file.indexOf(0, name));
    sections.set(text, Number(file.readBigUInt64LE(at(index) + 0x20)));
  }
  return sections;
}
