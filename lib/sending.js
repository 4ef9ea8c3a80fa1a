/**
 * What one socket tells its peer: messages, and which topics it wants. Must not know: how messages are
 * heard, what a pattern matches.
 */
'use strict';

const core = require('./core.js');
const errors = require('./errors.js');
const { BYTES_HEAD, JSON_HEAD, encode, isBytes } = require('./payload.js');
const { Kind, Layout } = require('./records.js');
const { Subscriptions } = require('./subscriptions.js');
const { kEmit, kIndex, kSerializer, kSocketDropped } = require('./symbols.js');

class Sending {
  /** Messages that never left. */
  dropped = 0;
  subscriptions;
  #socket;
  #calls;
  #link;

  /**
   * @param {any} socket
   * @param {import('./calls.js').Calls} calls
   * @param {import('./link.js').Link} link
   */
  constructor(socket, calls, link) {
    this.#socket = socket;
    this.#calls = calls;
    this.#link = link;
    this.subscriptions = new Subscriptions(socket.options.maxSubscriptions);
  }

  /**
   * One way; resolves when the kernel has it. Ignoring a failure is safe.
   * @param {unknown} payload
   * @param {string} topic
   * @returns {Promise<void>}
   */
  send(payload, topic) {
    return this.#watch(this.#send(payload, topic), payload, topic);
  }

  /**
   * A message that can't even be tried.
   * @param {unknown} reason
   * @param {unknown} payload
   * @returns {Promise<void>}
   */
  refuse(reason, payload) {
    return this.#watch(Promise.reject(reason), payload, '');
  }

  /**
   * @param {unknown} payload
   * @param {string} topic
   */
  #send(payload, topic) {
    const socket = this.#socket;
    let text;
    const bytes = isBytes(payload);
    try {
      this.#link.refuseUnlessReady();
      if (!bytes) text = encode(payload, socket[kSerializer]);
    } catch (error) {
      return Promise.reject(error);
    }
    const promise = this.#calls.begin();
    const { slot } = this.#calls;
    const index = socket[kIndex];
    if (text !== undefined) core.order(index, Kind.MESSAGE | JSON_HEAD, slot, topic, text, 0);
    else if (!bytes) core.order(index, Kind.MESSAGE, slot, topic, '', 0);
    else core.orderBytes(index, Kind.MESSAGE | BYTES_HEAD, slot, topic, payload, 0);
    return promise;
  }

  /**
   * @param {Promise<void>} sent
   * @param {unknown} payload
   * @param {string} topic
   */
  #watch(sent, payload, topic) {
    sent.catch((error) => this.drop({ reason: error.code, error, topic, payload }));
    return sent;
  }

  /**
   * A message never left: counted, and told to whoever listens.
   * @param {{ reason: string, error: Error, topic: string, payload: unknown }} info
   */
  drop(info) {
    const socket = this.#socket;
    this.dropped++;
    socket[kEmit]('dropped', info);
    socket.server?.[kSocketDropped](socket, info);
  }

  /**
   * Begins a call that somebody else sends.
   * @param {() => void} settled called as soon as its slot may be another call's
   * @returns {{ promise: Promise<any>, slot: number }} without a slot, it can't be sent
   */
  begin(settled) {
    try {
      this.#link.refuseUnlessReady();
    } catch (error) {
      return { promise: Promise.reject(error), slot: -1 };
    }
    const calls = this.#calls;
    const promise = calls.begin();
    const { slot } = calls;
    calls.onSettled(slot, () => {
      calls.signals.delete(slot);
      settled();
    });
    return { promise, slot };
  }

  /**
   * Takes such a call back, unless it has settled: the core has the last word.
   * @param {number} slot
   * @param {AbortSignal} why
   */
  takeBack(slot, why) {
    this.#calls.signals.set(slot, why);
    core.order(this.#socket[kIndex], Kind.CANCEL, slot, '', '', 0);
  }

  /**
   * @param {unknown} pattern
   * @returns {Promise<void>}
   */
  async subscribe(pattern) {
    if (!this.subscriptions.add(pattern)) return;
    const told = this.#tell(Kind.SUBSCRIBE, /** @type {string} */ (pattern));
    await told.catch((error) => {
      // A connection that was lost meanwhile makes no difference: the next one will be told.
      if (error.code !== UNSUPPORTED) return;
      this.subscriptions.forget(pattern);
      throw error;
    });
  }

  /**
   * @param {unknown} pattern
   * @returns {Promise<void>}
   */
  async unsubscribe(pattern) {
    if (!this.subscriptions.remove(pattern)) return;
    await this.#tell(Kind.UNSUBSCRIBE, /** @type {string} */ (pattern)).catch(() => {});
  }

  /**
   * @param {number} kind
   * @param {string} pattern
   * @returns {Promise<void>} when the peer knows, or there is none yet
   */
  #tell(kind, pattern) {
    const index = this.#socket[kIndex];
    if (index < 0 || this.#link.status === 'closing') return Promise.resolve();
    if (this.#link.status !== 'ready') {
      core.order(index, kind, Layout.NO_SLOT, pattern, '', 0);
      return Promise.resolve();
    }
    const told = this.#calls.begin();
    core.order(index, kind, this.#calls.slot, pattern, '', 0);
    return told;
  }
}

const UNSUPPORTED = errors.CODES[errors.ErrorKind.UNSUPPORTED];

exports.Sending = Sending;
