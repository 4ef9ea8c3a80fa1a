/**
 * How a link ends by this side's own word: for which reason, and who waits for it. Must not know:
 * what else ends it.
 */
'use strict';

const { ErrorKind, ShortwireError } = require('../errors.js');
const { kEmit, kSocketFailed } = require('../symbols.js');

class Ending {
  /** @type {string | undefined} */
  #reason;
  /** What its peer was turned away with. @type {Error | undefined} */
  refusal;
  /** Who waits for the end of `close`. @type {(() => void)[]} */
  #waiting = [];

  /** It begins anew. */
  clear() {
    this.#reason = undefined;
    this.refusal = undefined;
  }

  /** Whether this side has ended it. */
  get isOwn() {
    return this.#reason !== undefined;
  }

  /**
   * This side ends it; the first word counts.
   * @param {string} reason
   * @returns {string} the reason that counts
   */
  begin(reason) {
    return (this.#reason ??= reason);
  }

  /**
   * This side turns its peer away.
   * @param {string} reason
   */
  refuse(reason) {
    this.refusal = new ShortwireError(ErrorKind.REFUSED, reason);
    this.#reason = reason;
  }

  /**
   * What to tell of it.
   * @param {string} detail what the core says
   */
  shown(detail) {
    return this.#reason === undefined ? detail : this.#reason || OWN_REASON;
  }

  /**
   * What its goodbye says about coming back. A client has nobody to invite; one that a server sends
   * away is meant to stay away, unless it is told otherwise.
   * @param {boolean | undefined} allowed
   * @param {boolean} accepted whether this is a server's side
   */
  static comeback(allowed, accepted) {
    if (allowed === undefined) return accepted ? Comeback.UNWELCOME : Comeback.UNSAID;
    return allowed ? Comeback.WELCOME : Comeback.UNWELCOME;
  }

  /** @returns {Promise<void>} when it is over */
  wait() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** It is over. @returns {() => void} tells those who wait for this end, and not for a later one */
  over() {
    const waiting = this.#waiting;
    this.#waiting = [];
    return () => {
      for (const resolve of waiting) resolve();
    };
  }
}

/**
 * A fault of the peer's, or of the connection: told to whoever listens, and to nobody else.
 * @param {any} socket
 * @param {Error} error
 */
function complain(socket, error) {
  if (socket.listenerCount('error') > 0) socket[kEmit]('error', error);
  socket.server?.[kSocketFailed](socket, error);
}

/** What a goodbye says about coming back: `src/message/mod.rs`. */
const Comeback = { UNSAID: 0, WELCOME: 1, UNWELCOME: 2 };
/** The reason of an end for which this side gave none. */
const OWN_REASON = 'the socket was closed';

exports.Ending = Ending;
exports.complain = complain;
