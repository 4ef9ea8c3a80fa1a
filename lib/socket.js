/**
 * `UDSocket`: one end of a connection, the connecting or the accepted one. Must not know: wire
 * formats, system sockets.
 */
'use strict';

const { randomBytes } = require('node:crypto');
const { EventEmitter } = require('node:events');

const { Attachment } = require('./attachment.js');
const { Calls } = require('./calls.js');
const { Info } = require('./context.js');
const core = require('./core.js');
const { nativeEndpoint } = require('./endpoint.js');
const errors = require('./errors.js');
const { Handlers } = require('./handlers.js');
const options = require('./options.js');
const { JSON_HEAD, BYTES_HEAD, decode, encode } = require('./payload.js');
const { Body, FORMATS, Kind, Layout } = require('./records.js');
const { decodeFailure } = require('./remote-error.js');
const { Serving } = require('./serving.js');
const {
  kHandlers,
  kIndex,
  kReceive,
  kSerializer,
  kSocketGone,
  kSocketReady
} = require('./symbols.js');

const { ErrorKind, ShortwireError } = errors;

class UDSocket extends EventEmitter {
  /** The user's own place. @type {any} */
  data = undefined;
  /** The server that accepted it, if one did. @type {any} */
  server;
  [kIndex] = -1;
  [kHandlers] = new Handlers();
  /** @type {(value: any) => string | undefined} */
  [kSerializer] = JSON.stringify;
  #options;
  #timeoutMs;
  /** @type {'idle' | 'connecting' | 'ready' | 'closing' | 'closed'} */
  #status = 'idle';
  #protocol;
  #calls = new Calls();
  #serving = new Serving(this);
  #referenced = true;
  /** @type {string | undefined} */
  #id;
  /** @type {object | undefined} */
  #peer;
  /** @type {string | undefined} */
  #address;
  /** The last numbers, kept for a socket that is closed. @type {any} */
  #lastStats;
  /** Why it is closed. @type {Error | undefined} */
  #closeError;
  /** Of `connect`, until it has settled. @type {{ resolve: () => void, reject: (error: Error) => void } | undefined} */
  #connecting;
  /** Who waits for the end of `close`. @type {(() => void)[]} */
  #closing = [];
  /** @type {Attachment | undefined} */
  #attachment;

  /**
   * @param {object} [given] options
   */
  constructor(given) {
    super();
    this.#options = Object.freeze(options.socketOptions(given));
    this.#timeoutMs = this.#options.timeoutMs;
    this.#protocol = this.#options.protocol;
  }

  /**
   * The socket of a connection that a server has accepted.
   * @param {any} server
   * @param {number} index
   * @param {Record<string, any>} serverOptions
   */
  static accepted(server, index, serverOptions) {
    const socket = new UDSocket(options.ofAccepted(serverOptions));
    socket.server = server;
    socket[kIndex] = index;
    socket.#status = 'connecting';
    if (serverOptions.generateId !== undefined) socket.#id = String(serverOptions.generateId());
    return socket;
  }

  /**
   * @param {unknown} endpoint
   * @param {any} [second] options, or the callback
   * @param {any} [third] the callback
   * @returns {Promise<void>}
   */
  connect(endpoint, second, third) {
    const callback = typeof second === 'function' ? second : third;
    const given = typeof second === 'function' ? undefined : second;
    const connected = this.#connect(endpoint, given);
    if (typeof callback !== 'function') return connected;
    // Whoever gave a callback may leave the promise alone, and a throw of theirs is no rejection.
    connected
      .then(
        () => callback(),
        (error) => this.emit('error', error)
      )
      .catch(core.rethrow);
    return connected;
  }

  /**
   * @param {unknown} endpoint
   * @param {unknown} given
   */
  async #connect(endpoint, given) {
    const { signal } = options.connectOptions(given);
    const target = nativeEndpoint(endpoint);
    this.#begin();
    if (signal?.aborted) {
      this.#status = 'idle';
      throw errors.aborted(signal, false);
    }
    this.#address = typeof target === 'string' ? target : undefined;
    const index = this.#native();
    // Connecting keeps the process alive whatever the user wishes, as it does with Node's own sockets.
    if (!this.#referenced) core.thread.setReferenced(index, true);
    const established = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
    try {
      core.thread.dial(index, target);
    } catch (error) {
      this.#connecting = undefined;
      const told = errors.fromNative(error, this.#address);
      this.destroy(told);
      throw told;
    }
    if (signal === undefined) return established;
    const abort = () => this.destroy(errors.aborted(signal, false));
    signal.addEventListener('abort', abort, { once: true });
    return established.finally(() => signal.removeEventListener('abort', abort));
  }

  /**
   * Speaks over a stream that is already there.
   * @param {import('node:stream').Duplex} duplex
   * @returns {Promise<void>}
   */
  async attach(duplex) {
    Attachment.check(duplex);
    this.#begin();
    const index = this.#native();
    const established = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
    this.#attachment = new Attachment(index, duplex);
    this.#attachment.open();
    return established;
  }

  #begin() {
    if (this.#status !== 'idle' && this.#status !== 'closed') {
      throw new ShortwireError(ErrorKind.INVALID_ARG, `The socket is ${this.#status} already`);
    }
    this.#setStatus('connecting');
    this.#closeError = undefined;
  }

