/**
 * Calls that have not settled: slot → how to settle it. Slots are used again; which answer belongs
 * to which call is the core's business, and so are deadlines. Must not know: the network.
 */
'use strict';

/** @typedef {(value?: any) => void} Settle */

/** Whose promise is being made. @type {Calls} */
let owner;
let slotOfNew = 0;

/**
 * Shared by all promises: a closure for each call would cost more than the rest of this file. Puts
 * the functions where they stay: each other place on their way costs V8 a write barrier.
 * @param {Settle} resolve
 * @param {Settle} reject
 */
function capture(resolve, reject) {
  owner.resolves[slotOfNew] = resolve;
  owner.rejects[slotOfNew] = reject;
}

class Calls {
  constructor() {
    /** @type {(Settle | undefined)[]} */
    this.resolves = [];
    /** @type {(Settle | undefined)[]} */
    this.rejects = [];
    /** What must be undone when the call settles: listeners of signals. @type {((() => void) | undefined)[]} */
    this.undos = [];
    /** Signals that can take a call back, by its slot; made for the first. @type {Map<number, AbortSignal> | undefined} */
    this.signals = undefined;
    /** @type {number[]} */
    this.free = [];
    this.open = 0;
    /** The slot of the promise that `begin` has just made. */
    this.slot = 0;
  }

  /**
   * A promise, in the slot that `this.slot` says.
   * @returns {Promise<any>}
   */
  begin() {
    const { free } = this;
    const slot = free.length > 0 ? /** @type {number} */ (free.pop()) : this.resolves.length;
    this.open++;
    this.slot = slot;
    if (owner !== this) owner = this;
    slotOfNew = slot;
    return new Promise(capture);
  }

  /**
   * @param {number} slot
   * @param {unknown} value
   */
  resolve(slot, value) {
    const resolve = this.resolves[slot];
    if (resolve === undefined) return;
    this.#release(slot);
    resolve(value);
  }

  /**
   * @param {number} slot
   * @param {Error} error
   */
  reject(slot, error) {
    const reject = this.rejects[slot];
    if (reject === undefined) return;
    this.#release(slot);
    reject(error);
  }

  /**
   * @param {number} slot
   * @param {() => void} undo runs when the call settles, however it does
   */
  onSettled(slot, undo) {
    this.undos[slot] = undo;
  }

  /**
   * @param {number} slot that has something to undo: with that, this is forgotten
   * @param {AbortSignal} signal that can take the call back
   */
  obey(slot, signal) {
    (this.signals ??= new Map()).set(slot, signal);
  }

  /**
   * The safety net under the core's own accounting: nothing stays pending on a closed socket.
   * @param {Error} error
   */
  rejectAll(error) {
    if (this.open === 0) return;
    for (let slot = 0; slot < this.rejects.length; slot++) this.reject(slot, error);
  }

  /** @param {number} slot */
  #release(slot) {
    this.resolves[slot] = undefined;
    this.rejects[slot] = undefined;
    const undo = this.undos[slot];
    if (undo !== undefined) {
      this.undos[slot] = undefined;
      this.signals?.delete(slot);
      undo();
    }
    this.free.push(slot);
    this.open--;
  }
}

exports.Calls = Calls;
