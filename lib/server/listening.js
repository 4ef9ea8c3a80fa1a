/**
 * Where a server listens: how that begins, and how it ends. Must not know: the connections that
 * come of it.
 */
'use strict';

const core = require('../core/core.js');
const { parseEndpoint, shownAddress } = require('../endpoint/endpoint.js');
const errors = require('../errors.js');
const { inherited } = require('../endpoint/inherited.js');
const options = require('../options/options.js');
const { turnedAway } = require('../endpoint/peer.js');
const { ServerEvent } = require('../core/records.js');
const { kReceive, kScope, kWelcome } = require('../symbols.js');

const { ErrorKind, ShortwireError } = errors;

/**
 * @typedef {object} Owner what a server does with what comes of it
 * @property {import('node:async_hooks').AsyncResource} scope where it does so
 * @property {(index: number) => any} welcome makes the socket of a new connection
 * @property {() => void} listening it listens
 * @property {(peer: object) => void} turnedAway the core has: there was no room
 * @property {(error: Error) => void} failed it doesn't listen any more, by nobody's wish
 */

class Listening {
  /** @type {'idle' | 'starting' | 'listening' | 'stopping'} */
  status = 'idle';
  /** Its index in the core, or -1. */
  #index = -1;
  /** Its path; over TCP three parts. @type {any} */
  #address;
  /** Its path, for errors to tell. @type {string | undefined} */
  #path;
  /** Of `start`, until it has settled. @type {{ resolve: () => void, reject: (error: Error) => void } | undefined} */
  #starting;
  /** The end of `stop`. @type {Promise<void> | undefined} */
  #stopping;
  /** Tells `stop` that nobody can come any more. @type {(() => void) | undefined} */
  #unlistened;
  #referenced = true;
  #owner;
  /** Makes the socket of a connection that the core has accepted. @type {(index: number) => any} */
  [kWelcome];
  /** @type {import('node:async_hooks').AsyncResource} */
  [kScope];

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = owner;
    this[kWelcome] = owner.welcome;
    this[kScope] = owner.scope;
  }

  /** Where, or null. @returns {any} */
  get address() {
    return this.status === 'listening' ? (this.#address ?? null) : null;
  }

  /**
   * Throws if it can't even begin.
   * @param {unknown} endpoint
   * @param {any} serverOptions
   * @returns {Promise<void>} when it listens
   */
  start(endpoint, serverOptions) {
    const { plain, shared } = inherited(endpoint);
    const { target, path, backlog } = parseEndpoint(plain, 'start');
    if (this.status !== 'idle') {
      throw new ShortwireError(ErrorKind.INVALID_ARG, `The server is ${this.status} already`);
    }
    this.#path = path;
    core.thread.setBusyPoll(serverOptions.busyPollUs);
    try {
      const native = options.nativeServerOptions(serverOptions);
      if (backlog !== undefined) native.backlog = backlog;
      this.#index = core.thread.listen(target, { ...native, shared });
    } catch (error) {
      throw errors.fromNative(error, path);
    }
    this.status = 'starting';
    core.servers[this.#index] = this;
    if (!this.#referenced) core.thread.setServerReferenced(this.#index, false);
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
  }

  /** @returns {Promise<void>} when nobody can come any more */
  async stop() {
    if (this.#index < 0) return;
    this.status = 'stopping';
    this.#stopping ??= new Promise((/** @type {(value: void) => void} */ resolve) => {
      this.#unlistened = resolve;
      core.thread.unlisten(this.#index);
    });
    await this.#stopping;
  }

  /** @param {boolean} referenced whether it keeps the process alive */
  setReferenced(referenced) {
    this.#referenced = referenced;
    if (this.#index >= 0) core.thread.setServerReferenced(this.#index, referenced);
  }

  /**
   * What the core tells of it.
   * @param {number} kind
   * @param {string} detail
   * @param {number} errorKind
   * @param {number} errno
   * @param {number} uid
   * @param {number} pid
   */
  [kReceive](kind, detail, errorKind, errno, uid, pid) {
    if (kind === ServerEvent.TURNED_AWAY) {
      this.#owner.turnedAway(turnedAway(detail, uid, pid));
      return;
    }
    if (kind === ServerEvent.LISTENING) {
      this.#address = shownAddress(detail);
      // It may have been stopped meanwhile.
      if (this.status !== 'starting') return;
      this.status = 'listening';
      this.#starting?.resolve();
      this.#starting = undefined;
      this.#owner.listening();
      return;
    }
    const error =
      errorKind === NONE ? undefined : errors.errorOf(errorKind, errno, detail, this.#path);
    this.#over(error);
  }

  /**
   * It doesn't listen any more, or never did.
   * @param {Error | undefined} error
   */
  #over(error) {
    core.servers[this.#index] = undefined;
    this.#index = -1;
    this.status = 'idle';
    const starting = this.#starting;
    this.#starting = undefined;
    starting?.reject(error ?? new ShortwireError(ErrorKind.CLOSED, NEVER_LISTENED));
    this.#unlistened?.();
    this.#unlistened = undefined;
    this.#stopping = undefined;
    if (error !== undefined && starting === undefined) this.#owner.failed(error);
  }
}

const NEVER_LISTENED = 'The server was closed before it listened';
/** What the core passes for a number that it doesn't have. */
const NONE = 0xffffffff;

exports.Listening = Listening;
