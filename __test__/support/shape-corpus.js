// JSON texts that look alike, texts that nearly do, and what JavaScript makes of them: for the decoder that
// guesses a payload's shape.
//
// Must not know: how they are sent.

'use strict';

const assert = require('node:assert/strict');

/** A generator of pseudo-random numbers: a failure can be run again. @param {number} seed */
function createRandom(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
}

/** @typedef {ReturnType<typeof createRandom>} Random */

/** Scalars as they may stand in a text, by kind. @type {Record<string, string[]>} */
const SCALARS = {
  string: [
    '""',
    '"a"',
    '"twelve chars"',
    '"13 characters"',
    '"a string that is rather long, as notes are"',
    '"größe"',
    '"日本語のテキスト"',
    '"😀"',
    '"\\u00e9\\n\\t\\"\\\\\\/"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"\u2028\u2029"',
    '"\x7f"',
    '"__proto__"',
    '"' + 'x'.repeat(300) + '"'
  ],
  number: [
    '0',
    '-0',
    '0.0',
    '-0.0',
    '1',
    '-1',
    '2147483647',
    '-2147483648',
    '-2147483649',
    '2147483648',
    '1073741824',
    '4294967295',
    '9007199254740991',
    '9007199254740993',
    '123456789012345678',
    '-9223372036854775808',
    '18446744073709551616',
    '0.1',
    '3.14159',
    '1e5',
    '1E+2',
    '1e-7',
    '5e-324',
    '2.2250738585072014e-308',
    '1.7976931348623157e308',
    '1e400',
    '-1e400',
    '1e-400',
    '0.30000000000000004',
    '100000000000000000000000000000000000001',
    '8.41470984807896506652502321630298999622563060798371065672751709991910404391239668948639743543052695854349037907920674293259118920991898881193410327729212409480791955826766606999907764011978408782732566347484802870298656157017962455394893572924670127086486281053382030561377218203868449667761674266239013382753397956764255565477963989764824328690275696429120630058303651523031278255289853264851398193452135970955962062172114814441781057601075674136648055246'
  ],
  boolean: ['true', 'false'],
  null: ['null']
};

const KEYS = [
  'id',
  'name',
  'a b',
  'größe',
  '$',
  'constructor',
  'toString',
  'length',
  'then',
  'kéy',
  '-1',
  'a.b'
];

/** A shape: a text of it is made by {@link write}. @param {Random} random @param {number} depth @returns {any} */
function createShape(random, depth) {
  const kind = depth === 0 ? random(5) : random(8);
  if (kind < 3) return ['string', 'number', 'boolean'][kind];
  if (kind === 3) return { either: ['string', 'number', 'boolean', 'null'].slice(random(3)) };
  if (kind === 4) return 'null';
  if (kind === 5) return { rows: createShape(random, depth - 1) };
  if (kind === 6) return { maybe: createShape(random, depth - 1) };
  return createObject(random, depth);
}

/** @param {Random} random @param {number} depth */
function createObject(random, depth) {
  const keys = KEYS.filter(() => random(3) > 0);
  if (keys.length === 0) keys.push('only');
  return { members: keys.map((key) => [key, createShape(random, depth - 1)]) };
}

/** @param {any} shape @param {Random} random @returns {string} */
function write(shape, random) {
  if (typeof shape === 'string') return SCALARS[shape][random(SCALARS[shape].length)];
  if (shape.either !== undefined) return write(shape.either[random(shape.either.length)], random);
  if (shape.maybe !== undefined) return random(3) === 0 ? 'null' : write(shape.maybe, random);
  if (shape.rows !== undefined) {
    return `[${Array.from({ length: random(5) }, () => write(shape.rows, random)).join(',')}]`;
  }
  const members = shape.members.map(
    (/** @type {[string, any]} */ [key, value]) => `${JSON.stringify(key)}:${write(value, random)}`
  );
  return `{${members.join(',')}}`;
}

/** What stands in nobody's way, but makes a payload large enough to be looked at. */
const PAD = `"pad":[${'1,'.repeat(150)}2]`;

/** Texts of one shape. @param {number} seed @param {number} count @returns {string[]} */
function alike(seed, count) {
  const random = createRandom(seed);
  const shape = createObject(random, 3);
  return Array.from({ length: count }, () => write(shape, random).replace(/\}$/, `,${PAD}}`));
}

const NOISE = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
  '0',
  '-',
  '.',
  'e',
  'é',
  '\u0001',
  '\n',
  'null',
  'x'
];

/** A text with one thing wrong or different. @param {string} text @param {Random} random */
function spoil(text, random) {
  // Not within the pad, mostly.
  const at = random(Math.max(1, random(8) === 0 ? text.length : text.length - PAD.length));
  const cut = random(3);
  const added = random(3) === 0 ? '' : NOISE[random(NOISE.length)];
  // Half a character would not leave this process as what it is.
  return (text.slice(0, at) + added + text.slice(at + cut)).toWellFormed();
}

/** Texts by hand: each is sent among its like. @type {[name: string, usual: string, odd: string][]} */
const ODD = [
  ['a key twice', '{"a":1,"b":2', '{"a":1,"a":2'],
  ['a key twice, with others between', '{"a":1,"b":2,"c":3', '{"a":1,"b":2,"a":3'],
  ['keys that are indices', '{"a":1,"b":2', '{"1":1,"0":2'],
  ['__proto__', '{"a":{"b":1}', '{"__proto__":{"b":1}'],
  ['__proto__, escaped', '{"a":{"b":1}', '{"\\u005f_proto__":{"b":1}'],
  ['an escaped key', '{"a":1', '{"\\u0061":1'],
  ['other keys', '{"a":1,"b":2', '{"b":2,"a":1'],
  ['a member more', '{"a":1', '{"a":1,"b":2'],
  ['space', '{"a":1', '{ "a" : 1'],
  ['an object for a number', '{"a":1', '{"a":{"b":{}}'],
  ['an array of arrays', '{"a":[1]', '{"a":[[],[[]]]'],
  ['rows that differ', '{"a":[{"b":1}]', '{"a":[{"b":1},{"c":1},2,"d",null]'],
  ['a hole', '{"a":[1,2]', '{"a":[1,,2]'],
  ['a leading zero', '{"a":1', '{"a":01'],
  ['a plus', '{"a":1', '{"a":+1'],
  ['a number without an end', '{"a":1', '{"a":1.'],
  ['NaN', '{"a":1', '{"a":NaN'],
  ['nesting', '{"a":[1]', `{"a":${'['.repeat(40)}1${']'.repeat(40)}`]
];

/**
 * The same as `deepStrictEqual`, and the order of keys, which it doesn't look at.
 *
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} text
 */
function assertSame(actual, expected, text) {
  assert.deepStrictEqual(actual, expected, text);
  assert.equal(JSON.stringify(actual), JSON.stringify(expected), text);
}

/** What JSON.parse makes of it. @param {string} text */
function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { value: undefined, fails: true };
  }
}

module.exports = { ODD, PAD, alike, assertSame, createRandom, parsed, spoil };
