/**
 * What a handler gets beside the payload: one object per request or message, with everything that
 * costs something made on demand. Must not know: how an answer travels.
 */
'use strict';

const { ErrorKind, ShortwireError } = require('../errors.js');

/**
 * @typedef {object} Rest
 * @property {string} [traceparent]
 * @property {() => any} [openStream]
 * @property {any[]} [files]
 * @property {AbortController} [controller]
 * @property {unknown} [over] why nobody waits any more
 */

/** The context of a request. */
class Context {
  #open = true;
  #token;
  #deadline;
  /** @type {(context: Context, value: unknown, files?: any[]) => boolean} */
  #answer;
  /** What few requests have, in one place: each member is paid for by all of them. @type {Rest | undefined} */
  #rest;

  /**
   * @param {any} socket
   * @param {string} topic
   * @param {number} token
   * @param {number | undefined} deadline
   * @param {(context: Context, value: unknown, files?: any[]) => boolean} answer
   * @param {string | undefined} traceparent
   */
  constructor(socket, topic, token, deadline, answer, traceparent) {
    /** The connection it came over. */
    this.socket = socket;
    /** What it is about; empty for none. */
    this.topic = topic;
    this.#token = token;
    this.#deadline = deadline;
    this.#answer = answer;
    if (traceparent !== undefined) this.#rest = { traceparent };
  }

  /** Where in a trace the caller says that it belongs. */
  get traceparent() {
    return this.#rest?.traceparent;
  }

  /** A number that is unique among the open requests of this connection. */
  get id() {
    return this.#token;
  }

  /** When the caller stops waiting, in ms since the epoch; undefined if it doesn't say. */
  get deadline() {
    return this.#deadline;
  }

  /** Whether somebody waits for an answer. */
  get expectsReply() {
    return this.#open && this.#rest?.over === undefined;
  }

  /** Fires when the caller takes the request back, or its connection ends. */
  get signal() {
    const rest = Context.#restOf(this);
    if (rest.controller === undefined) {
      rest.controller = new AbortController();
      if (rest.over !== undefined) rest.controller.abort(rest.over);
    }
    return rest.controller.signal;
  }

  /** The stream that the other side has opened; undefined for a call. */
  get stream() {
    return this.#rest?.openStream?.();
  }

  /** What has come beside the payload. */
  get files() {
    return this.#rest?.files ?? [];
  }

  /**
   * Answers now; what the handler returns later is ignored then.
   * @param {unknown} value
   * @param {{ files?: any[] }} [given]
   * @returns {Promise<void>}
   */
  async reply(value, given) {
    const files = given?.files;
    if (files !== undefined && this.#rest?.files === undefined) {
      const why = 'Whoever wants files in an answer has to ask with answerFiles';
      throw new ShortwireError(ErrorKind.UNSUPPORTED, why);
    }
    if (!this.expectsReply || !this.#answer(this, value, files)) {
      throw new ShortwireError(
        ErrorKind.CLOSED,
        'The request is answered, or nobody waits any more'
      );
    }
  }

  /** @param {Context} context @returns {Rest} */
  static #restOf(context) {
    return (context.#rest ??= {});
  }

  /**
   * @param {Context} context
   * @param {() => any} open gives the stream, always the same
   */
  static giveStream(context, open) {
    Context.#restOf(context).openStream = open;
  }

  /**
   * @param {Context} context
   * @param {any[]} files
   */
  static giveFiles(context, files) {
    Context.#restOf(context).files = files;
  }

  /**
   * The token, for the first who asks; -1 for all others.
   * @param {Context} context
   */
  static take(context) {
    if (!context.#open) return -1;
    context.#open = false;
    return context.#token;
  }

  /**
   * Nobody waits any more.
   * @param {Context} context
   * @param {string} why
   */
  static abandon(context, why) {
    const rest = Context.#restOf(context);
    if (!context.#open || rest.over !== undefined) return;
    const error = new ShortwireError(ErrorKind.ABORTED, why);
    error.name = 'AbortError';
    rest.over = error;
    rest.controller?.abort(error);
  }
}

/** What comes with a one-way message. */
class Info {
  /**
   * @param {any} socket
   * @param {string} topic
   * @param {string | undefined} traceparent
   */
  constructor(socket, topic, traceparent) {
    /** The connection it came over. */
    this.socket = socket;
    /** What it is about; empty for none. */
    this.topic = topic;
    /** Where in a trace the sender says that it belongs. */
    this.traceparent = traceparent;
  }

  /** What has come beside the payload. @type {any[]} */
  files = [];

  /** Never: a message is one way. */
  get expectsReply() {
    return false;
  }
}

exports.Context = Context;
exports.Info = Info;
