/**
 * Payloads that travel as values of a shape are put together here, by a function made once for each
 * shape. The core has checked every byte of the text (`src/codec/shape/`); what it sends is the
 * numbers of a batch, short strings one after the other, and long ones as a JSON array: a string cut
 * out of another keeps all of it alive from 13 characters on, but JSON.parse copies.
 *
 * Must not know: connections beyond their numbers, or when a shape is worth it.
 */
'use strict';

const { Layout, Shape } = require('./records.js');

const { WORDS, INBOUND_HEAD } = Layout;
const { HEAD, STRING, NUMBER, BOOLEAN, NULL } = Shape;
/** As they are read: with a sign. */
const IN_DOUBLES = Shape.IN_DOUBLES | 0;
/** So many functions are kept for other connections with the same shapes. */
const KEEP_BUILDERS = 128;

/**
 * A value out of `ints`, `doubles`, short strings in `text` from `at` on, and `long` strings.
 * @typedef {(text: string, at: number, ints: Int32Array, int: number, doubles: Float64Array, double: number, long: string[] | undefined) => any} Builder
 */

/**
 * A set of scalars, an object or an array: as `src/codec/shape/node.rs` describes it.
 * @typedef {number | { nullable: boolean, members: [string, Place][] } | { nullable: boolean, element: Place | null }} Place
 */

/** By connection and number of the shape. @type {(Builder[] | undefined)[]} */
const known = [];
/** By description, the oldest first. @type {Map<string, Builder>} */
const builders = new Map();

/** The numbers of the batch at hand, and how far they have been read. */
/** @type {Int32Array} */
let ints = new Int32Array(0);
/** @type {Float64Array} */
let doubles = new Float64Array(0);
let int = 0;
let double = 0;

/**
 * Payloads of a connection may come as values of this shape from now on.
 * @param {number} connection
 * @param {number} number
 * @param {string} description
 */
function learn(connection, number, description) {
  let builder = builders.get(description);
  if (builder === undefined) {
    builder = build(JSON.parse(description));
    builders.set(description, builder);
    if (builders.size > KEEP_BUILDERS) {
      builders.delete(/** @type {string} */ (builders.keys().next().value));
    }
  }
  (known[connection] ??= [])[number] = builder;
}

/**
 * A connection is over: its number will be another's.
 * @param {number} connection
 */
function forget(connection) {
  if (known[connection] !== undefined) known[connection] = undefined;
}

/**
 * A batch with values has come.
 * @param {Uint32Array} words
 * @param {number} records
 */
function open(words, records) {
  if (ints.buffer !== words.buffer) {
    ints = new Int32Array(words.buffer);
    doubles = new Float64Array(words.buffer, 0, words.length >> 1);
  }
  int = INBOUND_HEAD + records * WORDS;
  double = (int + words[INBOUND_HEAD - 1] + 1) >> 1;
}

/**
 * The next payload of the batch.
 * @param {number} connection
 * @param {string} text of the batch
 * @param {number} start of the payload's strings
 * @param {number} end
 */
function next(connection, text, start, end) {
  const number = ints[int];
  const first = int + HEAD;
  const firstDouble = double;
  const longUnits = ints[int + 3];
  double += ints[int + 2];
  int = first + ints[int + 1];
  const builder = /** @type {Builder[]} */ (known[connection])[number];
  const long = longUnits === 0 ? undefined : JSON.parse(text.substring(end - longUnits, end));
  return builder(text, start, ints, first, doubles, firstDouble, long);
}

/**
 * @param {Place} place
 * @returns {Builder}
 */
function build(place) {
  try {
    return compile(place);
  } catch {
    // Making functions of text has been forbidden since this was loaded.
    return (text, at, ints, int, doubles, double, long) =>
      interpret(place, { text, at, ints, int, doubles, double, long, longAt: 0 });
  }
}

const STRING_CODE = '((q=I[i++])<0?L[l++]:S.substring(p,p+=q))';
const NUMBER_CODE = `((q=I[i++])===${IN_DOUBLES}?N[n++]:q)`;

/**
 * The function for a shape: one expression, with a loop before it for each array.
 * @param {Place} place
 * @returns {Builder}
 */
function compile(place) {
  const { before, value } = write(place, { names: 0 });
  const body = `'use strict';let q=0,l=0;${before}return ${value}`;
  return /** @type {any} */ (new Function('S', 'p', 'I', 'i', 'N', 'n', 'L', body));
}

