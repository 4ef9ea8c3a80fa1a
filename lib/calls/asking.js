/**
 * One socket's own calls and messages on their way out: checked, encoded, handed to the core. How
 * calls end is `settling.js`. Must not know: wire formats, how the link comes and goes.
 */
'use strict';

const channels = require('../observe/channels.js');
const core = require('../core/core.js');
const errors = require('../errors.js');
const { JSON_HEAD, BYTES_HEAD, encode, isBytes } = require('../core/payload.js');
const { Kind } = require('../core/records.js');
const { watch } = require('./settling.js');
const { kEmit, kIndex, kSerializer, kSocketDropped } = require('../symbols.js');
const { TRACED, ahead } = require('../observe/traceparent.js');

class Asking {
  /** Messages that never left. */
  dropped = 0;
  /** How long a call may take unless it says otherwise. @type {number} */
  timeoutMs;
  #socket;
  #calls;
  #link;
  /** @type {(() => unknown) | undefined} */
  #traceparent;

  /**
   * @param {any} socket
   * @param {import('./calls.js').Calls} calls
   * @param {import('../link/link.js').Link} link
   */
  constructor(socket, calls, link) {
    this.#socket = socket;
    this.#calls = calls;
    this.#link = link;
    this.timeoutMs = socket.options.timeoutMs;
    this.#traceparent = socket.options.traceparent;
  }

  /**
   * @param {unknown} payload
   * @param {string} topic
   * @param {number} timeoutMs
   * @param {AbortSignal} [signal]
   * @param {string} [traceparent]
   * @returns {Promise<any>}
   */
  request(payload, topic, timeoutMs, signal, traceparent) {
    if (!channels.isObserved(channels.rpc)) {
      return this.#request(payload, topic, timeoutMs, signal, traceparent);
    }
    const socket = this.#socket;
    const message = { kind: 'call', socket, topic, payload, timeoutMs, traceparent };
    const ask = () => this.#request(payload, topic, timeoutMs, signal, message.traceparent);
    return channels.rpc.tracePromise(ask, message);
  }

  /**
   * @param {unknown} payload
   * @param {string} topic
   * @param {number} timeoutMs
   * @param {AbortSignal | undefined} signal
   * @param {string | undefined} traceparent
   * @returns {Promise<any>}
   */
  #request(payload, topic, timeoutMs, signal, traceparent) {
    const socket = this.#socket;
    let index = socket[kIndex];
    let kind = Kind.REQUEST;
    let text;
    const bytes = isBytes(payload);
    try {
      if (index < 0 || this.#link.status === 'closing') {
        this.#link.refuseIfOver();
        index = this.#link.connection.make();
      }
      if (signal !== undefined && signal.aborted) throw errors.aborted(signal, false);
      if (traceparent !== undefined || this.#traceparent !== undefined) {
        const about = this.#ahead(traceparent, topic);
        if (about !== topic) [topic, kind] = [about, kind | TRACED];
      }
      if (!bytes) text = encode(payload, socket[kSerializer]);
    } catch (error) {
      return Promise.reject(error);
    }
    const calls = this.#calls;
    const promise = calls.begin();
    const slot = calls.slot;
    if (text !== undefined) core.order(index, kind | JSON_HEAD, slot, topic, text, timeoutMs);
    else if (!bytes) core.order(index, kind, slot, topic, '', timeoutMs);
    else core.orderBytes(index, kind | BYTES_HEAD, slot, topic, payload, timeoutMs);
    if (signal !== undefined) watch(socket, calls, slot, signal);
    return promise;
  }

  /**
   * @param {unknown} payload
   * @param {string} topic
   * @param {string} [traceparent]
   * @returns {Promise<void>}
   */
  send(payload, topic, traceparent) {
    return this.watchSent(this.#send(payload, topic, traceparent), payload, topic);
  }

  /**
   * @param {unknown} payload
   * @param {string} topic
   * @param {string | undefined} traceparent
   * @returns {Promise<void>}
   */
  #send(payload, topic, traceparent) {
    const socket = this.#socket;
    let kind = Kind.MESSAGE;
    let text;
    const bytes = isBytes(payload);
    try {
      this.#link.refuseUnlessReady();
      if (channels.message.hasSubscribers) {
        const message = { direction: 'sent', socket, topic, payload, traceparent };
        channels.message.publish(message);
        ({ traceparent } = message);
      }
      if (traceparent !== undefined || this.#traceparent !== undefined) {
        const about = this.#ahead(traceparent, topic);
        if (about !== topic) [topic, kind] = [about, kind | TRACED];
      }
      if (!bytes) text = encode(payload, socket[kSerializer]);
    } catch (error) {
      return Promise.reject(error);
    }
    const promise = this.#calls.begin();
    const { slot } = this.#calls;
    const index = socket[kIndex];
    if (text !== undefined) core.order(index, kind | JSON_HEAD, slot, topic, text, 0);
    else if (!bytes) core.order(index, kind, slot, topic, '', 0);
    else core.orderBytes(index, kind | BYTES_HEAD, slot, topic, payload, 0);
    return promise;
  }

  /**
   * Measures the way to the peer's core and back.
   * @param {number} timeoutMs
   * @returns {Promise<number>} in ms
   */
  async ping(timeoutMs) {
    this.#link.refuseUnlessReady();
    const began = performance.now();
    const answered = this.#calls.begin();
    core.order(this.#socket[kIndex], Kind.PING, this.#calls.slot, '', '', timeoutMs);
    await answered;
    return performance.now() - began;
  }

  /**
   * Lets nobody be surprised by a message that was sent without a look at the promise.
   * @param {Promise<void>} sent
   * @param {unknown} payload
   * @param {string} topic
   */
  watchSent(sent, payload, topic) {
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
    calls.onSettled(slot, settled);
    return { promise, slot };
  }

  /**
   * Takes such a call back, unless it has settled: the core has the last word.
   * @param {number} slot
   * @param {AbortSignal} why
   */
  takeBack(slot, why) {
    this.#calls.obey(slot, why);
    core.order(this.#socket[kIndex], Kind.CANCEL, slot, '', '', 0);
  }

  /**
   * @param {string | undefined} traceparent of this one; else the socket's own is asked for
   * @param {string} topic
   */
  #ahead(traceparent, topic) {
    return ahead(traceparent ?? this.#traceparent?.(), topic);
  }
}

exports.Asking = Asking;
