/**
 * What a server does to all of its sockets at once: it tells them something, asks them something,
 * measures them. Must not know: how connections come and go, how bytes travel.
 */
'use strict';

const { Answering } = require('../calls/answering.js');
const channels = require('../observe/channels.js');
const core = require('../core/core.js');
const { serializer } = require('../core/encodings.js');
const errors = require('../errors.js');
const fanOut = require('../core/fan-out.js');
const { dropError } = require('../calls/messages.js');
const options = require('../options/options.js');
const { BYTES_HEAD, JSON_HEAD, MESSAGE_PACK_HEAD, encode, isBytes } = require('../core/payload.js');
const { Kind } = require('../core/records.js');
const { Survey } = require('./survey.js');
const { kAsking, kDropped, kEmit, kIndex, kSocketDropped } = require('../symbols.js');
const { TRACED, ahead } = require('../observe/traceparent.js');

/** @typedef {import('../socket.js').UDSocket} Socket */
/** @typedef {{ topic?: string, traceparent?: string, where?: (socket: Socket) => unknown, except?: Socket | Iterable<Socket> }} BroadcastOptions */
/** @typedef {{ topic?: string, traceparent?: string, where?: (socket: Socket) => unknown, timeoutMs?: number, quorum?: number, signal?: AbortSignal }} SurveyOptions */

class Broadcasting extends Answering {
  /** Messages to its sockets that never left. */
  [kDropped] = 0;

  /**
   * Tells all sockets that are subscribed to the topic; resolves to how many it was queued to.
   * @param {unknown} payload
   * @param {BroadcastOptions} [given]
   * @returns {Promise<number>}
   */
  async broadcast(payload, given) {
    const { topic, traceparent, where, except } = options.broadcastOptions(given);
    const encoded = encodeOnce(payload, /** @type {any} */ (this).options.encoding);
    const left = exceptions(except);
    let trace = traceparent;
    if (channels.message.hasSubscribers) {
      const message = { direction: 'broadcast', server: this, topic, payload, traceparent };
      channels.message.publish(message);
      trace = message.traceparent;
    }
    trace ??= /** @type {any} */ (this).options.traceparent?.();
    /** @type {Map<string, Socket>} */
    const sockets = /** @type {any} */ (this).sockets;
    // All predicates before the list is begun: one of them may broadcast itself.
    const chosen = where === undefined ? sockets.values() : choose(sockets, where);
    fanOut.begin();
    for (const socket of chosen) {
      if (socket.status === 'ready' && !left.has(socket)) fanOut.add(socket[kIndex]);
    }
    const { maxFrameBytes } = /** @type {any} */ (this).options;
    const { head, about } = headOf(Kind.MESSAGE, topic, trace);
    const { queued, notes } = fanOut.broadcast(head, about, encoded, maxFrameBytes);
    if (notes.length > 0) tellDropped(notes, topic, payload);
    return queued;
  }

  /**
   * Asks all sockets; resolves to what each of them said.
   * @param {unknown} payload
   * @param {SurveyOptions} [given]
   * @returns {Promise<import('./survey.js').Entry[]>}
   */
  async survey(payload, given) {
    const own = /** @type {any} */ (this);
    const settings = options.surveyOptions(given, own.options.timeoutMs);
    const { topic, timeoutMs, quorum, signal, where } = settings;
    const traceparent = settings.traceparent ?? own.options.traceparent?.();
    if (signal?.aborted) throw errors.aborted(signal, false);
    const encoded = encodeOnce(payload, own.options.encoding);
    const sockets = choose(own.sockets, where ?? everybody);
    const { head, about } = headOf(Kind.REQUEST, topic, traceparent);
    /** @param {Promise<any>} call @param {Socket} socket */
    const observe = (call, socket) => {
      const message = { socket, topic, payload, timeoutMs, traceparent };
      return channels.rpc.tracePromise(() => call, message);
    };
    const trace = channels.isObserved(channels.rpc) ? observe : undefined;
    return new Survey(sockets, quorum, signal).ask(head, about, encoded, timeoutMs, trace);
  }

  /**
   * The round trip to every socket, in ms.
   * @param {{ timeoutMs?: number }} [given]
   * @returns {Promise<import('./survey.js').Entry[]>}
   */
  async ping(given) {
    const own = /** @type {any} */ (this);
    const { timeoutMs } = options.pingOptions(given, own.options.timeoutMs);
    return new Survey([...own.sockets.values()], Infinity, undefined).ping(timeoutMs);
  }

  /**
   * A message to one of them never left.
   * @param {Socket} socket
   * @param {object} info
   */
  [kSocketDropped](socket, info) {
    this[kDropped]++;
    this[kEmit]('dropped', socket, info);
  }
}

/**
 * What a record begins with, and what it is about as it crosses.
 * @param {number} kind
 * @param {string} topic
 * @param {string | undefined} traceparent
 */
function headOf(kind, topic, traceparent) {
  if (traceparent === undefined) return { head: kind, about: topic };
  return { head: kind | TRACED, about: ahead(traceparent, topic) };
}

/**
 * @param {Map<string, Socket>} sockets
 * @param {(socket: Socket) => unknown} where
 */
function choose(sockets, where) {
  return [...sockets.values()].filter((socket) => where(socket));
}

const everybody = () => true;

/**
 * The payload, made once for all: what every receiver reads, if it can be that.
 * @param {unknown} payload
 * @param {import('../core/encodings.js').Encoding} encoding of the server
 * @returns {import('../core/fan-out.js').Encoded}
 */
function encodeOnce(payload, encoding) {
  if (isBytes(payload)) return { text: undefined, bytes: payload, bodyHead: BYTES_HEAD };
  const body = encode(payload, serializer(encoding, undefined));
  if (body === undefined) return { text: undefined, bytes: undefined, bodyHead: 0 };
  if (typeof body === 'string') return { text: body, bytes: undefined, bodyHead: JSON_HEAD };
  return { text: undefined, bytes: body, bodyHead: MESSAGE_PACK_HEAD };
}

/**
 * @param {Socket | Iterable<Socket> | undefined} except
 * @returns {{ has(socket: Socket): boolean }}
 */
function exceptions(except) {
  if (except === undefined) return NOBODY;
  if (typeof (/** @type {any} */ (except)[Symbol.iterator]) !== 'function') {
    return new Set([/** @type {Socket} */ (except)]);
  }
  return except instanceof Set ? except : new Set(/** @type {Iterable<Socket>} */ (except));
}

/**
 * Tells those who didn't get it, once the call has returned: a listener that broadcasts again would
 * never come back otherwise.
 * @param {number[]} notes
 * @param {string} topic
 * @param {unknown} payload
 */
function tellDropped(notes, topic, payload) {
  /** An error has a stack, which is dear: one for each kind. @type {Map<number, Error & { code: string }>} */
  const made = new Map();
  for (let at = 0; at < notes.length; at += 2) {
    const socket = core.sockets[notes[at]];
    const kind = notes[at + 1];
    const error = made.get(kind) ?? dropError(kind);
    made.set(kind, error);
    const info = { reason: error.code, error, topic, payload };
    queueMicrotask(() => socket[kAsking].drop(info));
  }
}

const NOBODY = new Set();

exports.Broadcasting = Broadcasting;
