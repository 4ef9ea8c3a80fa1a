/**
 * Who waits for a link to begin: the caller of `connect`, and the signal that may call it off. Must
 * not know: what a link begins with.
 */
'use strict';

const { aborted } = require('../errors.js');
const { onAbort } = require('../core/signals.js');

class Beginning {
  /** @type {{ resolve: () => void, reject: (error: Error) => void } | undefined} */
  #waiting;

  /** Whether somebody waits: it has neither come about nor failed. */
  get isAwaited() {
    return this.#waiting !== undefined;
  }

  /**
   * @param {AbortSignal | undefined} signal
   * @param {(error: Error) => void} callOff told when the signal fires
   * @returns {Promise<void>} when calls flow
   */
  wait(signal, callOff) {
    const begun = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    if (signal === undefined) return begun;
    const abort = () => callOff(aborted(signal, false));
    return begun.finally(onAbort(signal, abort));
  }

  /** Calls flow. */
  reached() {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /**
   * It never will. @returns {((error: Error) => void) | undefined} tells who waits for this
   * beginning, and not for a later one
   */
  over() {
    const reject = this.#waiting?.reject;
    this.#waiting = undefined;
    return reject;
  }
}

exports.Beginning = Beginning;
