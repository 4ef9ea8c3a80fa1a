/**
 * This JavaScript thread's end of the core: one native object, one outbox, one way in.
 *
 * Out: what sockets want is joined into one text and a few numbers each, and crosses in one call
 * when it has grown, when another socket wants something, or when the code under way is done.
 * In: `deliver` gets a batch of one connection, and hands each record to its socket. Must not know:
 * promises, handlers, options.
 */
'use strict';

const native = require('./native.js');
const { Body, Kind, Layout, VALUE } = require('./records.js');
const shapes = require('./shapes.js');
const { kReceive, kScope, kWelcome } = require('../symbols.js');

const { WORDS, OUTBOUND_HEAD, OUTBOUND_RECORDS, INBOUND_HEAD, BLOB, VALUES, FLAG_PENDING } = Layout;

const JSON_HEAD = Body.JSON << 8;
const MESSAGE_PACK_HEAD = Body.MESSAGE_PACK << 8;

/** A batch is flushed at this many UTF-16 code units: with one flush per turn both sides would wait for each other. */
const FLUSH_UNITS = 768;
/** But not with fewer orders than these, unless they are large: each flush is a write to the socket. */
const FLUSH_ORDERS = 8;
const FLUSH_LARGE_UNITS = 16384;
/** Larger texts cross alone, so that they are not copied into a joined one. */
const ALONE_UNITS = 8192;

/** @type {{ inbound: Uint32Array, outbound: Uint32Array, flush: (text: string, bytes?: Uint8Array) => number, drain: (index: number) => void, fanOut: (text: string, targets: Uint32Array, bytes?: Uint8Array) => number | number[] }} */
const memory = /** @type {any} */ ({});
const thread = new native.NativeThread(deliver, serverEvent, memory);
const { inbound, outbound, flush: nativeFlush, drain: nativeDrain } = memory;

/** Sockets by the index of their connection. @type {any[]} */
const sockets = [];
/** Servers by their index. @type {any[]} */
const servers = [];

/** The connection whose records wait, and what they say. */
let current = -1;
let text = '';
let count = 0;
let at = OUTBOUND_HEAD;
let flushScheduled = false;
/** Inside `deliver`, the flush comes at its end. */
let delivering = false;
/**
 * A connection whose server has ended before it was heard of: nobody would ever end it.
 * @param {number} index
 * @param {number} last kind of its last record
 */
function abandon(index, last) {
  if (last !== Kind.CLOSED) act(index, (at) => thread.destroy(at, 'the server is closed'));
}

/** When the batch under way arrived, in ms since the epoch; 0 while nobody has asked. */
let arrived = 0;

const resolved = Promise.resolve();

/**
 * Adds an order for a connection.
 * @param {number} index
 * @param {number} head kind and encoding
 * @param {number} subject slot or token
 * @param {string} topic
 * @param {string | Uint8Array} body bytes of an encoding count as MessagePack, whatever the head says
 * @param {number} extra
 */
function order(index, head, subject, topic, body, extra) {
  if (typeof body !== 'string') {
    orderBytes(index, (head & ~JSON_HEAD) | MESSAGE_PACK_HEAD, subject, topic, body, extra);
    return;
  }
  if (index !== current || count === OUTBOUND_RECORDS || body.length > ALONE_UNITS) {
    if (count > 0) flush();
    current = index;
  }
  outbound[at] = head;
  outbound[at + 1] = subject;
  outbound[at + 2] = topic.length;
  outbound[at + 3] = body.length;
  outbound[at + 4] = extra;
  at += WORDS;
  count++;
  text += topic === '' ? body : topic + body;
  const units = text.length;
  if (units >= FLUSH_UNITS && (count >= FLUSH_ORDERS || units >= FLUSH_LARGE_UNITS)) flush();
  else if (!flushScheduled && !delivering) {
    flushScheduled = true;
    resolved.then(flushLater);
  }
}

/**
 * Adds an order whose body is bytes. It crosses at once: the bytes are the caller's.
 * @param {number} index
 * @param {number} head
 * @param {number} subject
 * @param {string} topic
 * @param {Uint8Array} bytes
 * @param {number} extra
 */
function orderBytes(index, head, subject, topic, bytes, extra) {
  if (count > 0) flush();
  current = index;
  outbound[at] = head;
  outbound[at + 1] = subject;
  outbound[at + 2] = topic.length;
  outbound[at + 3] = 0;
  outbound[at + 4] = extra;
  count = 1;
  text = topic;
  flush(bytes);
}

function flushLater() {
  flushScheduled = false;
  if (count > 0) flush();
}

