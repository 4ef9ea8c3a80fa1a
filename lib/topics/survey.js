/**
 * One question to many sockets, and what became of it at each: answers, refusals, silence. Ends when
 * all have settled; once the quorum has answered, or the signal fires, the others are taken back.
 * Must not know: who is asked, and why.
 */
'use strict';

const errors = require('../errors.js');
const fanOut = require('../core/fan-out.js');
const { Kind } = require('../core/records.js');
const { onAbort } = require('../core/signals.js');
const { kAsking, kIndex } = require('../symbols.js');

const { ErrorKind, ShortwireError } = errors;

/** @typedef {any} Socket an UDSocket */
/** @typedef {{ socket: Socket, status: 'fulfilled', value: any } | { socket: Socket, status: 'rejected', reason: any }} Entry */

class Survey {
  #sockets;
  #quorum;
  #signal;
  /** @type {Entry[]} */
  #entries = [];
  /** Slots of the calls, by position; -1 once settled, when the slot may be another call's. @type {number[]} */
  #slots = [];
  #left = 0;
  /** Lets each call be observed. @type {((call: Promise<any>, socket: Socket) => Promise<any>) | undefined} */
  #trace;
  #answered = 0;
  /** @type {(entries: Entry[]) => void} */
  #resolve = () => {};
  /** @type {(error: Error) => void} */
  #reject = () => {};

  /**
   * @param {Socket[]} sockets
   * @param {number} quorum answers that are enough
   * @param {AbortSignal | undefined} signal
   */
  constructor(sockets, quorum, signal) {
    this.#sockets = sockets;
    this.#quorum = quorum;
    this.#signal = signal;
    this.#left = sockets.length;
  }

  /**
   * @param {number} head
   * @param {string} topic
   * @param {import('../core/fan-out.js').Encoded} payload
   * @param {number} timeoutMs
   * @param {((call: Promise<any>, socket: Socket) => Promise<any>) | undefined} trace
   */
  ask(head, topic, payload, timeoutMs, trace) {
    this.#trace = trace;
    return this.#run(head, topic, payload, timeoutMs, (value) => value);
  }

  /** @param {number} timeoutMs */
  ping(timeoutMs) {
    const began = performance.now();
    return this.#run(Kind.PING, '', NOTHING, timeoutMs, () => performance.now() - began);
  }

  /**
   * @param {number} head
   * @param {string} topic
   * @param {import('../core/fan-out.js').Encoded} payload
   * @param {number} timeoutMs
   * @param {(answer: any) => any} valueOf
   * @returns {Promise<Entry[]>}
   */
  #run(head, topic, payload, timeoutMs, valueOf) {
    if (this.#left === 0) return Promise.resolve([]);
    const outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#sockets.forEach((socket, at) => {
      const call = socket[kAsking].begin(() => (this.#slots[at] = -1));
      this.#slots[at] = call.slot;
      const promise = this.#trace?.(call.promise, socket) ?? call.promise;
      promise.then(
        (/** @type {any} */ answer) => this.#fulfilled(at, valueOf(answer)),
        (/** @type {any} */ reason) => this.#rejected(at, reason)
      );
    });
    // Only now: whoever observes the calls may broadcast meanwhile, to a list of its own.
    fanOut.begin();
    this.#slots.forEach((slot, at) => {
      if (slot < 0) return;
      fanOut.add(this.#sockets[at][kIndex]);
      fanOut.add(slot);
    });
    fanOut.ask(head, topic, payload, timeoutMs);
    this.#watch();
    return outcome;
  }

  #watch() {
    const signal = this.#signal;
    if (signal === undefined) return;
    const abort = () => {
      this.#reject(errors.aborted(signal, true));
      this.#takeBack(signal);
    };
    const unwatch = onAbort(signal, abort);
    const done = this.#resolve;
    this.#resolve = (entries) => {
      unwatch();
      done(entries);
    };
  }

  /**
   * @param {number} at
   * @param {any} value
   */
  #fulfilled(at, value) {
    this.#answered++;
    this.#settled(at, { socket: this.#sockets[at], status: 'fulfilled', value });
    if (this.#answered !== this.#quorum || this.#left === 0) return;
    const enough = new AbortController();
    enough.abort(new ShortwireError(ErrorKind.ABORTED, 'Enough sockets have answered'));
    this.#takeBack(enough.signal);
  }

  /**
   * @param {number} at
   * @param {any} reason
   */
  #rejected(at, reason) {
    this.#settled(at, { socket: this.#sockets[at], status: 'rejected', reason });
  }

  /**
   * @param {number} at
   * @param {Entry} entry
   */
  #settled(at, entry) {
    this.#entries[at] = entry;
    this.#left--;
    if (this.#left === 0) this.#resolve(this.#entries);
  }

  /**
   * Takes the open calls back. The core has the last word on each: its answer may be here already.
   * @param {AbortSignal} why
   */
  #takeBack(why) {
    this.#slots.forEach((slot, at) => {
      if (slot >= 0) this.#sockets[at][kAsking].takeBack(slot, why);
    });
  }
}

const NOTHING = { text: undefined, bytes: undefined, bodyHead: 0 };

exports.Survey = Survey;
