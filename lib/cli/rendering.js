/**
 * Values as they are printed: one line of JSON each, or bytes as they are.
 */
'use strict';

/** @type {Record<string, import('./arguments.js').Option>} */
const renderingOptions = {
  'raw-out': {
    help: 'write answers that are bytes or text as they are, without quotes or line ends'
  },
  pretty: { help: 'indent the JSON, for people' }
};

/**
 * What is written for an answer.
 * @param {unknown} value
 * @param {Record<string, any>} values options
 * @returns {string | Uint8Array}
 */
function rendered(value, values) {
  if (values.raw === true || values['raw-out'] === true) {
    if (value instanceof Uint8Array || typeof value === 'string') return value;
  }
  return `${jsonLine(value, values.pretty ? 2 : undefined)}\n`;
}

/**
 * JSON has neither "nothing" nor bytes: nothing is null, bytes are `{ "base64": "…" }`. Of what MessagePack carries beside them, big
 * integers and dates are text, sets are arrays, and maps are objects, or arrays of pairs if a key is no text.
 * @param {unknown} value
 * @param {number} [indent]
 * @returns {string}
 */
function jsonLine(value, indent) {
  return JSON.stringify(value === undefined ? null : value, inJson, indent);
}

/**
 * Called by JSON.stringify, which has let a `Buffer` make an array of itself before.
 * @this {any}
 * @param {string} key
 * @param {unknown} value
 */
function inJson(key, value) {
  const original = this[key];
  if (original instanceof Uint8Array) return { base64: Buffer.from(original).toString('base64') };
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Set) return [...value];
  if (!(value instanceof Map)) return value;
  const entries = [...value];
  return entries.every(([name]) => typeof name === 'string')
    ? Object.fromEntries(entries)
    : entries;
}

exports.jsonLine = jsonLine;
exports.rendered = rendered;
exports.renderingOptions = renderingOptions;