/** @param {Uint8Array} [bytes] */
function flush(bytes) {
  const index = current;
  outbound[0] = index;
  outbound[1] = count;
  const joined = text;
  text = '';
  count = 0;
  at = OUTBOUND_HEAD;
  const flags = bytes === undefined ? nativeFlush(joined) : nativeFlush(joined, bytes);
  if ((flags & FLAG_PENDING) !== 0) drainSoon(index);
}

/**
 * Asks for what happened in a connection during a call into it, once the code under way is done.
 * @param {number} index
 */
function drainSoon(index) {
  resolved.then(() => nativeDrain(index));
}

/**
 * Called by the core with what happened to one connection: hands each record to its socket. In the
 * socket's async context, but for calls: promises know theirs, and handlers have their own.
 * @param {string} joined all topics and payloads
 * @param {any[]} [blobs] payloads handed over whole
 * @param {Uint32Array} [own] records that don't fit into the shared array
 */
function deliver(joined, blobs, own) {
  const words = own === undefined ? inbound : own;
  const index = words[0];
  const records = words[1];
  let socket = sockets[index];
  if (socket === undefined) {
    const server = servers[words[2] - 1];
    if (server === undefined) {
      abandon(index, words[INBOUND_HEAD + (records - 1) * WORDS] & 0xff);
      return;
    }
    socket = sockets[index] = server[kScope].runInAsyncScope(server[kWelcome], server, index);
  }
  delivering = true;
  arrived = 0;
  let start = 0;
  let from = INBOUND_HEAD;
  let opened = false;
  for (let i = 0; i < records; i++, from += WORDS) {
    const head = words[from];
    const topicEnd = words[from + 2];
    const end = words[from + 3];
    const topic = topicEnd === start ? '' : joined.substring(start, topicEnd);
    let body;
    let bodyKind = (head >> 8) & 0xff;
    if ((head & VALUES) !== 0) {
      start = end;
    } else if ((head & BLOB) === 0) {
      body = topicEnd === 0 && end === joined.length ? joined : joined.substring(topicEnd, end);
      start = end;
    } else {
      body = /** @type {any[]} */ (blobs)[end];
      start = topicEnd;
    }
    const kind = head & 0xff;
    if (kind === Kind.SHAPE) {
      shapes.learn(index, words[from + 1], body);
      continue;
    }
    if (kind === Kind.CLOSED) {
      sockets[index] = undefined;
      shapes.forget(index);
    }
    try {
      if ((head & VALUES) !== 0) {
        if (!opened) shapes.open(words, records);
        opened = true;
        body = shapes.next(index, joined, topicEnd, end);
        bodyKind |= VALUE;
      }
      const subject = words[from + 1];
      const extra = words[from + 4];
      if (kind === Kind.RESPONSE || kind === Kind.REQUEST) {
        socket[kReceive](kind, subject, topic, body, extra, bodyKind);
      } else {
        const receive = socket[kReceive];
        socket[kScope].runInAsyncScope(
          receive,
          socket,
          kind,
          subject,
          topic,
          body,
          extra,
          bodyKind
        );
      }
    } catch (error) {
      // One listener's throw must not cost the others their records.
      rethrow(error);
    }
  }
  delivering = false;
  if (count > 0) flush();
}

/** When the batch under way arrived, in ms since the epoch: one look at the clock for all of it. */
function arrival() {
  if (arrived === 0) arrived = Date.now();
  return arrived;
}

/**
 * Called by the core with what happened to a server.
 * @param {number} index
 * @param {number} kind
 * @param {string} detail
 * @param {number} errorKind
 * @param {number} errno
 * @param {number} uid
 * @param {number} pid
 */
function serverEvent(index, kind, detail, errorKind, errno, uid, pid) {
  const server = servers[index];
  if (server === undefined) return;
  const tell = () => server[kReceive](kind, detail, errorKind, errno, uid, pid);
  // One that only binds has no listeners.
  if (server[kScope] === undefined) tell();
  else server[kScope].runInAsyncScope(tell);
}

/**
 * Throws where it becomes an uncaught exception, as a throw of an event listener would.
 * @param {unknown} error
 */
function rethrow(error) {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * Runs a lifecycle call on a connection, after everything that was ordered before it.
 * @param {number} index
 * @param {(index: number) => number} call
 * @returns {number} flags
 */
function act(index, call) {
  if (count > 0) flush();
  const flags = call(index);
  if ((flags & FLAG_PENDING) !== 0) drainSoon(index);
  return flags;
}

/** Makes the core know everything that was ordered. */
function flushNow() {
  if (count > 0) flush();
}

module.exports = {
  thread,
  memory,
  sockets,
  servers,
  order,
  orderBytes,
  arrival,
  flushNow,
  drainSoon,
  act,
  rethrow
};
