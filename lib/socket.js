/**
 * `UDSocket`: one end of a connection, the connecting or the accepted one. What the user calls, and
 * how calls settle. Must not know: wire formats, system sockets, how its link comes and goes.
 */
'use strict';

const { randomBytes } = require('node:crypto');

const { Answering } = require('./answering.js');
const { Calls } = require('./calls.js');
const core = require('./core.js');
const errors = require('./errors.js');
const { Link } = require('./link.js');
const { hear, missed } = require('./messages.js');
const options = require('./options.js');
const { JSON_HEAD, BYTES_HEAD, encode, isBytes } = require('./payload.js');
const { Kind } = require('./records.js');
const { Sending } = require('./sending.js');
const { Serving } = require('./serving.js');
const { settle, settleFailed, settleFailure, watch } = require('./settling.js');
const {
  kAccepted,
  kAttach,
  kIdentify,
  kIndex,
  kReceive,
  kSending,
  kSerializer,
  kTell
} = require('./symbols.js');

class UDSocket extends Answering {
  /** The user's own place. @type {any} */
  data = undefined;
  /** The server that accepted it, if one did. @type {any} */
  server = undefined;
  [kIndex] = -1;
  /** @type {(value: any) => string | undefined} */
  [kSerializer] = JSON.stringify;
  #options;
  #timeoutMs;
  #calls = new Calls();
  #serving = new Serving(this);
  /** @type {Link} */
  #link;
  /** @type {string | undefined} */
  #id;
  /** @type {Sending} */
  [kSending];