/**
 * The code that reads a place: statements that must run before, and an expression.
 * @param {Place} place
 * @param {{ names: number }} scope
 * @returns {{ before: string, value: string }}
 */
function write(place, scope) {
  if (typeof place === 'number') return { before: '', value: writeScalar(place) };
  const name = `v${scope.names++}`;
  if ('members' in place) {
    const { before, value } = writeObject(place.members, scope);
    if (!place.nullable) return { before, value };
    if (before === '') return { before, value: `(I[i++]===0?null:${value})` };
    return { before: `let ${name}=null;if(I[i++]!==0){${before}${name}=${value}}`, value: name };
  }
  const { element, nullable } = place;
  const item = element === null ? { before: '', value: 'null' } : write(element, scope);
  const loop = `for(let k=0,c=I[i++];k<c;k++){${item.before}${name}[k]=${item.value}}`;
  if (!nullable) return { before: `const ${name}=[];${loop}`, value: name };
  return { before: `let ${name}=null;if(I[i++]!==0){${name}=[];${loop}}`, value: name };
}

/**
 * @param {[string, Place][]} members
 * @param {{ names: number }} scope
 */
function writeObject(members, scope) {
  const codes = members.map(([, place]) => write(place, scope));
  const lastBefore = codes.findLastIndex(({ before }) => before !== '');
  let before = '';
  const parts = members.map(([key], at) => {
    const code = codes[at];
    // As a plain key it would set the prototype.
    const name = key === '__proto__' ? '["__proto__"]' : JSON.stringify(key);
    before += code.before;
    if (at >= lastBefore) return `${name}:${code.value}`;
    // A loop follows: what stands before it must be read before it.
    const value = `v${scope.names++}`;
    before += `const ${value}=${code.value};`;
    return `${name}:${value}`;
  });
  return { before, value: `{${parts.join(',')}}` };
}

/** @param {number} scalars */
function writeScalar(scalars) {
  if (scalars === STRING) return STRING_CODE;
  if (scalars === NUMBER) return NUMBER_CODE;
  if (scalars === BOOLEAN) return 'I[i++]===1';
  if (scalars === NULL) return 'null';
  const { FALSE, TRUE } = Shape;
  const code = `q===${TRUE}?true:q===${FALSE}?false:q===${Shape.NUMBER_NEXT}?${NUMBER_CODE}`;
  return `((q=I[i++])===${Shape.NULL_HERE}?null:${code}:${STRING_CODE})`;
}

/**
 * The same without a function of its own.
 * @param {Place} place
 * @param {{ text: string, at: number, ints: Int32Array, int: number, doubles: Float64Array, double: number, long: string[] | undefined, longAt: number }} from
 * @returns {any}
 */
function interpret(place, from) {
  if (typeof place === 'number') return scalar(place, from);
  if (place.nullable && from.ints[from.int++] === 0) return null;
  if ('members' in place) {
    /** @type {Record<string, any>} */
    const object = {};
    for (const [key, member] of place.members) {
      const value = interpret(member, from);
      if (key === '__proto__') Object.defineProperty(object, key, { ...PLAIN, value });
      else object[key] = value;
    }
    return object;
  }
  const { element } = place;
  return Array.from({ length: from.ints[from.int++] }, () =>
    interpret(/** @type {Place} */ (element), from)
  );
}

/**
 * @param {number} scalars
 * @param {Parameters<typeof interpret>[1]} from
 */
function scalar(scalars, from) {
  if (scalars === NULL) return null;
  const first = from.ints[from.int++];
  if (scalars === BOOLEAN) return first === 1;
  let kind = scalars === STRING ? Shape.STRING_NEXT : Shape.NUMBER_NEXT;
  let word = first;
  if (scalars !== STRING && scalars !== NUMBER) {
    kind = first;
    if (kind === Shape.NULL_HERE) return null;
    if (kind === Shape.TRUE || kind === Shape.FALSE) return kind === Shape.TRUE;
    word = from.ints[from.int++];
  }
  if (kind === Shape.NUMBER_NEXT) return word === IN_DOUBLES ? from.doubles[from.double++] : word;
  if (word < 0) return /** @type {string[]} */ (from.long)[from.longAt++];
  from.at += word;
  return from.text.substring(from.at - word, from.at);
}

/** A property as an assignment makes it; assigned, `__proto__` would set the prototype. */
const PLAIN = { writable: true, enumerable: true, configurable: true };

module.exports = { learn, forget, open, next, compile, interpret };
