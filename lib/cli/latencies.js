/**
 * How long calls took: Node's histogram, and counts by powers of two for people to look at. Must not
 * know: what was called, which clock.
 */
'use strict';

const { createHistogram } = require('node:perf_hooks');

/** Longer ones count as this: an hour. */
const MAX_NS = 3_600_000_000_000;
/** Three figures: percentiles are true to 0.1 %. */
const FIGURES = 3;
/** What is told of the distribution. */
const PERCENTILES = /** @type {const} */ ([50, 75, 90, 95, 99, 99.9, 99.99]);

class Latencies {
  #histogram = createHistogram({ lowest: 1, highest: MAX_NS, figures: FIGURES });
  /** How many took less than 2^n µs and no less than half of that, by n. @type {number[]} */
  #buckets = [];

  /** @param {number} ms */
  record(ms) {
    this.#histogram.record(Math.min(MAX_NS, Math.max(1, Math.round(ms * 1e6))));
    const us = ms * 1000;
    const bucket = us < 1 ? 0 : Math.floor(Math.log2(us)) + 1;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  get count() {
    return Number(this.#histogram.count);
  }

  /** In µs; all 0 without a record. */
  summary() {
    const histogram = this.#histogram;
    const any = this.count > 0;
    return {
      minUs: any ? us(histogram.min) : 0,
      meanUs: any ? us(histogram.mean) : 0,
      ...Object.fromEntries(
        PERCENTILES.map((percentile) => [
          `p${String(percentile).replace('.', '_')}Us`,
          any ? us(histogram.percentile(percentile)) : 0
        ])
      ),
      maxUs: any ? us(histogram.max) : 0,
      stddevUs: any ? us(histogram.stddev) : 0
    };
  }

  /** Buckets from the first to the last that has any. @returns {{ belowUs: number, count: number }[]} */
  buckets() {
    const counts = Array.from(this.#buckets, (count) => count ?? 0);
    const first = counts.findIndex((count) => count > 0);
    if (first < 0) return [];
    return counts.slice(first).map((count, at) => ({ belowUs: 2 ** (first + at), count }));
  }
}

/** @param {number} ns */
function us(ns) {
  return Math.round(ns / 10) / 100;
}

exports.Latencies = Latencies;
exports.PERCENTILES = PERCENTILES;
