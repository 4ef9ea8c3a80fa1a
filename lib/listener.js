/**
 * A listening socket that nobody accepts from here: its owner keeps its path, and others, threads and
 * processes, serve it by its descriptor. Must not know: who they are.
 */
'use strict';

const core = require('./core/core.js');
const { parseEndpoint, shownAddress } = require('./endpoint/endpoint.js');
const errors = require('./errors.js');
const options = require('./options/options.js');
const { ServerEvent } = require('./core/records.js');
const { kReceive } = require('./symbols.js');

class Listener {
  #index = -1;
  #fd = -1;
  #address = '';
  /** @type {string | undefined} */
  #path;
  /** Of `bind`. @type {{ resolve: (listener: Listener) => void, reject: (error: Error) => void } | undefined} */
  #starting;
  /** @type {Promise<void> | undefined} */
  #closing;
  /** @type {(error?: Error) => void} */
  #closed = () => {};

  /**
   * @param {unknown} endpoint
   * @param {unknown} given
   * @returns {Promise<Listener>}
   */
  static async bind(endpoint, given) {
    const wanted = options.bindOptions(given);
    const { target, path, backlog } = parseEndpoint(endpoint, 'start');
    const native = options.nativeServerOptions(options.serverOptions(wanted));
    if (backlog !== undefined) native.backlog = backlog;
    const listener = new Listener();
    listener.#path = path;
    try {
      listener.#index = core.thread.listen(target, { ...native, accepts: false });
    } catch (error) {
      throw errors.fromNative(error, path);
    }
    core.servers[listener.#index] = listener;
    return new Promise((resolve, reject) => {
      listener.#starting = { resolve, reject };
    });
  }

  /** Its descriptor, for others; -1 once it is closed. */
  get fd() {
    return this.#fd;
  }

  /** Where it listens; null once it is closed. */
  address() {
    return this.#fd < 0 ? null : shownAddress(this.#address);
  }

  /** Keeps the process alive; the default. @returns {this} */
  ref() {
    return this.#setReferenced(true);
  }

  /** Lets the process exit. @returns {this} */
  unref() {
    return this.#setReferenced(false);
  }

  /** @param {boolean} referenced */
  #setReferenced(referenced) {
    if (this.#index >= 0) core.thread.setServerReferenced(this.#index, referenced);
    return this;
  }

  /**
   * Closes the descriptor and removes the path; whoever else has the socket goes on. Idempotent.
   * @returns {Promise<void>}
   */
  close() {
    this.#closing ??= new Promise((resolve, reject) => {
      if (this.#index < 0) {
        resolve();
        return;
      }
      this.#fd = -1;
      this.#closed = (error) => (error === undefined ? resolve() : reject(error));
      core.thread.unlisten(this.#index);
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /**
   * What the core tells of it.
   * @param {number} kind
   * @param {string} detail
   * @param {number} errorKind
   * @param {number} number errno, or the descriptor
   */
  [kReceive](kind, detail, errorKind, number) {
    const starting = this.#starting;
    this.#starting = undefined;
    if (kind === ServerEvent.LISTENING) {
      this.#fd = number;
      this.#address = detail;
      starting?.resolve(this);
      return;
    }
    core.servers[this.#index] = undefined;
    this.#index = -1;
    const error =
      errorKind === NONE ? undefined : errors.errorOf(errorKind, number, detail, this.#path);
    if (error !== undefined) starting?.reject(error);
    this.#closed(error);
  }
}

/**
 * Binds an endpoint for others to serve.
 * @param {unknown} endpoint
 * @param {{ mode?: number, backlog?: number }} [given]
 * @returns {Promise<Listener>}
 */
function bind(endpoint, given) {
  return Listener.bind(endpoint, given);
}

/** What the core passes for a number that it doesn't have. */
const NONE = 0xffffffff;

module.exports = { bind };
