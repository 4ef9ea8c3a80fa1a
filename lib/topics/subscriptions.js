/**
 * What a socket has subscribed to: kept for as long as it lives, and told to every peer that it is
 * connected to, before anything else. Must not know: what a pattern matches, how it travels.
 */
'use strict';

const core = require('../core/core.js');
const { ErrorKind, ShortwireError, invalidArgument } = require('../errors.js');
const { Kind, Layout } = require('../core/records.js');

class Subscriptions {
  /** Patterns and their forms; undefined as long as nothing was ever subscribed to. @type {Map<string, string> | undefined} */
  #patterns;
  /** How many patterns have each form; made with the patterns. @type {Map<string, number> | undefined} */
  #forms;
  #limit;

  /** @param {number} limit */
  constructor(limit) {
    this.#limit = limit;
  }

  /** @returns {string[]} */
  get patterns() {
    return this.#patterns === undefined ? [] : [...this.#patterns.keys()];
  }

  /**
   * @param {unknown} pattern
   * @returns {boolean} whether it is new
   */
  add(pattern) {
    const form = formOf(pattern);
    const text = /** @type {string} */ (pattern);
    const patterns = (this.#patterns ??= new Map());
    if (patterns.has(text)) return false;
    if (patterns.size >= this.#limit) throw full(`${this.#limit} subscriptions (maxSubscriptions)`);
    const forms = (this.#forms ??= new Map());
    const count = forms.get(form) ?? 0;
    if (form !== '') {
      if (count === 0 && forms.size === MAX_FORMS) {
        throw full('as many different places of wildcards as there may be');
      }
      forms.set(form, count + 1);
    }
    patterns.set(text, form);
    return true;
  }

  /**
   * @param {unknown} pattern
   * @returns {boolean} whether it was there
   */
  remove(pattern) {
    formOf(pattern);
    const text = /** @type {string} */ (pattern);
    const form = this.#patterns?.get(text);
    if (form === undefined) return false;
    this.#patterns?.delete(text);
    const count = this.#forms?.get(form) ?? 0;
    if (count > 1) this.#forms?.set(form, count - 1);
    else this.#forms?.delete(form);
    return true;
  }

  /**
   * Takes back what no peer can be told of.
   * @param {unknown} pattern
   */
  forget(pattern) {
    this.remove(pattern);
    if (this.#patterns?.size === 0) this.#patterns = undefined;
  }

  /**
   * Tells a connection that doesn't know yet. It must be called for each, before it meets its peer.
   * @param {number} index
   */
  replay(index) {
    if (this.#patterns === undefined) return;
    const nobody = Layout.NO_SLOT;
    // Nothing is left of what there was: that is not the same as never having asked for anything.
    if (this.#patterns.size === 0) core.order(index, Kind.UNSUBSCRIBE, nobody, '', '', 0);
    for (const pattern of this.#patterns.keys()) {
      core.order(index, Kind.SUBSCRIBE, nobody, pattern, '', 0);
    }
  }
}

/**
 * Where a pattern has its wildcards; empty for none.
 * @param {unknown} pattern
 * @returns {string}
 */
function formOf(pattern) {
  if (typeof pattern !== 'string' || pattern === '') {
    throw invalidArgument('pattern', 'a string, not empty', pattern);
  }
  const bytes = Buffer.byteLength(pattern);
  if (bytes > MAX_PATTERN_BYTES) {
    throw invalidArgument('pattern', `at most ${MAX_PATTERN_BYTES} bytes long`, bytes);
  }
  if (!pattern.includes('*')) return '';
  const segments = pattern.split('.');
  const last = segments.length - 1;
  return segments
    .map((segment, at) => {
      if (!segment.includes('*')) return '';
      if (segment === '*' && at < MAX_STAR_SEGMENTS) return '*';
      if (segment === '**' && at === last) return '**';
      const expected = "made of whole segments: '*' for one, '**' at the end for one or more";
      throw invalidArgument('pattern', expected, pattern);
    })
    .join('.');
}

/** @param {string} what */
function full(what) {
  return new ShortwireError(ErrorKind.OVERFLOW, `The socket has ${what} already`);
}

// As `src/session/topics.rs` has them.
const MAX_PATTERN_BYTES = 1024;
const MAX_FORMS = 64;
const MAX_STAR_SEGMENTS = 64;

exports.Subscriptions = Subscriptions;
