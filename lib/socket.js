/**
 * `UDSocket`: one end of a connection, the connecting or the accepted one. What the user calls.
 * Must not know: wire formats, system sockets, how its link comes and goes.
 */
'use strict';

const { Asking } = require('./calls/asking.js');
const { Calls } = require('./calls/calls.js');
const channels = require('./observe/channels.js');
const encodings = require('./core/encodings.js');
const errors = require('./errors.js');
const { Hold } = require('./calls/hold.js');
const { Link } = require('./link/link.js');
const { missed } = require('./calls/messages.js');
const native = require('./core/native.js');
const options = require('./options/options.js');
const { Kind } = require('./core/records.js');
const { Serving } = require('./calls/serving.js');
const { settle, settleFailed, settleFailure } = require('./calls/settling.js');
const { Speaking } = require('./socket/speaking.js');
const { Subscribing } = require('./topics/subscribing.js');
const {
  kAccepted,
  kAsking,
  kEncoding,
  kExchange,
  kIdentify,
  kIndex,
  kLink,
  kOpened,
  kPause,
  kReceive,
  kReference,
  kSerializer,
  kShow,
  kSubscribing,
  kTell
} = require('./symbols.js');

class UDSocket extends Speaking {
  /** The user's own place. @type {any} */
  data = undefined;
  /** What its server's `authorize` has answered. @type {any} */
  auth = undefined;
  /** The server that accepted it, if one did. @type {any} */
  server = undefined;
  [kIndex] = -1;
  /** @type {import('./core/encodings.js').Encoding} */
  [kEncoding] = 'json';
  /** @type {(value: any) => any} */
  [kSerializer] = JSON.stringify;
  #options;
  #calls = new Calls();
  #serving = new Serving(this);
  /** @type {Link} */
  [kLink];
  /** @type {string | undefined} */
  #id;
  /** @type {Hold} */
  #hold;

