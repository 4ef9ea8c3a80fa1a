/**
 * The option `compress`: its shapes, and what the core takes of it. Must not know: how it is done.
 */
'use strict';

const { invalidArgument } = require('../errors.js');

/** In words, after "must be". */
const EXPECTED = 'true, false, or { level } with a level from 1 to 9';
const DEFAULT_LEVEL = 6;

/**
 * @param {any} value
 * @returns {boolean}
 */
function isCompress(value) {
  if (typeof value === 'boolean') return true;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const { level = DEFAULT_LEVEL, ...others } = value;
  const known = Object.keys(others).length === 0;
  return known && Number.isInteger(level) && level >= 1 && level <= 9;
}

/**
 * How hard to compress; 0 for not at all.
 * @param {boolean | { level?: number }} compress
 * @param {string} driver
 * @returns {number}
 */
function levelOf(compress, driver) {
  if (compress === false) return 0;
  if (driver === 'inline') {
    throw invalidArgument('driver', "'auto' or 'task' with compress, which takes time", driver);
  }
  return compress === true ? DEFAULT_LEVEL : (compress.level ?? DEFAULT_LEVEL);
}

/**
 * Options that go together, or an error that names the one that doesn't.
 * @template {Record<string, any>} T
 * @param {T} options
 * @returns {T}
 */
function fitting(options) {
  levelOf(options.compress, options.driver);
  return options;
}

module.exports = { EXPECTED, fitting, isCompress, levelOf };
