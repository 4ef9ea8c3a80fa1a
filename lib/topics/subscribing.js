/**
 * Which topics one socket wants: told to its peer, and to each new one before anything else. Must not
 * know: what a pattern matches, who broadcasts.
 */
'use strict';

const core = require('../core/core.js');
const { CODES, ErrorKind } = require('../errors.js');
const { Kind, Layout } = require('../core/records.js');
const { Subscriptions } = require('./subscriptions.js');
const { kIndex } = require('../symbols.js');

class Subscribing {
  #subscriptions;
  #socket;
  #calls;
  #link;

  /**
   * @param {any} socket
   * @param {import('../calls/calls.js').Calls} calls
   * @param {import('../link/link.js').Link} link
   */
  constructor(socket, calls, link) {
    this.#socket = socket;
    this.#calls = calls;
    this.#link = link;
    this.#subscriptions = new Subscriptions(socket.options.maxSubscriptions);
  }

  /**
   * Tells a connection that doesn't know yet. To be called for each, before it meets its peer.
   * @param {number} index
   */
  replay(index) {
    this.#subscriptions.replay(index);
  }

  /**
   * @param {unknown} pattern
   * @returns {Promise<void>}
   */
  async subscribe(pattern) {
    if (!this.#subscriptions.add(pattern)) return;
    const told = this.#tell(Kind.SUBSCRIBE, /** @type {string} */ (pattern));
    await told.catch((error) => {
      // A connection that was lost meanwhile makes no difference: the next one will be told.
      if (error.code !== UNSUPPORTED) return;
      this.#subscriptions.forget(pattern);
      throw error;
    });
  }

  /**
   * @param {unknown} pattern
   * @returns {Promise<void>}
   */
  async unsubscribe(pattern) {
    if (!this.#subscriptions.remove(pattern)) return;
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

const UNSUPPORTED = CODES[ErrorKind.UNSUPPORTED];

exports.Subscribing = Subscribing;
