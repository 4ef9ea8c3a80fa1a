/**
 * All that one socket has of streams and files: those that it opens, those that its peer opens, and
 * who answers them. Made, and loaded, for the first of them (`streaming.js`). Must not know: how its
 * connection comes and goes.
 */
'use strict';

const channels = require('../observe/channels.js');
const { aborted } = require('../errors.js');
const { FiledServing } = require('../files/filed-serving.js');
const { Filing } = require('../files/filing.js');
const { Setting } = require('../core/records.js');
const { Iteration } = require('../streams/iteration.js');
const { StreamServing } = require('../streams/stream-serving.js');
const { UDStream } = require('../streams/stream.js');
const { Streams } = require('../streams/streams.js');
const { kLink } = require('../symbols.js');

/** @typedef {import('../streams/channel.js').Channel} Channel */
/**
 * @typedef {object} Asked
 * @property {string} kind
 * @property {string} topic
 * @property {unknown} payload
 * @property {number} timeoutMs
 * @property {string | undefined} traceparent of this one; else the socket's own is asked for
 */

class Exchange {
  /** @type {Streams} */
  streams;
  /** @type {Filing} */
  filing;
  #socket;

  /**
   * @param {any} socket
   * @param {boolean} ready calls flow on its connection already
   */
  constructor(socket, ready) {
    const serving = new StreamServing(socket);
    const filing = new Filing(socket);
    const filedServing = new FiledServing(socket, filing);
    this.#socket = socket;
    this.filing = filing;
    this.streams = new Streams(socket, (channel, topic, bodyKind, body, settings) => {
      if ((settings & (Setting.CALL | Setting.MESSAGE)) !== 0) {
        const oneWay = (settings & Setting.MESSAGE) !== 0;
        filedServing.request(channel, topic, bodyKind, body, oneWay);
      } else if ((settings & Setting.FILE) !== 0) filing.receive(channel, bodyKind, body);
      else serving.request(channel, topic, bodyKind, body);
    });
    if (ready) this.streams.ready();
  }

  /**
   * The connection is over, or will never be.
   * @param {Error} cause
   */
  end(cause) {
    this.filing.end(cause);
    this.streams.end(cause);
  }

  /**
   * @param {Asked} asked
   * @param {boolean} values
   * @param {AbortSignal | undefined} signal
   * @returns {UDStream}
   */
  stream(asked, values, signal) {
    const channel = this.#open(asked, values, signal);
    return new UDStream(channel, asked.topic, channel.over ? undefined : signal);
  }

  /**
   * @param {Asked} asked
   * @param {AbortSignal | undefined} signal
   * @returns {Iteration}
   */
  iterate(asked, signal) {
    const channel = this.#open(asked, true, signal);
    const iteration = new Iteration(channel, asked.timeoutMs, channel.over ? undefined : signal);
    channel.end();
    return iteration;
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
    const message = { kind, socket: this.#socket, ...rest };
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
    const { streams } = this;
    const socket = this.#socket;
    try {
      if (signal?.aborted) throw aborted(signal, false);
      socket[kLink].refuseIfOver();
      const settings = values ? Setting.VALUES : 0;
      return streams.begin(payload, topic, settings, traceparent ?? socket.options.traceparent?.());
    } catch (error) {
      return streams.lost(values, /** @type {Error} */ (error));
    }
  }
}

exports.Exchange = Exchange;
