/**
 * `UDSocketServer`: listens, and holds the sockets of those who came. Must not know: wire formats,
 * system sockets.
 */
'use strict';

const { EventEmitter } = require('node:events');

const core = require('./core.js');
const { nativeEndpoint } = require('./endpoint.js');
const errors = require('./errors.js');
const { Handlers } = require('./handlers.js');
const options = require('./options.js');
const { Kind, ServerEvent } = require('./records.js');
const { UDSocket } = require('./socket.js');
const { kHandlers, kReceive, kSocketGone, kSocketReady, kWelcome } = require('./symbols.js');

const { ErrorKind, ShortwireError } = errors;

class UDSocketServer extends EventEmitter {
  [kHandlers] = new Handlers();
  #options;
  /** Its index in the core, or -1. */
  #index = -1;
  /** @type {Map<string, UDSocket>} */
  #sockets = new Map();
  /** Accepted and not yet ready. @type {Set<UDSocket>} */
  #strangers = new Set();
  /** @type {string | undefined} */
  #address;
  /** @type {{ resolve: () => void, reject: (error: Error) => void } | undefined} */
  #starting;
  /** The end of `close`. @type {Promise<void> | undefined} */
  #closing;
  /** @type {(() => void) | undefined} */
  #unlistened;
  #referenced = true;
  #accepted = 0;
  #refused = 0;

