/**
 * A stream as users have it: Node's `Duplex` over a channel. Must not know: how streams are found,
 * who answers them.
 */
'use strict';

const { Duplex } = require('node:stream');

const { SLICE_BYTES } = require('./channel.js');
const { CODES, ErrorKind, ShortwireError, aborted } = require('../errors.js');
const { onAbort } = require('../core/signals.js');
const { kSilent } = require('../symbols.js');

/** @typedef {import('./channel.js').Channel} Channel */

class UDStream extends Duplex {
  #channel;
  /** What came as bytes and waits in Node's buffer, in credit. */
  #held = 0;
  /** Of the values in Node's buffer, which counts them as one each whatever their size. @type {number[]} */
  #costs = [];
  /** A loop over it was left before its end. */
  #left = false;
  /** Whether nothing has been written or piped into it. */
  [kSilent] = true;
  /** Takes the listener off the signal. @type {(() => void) | undefined} */
  #unwatch;

  /**
   * @param {Channel} channel
   * @param {string} topic
   * @param {AbortSignal} [signal]
   */
  constructor(channel, topic, signal) {
    super({ objectMode: channel.values });
    this.#channel = channel;
    /** The connection it runs over. */
    this.socket = channel.socket;
    /** What it is about; empty for none. */
    this.topic = topic;
    if (signal !== undefined) this.#watch(signal);
    this.once('pipe', () => (this[kSilent] = false));
    channel.attach(this.#sink);
  }

  #sink = {
    data: (/** @type {any} */ value, /** @type {number} */ cost) => {
      if (this.destroyed) return;
      if (value === null && this.#channel.values) {
        const why = "null can't pass a stream of Node's; iterate() takes it";
        this.destroy(new ShortwireError(ErrorKind.SERIALIZE, why));
      } else if (this.#channel.values) this.#pushValue(value, cost);
      else if (this.push(value)) this.#channel.used(cost);
      else this.#held += cost;
    },
    end: () => {
      this.push(null);
    },
    over: (/** @type {Error} */ error) => {
      this.destroy(error);
    }
  };

  /** @param {AbortSignal} signal */
  #watch(signal) {
    const abort = () => this.destroy(aborted(signal, this.#channel.begun));
    if (signal.aborted) {
      abort();
      return;
    }
    this.#unwatch = onAbort(signal, abort);
  }

  /**
   * Reads to the end. Unlike Node's own, it leaves the other direction open then; leaving the loop
   * before destroys the stream, as there.
   * @override
   */
  async *[Symbol.asyncIterator]() {
    let ended = false;
    try {
      yield* this.iterator({ destroyOnReturn: false });
      ended = true;
    } finally {
      this.#left = !ended;
      if (!ended) this.destroy();
    }
  }

  /**
   * @param {any} value
   * @param {number} cost
   */
  #pushValue(value, cost) {
    const before = this.readableLength;
    this.#costs.push(cost);
    this.push(value);
    // Handed on at once, or waiting.
    if (this.readableLength === before) this.#use(1);
  }

  /** @param {number} count of values */
  #use(count) {
    for (const cost of this.#costs.splice(0, count)) this.#channel.used(cost);
  }

  /**
   * @override
   * @param {number} [size]
   */
  read(size) {
    if (this.#costs.length === 0) return super.read(size);
    const before = this.readableLength;
    const value = super.read(size);
    this.#use(before - this.readableLength);
    return value;
  }

  /** @override */
  _read() {
    const held = this.#held;
    if (held === 0) return;
    this.#held = 0;
    this.#channel.used(held);
  }

  /**
   * @override
   * @param {any} chunk
   * @param {BufferEncoding} _encoding
   * @param {(error?: Error | null) => void} done
   */
  _write(chunk, _encoding, done) {
    this[kSilent] = false;
    if (this.#channel.values) this.#writeValue(chunk, done);
    else this.#writeBytes(chunk, 0, done);
  }

  /**
   * @param {any} value
   * @param {(error?: Error | null) => void} done
   */
  #writeValue(value, done) {
    const channel = this.#channel;
    if (!channel.hasRoom) {
      channel.onRoom(() => this.#writeValue(value, done));
      return;
    }
    try {
      channel.sendValue(value);
    } catch (error) {
      done(/** @type {Error} */ (error));
      return;
    }
    done();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} from
   * @param {(error?: Error | null) => void} done
   */
  #writeBytes(bytes, from, done) {
    const channel = this.#channel;
    let at = from;
    while (at < bytes.length) {
      if (!channel.hasRoom) {
        channel.onRoom(() => this.#writeBytes(bytes, at, done));
        return;
      }
      const end = Math.min(at + SLICE_BYTES, bytes.length);
      channel.sendBytes(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
      at = end;
    }
    done();
  }

  /**
   * @override
   * @param {(error?: Error | null) => void} done
   */
  _final(done) {
    this.#channel.end(done);
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} done
   */
  _destroy(error, done) {
    this.#unwatch?.();
    const channel = this.#channel;
    if (!channel.over) {
      const kind = error instanceof ShortwireError ? CODES.indexOf(error.code) : -1;
      if (error === null) {
        const refuse = () => channel.refuse(ErrorKind.ABORTED, 'the stream was destroyed');
        // A handler that throws within the loop leaves it first; its error says more.
        if (this.#left) process.nextTick(() => channel.over || refuse());
        else refuse();
      } else if (kind >= 0 && kind !== ErrorKind.REMOTE) channel.refuse(kind, error.message);
      else channel.fail(error);
    }
    done(error);
  }
}

exports.UDStream = UDStream;
