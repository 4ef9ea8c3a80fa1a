/**
 * Values as JSON text, by a serializer of jftp's kind: it makes the text of a whole message,
 * `[id, data]`, of which only what follows the id is wanted here. Must not know: sockets.
 */
'use strict';

/** @typedef {(message: any) => string} Serializer */

/** Stands for the id, which is the core's business. */
const ID = 1;
const OPEN = `[${ID},`;

/**
 * @param {Serializer} serializer
 * @param {unknown} data
 * @param {string} protocol the generation that is spoken
 * @returns {string | undefined} the text; undefined for what JSON leaves out
 */
function textOf(serializer, data, protocol) {
  if (serializer === JSON.stringify) return JSON.stringify(data);
  const text = serializer([ID, data]);
  if (typeof text !== 'string') throw new TypeError('The serializer did not return a string');
  // The first generation's messages are objects: no third slot may hide behind the data.
  if (protocol !== 'jftp-1.0' && text.startsWith(OPEN) && text.endsWith(']')) {
    return text.slice(OPEN.length, -1);
  }
  const message = JSON.parse(text);
  if (!Array.isArray(message)) throw new TypeError('The serializer must keep [id, data] an array');
  return JSON.stringify(message[1]);
}

/**
 * A serializer for messages with this schema of their data, by fast-json-stringify.
 * @param {object} schema
 * @returns {Serializer}
 */
function createSerializer(schema) {
  let build;
  try {
    // @ts-ignore Optional, as it is for jftp: whoever wants schemas installs it.
    build = require('fast-json-stringify');
  } catch (cause) {
    throw new Error('fast-json-stringify is not installed', { cause });
  }
  return build({
    type: 'array',
    items: [{ type: 'number' }, schema, { type: ['object', 'string', 'null'] }]
  });
}

module.exports = { createSerializer, textOf };