  /**
   * @param {any} [given] options, or the connection listener
   * @param {any} [listener]
   */
  constructor(given, listener) {
    super();
    const connectionListener = typeof given === 'function' ? given : listener;
    this.#options = Object.freeze(
      options.serverOptions(typeof given === 'function' ? undefined : given)
    );
    if (connectionListener === undefined) return;
    if (typeof connectionListener !== 'function') {
      throw errors.invalidArgument('connectionListener', 'a function', connectionListener);
    }
    this.on('connection', connectionListener);
  }

  /**
   * Listens.
   * @param {unknown} endpoint
   * @param {() => void} [callback]
   * @returns {Promise<void>}
   */
  start(endpoint, callback) {
    const started = this.#start(endpoint);
    if (typeof callback !== 'function') return started;
    // Whoever gave a callback may leave the promise alone, and a throw of theirs is no rejection.
    started
      .then(
        () => callback(),
        (error) => this.emit('error', error)
      )
      .catch(core.rethrow);
    return started;
  }

  /** @param {unknown} endpoint */
  async #start(endpoint) {
    const target = nativeEndpoint(endpoint);
    if (this.#index >= 0 || this.#starting !== undefined) {
      throw new ShortwireError(ErrorKind.INVALID_ARG, 'The server has been started already');
    }
    this.#address = typeof target === 'string' ? target : undefined;
    this.#closing = undefined;
    core.thread.setBusyPoll(this.#options.busyPollUs);
    const listening = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      this.#starting = { resolve, reject };
    });
    try {
      this.#index = core.thread.listen(target, options.nativeServerOptions(this.#options));
    } catch (error) {
      this.#starting = undefined;
      throw errors.fromNative(error, this.#address);
    }
    core.servers[this.#index] = this;
    if (!this.#referenced) core.thread.setServerReferenced(this.#index, false);
    return listening;
  }

  /**
   * Serves a connection that somebody else opened.
   * @param {import('node:stream').Duplex} duplex
   * @returns {Promise<UDSocket>}
   */
  async attach(duplex) {
    const { Attachment } = require('./attachment.js');
    Attachment.check(duplex);
    throw errors.unsupported('attach');
  }

  /**
   * Answers requests on every socket: `handle(fn)`, `handle(topic, fn)`, `handle(topic, null)`.
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

  /** The connected sockets, by id. @returns {ReadonlyMap<string, UDSocket>} */
  get sockets() {
    return this.#sockets;
  }

  /** Where it listens, or null. */
  address() {
    return this.listening ? this.#address : null;
  }

  get listening() {
    return this.#index >= 0 && this.#starting === undefined;
  }

  /** The options, with their defaults. */
  get options() {
    return this.#options;
  }

  /** Plain numbers. */
  stats() {
    const [connected, turnedAway] =
      this.#index < 0 ? [this.#sockets.size, 0] : core.thread.serverCounts(this.#index);
    return {
      connections: connected,
      accepted: this.#accepted,
      refused: this.#refused + turnedAway
    };
  }

  /** @returns {this} */
  ref() {
    return this.#setReferenced(true);
  }

  /** Lets the process exit although it listens. @returns {this} */
  unref() {
    return this.#setReferenced(false);
  }

  /** @param {boolean} referenced */
  #setReferenced(referenced) {
    this.#referenced = referenced;
    if (this.#index >= 0) core.thread.setServerReferenced(this.#index, referenced);
    return this;
  }

  /**
   * Stops accepting, lets what is in flight finish, ends every socket. Idempotent.
   * @param {{ timeoutMs?: number, reason?: string }} [given]
   * @returns {Promise<void>}
   */
  close(given) {
    try {
      options.closeOptions(given);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#closing ??= this.#close(given);
    return this.#closing;
  }

  /** @param {{ timeoutMs?: number, reason?: string } | undefined} given */
  async #close(given) {
    const unlistened =
      this.#index < 0
        ? undefined
        : new Promise((/** @type {(value: void) => void} */ resolve) => {
            this.#unlistened = resolve;
            core.thread.unlisten(this.#index);
          });
    const sockets = [...this.#sockets.values(), ...this.#strangers];
    await Promise.all([unlistened, ...sockets.map((socket) => socket.close(given))]);
    this.emit('close');
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /**
   * The socket of a new connection.
   * @param {number} index
   */
  [kWelcome](index) {
    const socket = UDSocket.accepted(this, index, this.#options);
    this.#strangers.add(socket);
    return socket;
  }

  /** @param {UDSocket} socket */
  [kSocketReady](socket) {
    this.#strangers.delete(socket);
    this.#sockets.set(socket.id, socket);
    this.#accepted++;
    this.#emitSafely('connection', socket, undefined);
  }

  /**
   * @param {UDSocket} socket
   * @param {string} reason
   * @param {Error} error
   */
  [kSocketGone](socket, reason, error) {
    if (this.#strangers.delete(socket)) {
      this.#refused++;
      this.#emitSafely('refused', error.message, socket.peer);
      return;
    }
    this.#sockets.delete(socket.id);
    this.#emitSafely('disconnect', socket, reason);
  }

  /**
   * What the core tells of this server, and its sockets of themselves.
   * @param {number} kind
   * @param {any} detail
   * @param {any} [second]
   * @param {any} [third]
   */
  [kReceive](kind, detail, second, third) {
    if (typeof second === 'object') return this.#fromSocket(kind, detail, second, third);
    const error =
      second === 0xffffffff ? undefined : errors.errorOf(second, third, detail, this.#address);
    if (kind === ServerEvent.LISTENING) {
      this.#address = detail;
      const starting = this.#starting;
      this.#starting = undefined;
      this.#emitSafely('listening');
      starting?.resolve();
    } else if (kind === ServerEvent.FAILED) {
      core.servers[this.#index] = undefined;
      this.#index = -1;
      const starting = this.#starting;
      this.#starting = undefined;
      this.#unlistened?.();
      starting?.reject(/** @type {Error} */ (error));
    } else if (kind === ServerEvent.CLOSED) {
      core.servers[this.#index] = undefined;
      this.#index = -1;
      this.#unlistened?.();
      if (error !== undefined) this.#emitSafely('error', error);
    } else if (kind === ServerEvent.TURNED_AWAY) {
      this.#emitSafely('refused', 'The server has too many connections', {});
    }
  }

  /**
   * @param {number} kind
   * @param {any} detail
   * @param {UDSocket} socket
   * @param {any} info
   */
  #fromSocket(kind, detail, socket, info) {
    if (kind === Kind.MESSAGE) {
      this.#emitSafely('message', detail, socket, info);
      if (info.topic !== '') this.#emitSafely(`message:${info.topic}`, detail, socket, info);
    } else if (this.listenerCount('error') > 0) {
      // A peer's fault: told to whoever listens, and never thrown.
      this.#emitSafely('error', detail, socket);
    }
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
}

module.exports = { UDSocketServer };
