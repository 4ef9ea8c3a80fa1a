/**
 * What a handler gets beside the payload: one object per request or message, with everything that
 * costs something made on demand. Must not know: how an answer travels.
 */
'use strict';

const { ErrorKind, ShortwireError } = require('./errors.js');

/** The context of a request. */
class Context {
  /** @type {AbortController | undefined} */
  #controller;
  /** @type {unknown} why nobody waits any more */
  #over;
  #open = true;
  #token;
  #deadline;
  /** @type {(context: Context, value: unknown, files?: any[]) => boolean} */
  #answer;
  /** What few requests have. @type {{ openStream?: () => any, files?: any[], traceparent?: string } | undefined} */
  #more;

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
    if (traceparent !== undefined) this.#more = { traceparent };
  }

  /** Where in a trace the caller says that it belongs. */
  get traceparent() {
    return this.#more?.traceparent;
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
    return this.#open && this.#over === undefined;
  }

  /** Fires when the caller takes the request back, or its connection ends. */
  get signal() {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over !== undefined) this.#controller.abort(this.#over);
    }
    return this.#controller.signal;
  }

  /** The stream that the other side has opened; undefined for a call. */
  get stream() {
    return this.#more?.openStream?.();
  }

  /** What has come beside the payload. */
  get files() {
    return this.#more?.files ?? [];
  }

  /**
   * Answers now; what the handler returns later is ignored then.
   * @param {unknown} value
   * @param {{ files?: any[] }} [given]
   * @returns {Promise<void>}
   */
  async reply(value, given) {
    const files = given?.files;
    if (files !== undefined && this.#more?.files === undefined) {
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

  /**
   * @param {Context} context
   * @param {() => any} open gives the stream, always the same
   */
  static giveStream(context, open) {
    context.#more = { ...context.#more, openStream: open };
  }

  /**
   * @param {Context} context
   * @param {any[]} files
   */
  static giveFiles(context, files) {
    context.#more = { ...context.#more, files };
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
    if (!context.#open || context.#over !== undefined) return;
    const error = new ShortwireError(ErrorKind.ABORTED, why);
    error.name = 'AbortError';
    context.#over = error;
    context.#controller?.abort(error);
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
