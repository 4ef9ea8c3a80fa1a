/**
 * The peer's requests on one socket: each is handed to its handler and answered exactly once.
 * Must not know: how requests are found on the wire.
 */
'use strict';

const { Context } = require('./context.js');
const core = require('../core/core.js');
const { ErrorKind } = require('../errors.js');
const { nobody, Unanswered } = require('./handlers.js');
const { NOBODY, invoke } = require('./invocation.js');
const { dismiss, isIterable } = require('./parts.js');
const { JSON_HEAD, BYTES_HEAD, decode, encode, isBytes } = require('../core/payload.js');
const { Kind } = require('../core/records.js');
const { encodeFailure, encodeJftpFailure } = require('./remote-error.js');
const { kIndex, kSerializer } = require('../symbols.js');
const { TRACED_BODY, split } = require('../observe/traceparent.js');

class Serving {
  /** Requests whose handlers have not settled, by token. @type {(Context | undefined)[]} */
  #open = [];
  #socket;
  /** @type {(context: Context, value: unknown) => boolean} */
  #answer;

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
    this.#answer = (context, value) => this.#reply(context, value);
  }

  /**
   * @param {number} token
   * @param {string} topic
   * @param {number} bodyKind
   * @param {any} body
   * @param {number} deadlineMs
   */
  request(token, topic, bodyKind, body, deadlineMs) {
    let traceparent;
    if (bodyKind >= TRACED_BODY) ({ traceparent, topic, bodyKind } = split(topic, bodyKind));
    const deadline = deadlineMs === 0 ? undefined : core.arrival() + deadlineMs;
    const socket = this.#socket;
    const context = new Context(socket, topic, token, deadline, this.#answer, traceparent);
    this.#serve(context, bodyKind, body);
  }

  /**
   * @param {Context} context
   * @param {number} bodyKind
   * @param {any} body
   */
  #serve(context, bodyKind, body) {
    let payload;
    let result;
    let later;
    // One block for both, and a note of how far it came: a second one shows in every call.
    let decoded = false;
    try {
      payload = decode(bodyKind, body);
      decoded = true;
      result = invoke(this.#socket, payload, context);
      later = result !== null && typeof result === 'object' && typeof result.then === 'function';
    } catch (error) {
      if (decoded) this.#fail(context, payload, error);
      else this.#refuseInvalid(context, error);
      return;
    }
    if (later) this.#await(context, payload, result);
    else if (result === NOBODY) this.#refuse(context, ErrorKind.NO_HANDLER, nobody(context.topic));
    else this.#reply(context, result);
  }

  /**
   * @param {Context} context
   * @param {unknown} payload
   * @param {PromiseLike<unknown>} result
   */
  #await(context, payload, result) {
    this.#open[context.id] = context;
    const reply = (/** @type {unknown} */ value) => this.#reply(context, value);
    const fail = (/** @type {unknown} */ error) => this.#fail(context, payload, error);
    try {
      result.then(reply, fail);
    } catch (error) {
      // No promise of JavaScript's own does that.
      fail(error);
    }
  }

  /**
   * The caller has taken a request back.
   * @param {number} token
   */
  cancel(token) {
    const context = this.#open[token];
    if (context !== undefined) Context.abandon(context, 'The caller no longer wants the answer');
  }

  /** The connection is over. */
  end() {
    const open = this.#open;
    this.#open = [];
    for (const context of open) {
      if (context === undefined) continue;
      Context.abandon(context, 'The connection of the caller has ended');
      // Its token means another request once the socket is connected again.
      Context.take(context);
    }
  }

  /**
   * @param {Context} context
   * @param {unknown} value
   * @returns {boolean} false if it has been answered before
   */
  #reply(context, value) {
    if (isBytes(value)) return this.#replyBytes(context, value);
    const socket = this.#socket;
    let text;
    try {
      if (isIterable(value)) return this.#refuseParts(context, value);
      text = encode(value, socket[kSerializer]);
    } catch (error) {
      return this.#refuseAnswer(context, error);
    }
    const token = this.#take(context);
    const index = socket[kIndex];
    if (token < 0) return false;
    if (index < 0) return true;
    if (text !== undefined) core.order(index, Kind.RESPONSE | JSON_HEAD, token, '', text, 0);
    else core.order(index, Kind.RESPONSE, token, '', '', 0);
    return true;
  }

  /**
   * @param {Context} context
   * @param {Uint8Array} bytes
   * @returns {boolean} false if it has been answered before
   */
  #replyBytes(context, bytes) {
    const token = this.#take(context);
    const index = this.#socket[kIndex];
    if (token >= 0 && index >= 0) {
      core.orderBytes(index, Kind.RESPONSE | BYTES_HEAD, token, '', bytes, 0);
    }
    return token >= 0;
  }

  /**
   * @param {Context} context
   * @param {unknown} payload
   * @param {unknown} error
   */
  #fail(context, payload, error) {
    if (error instanceof Unanswered) {
      this.#refuse(context, ErrorKind.NO_HANDLER, error.message);
      return;
    }
    const token = this.#take(context);
    const socket = this.#socket;
    if (token < 0 || socket[kIndex] < 0) return;
    const jftp = socket.protocol.startsWith('jftp');
    const text = jftp
      ? encodeJftpFailure(payload, error)
      : encodeFailure(error, socket.options.sendStacks);
    core.order(socket[kIndex], Kind.FAILURE | JSON_HEAD, token, '', text, 0);
  }

  /**
   * @param {Context} context
   * @param {unknown} error
   */
  #refuseInvalid(context, error) {
    this.#refuse(context, ErrorKind.SERIALIZE, `The payload is not valid: ${message(error)}`);
  }

  /**
   * @param {Context} context
   * @param {any} error
   * @returns {boolean} false if it has been answered before
   */
  #refuseAnswer(context, error) {
    const why = message(error?.cause ?? error);
    return this.#refuse(context, ErrorKind.SERIALIZE, `The answer can't be encoded: ${why}`);
  }

  /**
   * @param {Context} context
   * @param {AsyncIterable<any>} value
   * @returns {boolean} false if it has been answered before
   */
  #refuseParts(context, value) {
    dismiss(value);
    return this.#refuse(context, ErrorKind.UNSUPPORTED, ANSWERED_IN_PARTS);
  }

  /**
   * @param {Context} context
   * @param {number} kind
   * @param {string} why
   * @returns {boolean} false if it has been answered before
   */
  #refuse(context, kind, why) {
    const token = this.#take(context);
    const index = this.#socket[kIndex];
    if (token >= 0 && index >= 0) core.order(index, Kind.FAILED, token, '', why, kind);
    return token >= 0;
  }

  /** @param {Context} context */
  #take(context) {
    const token = Context.take(context);
    if (token >= 0 && this.#open.length > token) this.#open[token] = undefined;
    return token;
  }
}

const ANSWERED_IN_PARTS = 'The handler answers with a stream: ask with iterate() or stream()';

/** @param {unknown} error */
function message(error) {
  return error instanceof Error ? error.message : String(error);
}

exports.ANSWERED_IN_PARTS = ANSWERED_IN_PARTS;
exports.Serving = Serving;
