/**
 * What a paused socket has received and its user not yet seen: requests, messages and the streams
 * that its peer has opened, in order.
 *
 * The core is told of the pause and stops reading once it has handed over enough; what it hands over
 * until then, and what was on its way already, waits here. Must not know: handlers, how the core
 * reads.
 */
'use strict';

const core = require('../core/core.js');
const { ErrorKind } = require('../errors.js');
const { hear } = require('./messages.js');
const { Kind, Setting, VALUE } = require('../core/records.js');
const { kIndex, kScope, kStreams } = require('../symbols.js');

/**
 * @typedef {object} Item
 * @property {number} kind
 * @property {number} subject
 * @property {string} topic
 * @property {any} body
 * @property {number} extra
 * @property {number} bodyKind
 * @property {number} due when its asker gives up, in ms since the epoch; 0 for unknown
 * @property {number} bytes
 */

class Hold {
  /** Bytes of payload that are kept. */
  #bytes = 0;
  /** Whether what arrives is kept: while paused, and behind what is still to be let go. Not for others to set. */
  keeps = false;
  /** Paused by its own socket, by its server. */
  #own = false;
  #all = false;
  /** @type {Item[]} */
  #items = [];
  #letGoScheduled = false;
  #socket;
  #serving;
  #link;

  /**
   * @param {any} socket
   * @param {import('./serving.js').Serving} serving
   * @param {import('../link/link.js').Link} link
   */
  constructor(socket, serving, link) {
    this.#socket = socket;
    this.#serving = serving;
    this.#link = link;
  }

  /** Whether the user wants nothing for now. */
  get paused() {
    return this.#own || this.#all;
  }

  /** What is kept, and the bytes of its payloads; of streams, with what has come in them. */
  get stats() {
    let heldBytes = this.#bytes;
    for (const { kind, subject } of this.#items) {
      if (kind === Kind.OPEN) heldBytes += this.#socket[kStreams].unreadBytes(subject);
    }
    return { heldMessages: this.#items.length, heldBytes };
  }

  /**
   * @param {boolean} paused
   * @param {boolean} [all] its server says so, for all its sockets
   */
  set(paused, all = false) {
    if (all) this.#all = paused;
    else this.#own = paused;
    this.#change();
  }

  /** The socket is closing: what has been received is let go, so that it can be answered. */
  end() {
    this.#own = this.#all = false;
    this.#change();
  }

  #change() {
    if (this.paused) {
      if (this.keeps) return;
      this.keeps = true;
      this.#link.setPaused(true);
    } else if (this.keeps && !this.#letGoScheduled) {
      this.#letGoScheduled = true;
      // Not in the context of who resumes.
      process.nextTick(() => this.#socket[kScope].runInAsyncScope(() => this.#letGo()));
    }
  }

  /**
   * A request or a message, or a stream that has been opened.
   * @param {number} kind
   * @param {number} subject
   * @param {string} topic
   * @param {any} body
   * @param {number} extra
   * @param {number} bodyKind
   */
  receive(kind, subject, topic, body, extra, bodyKind) {
    // Files belong to what is kept itself, or to what is being handled and in want of them.
    const keeps = this.keeps && (kind !== Kind.OPEN || (extra & Setting.FILE) === 0);
    if (!keeps) {
      this.#take(kind, subject, topic, body, extra, bodyKind);
      return;
    }
    const due = kind === Kind.REQUEST && extra !== 0 ? core.arrival() + extra : 0;
    const bytes = sizeOf(bodyKind, body);
    this.#items.push({ kind, subject, topic, body, extra, bodyKind, due, bytes });
    this.#bytes += bytes;
  }

  /**
   * The asker no longer wants the answer to this request.
   * @param {number} token
   */
  cancel(token) {
    if (!this.#drop(Kind.REQUEST, token)) {
      this.#serving.cancel(token);
      return;
    }
    // No handler needs to see it. The core counts it as open until it is answered, and sends nothing to somebody who has left.
    core.order(this.#socket[kIndex], Kind.FAILED, token, '', '', ErrorKind.ABORTED);
  }

  /**
   * The peer has reset this stream.
   * @param {number} number
   */
  reset(number) {
    if (this.#items.length > 0) this.#drop(Kind.OPEN, number);
  }

  /**
   * @param {number} kind
   * @param {number} subject
   * @returns {boolean} whether it was there
   */
  #drop(kind, subject) {
    const at = this.#items.findLastIndex((item) => item.kind === kind && item.subject === subject);
    if (at < 0) return false;
    this.#bytes -= this.#items[at].bytes;
    this.#items.splice(at, 1);
    return true;
  }

  /** The connection is over: nobody is left to be answered. What was said one way still counts. */
  disconnect() {
    this.#items = this.#items.filter((item) => item.kind === Kind.MESSAGE);
    this.#bytes = this.#items.reduce((sum, item) => sum + item.bytes, 0);
  }

  /** Nothing of it will be wanted. */
  clear() {
    this.#items = [];
    this.#bytes = 0;
  }

  /**
   * @param {number} kind
   * @param {number} subject
   * @param {string} topic
   * @param {any} body
   * @param {number} extra
   * @param {number} bodyKind
   */
  #take(kind, subject, topic, body, extra, bodyKind) {
    if (kind === Kind.REQUEST) this.#serving.request(subject, topic, bodyKind, body, extra);
    else if (kind === Kind.OPEN)
      this.#socket[kStreams].answer(subject, topic, bodyKind, body, extra);
    else hear(this.#socket, topic, bodyKind, body);
  }

  #letGo() {
    this.#letGoScheduled = false;
    // Each may pause again, or end it all.
    while (!this.paused && this.#items.length > 0) {
      const item = /** @type {Item} */ (this.#items.shift());
      this.#bytes -= item.bytes;
      const left = item.due === 0 ? item.extra : Math.max(1, item.due - core.arrival());
      try {
        this.#take(item.kind, item.subject, item.topic, item.body, left, item.bodyKind);
      } catch (error) {
        core.rethrow(error);
      }
    }
    if (this.paused) return;
    this.keeps = false;
    this.#link.setPaused(false);
  }
}

/**
 * @param {number} bodyKind of a record, which may carry a traceparent
 * @param {any} body
 * @returns {number} bytes; of a value that is put together already, those that its text would have
 */
function sizeOf(bodyKind, body) {
  const text = (bodyKind & VALUE) === VALUE ? JSON.stringify(body) : body;
  return typeof text === 'string' ? Buffer.byteLength(text) : text.length;
}

exports.Hold = Hold;
