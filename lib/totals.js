/**
 * Sums of what sockets count, those that have gone included, so that what only grows in a socket only
 * grows in the sum. Must not know: what the numbers mean.
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
   * A socket has gone; what waits in one or is open is 0 by then.
   * @param {Counting} socket
   */
  keep(socket) {
    add(this.#gone, socket.stats());
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

exports.Totals = Totals;
