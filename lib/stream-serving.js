/**
 * The streams that the peer opens: each is handed to its handler, which takes the stream itself or
 * returns what shall go into it. Must not know: how streams are found on the wire.
 */
'use strict';

const { SLICE_BYTES } = require('./channel.js');
const channels = require('./channels.js');
const { Context } = require('./context.js');
const { ErrorKind, ShortwireError } = require('./errors.js');
const { choose, middlewareOf, nobody, refuseTopic, run, Unanswered } = require('./handlers.js');
const { dismiss, isIterable } = require('./parts.js');
const { decode, isBytes } = require('./payload.js');
const { UDStream } = require('./stream.js');
const { observe } = require('./serving.js');
const { kHandlers } = require('./symbols.js');
const { TRACED_BODY, split } = require('./traceparent.js');

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
    const own = socket[kHandlers];
    const server = socket.server?.[kHandlers];
    const handler = choose(own, server, topic);
    const chain = middlewareOf(own, server);
    const observed = channels.isObserved(channels.handle);
    if (handler === undefined && chain === undefined && !observed) {
      channel.refuse(ErrorKind.NO_HANDLER, nobody(topic));
      return;
    }
    const served = new Served(channel, socket, topic, traceparent);
    let result;
    let later;
    try {
      const { context } = served;
      if (observed) result = observe(chain, handler ?? refuseTopic, payload, context);
      else if (chain === undefined) result = /** @type {Function} */ (handler)(payload, context);
      else result = run(chain, handler ?? refuseTopic, payload, context);
      later = typeof result?.then === 'function';
    } catch (error) {
      served.fail(error);
      return;
    }
    if (!later) served.answer(result);
    else
      // Promise.resolve: somebody's own `then` may throw.
      Promise.resolve(result).then(
        (/** @type {any} */ value) => served.settle(value),
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

  #open() {
    if (this.#stream === undefined) {
      this.#stream = new UDStream(this.#channel, this.context.topic);
      // A peer that resets a stream must not be able to end the process.
      this.#stream.on('error', () => {});
    }
    return this.#stream;
  }

  /**
   * The handler's promise has been fulfilled. A stream that it has read to the end is over then, and
   * would be open for ever if the handler forgot to say so; what is still piped into it ends it.
   * @param {unknown} value
   */
  settle(value) {
    this.answer(value);
    const stream = this.#stream;
    if (stream?.readableEnded && stream.listenerCount('unpipe') === 0) stream.end();
  }

  /**
   * The handler has returned. If it has taken the stream, that is all there is to say.
   * @param {unknown} value
   * @returns {boolean} false if it has answered before
   */
  answer(value) {
    if (this.#answered) return false;
    this.#answered = true;
    if (this.#stream !== undefined) return true;
    const channel = this.#channel;
    if (channel.over) {
      if (isIterable(value)) dismiss(value);
      return true;
    }
    const discard = (/** @type {any} */ _, /** @type {number} */ cost) => channel.used(cost);
    channel.attach({ data: discard, end: () => {}, over: () => {} });
    if (isIterable(value)) void this.#pour(value);
    else {
      try {
        if (value !== undefined) this.#send(value);
        channel.end();
      } catch (error) {
        this.fail(error);
      }
    }
    return true;
  }

  /** @param {unknown} error of the handler's */
  fail(error) {
    this.#answered = true;
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
      channel.end();
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

  /** Lets what goes into the stream clean up after itself. */
  #stop() {
    const [parts, source] = [this.#parts, this.#source];
    this.#parts = this.#source = undefined;
    if (parts !== undefined) dismiss(parts, source);
  }
}

exports.StreamServing = StreamServing;
