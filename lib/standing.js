/**
 * What is known of a socket's connection: its peer and its numbers, also when it is over. Must not
 * know: how it comes and goes.
 */
'use strict';

const core = require('./core.js');
const { peerOf } = require('./peer.js');
const { kIndex } = require('./symbols.js');

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
    this.#lastStats = { ...this.stats, pending: 0, serving: 0, queuedBytes: 0, queuedMessages: 0 };
    this.#peer = this.peer;
  }
}

/** The numbers of a socket that has never been connected. */
function noStats() {
  return {
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    requestsIn: 0,
    requestsOut: 0,
    queuedBytes: 0,
    queuedMessages: 0,
    pending: 0,
    serving: 0,
    servingBytes: 0,
    partialBytes: 0,
    undeliveredBytes: 0,
    lateResponses: 0,
    malformed: 0,
    refused: 0,
    streams: 0,
    streamsIn: 0,
    streamsOut: 0,
    streamsRefused: 0,
    streamQueuedBytes: 0,
    heldMessages: 0,
    heldBytes: 0,
    dropped: 0
  };
}

exports.Standing = Standing;
