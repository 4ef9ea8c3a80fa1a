/**
 * What a server tells of itself to whoever asks on its statistics topic, where `allowStats` lets
 * it: numbers, and nothing of payloads, topics, peers or paths. Must not know: who asks, how the
 * answer travels.
 */
'use strict';

/** The topic. The core and the library use none that begins with `$shortwire.` otherwise. */
const STATS_TOPIC = '$shortwire.stats';

/** A report is made at most this often, however many ask: with many sockets it costs something. */
const FRESH_MS = 100;

class Report {
  #server;
  /** Sums over the sockets that have gone. @type {Record<string, number>} */
  #gone = {};
  /** @type {object | undefined} */
  #last;
  #lastAt = -Infinity;

  /** @param {{ stats: () => object, sockets: ReadonlyMap<string, { stats: () => object }> }} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * A socket has gone: what it has counted stays counted.
   * @param {{ stats: () => object }} socket
   */
  keep(socket) {
    add(this.#gone, socket.stats());
  }

  /** The numbers, at most {@link FRESH_MS} old. */
  now() {
    const now = performance.now();
    if (this.#last === undefined || now - this.#lastAt >= FRESH_MS) {
      this.#last = this.#make();
      this.#lastAt = now;
    }
    return this.#last;
  }

  #make() {
    const sockets = { ...this.#gone };
    for (const socket of this.#server.sockets.values()) add(sockets, socket.stats());
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      atMs: Date.now(),
      process: {
        uptimeMs: Math.round(process.uptime() * 1000),
        cpuMs: Math.round((user + system) / 1000),
        rssBytes: rss,
        heapUsedBytes: heapUsed
      },
      server: this.#server.stats(),
      sockets
    };
  }
}

/**
 * Numbers that are "now" (what waits, what is open) are 0 in a socket that has gone, so that all of
 * them can be summed alike.
 * @param {Record<string, number>} sums
 * @param {object} stats
 */
function add(sums, stats) {
  for (const [name, value] of Object.entries(stats)) {
    if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
  }
}

exports.Report = Report;
exports.STATS_TOPIC = STATS_TOPIC;
