/**
 * What is known of a socket's connection: its peer and its numbers, also when it is over. Must not
 * know: how it comes and goes.
 */
'use strict';

const core = require('../core/core.js');
const { peerOf } = require('../endpoint/peer.js');
const { kExchange, kIndex } = require('../symbols.js');
const { atEnd, noStats } = require('../observe/totals.js');

class Standing {
  #socket;
  /** @type {object | undefined} */
  #peer;
  /** The last numbers, kept for a connection that is over. @type {any} */
  #lastStats;

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** Who is at the other end, by the kernel's word. */
  get peer() {
    const index = this.#socket[kIndex];
    if (this.#peer === undefined && index >= 0) this.#peer = peerOf(core.thread.peer(index));
    return this.#peer ?? {};
  }

  /** Plain numbers. @returns {any} */
  get stats() {
    const stats = this.#numbers;
    // Streams that wait for the connection are not the core's yet.
    const waiting = this.#socket[kExchange]?.streams.waiting;
    if (waiting !== undefined) {
      stats.queuedMessages += waiting.messages;
      stats.queuedBytes += waiting.bytes;
    }
    return stats;
  }

  /** @returns {any} the core's numbers */
  get #numbers() {
    const index = this.#socket[kIndex];
    if (index < 0) return { ...(this.#lastStats ?? noStats()) };
    core.flushNow();
    return core.thread.stats(index);
  }

  /** There is another peer, or none yet. */
  forgetPeer() {
    this.#peer = undefined;
  }

  /** The connection is over: the last moment to ask. */
  keep() {
    this.#lastStats = atEnd(this.stats);
    this.#peer = this.peer;
  }
}

exports.Standing = Standing;
