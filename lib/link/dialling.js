/**
 * A link's attempts to get a transport: where it leads, the first attempt, those that follow. Must
 * not know: what comes of a connection, who waits for it.
 */
'use strict';

const core = require('../core/core.js');
const errors = require('../errors.js');
const { Reconnection } = require('./reconnection.js');
const { kIndex } = require('../symbols.js');

const { ErrorKind, ShortwireError } = errors;

class Dialling {
  #socket;
  /** Where it leads, as the core takes it. @type {any} */
  #target;
  /** The same, for errors to tell. @type {string | undefined} */
  #path;
  /** Of a link that has been dialled. @type {Reconnection | undefined} */
  #reconnection;

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * What the next `dial` is about.
   * @param {import('../endpoint/endpoint.js').Endpoint} endpoint
   * @param {any} retry how often the first attempt is repeated, or false
   * @param {boolean} referenced
   */
  aim({ target, path, once }, retry, referenced) {
    const { reconnect } = this.#socket.options;
    this.#target = target;
    this.#path = path;
    const policies = once ? NEVER : { retry, reconnect };
    this.#reconnection = new Reconnection({ ...policies, referenced });
  }

  /** It has got a transport in another way. */
  forget() {
    this.#path = undefined;
    this.#reconnection = undefined;
  }

  /** Connects. */
  dial = () => {
    const { survivesFailure, survivesLoss } = /** @type {Reconnection} */ (this.#reconnection);
    core.flushNow();
    core.thread.dial(this.#socket[kIndex], this.#target, survivesFailure, survivesLoss);
  };

  /**
   * Calls flow.
   * @returns {boolean} whether they have done so before
   */
  up() {
    const again = this.#reconnection?.known === true;
    this.#reconnection?.up();
    return again;
  }

  /**
   * The attempt has failed, or the connection is lost: dials again after a while.
   * @returns {{ attempt: number, delayMs: number } | undefined} undefined if that was enough
   */
  down() {
    const next = this.#reconnection?.down();
    if (next !== undefined) this.#reconnection?.wait(next.delayMs, this.dial);
    return next;
  }

  /**
   * Ends it: nothing more is tried.
   * @param {Error} last what the last attempt failed with
   * @returns {Error} what to tell of it
   */
  giveUp(last) {
    const why = `Gave up after ${this.#reconnection?.failed ?? 0} attempts: ${last.message}`;
    core.act(this.#socket[kIndex], (at) => core.thread.giveUp(at, why));
    return new ShortwireError(ErrorKind.DISCONNECTED, why, { cause: last });
  }

  /** No attempt is made any more, until the next `dial`. */
  stop() {
    this.#reconnection?.stop();
  }

  /** @param {boolean} referenced whether waiting for the next attempt keeps the process alive */
  setReferenced(referenced) {
    this.#reconnection?.setReferenced(referenced);
  }

  /**
   * The error of a record from the core.
   * @param {number} kind
   * @param {number} errno
   * @param {string} detail
   */
  errorOf(kind, errno, detail) {
    return errors.errorOf(kind, errno, detail, this.#path);
  }
}

/** A descriptor can be used once. */
const NEVER = Object.freeze({ retry: false, reconnect: false });

exports.Dialling = Dialling;
