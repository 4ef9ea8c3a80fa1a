/**
 * Load on a server: a closed loop (each answer brings the next call) or an open one (calls come when
 * their time has come, answered or not). In an open loop latencies count from the moment that was
 * planned, so that a server which stalls pays for all who would have come meanwhile. Must not know:
 * arguments, printing.
 */
'use strict';

const { Latencies } = require('./latencies.js');

/** @typedef {import('./connection.js').Socket} Socket */

/**
 * @typedef {object} Plan
 * @property {Socket[]} sockets
 * @property {any[]} payloads used in turn
 * @property {{ topic: string, timeoutMs?: number }} options of each call
 * @property {number} warmupMs calls that count for nothing
 * @property {number} durationMs
 * @property {number} concurrency closed: calls under way per socket; open: the most of all sockets together
 * @property {number} [rate] calls per second, which makes it an open loop
 * @property {boolean} [poisson] open: gaps as random as those of independent callers
 */

/** Open loop: nearer than this to its time, a timer is too coarse, and the loop spins. */
const SPIN_MS = 2;
/** Whether it is interrupted is looked at no less often. */
const LOOK_MS = 100;
/** Calls that are sent at once after a stall, before answers get their turn. */
const BURST = 256;

/** The server has gone: there is nothing more to measure. */
const GONE = new Set(['SHORTWIRE_ERR_DISCONNECTED', 'SHORTWIRE_ERR_CLOSED']);

class Load {
  latencies = new Latencies();
  /** Open loop: how late calls left, by this side's own fault. */
  lateness = new Latencies();
  /** Failed calls, by code. @type {Record<string, number>} */
  errors = {};
  /** Answered calls that count. */
  answered = 0;
  /** Open loop: calls whose time came while as many as allowed were under way. Never sent. */
  skipped = 0;
  /** How long was measured, in ms. */
  measuredMs = 0;
  #plan;
  #signal;
  #under = 0;
  #next = 0;
  /** When counting begins. */
  #from = 0;
  /** When no call begins any more. */
  #until = 0;
  /** Tells whoever waits that the last answer is there. */
  #drained = () => {};
  #broken = false;

  /**
   * @param {Plan} plan
   * @param {AbortSignal} signal ends it early
   */
  constructor(plan, signal) {
    this.#plan = plan;
    this.#signal = signal;
  }

  /** Calls under way. */
  get underWay() {
    return this.#under;
  }

  /** Runs it; resolves when the last answer is there, or its time is up. */
  async run() {
    const { warmupMs, durationMs, rate } = this.#plan;
    const began = performance.now();
    this.#from = began + warmupMs;
    this.#until = this.#from + durationMs;
    if (rate === undefined) this.#close();
    else await this.#open(rate);
    await this.#quiet();
    // The answers of the last calls come after the end, and count for the time before.
    const ended = Math.min(performance.now(), this.#until);
    this.measuredMs = Math.max(0, ended - this.#from);
  }

  get #over() {
    return this.#signal.aborted || this.#broken || performance.now() >= this.#until;
  }

  /** The closed loop: from here on answers keep it going. */
  #close() {
    for (const socket of this.#plan.sockets) {
      for (let n = 0; n < this.#plan.concurrency; n++) this.#again(socket);
    }
  }

  /** @param {Socket} socket */
  #again(socket) {
    if (!this.#over) this.#ask(socket, performance.now(), () => this.#again(socket));
  }

  /**
   * The open loop: resolves when the last call has begun.
   * @param {number} rate
   */
  #open(rate) {
    const { sockets, concurrency, poisson } = this.#plan;
    const gapMs = 1000 / rate;
    const gap = poisson ? () => -Math.log(1 - Math.random()) * gapMs : () => gapMs;
    let due = performance.now();
    let turn = 0;
    return new Promise((/** @type {(value: void) => void} */ resolve) => {
      const tick = () => {
        let burst = BURST;
        let now = performance.now();
        while (due <= now && due < this.#until && burst-- > 0) {
          if (due >= this.#from) this.lateness.record(now - due);
          if (this.#under < concurrency) this.#ask(sockets[turn++ % sockets.length], due, nothing);
          else if (due >= this.#from) this.skipped++;
          due += gap();
          now = performance.now();
        }
        if (due >= this.#until || this.#over) resolve();
        else if (due - now > SPIN_MS) setTimeout(tick, Math.min(due - now - SPIN_MS + 1, LOOK_MS));
        else setImmediate(tick);
      };
      tick();
    });
  }

  /**
   * @param {Socket} socket
   * @param {number} since when it was to begin
   * @param {() => void} then
   */
  #ask(socket, since, then) {
    const { payloads, options } = this.#plan;
    this.#under++;
    const counts = since >= this.#from;
    socket.rpc(payloads[this.#next++ % payloads.length], options).then(
      () => {
        this.#under--;
        const now = performance.now();
        if (counts) {
          this.answered++;
          this.latencies.record(now - since);
        }
        this.#settled(then);
      },
      (error) => {
        this.#under--;
        const code = error.code ?? 'UNKNOWN';
        if (counts) {
          this.errors[code] = (this.errors[code] ?? 0) + 1;
          // Left out, the slowest of all would make the figures better.
          if (code === 'SHORTWIRE_ERR_TIMEOUT') this.latencies.record(performance.now() - since);
        }
        if (GONE.has(code)) this.#broken = true;
        this.#settled(then);
      }
    );
  }

  /** @param {() => void} then */
  #settled(then) {
    then();
    if (this.#under === 0) this.#drained();
  }

  /** Waits for what is under way, no longer than until it is interrupted. */
  #quiet() {
    return new Promise((/** @type {(value: void) => void} */ resolve) => {
      // In a closed loop a moment without calls is the end; in an open one the last has begun.
      if (this.#under === 0 || this.#signal.aborted) resolve();
      this.#drained = resolve;
      this.#signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

function nothing() {}

exports.GONE = GONE;
exports.Load = Load;
