/**
 * What is told of files before their bytes: names and sizes, under a serial number. Always JSON, however
 * payloads travel. Must not know: streams, where files come from.
 */
'use strict';

const { decode, isBytes } = require('../core/payload.js');

/** @typedef {import('./outgoing-file.js').Outgoing} Outgoing */

/**
 * @param {number} serial
 * @param {Outgoing[]} outgoing
 */
function announce(serial, outgoing) {
  return [serial, outgoing.map(({ name, size }) => [name, size])];
}

/** @param {any} list */
function isList(list) {
  return (
    Array.isArray(list) &&
    list.length === 2 &&
    Number.isSafeInteger(list[0]) &&
    Array.isArray(list[1]) &&
    list[1].every(
      (file) =>
        Array.isArray(file) &&
        typeof file[0] === 'string' &&
        Number.isSafeInteger(file[1]) &&
        file[1] >= 0
    )
  );
}

/**
 * With `encoding: 'raw'` everything comes as bytes.
 * @param {any} value
 * @returns {any} undefined if it is none
 */
function listOf(value) {
  if (!isBytes(value)) return value;
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString());
  } catch {
    return undefined;
  }
}

/**
 * The list with which a stream was opened.
 * @param {number} bodyKind
 * @param {any} body
 * @returns {any} undefined if it is none
 */
function readList(bodyKind, body) {
  try {
    return listOf(decode(bodyKind, body));
  } catch {
    return undefined;
  }
}

module.exports = { announce, isList, listOf, readList };