  /**
   * @param {object} [given] options
   */
  constructor(given) {
    super();
    this.#options = Object.freeze(options.socketOptions(given));
    encodings.load(this.#options.encoding);
    encodings.agree(this, undefined);
    this[kLink] = new Link(this, this.#calls, this.#serving);
    this.#hold = new Hold(this, this.#serving, this[kLink]);
    this[kAsking] = new Asking(this, this.#calls, this[kLink]);
    this[kSubscribing] = new Subscribing(this, this.#calls, this[kLink]);
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
    socket[kLink].accept();
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
    const begin = () => this[kLink].connect(endpoint, alone ? undefined : second);
    const watched = channels.isObserved(channels.connect)
      ? () => channels.connect.tracePromise(begin, { socket: this, endpoint })
      : begin;
    return this[kTell](watched, alone ? second : third);
  }

  /**
   * Speaks over a stream that is already there.
   * @param {import('node:stream').Duplex} duplex
   * @returns {Promise<void>}
   */
  attach(duplex) {
    return this[kLink].attach(duplex);
  }

  /**
   * Uses this instead of `JSON.stringify` for outgoing payloads.
   * @param {(value: any) => string} serializer
   * @returns {this}
   */
  schema(serializer) {
    if (typeof serializer !== 'function')
      throw errors.invalidArgument('serializer', 'a function', serializer);
    if (this.#options.encoding !== 'json') {
      throw errors.unsupported('schema() is for sockets whose encoding is JSON');
    }
    this[kSerializer] = serializer;
    return this;
  }
  /** Whether it takes no requests, messages and new streams at the moment; its server may have paused it, too. */
  get paused() {
    return this.#hold.paused;
  }

  /**
   * @override
   * @param {boolean} paused
   * @param {boolean} [all] its server says so, for all its sockets
   */
  [kPause](paused, all) {
    this.#hold.set(paused, all);
  }

  /**
   * Finishes what is in flight, says goodbye, ends. Idempotent.
   * @param {{ timeoutMs?: number, reason?: string, allowReconnect?: boolean }} [given]
   * @returns {Promise<void>}
   */
  close(given) {
    const closed = this[kLink].close(given);
    if (this[kLink].status === 'closing') this.#hold.end();
    return closed;
  }

  /**
   * Ends it now.
   * @param {Error} [error] what pending calls have as their cause, and `error` listeners get
   * @returns {this}
   */
  destroy(error) {
    this.#hold.clear();
    this[kLink].destroy(error);
    return this;
  }

  /**
   * @override
   * @param {boolean} referenced
   */
  [kReference](referenced) {
    this[kLink].setReferenced(referenced);
  }

  /** Unique in this process, and no secret. @returns {string} */
  get id() {
    return (this.#id ??= native.randomId());
  }

  get status() {
    return this[kLink].status;
  }

  /** What is spoken on it: `'shortwire'`, `'jftp'`, … */
  get protocol() {
    return this[kLink].protocol;
  }

  /** How payloads are encoded: as agreed with the peer, or `'json'` as long as it isn't there. */
  get encoding() {
    return this[kEncoding];
  }

  /** The options, with their defaults. */
  get options() {
    return this.#options;
  }

  /** Who is at the other end, by the kernel's word: `{ uid, gid, pid }`. */
  get peer() {
    return this[kLink].standing.peer;
  }

  /** Own calls and messages that have not settled. */
  get pending() {
    return this.#calls.open;
  }

  /** Bytes that wait to be sent. @returns {number} */
  get queuedBytes() {
    return this[kLink].standing.stats.queuedBytes;
  }

  /** Plain numbers. */
  stats() {
    return Object.assign(this[kLink].standing.stats, this.#hold.stats, {
      dropped: this[kAsking].dropped
    });
  }

  /** @override */
  [kShow]() {
    const { id, status, protocol, pending } = this;
    return { id, status, protocol, pending };
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
    // The two that are most, in a function so small that it costs no call.
    if (kind === Kind.RESPONSE) settle(this.#calls, subject, bodyKind, body);
    else if (kind === Kind.REQUEST && !this.#hold.keeps) {
      this.#serving.request(subject, topic, bodyKind, body, extra);
    } else this.#receive(kind, subject, topic, body, extra, bodyKind);
  }

  /**
   * @param {number} kind
   * @param {number} subject
   * @param {string} topic
   * @param {any} body
   * @param {number} extra
   * @param {number} bodyKind
   * @returns {unknown}
   */
  #receive(kind, subject, topic, body, extra, bodyKind) {
    switch (kind) {
      case Kind.REQUEST:
      case Kind.MESSAGE:
        return this.#hold.receive(kind, subject, topic, body, extra, bodyKind);
      case Kind.FAILURE:
        return settleFailure(this.#calls, subject, bodyKind, body);
      case Kind.FAILED:
        settleFailed(this.#calls, subject, extra, body, this[kLink].error);
        return this[kLink].letGoIfUnused();
      case Kind.CANCEL:
        return this.#hold.cancel(subject);
      case Kind.PING:
      case Kind.SENT:
        return this.#calls.resolve(subject, undefined);
      case Kind.OUTPUT:
        return this[kLink].write(body);
      case Kind.OPEN:
        if (!this[kOpened](subject, extra)) return undefined;
        return this.#hold.receive(kind, subject, topic, body, extra, bodyKind);
      case Kind.RESET:
        this.#hold.reset(subject);
        return this[kExchange]?.streams.receive(kind, subject, body, extra, bodyKind);
      case Kind.DATA:
      case Kind.END:
      case Kind.TAKEN:
        return this[kExchange]?.streams.receive(kind, subject, body, extra, bodyKind);
      case Kind.DROPPED:
        return this[kAsking].drop(missed(topic, bodyKind, body, extra));
      default:
        if (kind === Kind.CLOSED || kind === Kind.LOST) this.#hold.disconnect();
        encodings.heed(this, kind, subject);
        return this[kLink].receive(kind, subject, extra, body, bodyKind);
    }
  }

  /**
   * @param {string} [id] that the accepting side has for it
   * @returns {boolean} whether it has one
   */
  [kIdentify](id) {
    if (id !== undefined) this.#id = id;
    return this.#id !== undefined;
  }
}

exports.UDSocket = UDSocket;
