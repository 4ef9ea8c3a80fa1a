// The native format in plain JavaScript, from its specification alone: a second opinion on the bytes.
//
// Must not know: sockets, the library.

'use strict';

const Kind = {
  REQUEST: 1,
  RESPONSE: 2,
  ERROR: 3,
  EVENT: 4,
  CANCEL: 5,
  PING: 6,
  PONG: 7,
  GOAWAY: 8,
  HELLO: 9,
  WELCOME: 10,
  REFUSED: 11,
  OPEN: 0x10,
  DATA: 0x11,
  CREDIT: 0x12,
  END: 0x13,
  RESET: 0x14,
  SUBSCRIBE: 0x0c,
  UNSUBSCRIBE: 0x0d
};
const Flag = {
  NONE: 0,
  JSON: 1,
  BYTES: 2,
  MESSAGE_PACK: 3,
  MORE: 4,
  DEADLINE: 8,
  TRACE: 16,
  WIDE: 32
};
/** Bits of the preface. */
const Capability = {
  DEFLATE: 1 << 4,
  STREAMS: 1,
  MESSAGE_PACK: 1 << 1,
  HELLO: 1 << 2,
  TOPICS: 1 << 3,
  WIDE: 1 << 5
};
/** What this library says that it can do. */
const CAPABILITIES = Capability.STREAMS | Capability.HELLO | Capability.TOPICS | Capability.WIDE;

const HEADER_BYTES = 16;
const PREFACE_BYTES = 32;
const MAGIC = Buffer.from('d773776972650d0a', 'hex');

/**
 * @param {{ newest?: number, oldest?: number, capabilities?: number, maxFrameBytes?: number, maxInFlight?: number, maxInFlightBytes?: number }} [given]
 */
function preface(given = {}) {
  const { newest = 1, oldest = 1, capabilities = 0, maxFrameBytes = 16 << 20 } = given;
  const { maxInFlight = 65_536, maxInFlightBytes = 64 << 20 } = given;
  const bytes = Buffer.alloc(PREFACE_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt8(newest, 8);
  bytes.writeUInt8(oldest, 9);
  bytes.writeUInt16LE(PREFACE_BYTES, 10);
  bytes.writeUInt32LE(capabilities, 12);
  bytes.writeUInt32LE(maxFrameBytes, 16);
  bytes.writeUInt32LE(maxInFlight, 20);
  bytes.writeUInt32LE(maxInFlightBytes, 24);
  return bytes;
}

/**
 * A frame whose header says nothing but the truth, unless `length` is given.
 *
 * @param {number} kind
 * @param {{ id?: number | bigint, flags?: number, topic?: string | Buffer, body?: string | Buffer, length?: number }} [given]
 */
function frame(kind, { id = 0, flags = Flag.NONE, topic = '', body = '', length } = {}) {
  const about = Buffer.from(topic);
  const content = Buffer.concat([about, Buffer.from(body)]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt8(flags, 1);
  header.writeUInt16LE(about.length, 2);
  header.writeUInt32LE(length ?? content.length, 4);
  header.writeBigUInt64LE(BigInt(id), 8);
  return Buffer.concat([header, content]);
}

/** @type {(id: number | bigint, json: string | Buffer, topic?: string | Buffer) => Buffer} */
const request = (id, json, topic) =>
  frame(Kind.REQUEST, { id, flags: Flag.JSON, topic, body: json });
/** @type {(id: number | bigint, json: string | Buffer) => Buffer} */
const response = (id, json) => frame(Kind.RESPONSE, { id, flags: Flag.JSON, body: json });

/** @typedef {{ kind: number, flags: number, id: bigint, topic: string, body: Buffer, json: any, errorKind: number, text: string }} Frame */

/**
 * Takes the first whole frame off the bytes.
 *
 * @param {Buffer} bytes
 * @returns {{ frame: Frame, rest: Buffer } | undefined}
 */
function readFrame(bytes) {
  if (bytes.length < HEADER_BYTES) return undefined;
  const end = HEADER_BYTES + bytes.readUInt32LE(4);
  if (bytes.length < end) return undefined;
  const flags = bytes.readUInt8(1);
  const skip = HEADER_BYTES + (flags & Flag.DEADLINE ? 4 : 0) + (flags & Flag.TRACE ? 26 : 0);
  const bodyAt = skip + bytes.readUInt16LE(2);
  const body = bytes.subarray(bodyAt, end);
  const isJson = (flags & 3) === Flag.JSON;
  return {
    frame: {
      kind: bytes.readUInt8(0),
      flags,
      id: bytes.readBigUInt64LE(8),
      topic: bytes.toString('utf8', skip, bodyAt),
      body,
      get json() {
        return isJson ? JSON.parse(body.toString()) : undefined;
      },
      // A failure of the core: the number of its kind, then a sentence.
      errorKind: body.length > 0 ? body[0] : -1,
      text: body.toString('utf8', 1)
    },
    rest: bytes.subarray(end)
  };
}

module.exports = {
  Flag,
  HEADER_BYTES,
  Kind,
  MAGIC,
  PREFACE_BYTES,
  frame,
  CAPABILITIES,
  Capability,
  preface,
  readFrame,
  request,
  response
};
