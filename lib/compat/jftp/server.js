/**
 * jftp's `UDSocketServer`: a `net.Server` in its life and events, whose connections are the core's.
 * Must not know: wire formats, calls.
 */
'use strict';

const net = require('node:net');

const core = require('../../server.js');
const { readOptions } = require('./options.js');
const { UDSocket, kAccepted } = require('./socket.js');

/**
 * Without its types: there, some members are properties that must be accessors here.
 * @type {any}
 */
const Server = net.Server;

class UDSocketServer extends Server {
  #clientOptions;
  #options;
  /** While it listens, or is about to. @type {any} */
  #inner;
  /** @type {Set<any>} */
  #sockets = new Set();
  #referenced = true;
  /** `close` has been called: it ends with the last socket. */
  #closing = false;
  /** The path is free. */
  #stopped = true;

  /**
   * `(clientOptions?, connectionListener?)`; before 1.5.2 the listener came first.
   * @param {any} [first]
   * @param {any} [second]
   */
  constructor(first, second) {
    const swapped = typeof first === 'function' || (second && typeof second === 'object');
    const [clientOptions, listener] = swapped ? [second, first] : [first, second];
    const { server } = readOptions(clientOptions);
    super();
    this.#clientOptions = clientOptions;
    this.#options = server;
    if (listener !== undefined && listener !== null) this.on('connection', listener);
  }

  /**
   * Listens at a path; what fails is an `error` event.
   * @param {string} path
   * @param {() => void} [callback]
   */
  start(path, callback) {
    this.listen(path, callback);
  }

  /**
   * `listen(path, backlog?, callback?)`, `listen({ path, backlog }, callback?)`.
   * @param {...any} args
   * @returns {this}
   */
  listen(...args) {
    if (this.#inner !== undefined) {
      throw coded('ERR_SERVER_ALREADY_LISTEN', 'Listen method has been called more than once');
    }
    const [target, second] = args;
    const callback = args.find((arg) => typeof arg === 'function');
    const backlog = typeof second === 'number' ? second : target?.backlog;
    const inner = new core.UDSocketServer(
      backlog > 0 ? { ...this.#options, backlog } : this.#options
    );
    this.#inner = inner;
    this.#closing = false;
    if (!this.#referenced) inner.unref();
    if (callback !== undefined) this.once('listening', callback);
    inner.on('listening', () => {
      if (this.#inner === inner) this.emit('listening');
    });
    inner.on('connection', (/** @type {any} */ socket) => {
      // One that came in while the listener was on its way out is turned away, as the kernel would.
      if (this.#inner === inner) this.#welcome(socket);
      else socket.destroy();
    });
    inner.on('error', (/** @type {Error} */ error, /** @type {any} */ socket) => {
      // A peer's fault is told to its own socket.
      if (socket === undefined) this.emit('error', error);
    });
    const endpoint = typeof target?.path === 'string' ? target.path : target;
    inner.start(endpoint).catch((/** @type {Error} */ error) => {
      // It may have been closed meanwhile, which is nobody's failure.
      if (this.#inner !== inner) return;
      this.#inner = undefined;
      // Outside of the promise, so that an error nobody listens for is an uncaught one.
      process.nextTick(() => this.emit('error', error));
    });
    return this;
  }

  /**
   * Stops listening at once, and ends with the last socket.
   * @param {(error?: Error) => void} [callback]
   * @returns {this}
   */
  close(callback) {
    const inner = this.#inner;
    if (typeof callback === 'function') {
      const idle = inner === undefined && !this.#closing;
      if (idle) this.once('close', () => callback(notRunning()));
      else this.once('close', () => callback());
    }
    this.#inner = undefined;
    this.#closing = true;
    if (inner !== undefined) this.#stopped = false;
    const stopped = () => {
      this.#stopped = true;
      this.#closeIfDrained();
    };
    if (inner === undefined) this.#closeIfDrained();
    else inner.stop().then(stopped);
    return this;
  }

  /** @param {(error: Error | null, count: number) => void} callback */
  getConnections(callback) {
    process.nextTick(callback, null, this.#sockets.size);
    return this;
  }

  /** The path, as `net.Server` has it. */
  address() {
    return this.#inner?.address() ?? null;
  }

  get listening() {
    return this.#inner?.listening ?? false;
  }

  ref() {
    return this.#setReferenced(true);
  }

  unref() {
    return this.#setReferenced(false);
  }

  async [Symbol.asyncDispose]() {
    if (this.#inner === undefined) return;
    await new Promise((resolve) => this.close(resolve));
  }

  /** @param {any} inner */
  #welcome(inner) {
    const most = this.maxConnections;
    if (typeof most === 'number' && this.#sockets.size >= most) {
      inner.destroy();
      this.emit('drop');
      return;
    }
    /** @type {any} */
    const socket = new UDSocket(this.#clientOptions);
    socket[kAccepted](inner);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#closing) this.#closeIfDrained();
    });
    this.emit('connection', socket);
  }

  #closeIfDrained() {
    // Not with the last socket alone: whoever hears of it may expect the path to be free.
    if (!this.#closing || !this.#stopped || this.#sockets.size > 0) return;
    this.#closing = false;
    process.nextTick(() => this.emit('close'));
  }

  /** @param {boolean} referenced */
  #setReferenced(referenced) {
    this.#referenced = referenced;
    if (referenced) this.#inner?.ref();
    else this.#inner?.unref();
    return this;
  }
}

function notRunning() {
  return coded('ERR_SERVER_NOT_RUNNING', 'Server is not running.');
}

/**
 * @param {string} code of Node's
 * @param {string} message
 */
function coded(code, message) {
  return Object.assign(new Error(message), { code });
}

module.exports = { UDSocketServer };
