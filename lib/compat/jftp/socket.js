/**
 * jftp's `UDSocket`: a `net.Socket` in its life and events, whose bytes are the core's. Must not
 * know: wire formats, listening.
 *
 * ```text
 *   net.Socket   state, events, setTimeout, instanceof
 *       ▲
 *   UDSocket ──► shortwire's UDSocket, a new one for each connection: bytes, calls, deadlines
 * ```
 *
 * There is no handle underneath, so every member of `net.Socket` that would ask it is overridden.
 * Raw bytes can't be written: in jftp they would break the framing.
 */
'use strict';

const net = require('node:net');
const { addAbortSignal } = require('node:stream');

const { ErrorKind, ShortwireError } = require('../../errors.js');
const core = require('../../socket.js');
const { readOptions, timerMs } = require('./options.js');
const { rejectionOf } = require('./rejection.js');
const { textOf } = require('./serializer.js');

/** Of a socket: makes it the server's end of a connection. */
const kAccepted = Symbol('accepted');

/** The text that is handed to the core is complete. @type {(text: any) => string} */
const asItIs = (text) => text;

/**
 * Without its types: there, some members are properties that must be accessors here.
 * @type {any}
 */
const Socket = net.Socket;

class UDSocket extends Socket {
  /** How long a call may take. */
  timeoutMs;
  /** Makes the text of whole messages. @type {import('./serializer.js').Serializer} */
  serializer = JSON.stringify;
  /** Answers the peer's requests. @type {((data: any, socket: UDSocket) => any) | undefined} */
  handler = undefined;
  #options;
  #inner;
  #referenced = true;
  /** Why the connection ended, if not by a mere goodbye. @type {Error | undefined} */
  #fault;
  /** Of `_destroy`: the connection is gone. @type {(() => void) | undefined} */
  #gone;

  /**
   * @param {any} [options]
   */
  constructor(options) {
    const { timeoutMs, signal, socket } = readOptions(options);
    super();
    this.timeoutMs = timeoutMs;
    this.#options = socket;
    this.#inner = this.#open(new core.UDSocket(socket));
    // As jftp's own listener for data does: the end of the stream must be seen.
    super.resume();
    if (signal !== undefined) addAbortSignal(signal, /** @type {any} */ (this));
  }

