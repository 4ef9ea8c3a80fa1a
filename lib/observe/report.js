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
  /** @type {object | undefined} */
  #last;
  #lastAt = -Infinity;

  /** @param {{ stats: () => { sockets: object } }} server */
  constructor(server) {
    this.#server = server;
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
    const { sockets, ...server } = this.#server.stats();
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
      server,
      sockets
    };
  }
}

exports.Report = Report;
exports.STATS_TOPIC = STATS_TOPIC;
