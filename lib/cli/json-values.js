/**
 * Cuts a text that comes in pieces into JSON values: one a line, mostly, but a value may also go
 * over several lines. Finds where each ends; must not know: what JSON allows within.
 */
'use strict';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** @typedef {{ text: string, line: number }} Piece a value's text, and the line on which it begins */

class JsonValues {
  #text = '';
  /** Where the value under way begins; -1 between values. */
  #start = -1;
  #startLine = 1;
  #line = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Neither in brackets nor in quotes. */
  #bare = false;

  /** Characters of the value under way. */
  get pending() {
    return this.#start < 0 ? 0 : this.#text.length;
  }

  /** The line on which the value under way begins. */
  get line() {
    return this.#startLine;
  }

  /**
   * @param {string} more
   * @returns {Piece[]} the values that it completes
   */
  push(more) {
    const from = this.#text.length;
    this.#text += more;
    /** @type {Piece[]} */
    const found = [];
    for (let at = from; at < this.#text.length; at++) this.#step(at, found);
    if (this.#start < 0) this.#text = '';
    else if (this.#start > 0) {
      this.#text = this.#text.slice(this.#start);
      this.#start = 0;
    }
    return found;
  }

  /** What is left when nothing more comes; no value of JSON unless it is bare. @returns {Piece[]} */
  end() {
    /** @type {Piece[]} */
    const found = [];
    if (this.#start >= 0) this.#finish(this.#text.length, found);
    return found;
  }

  /**
   * @param {number} at
   * @param {Piece[]} found
   */
  #step(at, found) {
    const code = this.#text.charCodeAt(at);
    if (code === 0x0a) this.#line++;
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (code === BACKSLASH) this.#escaped = true;
      else if (code === QUOTE) {
        this.#inString = false;
        if (this.#depth === 0) this.#finish(at + 1, found);
      }
      return;
    }
    const opens = code === 0x7b || code === 0x5b;
    if (this.#bare) {
      if (!isSpace(code) && !opens && code !== QUOTE) return;
      this.#finish(at, found);
    }
    if (this.#start < 0) {
      if (isSpace(code)) return;
      this.#start = at;
      this.#startLine = this.#line;
      this.#bare = !opens && code !== QUOTE;
    }
    if (code === QUOTE) this.#inString = true;
    else if (opens) this.#depth++;
    else if ((code === 0x7d || code === 0x5d) && !this.#bare && --this.#depth === 0) {
      this.#finish(at + 1, found);
    }
  }

  /**
   * @param {number} end
   * @param {Piece[]} found
   */
  #finish(end, found) {
    found.push({ text: this.#text.slice(this.#start, end), line: this.#startLine });
    this.#start = -1;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    this.#bare = false;
  }
}

/** @param {number} code */
function isSpace(code) {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

exports.JsonValues = JsonValues;
