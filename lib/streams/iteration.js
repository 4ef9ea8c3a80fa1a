/**
 * The parts of a streamed answer, one after the other: what `iterate` gives. Must not know: how
 * streams are opened.
 */
'use strict';

const { ErrorKind, ShortwireError, aborted } = require('../errors.js');
const { onAbort } = require('../core/signals.js');

/** @typedef {import('./channel.js').Channel} Channel */
/** @typedef {{ resolve: (result: IteratorResult<any>) => void, reject: (error: Error) => void, timer: any }} Waiter */

class Iteration {
  #channel;
  #timeoutMs;
  /** Parts that nobody has asked for yet, and what each has cost. @type {any[]} */
  #parts = [];
  /** @type {number[]} */
  #costs = [];
  /** @type {Waiter[]} */
  #waiters = [];
  #ended = false;
  /** Told once, to the next who asks. @type {Error | undefined} */
  #error;
  /** @type {(() => void) | undefined} */
  #unwatch;

  /**
   * @param {Channel} channel
   * @param {number} timeoutMs
   * @param {AbortSignal | undefined} signal
   */
  constructor(channel, timeoutMs, signal) {
    this.#channel = channel;
    this.#timeoutMs = timeoutMs;
    if (signal !== undefined) this.#watch(signal);
    channel.attach(this.#sink);
  }

  #sink = {
    data: (/** @type {any} */ value, /** @type {number} */ cost) => {
      if (this.#ended) return;
      const waiter = this.#next();
      if (waiter === undefined) {
        this.#parts.push(value);
        this.#costs.push(cost);
        return;
      }
      this.#channel.used(cost);
      waiter.resolve({ value, done: false });
    },
    end: () => this.#end(undefined),
    over: (/** @type {Error} */ error) => this.#end(error)
  };

  /** @param {AbortSignal} signal */
  #watch(signal) {
    const abort = () => {
      this.#channel.refuse(ErrorKind.ABORTED, 'aborted');
      this.#end(aborted(signal, this.#channel.begun));
    };
    if (signal.aborted) {
      abort();
      return;
    }
    this.#unwatch = onAbort(signal, abort);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<any>>} */
  next() {
    if (this.#parts.length > 0) {
      const value = this.#parts.shift();
      this.#channel.used(/** @type {number} */ (this.#costs.shift()));
      return Promise.resolve({ value, done: false });
    }
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) return Promise.reject(error);
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      const timer = this.#timeoutMs === 0 ? undefined : setTimeout(this.#late, this.#timeoutMs);
      this.#waiters.push({ resolve, reject, timer });
    });
  }

  /**
   * The loop was left: the other side's handler hears of it.
   * @returns {Promise<IteratorResult<any>>}
   */
  return(/** @type {any} */ value) {
    this.#channel.refuse(ErrorKind.ABORTED, 'no longer wanted');
    this.#parts = [];
    this.#costs = [];
    this.#error = undefined;
    this.#end(undefined);
    return Promise.resolve({ value, done: true });
  }

  /** @param {any} error @returns {Promise<IteratorResult<any>>} */
  async throw(error) {
    await this.return(undefined);
    throw error;
  }

  async [Symbol.asyncDispose]() {
    await this.return(undefined);
  }

  #late = () => {
    const why = 'No part of the answer came in time';
    this.#channel.refuse(ErrorKind.TIMEOUT, 'no part of the answer came in time');
    const more = { maybeDelivered: this.#channel.begun };
    this.#end(new ShortwireError(ErrorKind.TIMEOUT, why, more));
  };

  #next() {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) clearTimeout(waiter.timer);
    return waiter;
  }

  /** @param {Error | undefined} error */
  #end(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#unwatch?.();
    this.#error = error;
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) {
      if (this.#error === undefined) waiter.resolve({ value: undefined, done: true });
      else {
        this.#error = undefined;
        waiter.reject(/** @type {Error} */ (error));
      }
    }
  }
}

exports.Iteration = Iteration;
