/**
 * What sockets have counted when they are over, and sums of it, those that have gone included: what only
 * grows in a socket only grows in the sum. Must not know: what the numbers mean.
 */
'use strict';

/** @typedef {{ stats: () => object }} Counting */

class Totals {
  /** Of the sockets that have gone. @type {Record<string, number>} */
  #gone;

  /** @param {Record<string, number>} none the numbers of a socket that has counted nothing */
  constructor(none) {
    this.#gone = { ...none };
  }

  /**
   * A socket has gone. What it still holds for its user is no longer the server's.
   * @param {Counting} socket
   */
  keep(socket) {
    add(this.#gone, atEnd(/** @type {Record<string, number>} */ (socket.stats())));
  }

  /**
   * The sums, of these sockets and of those that have gone.
   * @param {Iterable<Counting>} sockets
   * @returns {Record<string, number>}
   */
  with(sockets) {
    const sums = { ...this.#gone };
    for (const socket of sockets) add(sums, socket.stats());
    return sums;
  }
}

/**
 * @param {Record<string, number>} sums
 * @param {object} stats
 */
function add(sums, stats) {
  for (const [name, value] of Object.entries(stats)) {
    if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
  }
}

/**
 * The last numbers of a connection: what it has counted, and nothing that waits or is open.
 * @param {Record<string, number>} stats
 * @returns {Record<string, number>}
 */
function atEnd(stats) {
  return { ...stats, ...NOTHING_NOW };
}

/** Numbers that tell of a moment. */
const NOTHING_NOW = {
  pending: 0,
  serving: 0,
  servingBytes: 0,
  queuedBytes: 0,
  queuedMessages: 0,
  partialBytes: 0,
  undeliveredBytes: 0,
  streams: 0,
  streamQueuedBytes: 0,
  heldMessages: 0,
  heldBytes: 0
};

/** The numbers of a socket that has never been connected. */
function noStats() {
  return {
    bytesIn: 0,
    bytesOut: 0,
    wireBytesIn: 0,
    wireBytesOut: 0,
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

exports.Totals = Totals;
exports.noStats = noStats;
exports.atEnd = atEnd;
