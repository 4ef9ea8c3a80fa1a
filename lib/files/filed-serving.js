/**
 * Calls and messages of the peer's that have files beside their payload. Must not know: how files
 * travel.
 */
'use strict';

const channels = require('../observe/channels.js');
const { Context, Info } = require('../calls/context.js');
const { ErrorKind, ShortwireError } = require('../errors.js');
const { UDFile } = require('./file.js');
const { readList } = require('./file-list.js');
const { nobody, Unanswered } = require('../calls/handlers.js');
const { NOBODY, invoke } = require('../calls/invocation.js');
const { dismiss, isIterable } = require('../calls/parts.js');
const { ANSWERED_IN_PARTS } = require('../calls/serving.js');
const { kEmit, kSocketMessage } = require('../symbols.js');
const { TRACED_BODY, split } = require('../observe/traceparent.js');

/** @typedef {import('../streams/channel.js').Channel} Channel */

class FiledServing {
  #socket;
  #filing;

  /**
   * @param {any} socket
   * @param {import('./filing.js').Filing} filing
   */
  constructor(socket, filing) {
    this.#socket = socket;
    this.#filing = filing;
  }

  /**
   * @param {Channel} channel
   * @param {string} topic
   * @param {number} bodyKind
   * @param {any} body
   * @param {boolean} oneWay
   */
  request(channel, topic, bodyKind, body, oneWay) {
    /** @type {string | undefined} */
    let traceparent;
    if (bodyKind >= TRACED_BODY) ({ traceparent, topic, bodyKind } = split(topic, bodyKind));
    const files = this.#filing.expect(readList(bodyKind, body));
    if (files === undefined) {
      channel.refuse(ErrorKind.OVERFLOW, 'too many files (maxFiles), or no list of them');
      return;
    }
    let come = false;
    channel.attach({
      data: (payload, cost) => {
        channel.used(cost);
        if (come) return;
        come = true;
        if (oneWay) this.#hear(channel, topic, payload, files, traceparent);
        else this.#run(channel, topic, payload, files, traceparent);
      },
      end: () => {
        if (!come) channel.refuse(ErrorKind.PROTOCOL, 'a call without a payload');
      },
      over: (error) => {
        for (const file of files) UDFile.lose(file, error);
      }
    });
  }

  /**
   * @param {Channel} channel
   * @param {string} topic
   * @param {any} payload
   * @param {UDFile[]} files
   * @param {string | undefined} traceparent
   */
  #hear(channel, topic, payload, files, traceparent) {
    const socket = this.#socket;
    const info = new Info(socket, topic, traceparent);
    info.files = files;
    if (channels.message.hasSubscribers) {
      channels.message.publish({ direction: 'received', socket, topic, payload, traceparent });
    }
    socket[kEmit]('message', payload, info);
    if (topic !== '') socket[kEmit](`message:${topic}`, payload, info);
    socket.server?.[kSocketMessage](payload, socket, info);
    files.forEach(UDFile.discard);
    channel.end();
  }

  /**
   * @param {Channel} channel
   * @param {string} topic
   * @param {any} payload
   * @param {UDFile[]} files
   * @param {string | undefined} traceparent
   */
  #run(channel, topic, payload, files, traceparent) {
    let answered = false;
    const answer = (
      /** @type {Context} */ _,
      /** @type {any} */ value,
      /** @type {any[]} */ given = []
    ) => {
      if (answered) return false;
      answered = true;
      Context.take(context);
      void this.#answer(channel, value, given);
      return true;
    };
    const context = new Context(
      this.#socket,
      topic,
      channel.number,
      undefined,
      answer,
      traceparent
    );
    Context.giveFiles(context, files);
    channel.onOver = (/** @type {Error | undefined} */ error) => {
      if (error !== undefined) Context.abandon(context, error.message);
    };
    const settle = (/** @type {any} */ value) => {
      answer(context, value);
      files.forEach(UDFile.discard);
    };
    const fail = (/** @type {any} */ error) => {
      Context.take(context);
      files.forEach(UDFile.discard);
      if (answered) return;
      answered = true;
      if (error instanceof Unanswered) channel.refuse(ErrorKind.NO_HANDLER, error.message);
      else channel.fail(error);
    };
    let result;
    let later;
    try {
      result = invoke(this.#socket, payload, context);
      later = typeof result?.then === 'function';
    } catch (error) {
      fail(error);
      return;
    }
    if (result === NOBODY) fail(new Unanswered(ErrorKind.NO_HANDLER, nobody(topic)));
    // Promise.resolve: somebody's own `then` may throw.
    else if (later) Promise.resolve(result).then(settle, fail);
    else settle(result);
  }

  /**
   * @param {Channel} channel
   * @param {any} value
   * @param {any[]} files
   */
  async #answer(channel, value, files) {
    if (isIterable(value)) {
      dismiss(value);
      channel.refuse(ErrorKind.UNSUPPORTED, ANSWERED_IN_PARTS);
      return;
    }
    try {
      await this.#filing.answer(channel, value, files);
    } catch (error) {
      if (error instanceof ShortwireError && error.code === 'SHORTWIRE_ERR_SERIALIZE') {
        channel.refuse(ErrorKind.SERIALIZE, `the answer can't be encoded: ${error.message}`);
      } else channel.fail(error);
    }
  }
}

exports.FiledServing = FiledServing;
