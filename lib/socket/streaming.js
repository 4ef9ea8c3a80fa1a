/**
 * What a socket's user says of streams and files, checked here and handed on; and where they come to
 * be. Must not know: how any of it travels.
 */
'use strict';

const { Answering } = require('../calls/answering.js');
const options = require('../options/stream-options.js');
const core = require('../core/core.js');
const { ErrorKind } = require('../errors.js');
const { Kind } = require('../core/records.js');
const { kExchange, kFiling, kIndex, kLink, kOpened, kStreams } = require('../symbols.js');

/** @typedef {import('./exchange.js').Exchange} Exchange */

class Streaming extends Answering {
  /** @type {Exchange | undefined} */
  [kExchange] = undefined;

  /** Its streams. */
  get [kStreams]() {
    return this.#exchange.streams;
  }

  /** Its calls and messages with files. */
  get [kFiling]() {
    return this.#exchange.filing;
  }

  /**
   * Made for the first stream or file, and loaded then: most sockets, and many processes, never have
   * one, and it is a fifth of the library.
   * @returns {Exchange}
   */
  get #exchange() {
    const known = this[kExchange];
    if (known !== undefined) return known;
    const { Exchange } = require('./exchange.js');
    const { flows } = /** @type {any} */ (this)[kLink];
    return (this[kExchange] = new Exchange(this, flows));
  }

  /**
   * The peer has opened a stream. A process that can't load what streams need, being out of
   * descriptors perhaps, refuses it: no peer may make it throw.
   * @param {number} number
   * @param {number} settings
   * @returns {boolean} whether it is there now
   */
  [kOpened](number, settings) {
    let streams;
    try {
      streams = this[kStreams];
    } catch {
      const index = /** @type {any} */ (this)[kIndex];
      core.order(index, Kind.RESET, number, '', NOT_LOADED, ErrorKind.OVERFLOW);
      return false;
    }
    streams.open(number, settings);
    return true;
  }

  /**
   * Opens a two-way stream beside the calls.
   * @param {unknown} payload
   * @param {{ topic?: string, objectMode?: boolean, signal?: AbortSignal, traceparent?: string }} [given]
   * @returns {import('../streams/stream.js').UDStream}
   */
  stream(payload, given) {
    const { topic, objectMode, signal, traceparent } = options.streamOptions(given);
    const asked = { kind: 'stream', topic, payload, timeoutMs: 0, traceparent };
    return this.#exchange.stream(asked, objectMode, signal);
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
    return this.#exchange.iterate(asked, signal);
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
}

const NOT_LOADED = "streams can't be loaded here at the moment";

exports.Streaming = Streaming;
