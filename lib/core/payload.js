/**
 * JavaScript values as payloads and back. Must not know: where payloads go.
 *
 * Any JSON value is JSON text; `undefined` is no payload at all; a `Uint8Array` at the top travels
 * as bytes. Other encodings make bytes of values, too (`encodings.js`); these are told apart by the
 * body's kind, each message by itself. Text is parsed one payload at a time, never joined with its neighbours: a payload such
 * as `1],[2` could become another's answer otherwise.
 */
'use strict';

const { isUint8Array } = require('node:util/types');

const { unpack } = require('./encodings.js');
const { ErrorKind, ShortwireError, unsupported } = require('../errors.js');
const { Body, VALUE } = require('./records.js');

/** Body kinds as the first word of a record has them. */
const JSON_HEAD = Body.JSON << 8;
const BYTES_HEAD = Body.BYTES << 8;
const MESSAGE_PACK_HEAD = Body.MESSAGE_PACK << 8;

/**
 * Whether a payload travels as bytes. By its kind and not by `instanceof`, which fails for the
 * arrays of another realm; `isView` comes first because it is cheaper and mostly false.
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
function isBytes(value) {
  return ArrayBuffer.isView(value) && isUint8Array(value);
}

/**
 * @param {unknown} value
 * @param {(value: any) => any} serializer
 * @returns {any} the text, or the bytes of an encoding, either for `core.order`; undefined for no payload
 */
function encode(value, serializer) {
  if (value === undefined) return undefined;
  let text;
  try {
    text = serializer(value);
  } catch (cause) {
    throw notEncodable(cause);
  }
  if (typeof text === 'string' || text === undefined || isBytes(text)) return text;
  throw notText();
}

// Apart from `encode`, which is to be small enough to be inlined.

/** @param {unknown} cause */
function notEncodable(cause) {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const why = `The payload can't be encoded: ${detail}`;
  return new ShortwireError(ErrorKind.SERIALIZE, why, { cause, maybeDelivered: false });
}

function notText() {
  const why = 'The serializer did not return a string';
  return new ShortwireError(ErrorKind.SERIALIZE, why, { maybeDelivered: false });
}

/**
 * @param {number} kind of {@link Body}, or {@link VALUE}
 * @param {any} body text, a Buffer, or the value itself
 * @returns {any}
 */
function decode(kind, body) {
  if (kind === Body.JSON) return JSON.parse(body);
  if (kind === VALUE || kind === Body.BYTES) return body;
  if (kind === Body.NONE) return undefined;
  if (kind === Body.MESSAGE_PACK) return unpack(body);
  throw unsupported('a payload in an encoding that was not agreed on');
}

module.exports = { JSON_HEAD, BYTES_HEAD, MESSAGE_PACK_HEAD, isBytes, encode, decode };
