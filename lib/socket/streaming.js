/**
 * What a socket has of streams: opening them, reading streamed answers, answering the peer's. Must
 * not know: connections, calls.
 */
'use strict';

const { Answering } = require('../calls/answering.js');
const channels = require('../observe/channels.js');
const { aborted } = require('../errors.js');
const { FiledServing } = require('../files/filed-serving.js');
const { Filing } = require('../files/filing.js');
const { Setting } = require('../core/records.js');
const { Iteration } = require('../streams/iteration.js');
const options = require('../options/stream-options.js');
const { StreamServing } = require('../streams/stream-serving.js');
const { UDStream } = require('../streams/stream.js');
const { Streams } = require('../streams/streams.js');
const { kFiling, kLink, kStreams } = require('../symbols.js');

/** @typedef {import('../streams/channel.js').Channel} Channel */
/**
 * @typedef {object} Asked
 * @property {string} kind
 * @property {string} topic
 * @property {unknown} payload
 * @property {number} timeoutMs
 * @property {string | undefined} traceparent of this one; else the socket's own is asked for
 */

class Streaming extends Answering {
  #serving = new StreamServing(this);
  [kFiling] = new Filing(this);
  #filedServing = new FiledServing(this, this[kFiling]);
  /** @type {Streams} */
  [kStreams] = new Streams(this, (channel, topic, bodyKind, body, settings) => {
    if ((settings & (Setting.CALL | Setting.MESSAGE)) !== 0) {
      const oneWay = (settings & Setting.MESSAGE) !== 0;
      this.#filedServing.request(channel, topic, bodyKind, body, oneWay);
    } else if ((settings & Setting.FILE) !== 0) {
      this[kFiling].receive(channel, bodyKind, body);
    } else this.#serving.request(channel, topic, bodyKind, body);
  });

  /**
   * Opens a two-way stream beside the calls.
   * @param {unknown} payload
   * @param {{ topic?: string, objectMode?: boolean, signal?: AbortSignal, traceparent?: string }} [given]
   * @returns {UDStream}
   */
  stream(payload, given) {
    const { topic, objectMode, signal, traceparent } = options.streamOptions(given);
    const asked = { kind: 'stream', topic, payload, timeoutMs: 0, traceparent };
    const channel = this.#open(asked, objectMode, signal);
    return new UDStream(channel, topic, channel.over ? undefined : signal);
  }

  /**
   * Calls a handler that answers with an async iterable.
   * @param {unknown} payload
   * @param {{ topic?: string, timeoutMs?: number, signal?: AbortSignal, traceparent?: string }} [given]
   * @returns {AsyncIterableIterator<any>}
   */
  iterate(payload, given) {
    const { topic, timeoutMs, signal, traceparent } = options.iterateOptions(given);
    const asked = { kind: 'iterate', topic, payload, timeoutMs, traceparent };
    const channel = this.#open(asked, true, signal);
    const iteration = new Iteration(channel, timeoutMs, channel.over ? undefined : signal);
    channel.end();
    return iteration;
  }

  /**
   * Sends one file by itself.
   * @param {string} path
   * @param {{ name?: string, topic?: string, signal?: AbortSignal }} [given]
   * @returns {Promise<void>}
   */
  async sendFile(path, given) {
    const { name, topic, signal } = options.sendFileOptions(given);
    return this[kFiling].tell(undefined, { topic, signal, files: [{ path, name }] });
  }

  /**
   * Opens a stream, where those who watch see it, to its end.
   * @param {Asked} asked
   * @param {boolean} values
   * @param {AbortSignal | undefined} signal
   * @returns {Channel}
   */
  #open(asked, values, signal) {
    if (!channels.isObserved(channels.rpc)) return this.#begin(asked, values, signal);
    const { kind, ...rest } = asked;
    const message = { kind, socket: this, ...rest };
    /** @type {Channel | undefined} */
    let channel;
    const watched = channels.rpc.tracePromise(() => {
      channel = this.#begin(message, values, signal);
      return channel.settled();
    }, message);
    // Whoever has the stream hears of its error there.
    watched.catch(() => {});
    return /** @type {any} */ (channel);
  }

  /**
   * What can't be opened fails as what was opened does: through the stream.
   * @param {Asked} asked
   * @param {boolean} values
   * @param {AbortSignal | undefined} signal
   * @returns {Channel}
   */
  #begin({ payload, topic, traceparent }, values, signal) {
    const streams = this[kStreams];
    try {
      if (signal?.aborted) throw aborted(signal, false);
      /** @type {any} */ (this)[kLink].refuseIfOver();
      const { options: own } = /** @type {any} */ (this);
      return streams.begin(
        payload,
        topic,
        values ? Setting.VALUES : 0,
        traceparent ?? own.traceparent?.()
      );
    } catch (error) {
      return streams.lost(values, /** @type {Error} */ (error));
    }
  }
}

exports.Streaming = Streaming;
