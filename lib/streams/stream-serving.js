/**
 * The streams that the peer opens: each is handed to its handler, which takes the stream itself or
 * returns what shall go into it. Must not know: how streams are found on the wire.
 */
'use strict';

const { AsyncResource } = require('node:async_hooks');

const { SLICE_BYTES } = require('./channel.js');
const { Context } = require('../calls/context.js');
const { ErrorKind, ShortwireError } = require('../errors.js');
const { nobody, Unanswered } = require('../calls/handlers.js');
const { NOBODY, invokeStream } = require('../calls/invocation.js');
const { dismiss, isIterable } = require('../calls/parts.js');
const { decode, isBytes } = require('../core/payload.js');
const { UDStream } = require('./stream.js');
const { kSilent } = require('../symbols.js');
const { TRACED_BODY, split } = require('../observe/traceparent.js');

/** @typedef {import('./channel.js').Channel} Channel */

class StreamServing {
  #socket;

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * The peer has opened a stream.
   * @param {Channel} channel
   * @param {string} topic
   * @param {number} bodyKind
   * @param {any} body
   */
  request(channel, topic, bodyKind, body) {
    let traceparent;
    if (bodyKind >= TRACED_BODY) ({ traceparent, topic, bodyKind } = split(topic, bodyKind));
    let payload;
    try {
      payload = decode(bodyKind, body);
    } catch {
      channel.refuse(ErrorKind.SERIALIZE, 'the payload is not valid');
      return;
    }
    const socket = this.#socket;
    const served = new Served(channel, socket, topic, traceparent);
    let result;
    let later;
    try {
      result = invokeStream(socket, payload, served.context, served.wrap, served.follow);
      later = typeof result?.then === 'function';
    } catch (error) {
      served.fail(error);
      return;
    }
    if (result === NOBODY) served.fail(new Unanswered(ErrorKind.NO_HANDLER, nobody(topic)));
    else if (!later) served.answer(result);
    else
      // Promise.resolve: somebody's own `then` may throw.
      Promise.resolve(result).then(
        (/** @type {any} */ value) => served.answer(value),
        (/** @type {any} */ error) => served.fail(error)
      );
  }
}

/** One stream of the peer's and its handler. */
class Served {
  #channel;
  /** @type {UDStream | undefined} */
  #stream;
  #answered = false;
  /** What its handler has failed with. @type {unknown} */
  #failure;
  /** The async context of its handler: what it returns is read there. @type {AsyncResource | undefined} */
  #scope;
  /** What goes into the stream. @type {AsyncIterable<any> | undefined} */
  #parts;
  /** @type {AsyncIterator<any> | undefined} */
  #source;

  /**
   * @param {Channel} channel
   * @param {any} socket
   * @param {string} topic
   * @param {string | undefined} traceparent
   */
  constructor(channel, socket, topic, traceparent) {
    this.#channel = channel;
    const answer = (/** @type {Context} */ _, /** @type {unknown} */ value) => this.answer(value);
    this.context = new Context(socket, topic, channel.number, undefined, answer, traceparent);
    Context.giveStream(this.context, () => this.#open());
    // Until somebody takes the stream, only its end is of interest.
    channel.onOver = (/** @type {Error | undefined} */ error) => this.#over(error);
  }

  /**
   * Remembers where the handler was called.
   * @param {import('../calls/handlers.js').Handler} handler
   * @returns {import('../calls/handlers.js').Handler}
   */
  wrap = (handler) => (payload, context) => {
    this.#scope = new AsyncResource('SHORTWIRE_STREAM', { requireManualDestroy: true });
    return handler(payload, context);
  };

  /**
   * Answers, for those who watch, and waits for the end of the stream.
   * @param {unknown} value
   */
  follow = async (value) => {
    this.answer(value);
    try {
      await this.#channel.settled();
    } catch (error) {
      throw this.#failure ?? error;
    }
  };

  #open() {
    if (this.#stream === undefined) {
      this.#stream = new UDStream(this.#channel, this.context.topic);
      // A peer that resets a stream must not be able to end the process.
      this.#stream.on('error', () => {});
    }
    return this.#stream;
  }

