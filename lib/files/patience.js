/**
 * How long one call or message is waited for: until its time is up or its signal fires, from before
 * anything is sent. Must not know: what the waiting is for.
 */
'use strict';

const { ErrorKind, ShortwireError, aborted } = require('../errors.js');
const { onAbort } = require('../core/signals.js');

/** @typedef {import('../streams/channel.js').Channel} Channel */

class Patience {
  /** Why it has ended; undefined while it lasts. @type {Error | undefined} */
  error;
  /** Told why it has ended. @type {((error: Error) => void) | undefined} */
  onEnd;
  /** @type {Channel | undefined} */
  #channel;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #signal;
  /** Takes the listener off the signal. @type {(() => void) | undefined} */
  #unwatch;
  /** @type {(error: Error) => void} */
  #reject = () => {};
  /** @type {Promise<never>} */
  #over = new Promise((_, reject) => {
    this.#reject = reject;
  });

  /**
   * @param {number} timeoutMs 0 for ever
   * @param {AbortSignal | undefined} signal
   */
  constructor(timeoutMs, signal) {
    this.#signal = signal;
    this.#over.catch(() => {});
    if (signal?.aborted) {
      this.#abort();
      return;
    }
    if (timeoutMs > 0) this.#timer = setTimeout(this.#late, timeoutMs);
    if (signal !== undefined) this.#unwatch = onAbort(signal, this.#abort);
  }

  /**
   * The outcome, or why it isn't waited for any longer.
   * @template T
   * @param {Promise<T>} outcome
   * @returns {Promise<T>}
   */
  async lasts(outcome) {
    try {
      return await Promise.race([outcome, this.#over]);
    } finally {
      this.#stop();
    }
  }

  /**
   * This ends when patience does.
   * @param {Channel} channel
   */
  endsWith(channel) {
    this.#channel = channel;
  }

  #late = () => {
    const more = { maybeDelivered: this.#channel?.begun ?? false };
    const error = new ShortwireError(ErrorKind.TIMEOUT, 'No answer in time', more);
    this.#end(error, ErrorKind.TIMEOUT, 'no answer in time');
  };

  #abort = () => {
    const signal = /** @type {AbortSignal} */ (this.#signal);
    const error = aborted(signal, this.#channel?.begun ?? false);
    this.#end(error, ErrorKind.ABORTED, 'aborted');
  };

  /**
   * @param {Error} error
   * @param {number} kind
   * @param {string} why
   */
  #end(error, kind, why) {
    this.#stop();
    this.error = error;
    // First: what the channel's end rejects comes after this.
    this.#reject(error);
    this.onEnd?.(error);
    this.#channel?.refuse(kind, why);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#unwatch?.();
  }
}

exports.Patience = Patience;
