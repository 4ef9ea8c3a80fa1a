// The numbers that cross between JavaScript and Rust are the same on both sides.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { numbers } = require('../../binding.js');
const { CODES, ErrorKind } = require('../../lib/errors.js');
const records = require('../../lib/core/records.js');

/** What the addon says, by group and name. @param {string} group */
const native = (group) =>
  Object.fromEntries(
    numbers()
      .filter((number) => number.group === group)
      .map(({ name, value }) => [name, value])
  );

for (const [group, mine] of [
  ['kind', records.Kind],
  ['serverEvent', records.ServerEvent],
  ['body', records.Body],
  ['capability', records.Capability],
  ['layout', records.Layout],
  ['shape', records.Shape],
  ['error', Object.fromEntries(CODES.map((code, number) => [code, number]))],
  ['format', Object.fromEntries(records.FORMATS.map((name, number) => [name, number]))]
]) {
  test(`${group}: both sides have the same names and numbers`, () => {
    assert.deepEqual(mine, native(group));
  });
}

test('there are no other groups', () => {
  const groups = new Set(numbers().map(({ group }) => group));
  assert.deepEqual(
    groups,
    new Set(['kind', 'serverEvent', 'body', 'capability', 'layout', 'shape', 'error', 'format'])
  );
});

test('every kind of error has the number of its code', () => {
  for (const [name, number] of Object.entries(ErrorKind)) {
    assert.equal(CODES[number], `SHORTWIRE_ERR_${name}`);
  }
  assert.equal(Object.keys(ErrorKind).length, CODES.length);
});