  /**
   * The handler has returned.
   * @param {unknown} value
   * @returns {boolean} false if it has answered before
   */
  answer(value) {
    if (this.#answered) return false;
    this.#answered = true;
    if (this.#stream !== undefined) {
      this.#conclude(this.#stream, value);
      return true;
    }
    const channel = this.#channel;
    if (channel.over) {
      if (isIterable(value)) this.#inScope(() => dismiss(value));
      return true;
    }
    // A generator may take the stream when it begins: what has come by then is for it.
    if (isIterable(value)) this.#inScope(() => void this.#pour(value));
    if (this.#stream === undefined) {
      const discard = (/** @type {any} */ _, /** @type {number} */ cost) => channel.used(cost);
      channel.attach({ data: discard, end: () => {}, over: () => {} });
    }
    if (!isIterable(value)) {
      try {
        if (value !== undefined) this.#send(value);
        channel.end();
      } catch (error) {
        this.fail(error);
      }
    }
    return true;
  }

  /**
   * The handler has returned and has taken the stream. It may go on with it for as long as it likes; but
   * if it has said nothing, what it returns is its answer: parts, or, once it has read to the end, a
   * value or nothing. Who reads at the other end would wait for ever otherwise.
   * @param {UDStream} stream
   * @param {unknown} value
   */
  #conclude(stream, value) {
    if (stream.destroyed && value !== stream && isIterable(value)) {
      this.#inScope(() => dismiss(value));
    }
    if (stream.destroyed || stream.writableEnded || !stream[kSilent] || value === stream) return;
    if (isIterable(value)) this.#inScope(() => void this.#pour(value));
    else if (stream.readableEnded) {
      try {
        if (value !== undefined) stream.write(value);
        stream.end();
      } catch (error) {
        this.fail(error);
      }
    }
  }

  /** @param {unknown} error of the handler's */
  fail(error) {
    this.#answered = true;
    this.#failure ??= error;
    if (error instanceof Unanswered) this.#channel.refuse(ErrorKind.NO_HANDLER, error.message);
    else this.#channel.fail(error);
    this.#stream?.destroy();
    Context.take(this.context);
  }

  /** @param {AsyncIterable<any>} iterable */
  async #pour(iterable) {
    const channel = this.#channel;
    this.#parts = iterable;
    try {
      const source = iterable[Symbol.asyncIterator]();
      this.#source = source;
      while (!channel.over) {
        const { done, value } = await source.next();
        if (channel.over) return;
        if (done) break;
        if (!channel.hasRoom) await new Promise((/** @type {any} */ then) => channel.onRoom(then));
        this.#send(value);
      }
      // At its end it needs no cleaning up; a two-way stream has its other direction still.
      this.#parts = this.#source = undefined;
      if (this.#stream === undefined) channel.end();
      else this.#stream.end();
    } catch (error) {
      this.fail(error);
      this.#stop();
    }
  }

  /** @param {any} value */
  #send(value) {
    const channel = this.#channel;
    if (channel.values) return channel.sendValue(value);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    if (!isBytes(bytes)) {
      const why = 'A stream of bytes takes Uint8Arrays and strings';
      throw new ShortwireError(ErrorKind.SERIALIZE, why);
    }
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      channel.sendBytes(bytes.subarray(at, at + SLICE_BYTES));
    }
  }

  /** @param {Error | undefined} error the stream is over: before its time, if there is one */
  #over(error) {
    if (error === undefined) Context.take(this.context);
    else Context.abandon(this.context, error.message);
    this.#stop();
  }

  /** @param {() => void} act */
  #inScope(act) {
    if (this.#scope === undefined) act();
    else this.#scope.runInAsyncScope(act);
  }

  /** Lets what goes into the stream clean up after itself. */
  #stop() {
    const [parts, source] = [this.#parts, this.#source];
    this.#parts = this.#source = undefined;
    if (parts !== undefined) this.#inScope(() => dismiss(parts, source));
  }
}

exports.StreamServing = StreamServing;