  /** @param {any} inner accepted by a server */
  [kAccepted](inner) {
    this.#inner = this.#open(inner);
    inner.handle((/** @type {any} */ data) => this.#answer(data));
  }

  /**
   * `connect(path, callback?)`, `connect({ path }, callback?)`.
   * @param {...any} args
   * @returns {this}
   */
  connect(...args) {
    const callback = args.find((arg) => typeof arg === 'function');
    if (this.destroyed) this.#revive();
    if (callback !== undefined) this.once('connect', callback);
    const inner = this.#inner;
    this.connecting = true;
    inner.connect(endpointOf(args[0])).catch((/** @type {Error} */ error) => {
      // A second life may have begun meanwhile.
      if (inner === this.#inner && !this.destroyed) this.destroy(error);
    });
    return this;
  }

  /**
   * Asks, and resolves to the answer.
   * @param {unknown} data
   * @returns {Promise<any>}
   */
  rpc(data) {
    if (this.closed) throw new Error('Socket is closed');
    const inner = this.#inner;
    const text = textOf(this.serializer, data, inner.protocol);
    const timeoutMs = timerMs(this.timeoutMs);
    const answered =
      timeoutMs === inner.options.timeoutMs ? inner.rpc(text) : inner.rpc(text, { timeoutMs });
    if (!this.timeout) return answered.catch(rethrowAsJftp);
    this._unrefTimer();
    return answered.finally(() => this._unrefTimer()).catch(rethrowAsJftp);
  }

  /**
   * Answers the peer's requests; the last one given counts.
   * @param {(data: any, socket: UDSocket) => any} handler
   */
  handle(handler) {
    this.handler = handler;
  }

  /**
   * Uses this for outgoing messages from now on.
   * @param {import('./serializer.js').Serializer} serializer
   * @returns {this}
   */
  schema(serializer) {
    if (typeof serializer !== 'function') {
      throw new TypeError('The serializer must be a function');
    }
    this.serializer = serializer;
    return this;
  }

  /**
   * Not there: a frame is the core's to write.
   * @returns {never}
   */
  write() {
    throw new ShortwireError(
      ErrorKind.UNSUPPORTED,
      "A jftp socket's bytes are frames; use rpc() instead of write()"
    );
  }

  /**
   * @param {any} [chunk]
   * @param {any} [encoding]
   * @param {any} [callback]
   * @returns {this}
   */
  end(chunk, encoding, callback) {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') this.write();
    return super.end(chunk, encoding, callback);
  }

  /**
   * @param {Error} [error]
   * @returns {this}
   */
  destroy(error) {
    if (!this.destroyed) this.setTimeout(0);
    return super.destroy(error);
  }

  resetAndDestroy() {
    return this.destroy();
  }

  /** No effect: messages are delivered as they come. @returns {this} */
  pause() {
    return this;
  }

  /** @returns {this} */
  ref() {
    return this.#setReferenced(true);
  }

  /** @returns {this} */
  unref() {
    return this.#setReferenced(false);
  }

  get pending() {
    return this.connecting || !isOpen(this.#inner);
  }

  get bytesRead() {
    return this.#inner?.stats().bytesIn ?? 0;
  }

  get bytesWritten() {
    return this.#inner?.stats().bytesOut ?? 0;
  }

  get bufferSize() {
    return this.#inner?.queuedBytes ?? 0;
  }

  _read() {}

  /**
   * What is in flight may finish; then the connection ends.
   * @param {(error?: Error | null) => void} callback
   */
  _final(callback) {
    const inner = this.#inner;
    if (this.connecting) {
      this.once('connect', () => this._final(callback));
    } else if (isOpen(inner)) {
      inner.once('close', () => callback());
      inner.close({ timeoutMs: timerMs(this.timeoutMs) });
    } else {
      callback();
    }
  }

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.connecting = false;
    const inner = this.#inner;
    const hadError = error !== null || this.#fault !== undefined;
    const gone = () => {
      this.#gone = undefined;
      callback(error);
      process.nextTick(() => this.emit('close', hadError));
    };
    if (inner.status === 'closed') return gone();
    this.#gone = gone;
    inner.destroy(error ?? undefined);
  }

  /** A socket may be connected again once it is closed. */
  #revive() {
    this._undestroy();
    // Node puts one of its own here when the stream has ended.
    delete (/** @type {any} */ (this).write);
    this.#fault = undefined;
    this.#inner = this.#open(new core.UDSocket(this.#options));
    super.resume();
  }

  /** @param {any} inner */
  #open(inner) {
    inner.schema(asItIs);
    if (!this.#referenced) inner.unref();
    inner.on('ready', () => this.#connected());
    inner.on('error', (/** @type {any} */ error) => {
      if (!isFarewell(error))
        this.#fault = error.cause?.syscall === undefined ? error : error.cause;
    });
    inner.on('close', () => {
      if (inner === this.#inner) this.#ended();
    });
    return inner;
  }

  #connected() {
    // An accepted one is connected before it is ours.
    if (!this.connecting) return;
    this.connecting = false;
    this._unrefTimer();
    this.emit('connect');
    this.emit('ready');
  }

  /** The connection is gone: by us, by a goodbye of the peer's, or by a fault. */
  #ended() {
    if (this.#gone !== undefined) return this.#gone();
    // A connect that failed is told by its promise, with the reason.
    if (this.destroyed || this.connecting) return;
    const fault = this.#fault;
    if (fault === undefined) {
      // The stream's own end leads to `end()` and `destroy()`.
      super.resume();
      this.push(null);
      return;
    }
    // A peer's fault must not end the process because nobody listens.
    this.destroy(this.listenerCount('error') > 0 ? fault : undefined);
  }

  /**
   * What the core is to send back.
   * @param {any} data
   */
  #answer(data) {
    if (this.timeout) this._unrefTimer();
    const { handler } = this;
    if (handler === undefined) {
      throw new ShortwireError(ErrorKind.NO_HANDLER, 'Nobody handles requests here');
    }
    const result = handler(data, this);
    if (typeof result?.then !== 'function') return this.#textOf(result);
    return result.then((/** @type {unknown} */ value) => this.#textOf(value));
  }

  /** @param {unknown} value */
  #textOf(value) {
    return textOf(this.serializer, value, this.#inner.protocol);
  }

  /** @param {boolean} referenced */
  #setReferenced(referenced) {
    this.#referenced = referenced;
    if (referenced) this.#inner.ref();
    else this.#inner.unref();
    return this;
  }
}

/** @param {unknown} error */
function rethrowAsJftp(error) {
  throw rejectionOf(error);
}

/**
 * Whether the peer has just left.
 * @param {any} error
 */
function isFarewell(error) {
  return error.code === 'SHORTWIRE_ERR_DISCONNECTED' && error.cause === undefined;
}

/** @param {any} inner */
function isOpen(inner) {
  return inner?.status === 'ready' || inner?.status === 'closing';
}

/**
 * What `net.Socket` takes beside the address of a Unix socket means nothing here.
 * @param {any} target
 */
function endpointOf(target) {
  return typeof target?.path === 'string' ? target.path : target;
}

module.exports = { UDSocket, kAccepted };
