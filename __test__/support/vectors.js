// The wire vectors, as `__test__/fixtures/wire/*.json` describes them.
//
// Must not know: who reads or writes the bytes.

'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

/** @typedef {{ name: string, bytes: Buffer, messages: any[], error?: string, incomplete?: number, preface?: boolean, generation?: 'A' | 'B' | 'D', role?: string, maxFrameBytes?: number, headerDigits?: number, capabilities?: number }} Vector */

/** @param {string} hex with spaces, and `61*1024` */
function unhex(hex) {
  const words = hex.split(/\s+/).filter((word) => word !== '');
  return Buffer.concat(
    words.map((word) => {
      const [digits, times = '1'] = word.split('*');
      const part = Buffer.from(digits, 'hex');
      return Buffer.alloc(part.length * Number(times), part);
    })
  );
}

/** @param {any} value with texts that may have `{ repeat, times }` parts @returns {any} */
function unfold(value) {
  if (Array.isArray(value)) return value.map(unfold).join('');
  if (value === null || typeof value !== 'object') return value;
  if ('repeat' in value) return value.repeat.repeat(value.times);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unfold(part)]));
}

/** @param {string} format @returns {Vector[]} */
function vectors(format) {
  const file = join(__dirname, `../fixtures/wire/${format}.json`);
  const { vectors } = JSON.parse(readFileSync(file, 'utf8'));
  return vectors.map((/** @type {any} */ vector) => ({
    ...vector,
    bytes: unhex(vector.hex),
    messages: vector.messages.map(unfold)
  }));
}

/**
 * What a handler is to get of a payload; undefined where none is to be called.
 *
 * @param {any} body
 * @returns {{ payload: any } | undefined}
 */
function payloadOf(body) {
  if (body === null) return { payload: undefined };
  if ('bytes' in body) return { payload: Buffer.from(body.bytes, 'hex') };
  try {
    return { payload: JSON.parse(body.json) };
  } catch {
    return undefined;
  }
}

/**
 * What the application is to get of these messages.
 *
 * @param {any[]} messages
 */
function deliveries(messages) {
  return messages.flatMap(({ kind, topic, body }) => {
    const heard = kind === 'request' || kind === 'event' ? payloadOf(body) : undefined;
    return heard === undefined ? [] : [{ kind, topic, payload: heard.payload }];
  });
}

module.exports = { deliveries, payloadOf, vectors };
