/**
 * What a socket's user says through it: calls, messages, the topics that are wanted, pings; checked
 * here, and handed on. Must not know: how any of it travels, what the peer says.
 */
'use strict';

const errors = require('../errors.js');
const options = require('../options/options.js');
const { Streaming } = require('./streaming.js');
const { kAsking, kFiling, kSubscribing } = require('../symbols.js');

/** By the socket, as soon as it has what these need. @type {any} */
const GIVEN = undefined;

class Speaking extends Streaming {
  /** @type {import('../calls/asking.js').Asking} */
  [kAsking] = GIVEN;
  /** @type {import('../topics/subscribing.js').Subscribing} */
  [kSubscribing] = GIVEN;

  /**
   * Asks, and resolves to the answer. Rejects with a coded error, never throws.
   * @param {unknown} payload
   * @param {{ topic?: string, timeoutMs?: number, signal?: AbortSignal, traceparent?: string }} [given]
   * @returns {Promise<any>}
   */
  rpc(payload, given) {
    const asking = this[kAsking];
    if (given === undefined) return asking.request(payload, '', asking.timeoutMs);
    try {
      const {
        topic = '',
        timeoutMs,
        signal,
        traceparent,
        ...filed
      } = options.requestOptions(given);
      if (filed.files !== undefined || filed.answerFiles === true) {
        const limits = { timeoutMs: timeoutMs ?? asking.timeoutMs, signal };
        return this[kFiling].ask(payload, { topic, traceparent, ...limits, ...filed });
      }
      return asking.request(payload, topic, timeoutMs ?? asking.timeoutMs, signal, traceparent);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `rpc` with the topic first.
   * @param {string} topic
   * @param {unknown} payload
   * @param {{ timeoutMs?: number, signal?: AbortSignal }} [given]
   * @returns {Promise<any>}
   */
  call(topic, payload, given) {
    if (typeof topic !== 'string' || topic === '') return Promise.reject(wrongTopic(topic));
    if (given !== undefined) return this.rpc(payload, { ...given, topic });
    const asking = this[kAsking];
    return asking.request(payload, topic, asking.timeoutMs);
  }

  /**
   * One way; resolves when the kernel has it. Ignoring a failure is safe.
   * @param {unknown} payload
   * @param {{ topic?: string, traceparent?: string }} [given]
   * @returns {Promise<void>}
   */
  send(payload, given) {
    let topic;
    let traceparent;
    let files;
    try {
      ({ topic, traceparent, files } = options.sendOptions(given));
      if (files !== undefined) return this[kFiling].send(payload, { topic, traceparent, files });
    } catch (error) {
      return this[kAsking].watchSent(Promise.reject(error), payload, '');
    }
    return this[kAsking].send(payload, topic, traceparent);
  }

  /**
   * `send` with the topic first.
   * @param {string} topic
   * @param {unknown} payload
   * @returns {Promise<void>}
   */
  notify(topic, payload) {
    if (typeof topic !== 'string' || topic === '') {
      return this[kAsking].watchSent(Promise.reject(wrongTopic(topic)), payload, '');
    }
    return this[kAsking].send(payload, topic);
  }

  /**
   * Wants the broadcasts of topics that match; resolves when the peer knows.
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  subscribe(pattern) {
    return this[kSubscribing].subscribe(pattern);
  }

  /**
   * Doesn't want them any more.
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  unsubscribe(pattern) {
    return this[kSubscribing].unsubscribe(pattern);
  }

  /**
   * The round trip to the peer's core, in ms.
   * @param {{ timeoutMs?: number }} [given]
   * @returns {Promise<number>}
   */
  async ping(given) {
    const { timeoutMs } = options.pingOptions(given, this[kAsking].timeoutMs);
    return this[kAsking].ping(timeoutMs);
  }
}

/** @param {unknown} topic */
function wrongTopic(topic) {
  return errors.invalidArgument('topic', 'a string, not empty', topic);
}

exports.Speaking = Speaking;