  /**
   * @param {object} [given] options
   */
  constructor(given) {
    super();
    this.#options = Object.freeze(options.socketOptions(given));
    this.#timeoutMs = this.#options.timeoutMs;
    this.#link = new Link(this, this.#calls, this.#serving);
    this[kSending] = new Sending(this, this.#calls, this.#link);
  }

  /**
   * The socket of a connection that a server has accepted.
   * @param {any} server
   * @param {number} index
   */
  static [kAccepted](server, index) {
    const socket = new UDSocket(options.ofAccepted(server.options));
    socket.server = server;
    socket[kIndex] = index;
    socket.#link.accept();
    return socket;
  }

  /**
   * @param {unknown} endpoint
   * @param {any} [second] options, or the callback
   * @param {any} [third] the callback
   * @returns {Promise<void>}
   */
  connect(endpoint, second, third) {
    const alone = typeof second === 'function';
    return this[kTell](
      () => this.#link.connect(endpoint, alone ? undefined : second),
      alone ? second : third
    );
  }

  /**
   * Speaks over a stream that is already there.
   * @param {import('node:stream').Duplex} duplex
   * @returns {Promise<void>}
   */
  attach(duplex) {
    return this.#link.attach(duplex);
  }

  /** @param {import('node:stream').Duplex} duplex */
  [kAttach](duplex) {
    return this.#link.speakOver(duplex);
  }

  /**
   * Asks, and resolves to the answer. Rejects with a coded error, never throws.
   * @param {unknown} payload
   * @param {{ topic?: string, timeoutMs?: number, signal?: AbortSignal }} [given]
   * @returns {Promise<any>}
   */
  rpc(payload, given) {
    if (given === undefined) return this.#request(payload, '', this.#timeoutMs, undefined);
    try {
      const { topic = '', timeoutMs = this.#timeoutMs, signal } = options.requestOptions(given);
      return this.#request(payload, topic, timeoutMs, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `rpc` with the topic first.
   * @param {string} topic
   * @param {unknown} payload
   * @param {{ timeoutMs?: number, signal?: AbortSignal }} [given]
   * @returns {Promise<any>}
   */
  call(topic, payload, given) {
    if (typeof topic !== 'string' || topic === '') return Promise.reject(wrongTopic(topic));
    if (given === undefined) return this.#request(payload, topic, this.#timeoutMs, undefined);
    return this.rpc(payload, { ...given, topic });
  }

  /**
   * @param {unknown} payload
   * @param {string} topic
   * @param {number} timeoutMs
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<any>}
   */
  #request(payload, topic, timeoutMs, signal) {
    let index = this[kIndex];
    let text;
    const bytes = isBytes(payload);
    try {
      if (index < 0 || this.#link.status === 'closing') {
        this.#link.refuseIfOver();
        index = this.#link.native();
      }
      if (signal !== undefined && signal.aborted) throw errors.aborted(signal, false);
      if (!bytes) text = encode(payload, this[kSerializer]);
    } catch (error) {
      return Promise.reject(error);
    }
    const calls = this.#calls;
    const promise = calls.begin();
    const slot = calls.slot;
    if (text !== undefined)
      core.order(index, Kind.REQUEST | JSON_HEAD, slot, topic, text, timeoutMs);
    else if (!bytes) core.order(index, Kind.REQUEST, slot, topic, '', timeoutMs);
    else core.orderBytes(index, Kind.REQUEST | BYTES_HEAD, slot, topic, payload, timeoutMs);
    if (signal !== undefined) watch(this, calls, slot, signal);
    return promise;
  }

  /**
   * One way; resolves when the kernel has it. Ignoring a failure is safe.
   * @param {unknown} payload
   * @param {{ topic?: string }} [given]
   * @returns {Promise<void>}
   */
  send(payload, given) {
    let topic;
    try {
      topic = options.sendOptions(given).topic;
    } catch (error) {
      return this[kSending].refuse(error, payload);
    }
    return this[kSending].send(payload, topic);
  }

  /**
   * `send` with the topic first.
   * @param {string} topic
   * @param {unknown} payload
   * @returns {Promise<void>}
   */
  notify(topic, payload) {
    if (typeof topic !== 'string' || topic === '') {
      return this[kSending].refuse(wrongTopic(topic), payload);
    }
    return this[kSending].send(payload, topic);
  }

  /**
   * Wants the broadcasts of topics that match; resolves when the peer knows.
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  subscribe(pattern) {
    return this[kSending].subscribe(pattern);
  }

  /**
   * Doesn't want them any more.
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  unsubscribe(pattern) {
    return this[kSending].unsubscribe(pattern);
  }

  /**
   * The round trip to the peer's core, in ms.
   * @param {{ timeoutMs?: number }} [given]
   * @returns {Promise<number>}
   */
  async ping(given) {
    const { timeoutMs } = options.pingOptions(given, this.#timeoutMs);
    this.#link.refuseUnlessReady();
    const began = performance.now();
    const answered = this.#calls.begin();
    core.order(this[kIndex], Kind.PING, this.#calls.slot, '', '', timeoutMs);
    await answered;
    return performance.now() - began;
  }

  /**
   * Uses this instead of `JSON.stringify` for outgoing payloads.
   * @param {(value: any) => string} serializer
   * @returns {this}
   */
  schema(serializer) {
    if (typeof serializer !== 'function')
      throw errors.invalidArgument('serializer', 'a function', serializer);
    this[kSerializer] = serializer;
    return this;
  }

  /**
   * Finishes what is in flight, says goodbye, ends. Idempotent.
   * @param {{ timeoutMs?: number, reason?: string }} [given]
   * @returns {Promise<void>}
   */
  close(given) {
    return this.#link.close(given);
  }

  /**
   * Ends it now.
   * @param {Error} [error] what pending calls have as their cause, and `error` listeners get
   * @returns {this}
   */
  destroy(error) {
    this.#link.destroy(error);
    return this;
  }

  /** Keeps the process alive while connected; the default. @returns {this} */
  ref() {
    this.#link.setReferenced(true);
    return this;
  }

  /** Lets the process exit although it is connected. @returns {this} */
  unref() {
    this.#link.setReferenced(false);
    return this;
  }

  /** Unique in this process, and no secret. @returns {string} */
  get id() {
    return (this.#id ??= randomBytes(16).toString('hex'));
  }

  get status() {
    return this.#link.status;
  }

  /** What is spoken on it: `'shortwire'`, `'jftp'`, … */
  get protocol() {
    return this.#link.protocol;
  }

  /** The options, with their defaults. */
  get options() {
    return this.#options;
  }

  /** Who is at the other end, by the kernel's word: `{ uid, gid, pid }`. */
  get peer() {
    return this.#link.peer;
  }

  /** Own calls and messages that have not settled. */
  get pending() {
    return this.#calls.open;
  }

  /** Bytes that wait to be sent. @returns {number} */
  get queuedBytes() {
    return this.#link.stats.queuedBytes;
  }

  /** Plain numbers. */
  stats() {
    return Object.assign(this.#link.stats, { dropped: this[kSending].dropped });
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /**
   * @param {number} _depth
   * @param {import('node:util').InspectOptionsStylized} settings
   * @param {typeof import('node:util').inspect} inspect
   */
  [Symbol.for('nodejs.util.inspect.custom')](_depth, settings, inspect) {
    const { id, status, protocol, pending } = this;
    return `${this.constructor.name} ${inspect({ id, status, protocol, pending }, settings)}`;
  }

  /**
   * What the core tells of this connection.
   * @param {number} kind
   * @param {number} subject
   * @param {string} topic
   * @param {any} body
   * @param {number} extra
   * @param {number} bodyKind
   */
  [kReceive](kind, subject, topic, body, extra, bodyKind) {
    switch (kind) {
      case Kind.REQUEST:
        return this.#serving.request(subject, topic, bodyKind, body, extra);
      case Kind.RESPONSE:
        return settle(this.#calls, subject, bodyKind, body);
      case Kind.FAILURE:
        return settleFailure(this.#calls, subject, bodyKind, body);
      case Kind.FAILED:
        settleFailed(this.#calls, subject, extra, body, this.#link.error);
        return this.#link.letGoIfUnused();
      case Kind.MESSAGE:
        return hear(this, topic, bodyKind, body);
      case Kind.CANCEL:
        return this.#serving.cancel(subject);
      case Kind.PING:
      case Kind.SENT:
        return this.#calls.resolve(subject, undefined);
      case Kind.OUTPUT:
        return this.#link.write(body);
      case Kind.DROPPED:
        return this[kSending].drop(missed(topic, bodyKind, body, extra));
      default:
        return this.#link.receive(kind, subject, extra, body);
    }
  }

  /** @param {string} id that its server has for it */
  [kIdentify](id) {
    this.#id = id;
  }
}

/** @param {unknown} topic */
function wrongTopic(topic) {
  return errors.invalidArgument('topic', 'a string, not empty', topic);
}

exports.UDSocket = UDSocket;
