/**
 * How long to wait before a connection is tried again: a pure function, and its options.
 *
 * The delay before attempt n lies in a window from `minDelayMs` on, whose upper end grows by
 * `factor` with each attempt and stops at `maxDelayMs`. With full jitter it lies anywhere in there:
 * a thousand clients that lose their server in the same moment must not come back in the same
 * moment. `docs/design/reconnection.md` has the arithmetic. Must not know: connections, clocks.
 */
'use strict';

const { invalidArgument } = require('../errors.js');

/**
 * @typedef {object} Policy
 * @property {number} minDelayMs
 * @property {number} maxDelayMs
 * @property {number} factor
 * @property {'full' | 'none'} jitter
 * @property {number} maxAttempts
 */

/** @type {Readonly<Policy>} */
const DEFAULTS = Object.freeze({
  minDelayMs: 100,
  maxDelayMs: 5000,
  factor: 2,
  jitter: 'full',
  maxAttempts: Infinity
});

/** The first window ends at so many times the least delay: 0.7 s wide, by default. */
const FIRST_SPREAD = 8;
const MAX_MS = 0x7fffffff;

/** @type {Record<string, { expected: string, check: (value: any) => boolean }>} */
const RULES = {
  minDelayMs: {
    expected: `an integer from 1 to ${MAX_MS}`,
    check: (value) => Number.isInteger(value) && value >= 1 && value <= MAX_MS
  },
  maxDelayMs: {
    expected: `an integer from 1 to ${MAX_MS}`,
    check: (value) => Number.isInteger(value) && value >= 1 && value <= MAX_MS
  },
  factor: {
    expected: 'a number from 1 to 100',
    check: (value) => typeof value === 'number' && value >= 1 && value <= 100
  },
  jitter: {
    expected: "one of 'full', 'none'",
    check: (value) => value === 'full' || value === 'none'
  },
  maxAttempts: {
    expected: 'an integer of at least 1, or Infinity',
    check: (value) => value === Infinity || (Number.isSafeInteger(value) && value >= 1)
  }
};

/**
 * @param {Policy} policy
 * @param {number} attempt from 1
 * @param {number} random from 0 to below 1
 * @returns {number} ms
 */
function delayOf({ minDelayMs, maxDelayMs, factor, jitter }, attempt, random) {
  const least = Math.min(minDelayMs, maxDelayMs);
  const grown = minDelayMs * factor ** (attempt - 1);
  if (jitter === 'none') return Math.min(maxDelayMs, grown);
  const most = Math.min(maxDelayMs, grown * FIRST_SPREAD);
  return Math.round(least + random * (most - least));
}

/**
 * Fills in what an option of this kind leaves out.
 * @param {any} given an object, or false
 * @param {string} name of the option
 * @returns {Readonly<Policy> | false}
 */
function readPolicy(given, name) {
  if (given === false) return false;
  /** @type {any} */
  const policy = { ...DEFAULTS };
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (value === undefined) continue;
    const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
    if (rule === undefined) throw invalidArgument(name, 'without unknown members', key);
    if (!rule.check(value)) throw invalidArgument(`${name}.${key}`, rule.expected, value);
    policy[key] = value;
  }
  if (policy.maxDelayMs < policy.minDelayMs) {
    throw invalidArgument(`${name}.maxDelayMs`, 'at least minDelayMs', policy.maxDelayMs);
  }
  return Object.freeze(policy);
}

module.exports = { DEFAULTS, delayOf, readPolicy };
