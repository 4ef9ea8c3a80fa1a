/**
 * The encodings of payloads beside plain JSON: MessagePack by way of msgpackr, which the user has
 * installed, and none at all. Must not know: where
 * payloads go.
 *
 * Each payload stands by itself: no structures are shared between messages, and objects are maps.
 * That is smaller state, any reader understands it, and msgpackr is faster that way with small
 * payloads (docs/design/encodings.md). What a peer sends has been checked by the core before
 * (`src/codec/msgpack.rs`), since msgpackr's extensions can cost more than their size shows.
 */
'use strict';

const { unsupported } = require('../errors.js');
const { Capability, Kind } = require('./records.js');
const { kCompressed, kEncoding, kSerializer } = require('../symbols.js');

/** @typedef {'json' | 'msgpack' | 'raw'} Encoding */
/** @typedef {{ pack: (value: unknown) => Uint8Array, unpack: (bytes: Uint8Array) => any }} Packer */

/** @type {Packer | undefined} */
let packer;

/** A map on its way through msgpackr, which would make an object of it. */
class PackedMap {
  /** @param {unknown[]} entries keys and values in turn */
  constructor(entries) {
    this.entries = entries;
  }
}

/**
 * Makes an encoding ready to be used.
 * @param {Encoding} encoding
 */
function load(encoding) {
  if (encoding === 'msgpack') packer ??= makePacker(requireMsgpackr());
}

/** @returns {any} */
function requireMsgpackr() {
  try {
    return require('msgpackr');
  } catch (/** @type {any} */ error) {
    if (error?.code !== 'MODULE_NOT_FOUND') throw error;
    throw unsupported("encoding: 'msgpack' needs the package msgpackr: npm install msgpackr");
  }
}

/**
 * @param {any} msgpackr
 * @returns {Packer}
 */
function makePacker(msgpackr) {
  msgpackr.addExtension({
    Class: PackedMap,
    type: MAP_TYPE,
    write: (/** @type {PackedMap} */ map) => map.entries,
    read: readMap
  });
  const packr = new msgpackr.Packr({
    useRecords: false,
    variableMapSize: true,
    mapsAsObjects: true,
    moreTypes: true
  });
  let hasMap = false;
  // Asked for each map. So payloads without one, nearly all, aren't searched for them.
  Object.defineProperty(packr, 'mapAsEmptyObject', { get: () => (hasMap = true) });
  const pack = (/** @type {unknown} */ value) => {
    hasMap = false;
    const bytes = packr.pack(value);
    return hasMap ? packr.pack(withoutMaps(value)) : bytes;
  };
  const unpack = (/** @type {Uint8Array} */ bytes) => packr.unpack(bytes);
  // Another major version might do any of this in another way.
  if (unpack(pack({ map: new Map([[1, 2n]]) })).map?.get?.(1) !== 2n) {
    throw unsupported('This version of msgpackr does not fit: npm install msgpackr@1');
  }
  return { pack, unpack };
}

/**
 * A copy with a {@link PackedMap} in place of each map.
 * @param {any} value
 * @returns {any}
 */
function withoutMaps(value) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutMaps);
  if (value instanceof Map) return new PackedMap([...value].flat(1).map(withoutMaps));
  if (value instanceof Set) return new Set([...value].map(withoutMaps));
  if (value instanceof Date || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return value;
  }
  if (typeof value.toJSON === 'function') return withoutMaps(value.toJSON());
  const copy = /** @type {Record<string, any>} */ (Object.create(null));
  for (const name of Object.keys(value)) copy[name] = withoutMaps(value[name]);
  return copy;
}

/** @param {unknown[]} entries */
function readMap(entries) {
  if (!Array.isArray(entries) || entries.length % 2 !== 0) throw new TypeError('half an entry');
  const map = new Map();
  for (let at = 0; at < entries.length; at += 2) map.set(entries[at], entries[at + 1]);
  return map;
}

/**
 * @param {Uint8Array} bytes that the core has checked
 * @returns {any}
 */
function unpack(bytes) {
  if (packer === undefined) throw unsupported('a payload in MessagePack, which was not agreed on');
  return packer.unpack(bytes);
}

/**
 * Gives a socket what its payloads are made with.
 * @param {any} socket
 * @param {boolean | undefined} agreed whether the peer reads MessagePack; undefined while it isn't there
 */
function agree(socket, agreed) {
  const wanted = socket.options.encoding;
  socket[kEncoding] = wanted === 'msgpack' && !agreed ? 'json' : wanted;
  // Whoever has JSON may have a serializer of his own for it.
  if (wanted !== 'json') socket[kSerializer] = serializer(wanted, agreed);
}

/**
 * Looks at what the core tells of a connection for what concerns its encoding, and
 * whether the whole is compressed.
 * @param {any} socket
 * @param {number} kind
 * @param {number} subject
 */
function heed(socket, kind, subject) {
  if (kind === Kind.READY) {
    socket[kCompressed] = (subject & Capability.DEFLATE) !== 0;
    agree(socket, (subject & Capability.MESSAGE_PACK) !== 0);
  }
  if (kind === Kind.CLOSED || kind === Kind.LOST) agree(socket, undefined);
}

/**
 * What makes text or bytes of payloads.
 * @param {Encoding} wanted by the socket's options
 * @param {boolean | undefined} agreed whether the peer reads it; undefined as long as it isn't there
 * @returns {(value: any) => any}
 */
function serializer(wanted, agreed) {
  if (wanted === 'raw') return refuseValue;
  if (wanted === 'json') return JSON.stringify;
  if (agreed === undefined) return beforehand;
  return agreed ? /** @type {Packer} */ (packer).pack : exactJson;
}

/** @param {unknown} _value that is no bytes */
function refuseValue(_value) {
  throw new TypeError("with encoding: 'raw' it must be a Buffer or a Uint8Array");
}

/**
 * For calls that wait for their peer: JSON is what every peer reads. What JSON can't carry fails
 * later, in the core, if the peer doesn't read MessagePack.
 * @param {unknown} value
 */
function beforehand(value) {
  try {
    return exactJson(value);
  } catch {
    return /** @type {Packer} */ (packer).pack(value);
  }
}

/**
 * JSON, but nothing becomes something else on the way.
 * @param {unknown} value
 */
function exactJson(value) {
  return JSON.stringify(value, refuseInexact);
}

/**
 * @this {any}
 * @param {string} name
 * @param {unknown} value
 */
function refuseInexact(name, value) {
  const given = this[name];
  const what =
    typeof given === 'object' && given !== null
      ? nameOf(INEXACT.find((type) => given instanceof type))
      : inexactPrimitive(given, Array.isArray(this));
  if (what === undefined && !ArrayBuffer.isView(given)) return value;
  throw new TypeError(`JSON can't carry ${what ?? 'bytes'}, and the peer doesn't read MessagePack`);
}

/** @param {{ name: string } | undefined} type */
function nameOf(type) {
  return type === undefined ? undefined : `a ${type.name}`;
}

/**
 * @param {unknown} value
 * @param {boolean} inArray where `undefined` would become null
 */
function inexactPrimitive(value, inArray) {
  if (typeof value === 'bigint') return 'a BigInt';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value === undefined && inArray ? 'undefined' : undefined;
}

const INEXACT = [Date, Map, Set, ArrayBuffer];
/** 'm', next to msgpackr's own 's' for sets; applications have 1 to 100. */
const MAP_TYPE = 0x6d;

module.exports = { agree, heed, load, unpack, serializer };
