// docs/errors.md has a section for every code that users can meet, and none for codes that there are not.

'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const { CODES } = require('../../lib/errors.js');

const read = (file) => readFileSync(join(__dirname, '../..', file), 'utf8');

/** Node's own code stands in its stead. */
const NEVER_SEEN = 'SHORTWIRE_ERR_SYSTEM';
const codes = CODES.filter((code) => code !== NEVER_SEEN);

test('every code has its section, in the order of the table', () => {
  const headings = [...read('docs/errors.md').matchAll(/^## (SHORTWIRE_\w+)$/gm)];
  assert.deepEqual(
    headings.map(([, code]) => code),
    codes
  );
});

test('every section says when, whose fault and what to do', () => {
  const sections = read('docs/errors.md').split(/^## /m).slice(1);
  const lacking = sections
    .filter((section) => section.startsWith('SHORTWIRE_'))
    .filter((section) => !/\*\*When\*\*.*\*\*Whose fault\*\*.*\*\*What to do\*\*/s.test(section));
  assert.deepEqual(lacking, []);
});

test('the types have the same codes', () => {
  const union = /export type ErrorCode =([^;]*);/.exec(read('types/errors.d.ts'))[1];
  assert.deepEqual(
    [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code),
    codes
  );
});
