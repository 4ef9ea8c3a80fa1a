/**
 * `UDSocketServer`: listens, and holds the sockets of those who came. Must not know: wire formats,
 * system sockets.
 */
'use strict';

const { Admission } = require('./server/admission.js');
const { Attachment } = require('./link/attachment.js');
const { Broadcasting } = require('./topics/broadcasting.js');
const core = require('./core/core.js');
const encodings = require('./core/encodings.js');
const errors = require('./errors.js');
const { Listening } = require('./server/listening.js');
const options = require('./options/options.js');
const { Report, STATS_TOPIC } = require('./observe/report.js');
const { UDSocket } = require('./socket.js');
const { Totals, noStats } = require('./observe/totals.js');
const {
  kAccepted,
  kDropped,
  kEmit,
  kLink,
  kPause,
  kReference,
  kScope,
  kShow,
  kSocketFailed,
  kSocketGone,
  kSocketHello,
  kSocketMessage,
  kSocketReady,
  kTell
} = require('./symbols.js');

const { ErrorKind, ShortwireError } = errors;

/** @typedef {import('./socket.js').UDSocket} Socket */

class UDSocketServer extends Broadcasting {
  #options;
  /** @type {'open' | 'closing' | 'closed'} */
  #status = 'open';
  #listening = new Listening({
    scope: this[kScope],
    welcome: (index) => this.#welcome(index),
    listening: () => this[kEmit]('listening'),
    turnedAway: (peer) => this.#turnAway(peer),
    failed: (error) => this[kEmit]('error', error)
  });
  /** @type {Map<string, Socket>} */
  #sockets = new Map();
  /** Those that aren't connected yet. @type {Admission} */
  #admission;
  /** The end of `close`. @type {Promise<void> | undefined} */
  #closing;
  #paused = false;
  #accepted = 0;
  #refused = 0;
  /** What its sockets have counted. */
  #totals = new Totals(noStats());

  /**
   * @param {any} [given] options, or the connection listener
   * @param {any} [listener]
   */
  constructor(given, listener) {
    super();
    const alone = typeof given === 'function';
    this.#options = Object.freeze(options.serverOptions(alone ? undefined : given));
    encodings.load(this.#options.encoding);
    // Peers decide when a server needs it: maybe when no file can be opened any more.
    require('./socket/exchange.js');
    this.#admission = new Admission(
      this.#options,
      (id) => this.#sockets.has(id),
      (error, socket) => {
        this[kEmit]('error', error, socket);
        socket.destroy(/** @type {Error} */ (error));
      }
    );
    if (this.#options.allowStats) {
      const report = new Report(this);
      this.handle(STATS_TOPIC, () => report.now());
    }
    const connectionListener = alone ? given : listener;
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
    return this[kTell](() => this.#start(endpoint), callback);
  }

  /**
   * @param {unknown} endpoint
   * @returns {Promise<void>}
   */
  async #start(endpoint) {
    if (this.#status === 'closing') {
      throw new ShortwireError(ErrorKind.INVALID_ARG, 'The server is closing already');
    }
    const listens = this.#listening.start(endpoint, this.#options);
    this.#status = 'open';
    return listens;
  }

  /**
   * Serves a connection that somebody else opened, whether the server listens or not.
   * @param {import('node:stream').Duplex} duplex
   * @param {object} [given]
   * @returns {Promise<Socket>} its socket, when calls flow
   */
  async attach(duplex, given) {
    options.attachOptions(given);
    Attachment.check(duplex);
    if (this.#status === 'closing') {
      throw new ShortwireError(ErrorKind.CLOSED, 'The server is closing');
    }
    if (this.#sockets.size + this.#admission.size >= this.#options.maxConnections) {
      this.#turnAway({});
      throw new ShortwireError(ErrorKind.REFUSED, TOO_MANY);
    }
    const native = options.nativeServerOptions(this.#options);
    const index = core.thread.createServerSide(native);
    const socket = this.#welcome(index);
    core.sockets[index] = socket;
    await socket[kLink].speakOver(duplex);
    return socket;
  }

  /** The connected sockets, by id. @returns {ReadonlyMap<string, Socket>} */
  get sockets() {
    return this.#sockets;
  }

  /** Where it listens, or null. @returns {any} */
  address() {
    return this.#listening.address;
  }

  get listening() {
    return this.#listening.status === 'listening';
  }

  get options() {
    return this.#options;
  }

  /** Plain numbers: connections now; ever accepted, refused; messages to them that never left. */
  stats() {
    return {
      connections: this.#sockets.size,
      introducing: this.#admission.size,
      accepted: this.#accepted,
      refused: this.#refused,
      dropped: this[kDropped],
      sockets: this.#totals.with([...this.#sockets.values(), ...this.#admission.sockets()])
    };
  }

  /**
   * @override
   * @param {boolean} referenced
   */
  [kReference](referenced) {
    this.#listening.setReferenced(referenced);
  }

  /** Whether all its sockets are paused. */
  get paused() {
    return this.#paused;
  }

  /**
   * @override
   * @param {boolean} paused
   */
  [kPause](paused) {
    this.#paused = paused;
    for (const socket of [...this.#sockets.values(), ...this.#admission.sockets()]) {
      socket[kPause](paused, true);
    }
  }

  /**
   * Stops accepting, lets what is in flight finish, ends every socket. Idempotent.
   * @param {{ timeoutMs?: number, reason?: string, allowReconnect?: boolean }} [given]
   * @returns {Promise<void>}
   */
  close(given) {
    try {
      options.closeOptions(given);
    } catch (error) {
      return Promise.reject(error);
    }
    const over = this.#status === 'closed' && this.#sockets.size + this.#admission.size === 0;
    if (this.#closing === undefined || (this.#status !== 'closing' && !over)) {
      this.#closing = this.#close(given);
    }
    return this.#closing;
  }

  /**
   * Stops listening; its sockets go on. Idempotent, and `start` may follow.
   * @returns {Promise<void>}
   */
  stop() {
    return this.#listening.stop();
  }

  /** @param {{ timeoutMs?: number, reason?: string, allowReconnect?: boolean } | undefined} given */
  async #close(given) {
    this.#status = 'closing';
    // The same service will be there again, as far as the library can know.
    const parting = { ...given, allowReconnect: given?.allowReconnect ?? true };
    // Some may have been accepted while the listener was on its way out.
    const closeAll = () =>
      Promise.all(
        [...this.#sockets.values(), ...this.#admission.sockets()].map((socket) =>
          socket.close(parting)
        )
      );
    await Promise.all([this.stop(), closeAll()]);
    await closeAll();
    this.#status = 'closed';
    this[kEmit]('close');
  }

  /** @override */
  [kShow]() {
    const status = this.#status === 'open' ? this.#listening.status : this.#status;
    return { address: this.address(), status, sockets: this.#sockets.size };
  }

  /**
   * The socket of a new connection.
   * @param {number} index
   * @returns {Socket}
   */
  #welcome(index) {
    const socket = UDSocket[kAccepted](this, index);
    this.#admission.add(socket);
    if (this.#paused) socket[kPause](true, true);
    return socket;
  }

  /**
   * @param {Socket} socket
   * @param {number} bodyKind
   * @param {any} body
   */
  [kSocketHello](socket, bodyKind, body) {
    this.#admission.greet(socket, bodyKind, body);
  }

  /**
   * @param {Socket} socket
   * @returns {boolean} false if it can't be taken in
   */
  [kSocketReady](socket) {
    const { taken, hello } = this.#admission.take(socket);
    if (!taken) return false;
    this.#sockets.set(socket.id, socket);
    this.#accepted++;
    this[kEmit]('connection', socket, hello);
    return true;
  }

  /**
   * @param {Socket} socket
   * @param {string} reason
   */
  [kSocketGone](socket, reason) {
    this.#totals.keep(socket);
    // One that was turned away on its last step never came in; its id may be another's.
    if (this.#admission.drop(socket) || this.#sockets.get(socket.id) !== socket) {
      this.#refused++;
      this[kEmit]('refused', reason, socket.peer);
      return;
    }
    this.#sockets.delete(socket.id);
    this[kEmit]('disconnect', socket, reason);
  }

  /**
   * A peer's fault: told to whoever listens, and never thrown.
   * @param {Socket} socket
   * @param {Error} error
   */
  [kSocketFailed](socket, error) {
    if (this.listenerCount('error') > 0) this[kEmit]('error', error, socket);
  }

  /**
   * @param {any} payload
   * @param {Socket} socket
   * @param {import('./calls/context.js').Info} info
   */
  [kSocketMessage](payload, socket, info) {
    this[kEmit]('message', payload, socket, info);
    if (info.topic !== '') this[kEmit](`message:${info.topic}`, payload, socket, info);
  }

  /** @param {object} peer */
  #turnAway(peer) {
    this.#refused++;
    this[kEmit]('refused', TOO_MANY, peer);
  }
}

const TOO_MANY = 'The server has too many connections';

exports.UDSocketServer = UDSocketServer;
