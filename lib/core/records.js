/**
 * The numbers of what crosses between JavaScript and Rust: mirrors of `src/driver/batch.rs`,
 * `src/bridge/host.rs` and `src/error.rs`; a test compares them with the addon's own list.
 */
'use strict';

/** Kinds of records, in both directions where that makes sense. */
const Kind = {
  REQUEST: 1,
  RESPONSE: 2,
  FAILURE: 3,
  MESSAGE: 4,
  CANCEL: 5,
  PING: 6,
  FAILED: 7,
  SENT: 8,
  READY: 9,
  GOAWAY: 10,
  DRAIN: 11,
  CLOSED: 12,
  OPENED: 13,
  OUTPUT: 14,
  HELLO: 15,
  WELCOME: 16,
  REFUSED: 17,
  LOST: 18,
  DIAL_FAILED: 19,
  OPEN: 20,
  DATA: 21,
  CREDIT: 22,
  END: 23,
  RESET: 24,
  TAKEN: 26,
  SUBSCRIBE: 30,
  UNSUBSCRIBE: 31,
  DROPPED: 36,
  SHAPE: 37
};

/** What a server tells. */
const ServerEvent = { LISTENING: 1, FAILED: 2, CLOSED: 3, TURNED_AWAY: 4 };

/** How a payload is encoded. */
const Body = { NONE: 0, JSON: 1, BYTES: 2, MESSAGE_PACK: 3 };

/** What a stream is for, in the record that opens it: a call or a message with files; a file. */
const Setting = { VALUES: 1, CALL: 2, MESSAGE: 4, FILE: 8 };

/** What both sides of a connection can do, in the record that tells that it is ready. */
const Capability = { MESSAGE_PACK: 0x02, DEFLATE: 0x10 };

/** The kind of a payload that has been decoded already: on this side only. */
const VALUE = 0x7f;

/** How records lie in the shared arrays. */
const Layout = {
  WORDS: 5,
  BLOB: 0x10000,
  VALUES: 0x20000,
  TRACED: 0x8000,
  MAYBE_DELIVERED: 0x100,
  NO_SLOT: 0xffffffff,
  INBOUND_HEAD: 4,
  OUTBOUND_HEAD: 2,
  OUTBOUND_RECORDS: 256,
  FLAG_PENDING: 1,
  FLAG_HIGH: 2,
  NEWS: 0xff
};

/** How values of a shape lie among the numbers: kinds of scalars, what says which of them comes, and where it is. */
const Shape = {
  HEAD: 4,
  STRING: 1,
  NUMBER: 2,
  BOOLEAN: 4,
  NULL: 8,
  NULL_HERE: 0,
  FALSE: 1,
  TRUE: 2,
  NUMBER_NEXT: 3,
  STRING_NEXT: 4,
  IN_DOUBLES: 0x80000000,
  IN_LONG: 0xffffffff
};

/** Names of formats, by number. */
const FORMATS = ['shortwire', 'jftp-1.0', 'jftp-1.5', 'jftp'];

module.exports = { Kind, ServerEvent, Body, Setting, Capability, Layout, Shape, VALUE, FORMATS };
