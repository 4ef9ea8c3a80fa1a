/**
 * What to send: from the argument, or from standard input. Must not know: where it goes.
 */
'use strict';

const { fstatSync } = require('node:fs');
const { StringDecoder } = require('node:string_decoder');

const { usage } = require('./failure.js');
const { JsonValues } = require('./json-values.js');
const { integer, parseJson } = require('./values.js');

/** @typedef {{ payload: any, line: number }} Item a payload, and its line on standard input */

/** The descriptor. */
const STDIN = 0;
/** The largest payload that is read without `--max-frame`. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** @type {Record<string, import('./arguments.js').Option>} */
const payloadOptions = {
  raw: { help: 'bytes in and out: no JSON on either side' },
  'raw-in': { help: 'the payload is bytes: all of standard input, or the argument as it is' },
  count: {
    short: 'n',
    value: 'number',
    help: 'how often to send each payload (1)',
    read: integer(1, 1_000_000_000),
    fallback: 1
  }
};

/**
 * Reads an argument at once, so that a mistake in it is told before anything is sent.
 * @param {import('./arguments.js').Input} input
 * @param {number} at which positional is the payload
 * @returns {AsyncIterable<Item>}
 */
function payloads({ positionals, values, stdin }, at) {
  const raw = values.raw === true || values['raw-in'] === true;
  const maxBytes = values['max-frame'] ?? DEFAULT_MAX_BYTES;
  const argument = positionals[at];
  if (argument !== undefined && argument !== '-') {
    const payload = raw ? Buffer.from(argument) : parseJson(argument, 'The payload');
    return repeated([{ payload, line: 0 }], values.count);
  }
  if (argument === undefined && !isGiven(stdin)) {
    return repeated([{ payload: undefined, line: 0 }], values.count);
  }
  return repeated(raw ? allBytes(stdin, maxBytes) : jsonValues(stdin, maxBytes), values.count);
}

/**
 * @param {AsyncIterable<Item> | Item[]} items
 * @param {number} times
 * @returns {AsyncGenerator<Item>}
 */
async function* repeated(items, times) {
  for await (const item of items) {
    for (let sent = 0; sent < times; sent++) yield item;
  }
}

/**
 * Whether somebody has put something at standard input: a file, a pipe. A terminal and /dev/null are
 * what is there otherwise.
 * @param {NodeJS.ReadStream} stdin
 */
function isGiven(stdin) {
  if (stdin.isTTY) return false;
  try {
    return !fstatSync(STDIN).isCharacterDevice();
  } catch {
    // It is closed.
    return false;
  }
}

/**
 * @param {NodeJS.ReadStream} stdin
 * @param {number} maxBytes
 * @returns {AsyncGenerator<Item>}
 */
async function* allBytes(stdin, maxBytes) {
  /** @type {Buffer[]} */
  const chunks = [];
  let length = 0;
  for await (const chunk of stdin) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge('Standard input', maxBytes);
    chunks.push(chunk);
  }
  yield { payload: Buffer.concat(chunks), line: 0 };
}

/**
 * @param {NodeJS.ReadStream} stdin
 * @param {number} maxBytes
 * @returns {AsyncGenerator<Item>}
 */
async function* jsonValues(stdin, maxBytes) {
  const decoder = new StringDecoder('utf8');
  const values = new JsonValues();
  for await (const chunk of stdin) {
    for (const piece of values.push(decoder.write(chunk))) yield itemOf(piece);
    if (values.pending > maxBytes) {
      throw tooLarge(`Standard input, line ${values.line}: the value`, maxBytes);
    }
  }
  for (const piece of [...values.push(decoder.end()), ...values.end()]) yield itemOf(piece);
}

/** @param {import('./json-values.js').Piece} piece @returns {Item} */
function itemOf({ text, line }) {
  return { payload: parseJson(text, `Standard input, line ${line},`), line };
}

/**
 * @param {string} what
 * @param {number} maxBytes
 */
function tooLarge(what, maxBytes) {
  return usage(`${what} is larger than ${maxBytes} bytes`, 'Raise the limit with --max-frame.');
}

exports.payloadOptions = payloadOptions;
exports.payloads = payloads;
