/**
 * Whether a socket's connection is tried again, and when: the attempts of one `connect`.
 *
 *   first attempt ──fails──► wait ──► attempt …    by `retry`, until it is up once
 *   up ──lost──► wait ──► attempt ──fails──► …     by `reconnect`, from then on
 *
 * A connection that stayed up for `maxDelayMs` makes the count begin anew; one that doesn't is no
 * better than a failed attempt, or a server that crashes at every connection would be asked without
 * a pause. Must not know: sockets, why an attempt failed.
 */
'use strict';

const { delayOf } = require('../options/backoff.js');

/** @typedef {import('../options/backoff.js').Policy} Policy */

/**
 * @typedef {object} Clock
 * @property {() => number} now in ms, never back
 * @property {() => number} random from 0 to below 1
 */

/** @type {Clock} */
const SYSTEM_CLOCK = { now: () => performance.now(), random: Math.random };

class Reconnection {
  /** Attempts in a row that came to nothing lasting. */
  #failed = 0;
  /** It has been up. */
  #known = false;
  /** Since when it is up; undefined while it isn't. @type {number | undefined} */
  #since;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #referenced;
  #retry;
  #reconnect;
  #clock;

  /**
   * @param {{ retry: Policy | false, reconnect: Policy | false, referenced: boolean }} settings
   * @param {Clock} [clock]
   */
  constructor({ retry, reconnect, referenced }, clock = SYSTEM_CLOCK) {
    this.#retry = retry;
    this.#reconnect = reconnect;
    this.#referenced = referenced;
    this.#clock = clock;
  }

  /** Whether the next attempt may fail without an end to it all. */
  get survivesFailure() {
    return this.#policy !== false;
  }

  /** Whether it is tried again once it was up. */
  get survivesLoss() {
    return this.#reconnect !== false;
  }

  /** Whether it has been up before. */
  get known() {
    return this.#known;
  }

  get #policy() {
    return this.#known ? this.#reconnect : this.#retry;
  }

  /** Calls flow. */
  up() {
    this.#known = true;
    this.#since = this.#clock.now();
  }

  /**
   * An attempt has failed, or the connection is lost.
   * @returns {{ attempt: number, delayMs: number } | undefined} the next attempt; undefined if that was enough
   */
  down() {
    const policy = this.#policy;
    if (policy === false) return undefined;
    const since = this.#since;
    this.#since = undefined;
    if (since !== undefined && this.#clock.now() - since >= policy.maxDelayMs) this.#failed = 0;
    const attempt = this.#failed + 1;
    if (attempt > policy.maxAttempts) return undefined;
    this.#failed = attempt;
    return { attempt, delayMs: delayOf(policy, attempt, this.#clock.random()) };
  }

  /** How many attempts have failed in a row. */
  get failed() {
    return this.#failed;
  }

  /**
   * @param {number} delayMs
   * @param {() => void} then
   */
  wait(delayMs, then) {
    this.stop();
    this.#timer = setTimeout(then, delayMs);
    if (!this.#referenced) this.#timer.unref();
  }

  /** Nothing is tried any more, until the next `wait`. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** @param {boolean} referenced whether waiting keeps the process alive */
  setReferenced(referenced) {
    this.#referenced = referenced;
    if (referenced) this.#timer?.ref();
    else this.#timer?.unref();
  }
}

exports.Reconnection = Reconnection;