  /** The connection in the core; made when it is first needed. */
  #native() {
    if (this[kIndex] < 0) {
      const { protocol, busyPollUs } = this.#options;
      const jftp = protocol.startsWith('jftp');
      core.thread.setBusyPoll(busyPollUs);
      // jftp numbers its calls from the process id up.
      const base = jftp ? process.pid + 1 : undefined;
      const index = core.thread.create(options.nativeOptions(this.#options), protocol, base);
      this[kIndex] = index;
      core.sockets[index] = this;
      if (!this.#referenced) core.thread.setReferenced(index, false);
    }
    return this[kIndex];
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
      const { topic, timeoutMs, signal } = options.requestOptions(given, this.#timeoutMs);
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
    const bytes = payload instanceof Uint8Array;
    try {
      if (index < 0 || this.#status === 'closing') {
        this.#refuseIfOver();
        index = this.#native();
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
    if (signal !== undefined) this.#watch(signal, slot);
    return promise;
  }

  /**
   * @param {AbortSignal} signal
   * @param {number} slot
   */
  #watch(signal, slot) {
    const abort = () => {
      const index = this[kIndex];
      if (index >= 0) core.order(index, Kind.CANCEL, slot, '', '', 0);
      this.#calls.reject(slot, errors.aborted(signal, true));
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#calls.onSettled(slot, () => signal.removeEventListener('abort', abort));
  }

  /**
   * One way; resolves when the kernel has it. Ignoring a failure is safe.
   * @param {unknown} payload
   * @param {{ topic?: string }} [given]
   * @returns {Promise<void>}
   */
  send(payload, given) {
    const sent = this.#send(payload, given);
    sent.catch((error) => this.#emitSafely('dropped', { reason: error.code, error, payload }));
    return sent;
  }

  /**
   * `send` with the topic first.
   * @param {string} topic
   * @param {unknown} payload
   * @returns {Promise<void>}
   */
  notify(topic, payload) {
    return this.send(payload, { topic });
  }

  /**
   * @param {unknown} payload
   * @param {unknown} given
   * @returns {Promise<void>}
   */
  #send(payload, given) {
    let text;
    let topic;
    try {
      topic = options.sendOptions(given).topic;
      this.#refuseUnlessReady();
      if (!(payload instanceof Uint8Array)) text = encode(payload, this[kSerializer]);
    } catch (error) {
      return Promise.reject(error);
    }
    const promise = this.#calls.begin();
    const { slot } = this.#calls;
    const index = this[kIndex];
    if (text !== undefined) core.order(index, Kind.MESSAGE | JSON_HEAD, slot, topic, text, 0);
    else if (!(payload instanceof Uint8Array)) core.order(index, Kind.MESSAGE, slot, topic, '', 0);
    else core.orderBytes(index, Kind.MESSAGE | BYTES_HEAD, slot, topic, payload, 0);
    return promise;
  }

  /**
   * The round trip to the peer's core, in ms.
   * @param {{ timeoutMs?: number }} [given]
   * @returns {Promise<number>}
   */
  async ping(given) {
    const { timeoutMs } = options.pingOptions(given, this.#timeoutMs);
    this.#refuseUnlessReady();
    const began = performance.now();
    const answered = this.#calls.begin();
    core.order(this[kIndex], Kind.PING, this.#calls.slot, '', '', timeoutMs);
    await answered;
    return performance.now() - began;
  }

  /**
   * Answers the peer's requests: `handle(fn)`, `handle(topic, fn)`, `handle(topic, null)`.
   * @param {any} topic
   * @param {any} [handler]
   * @returns {this}
   */
  handle(topic, handler) {
    this[kHandlers].handle(topic, handler, arguments.length);
    return this;
  }

  /**
   * Middleware around every inbound request.
   * @param {import('./handlers.js').Middleware} middleware
   * @returns {this}
   */
  use(middleware) {
    this[kHandlers].use(middleware);
    return this;
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
  async close(given) {
    const { timeoutMs, reason } = options.closeOptions(given);
    const index = this[kIndex];
    if (this.#status === 'closed' || index < 0) {
      if (this.#status === 'idle') this.#setStatus('closed');
      return;
    }
    const ended = new Promise((/** @type {(value: void) => void} */ resolve) =>
      this.#closing.push(resolve)
    );
    if (this.#status !== 'closing') {
      this.#setStatus('closing');
      core.act(index, (at) => core.thread.close(at, timeoutMs, reason));
    }
    return ended;
  }

  /**
   * Ends it now.
   * @param {Error} [error] what pending calls have as their cause, and `error` listeners get
   * @returns {this}
   */
  destroy(error) {
    const index = this[kIndex];
    if (this.#status === 'closed' || index < 0) return this;
    this.#closeError ??= error;
    core.act(index, (at) => core.thread.destroy(at, error === undefined ? '' : error.message));
    return this;
  }

  /** Keeps the process alive while connected; the default. @returns {this} */
  ref() {
    return this.#setReferenced(true);
  }

  /** Lets the process exit although it is connected. @returns {this} */
  unref() {
    return this.#setReferenced(false);
  }

  /** @param {boolean} referenced */
  #setReferenced(referenced) {
    this.#referenced = referenced;
    const connecting = this.#connecting !== undefined;
    if (this[kIndex] >= 0 && !connecting) core.thread.setReferenced(this[kIndex], referenced);
    return this;
  }

  /** Unique in this process, and no secret. */
  get id() {
    return (this.#id ??= randomBytes(16).toString('hex'));
  }

  get status() {
    return this.#status;
  }

  /** What is spoken on it: `'shortwire'`, `'jftp'`, … */
  get protocol() {
    return this.#protocol;
  }

  /** The options, with their defaults. */
  get options() {
    return this.#options;
  }

  /** Who is at the other end, by the kernel's word: `{ uid, gid, pid }`. */
  get peer() {
    if (this.#peer === undefined && this[kIndex] >= 0) this.#peer = core.thread.peer(this[kIndex]);
    return this.#peer ?? {};
  }

  /** Own calls and messages that have not settled. */
  get pending() {
    return this.#calls.open;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes() {
    return this.stats().queuedBytes;
  }

  /** Plain numbers. */
  stats() {
    if (this[kIndex] < 0) return this.#lastStats ?? options.noStats();
    core.flushNow();
    return core.thread.stats(this[kIndex]);
  }

  async [Symbol.asyncDispose]() {
    await this.close();
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
        return this.#settle(subject, bodyKind, body);
      case Kind.FAILURE:
        return this.#settleFailure(subject, bodyKind, body);
      case Kind.FAILED:
        return this.#settleFailed(subject, extra, body);
      case Kind.MESSAGE:
        return this.#message(topic, bodyKind, body);
      case Kind.CANCEL:
        return this.#serving.cancel(subject);
      case Kind.PING:
      case Kind.SENT:
        return this.#calls.resolve(subject, undefined);
      case Kind.OUTPUT:
        return this.#attachment?.write(body);
      default:
        return this.#lifecycle(kind, subject, extra, body);
    }
  }

  /**
   * @param {number} slot
   * @param {number} bodyKind
   * @param {any} body
   */
  #settle(slot, bodyKind, body) {
    let value;
    try {
      value = bodyKind === Body.JSON ? JSON.parse(body) : decode(bodyKind, body);
    } catch (cause) {
      const more = { cause, maybeDelivered: true };
      this.#calls.reject(
        slot,
        new ShortwireError(ErrorKind.SERIALIZE, 'The answer is not valid JSON', more)
      );
      return;
    }
    this.#calls.resolve(slot, value);
  }

  /**
   * @param {number} slot
   * @param {number} bodyKind
   * @param {any} body
   */
  #settleFailure(slot, bodyKind, body) {
    let failure;
    try {
      failure = decode(bodyKind, body);
    } catch {
      failure = undefined;
    }
    this.#calls.reject(slot, decodeFailure(failure));
  }

  /**
   * @param {number} slot
   * @param {number} extra
   * @param {string} why
   */
  #settleFailed(slot, extra, why) {
    const maybeDelivered = (extra & Layout.MAYBE_DELIVERED) !== 0;
    const kind = extra & 0xff;
    if (kind === ErrorKind.SYSTEM) {
      const more = { maybeDelivered, cause: this.#closeError };
      this.#calls.reject(
        slot,
        new ShortwireError(ErrorKind.DISCONNECTED, `There is no connection: ${why} failed`, more)
      );
      return;
    }
    const timeout = kind === ErrorKind.TIMEOUT && why === 'no answer in time';
    const message = timeout ? 'The call got no answer in time' : why;
    this.#calls.reject(
      slot,
      new ShortwireError(kind, message, { maybeDelivered, cause: this.#closeError })
    );
  }

  /**
   * @param {string} topic
   * @param {number} bodyKind
   * @param {any} body
   */
  #message(topic, bodyKind, body) {
    let payload;
    try {
      payload = decode(bodyKind, body);
    } catch (cause) {
      const error = new ShortwireError(ErrorKind.SERIALIZE, 'A message is not valid JSON', {
        cause
      });
      this.#complain(error);
      return;
    }
    const info = new Info(this, topic);
    this.#emitSafely('message', payload, info);
    if (topic !== '') this.#emitSafely(`message:${topic}`, payload, info);
    this.server?.[kReceive](Kind.MESSAGE, payload, this, info);
  }

  /**
   * @param {number} kind
   * @param {number} subject
   * @param {number} extra
   * @param {string} detail
   */
  #lifecycle(kind, subject, extra, detail) {
    if (kind === Kind.OPENED) this.#emitSafely('connect');
    else if (kind === Kind.READY) this.#ready(extra);
    else if (kind === Kind.GOAWAY) this.#emitSafely('goaway', detail);
    else if (kind === Kind.DRAIN) this.#emitSafely('drain');
    else if (kind === Kind.CLOSED) this.#closed(extra, subject, detail);
  }

  /** @param {number} format */
  #ready(format) {
    this.#protocol = FORMATS[format];
    // Closing may have begun before the peer had introduced itself.
    if (this.#status === 'connecting') this.#setStatus('ready');
    this.#connecting?.resolve();
    this.#connecting = undefined;
    if (!this.#referenced) core.thread.setReferenced(this[kIndex], false);
    this.server?.[kSocketReady](this);
    const { protocol, id } = this;
    this.#emitSafely('ready', {
      id,
      reconnected: false,
      protocol,
      compress: false,
      encoding: 'json'
    });
  }

  /**
   * @param {number} kind
   * @param {number} errno
   * @param {string} detail
   */
  #closed(kind, errno, detail) {
    const wasReady = this.#status === 'ready' || this.#status === 'closing';
    const error = this.#closeError ?? errors.errorOf(kind, errno | 0, detail, this.#address);
    this.#closeError = error;
    this[kIndex] = -1;
    this.#attachment?.end();
    this.#attachment = undefined;
    this.#calls.rejectAll(error);
    this.#serving.end();
    this.#setStatus('closed');
    const connecting = this.#connecting;
    this.#connecting = undefined;
    connecting?.reject(error);
    if (kind !== ErrorKind.CLOSED && connecting === undefined) this.#complain(error);
    if (wasReady) this.#emitSafely('disconnect', detail);
    this.server?.[kSocketGone](this, detail, error);
    this.#emitSafely('close', detail);
    const closing = this.#closing;
    this.#closing = [];
    for (const done of closing) done();
  }

  /**
   * A fault of the peer's, or of the connection: told to whoever listens, and to nobody else.
   * @param {Error} error
   */
  #complain(error) {
    if (this.listenerCount('error') > 0) this.#emitSafely('error', error);
    this.server?.[kReceive](Kind.FAILURE, error, this);
  }

  /** @param {'idle' | 'connecting' | 'ready' | 'closing' | 'closed'} status */
  #setStatus(status) {
    if (this.#status === status) return;
    this.#status = status;
    this.#emitSafely('status', status);
  }

  /**
   * A listener that throws must not stop what else has to happen.
   * @param {string} event
   * @param {...any} values
   */
  #emitSafely(event, ...values) {
    try {
      this.emit(event, ...values);
    } catch (error) {
      core.rethrow(error);
    }
  }

  #refuseIfOver() {
    if (this.#status === 'closing')
      throw new ShortwireError(ErrorKind.CLOSED, 'The socket is closing', {
        maybeDelivered: false
      });
    if (this.#status !== 'closed') return;
    const cause = this.#closeError;
    const more = { maybeDelivered: false, cause };
    throw new ShortwireError(ErrorKind.CLOSED, 'The socket is closed', more);
  }

  #refuseUnlessReady() {
    this.#refuseIfOver();
    if (this.#status === 'ready') return;
    throw new ShortwireError(ErrorKind.DISCONNECTED, 'The socket is not connected', {
      maybeDelivered: false
    });
  }
}

module.exports = { UDSocket };
