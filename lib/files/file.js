/**
 * A file that has come beside a payload: a `Readable` of its bytes that knows its name and size.
 * Nothing of it flows until somebody reads. Must not know: how files find their message.
 */
'use strict';

const { Readable } = require('node:stream');

const { ErrorKind, ShortwireError } = require('../errors.js');
const { read, save } = require('./save-file.js');

/** @typedef {import('../streams/channel.js').Channel} Channel */

class UDFile extends Readable {
  /** @type {Channel | undefined} */
  #channel;
  #wanted = false;
  /** Somebody is about to read: what it is written to is being opened. */
  #claimed = false;
  #held = 0;

  /**
   * @param {string} name
   * @param {number} size
   */
  constructor(name, size) {
    super();
    /** As its sender calls it: not to be trusted as a path. */
    this.name = name;
    /** In bytes; no more and no fewer come. */
    this.size = size;
    /** Bytes that have come so far. */
    this.receivedBytes = 0;
    // A peer must not be able to end a process with a file that nobody looks at.
    this.on('error', () => {});
  }

  /**
   * Its bytes have begun to come.
   * @param {UDFile} file
   * @param {Channel} channel
   */
  static attach(file, channel) {
    file.#channel = channel;
    if (file.destroyed) file.#refuse();
    else if (file.#wanted) channel.attach(file.#sink);
  }

  /**
   * Its message is over: one that nobody has begun to read is given up.
   * @param {UDFile} file
   */
  static discard(file) {
    // What pipes it or listens to it has begun, but Node first reads on the next tick.
    const listened = file.readableFlowing === true || file.listenerCount('readable') > 0;
    if (!file.#wanted && !file.#claimed && !listened) file.destroy();
  }

  /**
   * Its message is over before it has come.
   * @param {UDFile} file
   * @param {Error} error
   */
  static lose(file, error) {
    if (file.#channel === undefined) file.destroy(error);
  }

  #sink = {
    data: (/** @type {Uint8Array} */ bytes, /** @type {number} */ cost) => {
      if (this.destroyed) return;
      this.receivedBytes += bytes.length;
      if (this.receivedBytes > this.size) {
        this.destroy(this.#wrongSize());
        return;
      }
      if (this.push(bytes)) this.#channel?.used(cost);
      else this.#held += cost;
      this.emit('progress', this.receivedBytes, this.size);
    },
    end: () => {
      if (this.receivedBytes < this.size) this.destroy(this.#wrongSize());
      else this.push(null);
      this.#channel?.end();
    },
    over: (/** @type {Error} */ error) => {
      this.destroy(error);
    }
  };

  /**
   * Writes it into a directory; resolves to its path there. What has been written of a file that
   * fails is removed.
   * @param {string} directory
   * @param {{ name?: string, overwrite?: boolean }} [given]
   * @returns {Promise<string>}
   */
  async saveTo(directory, given) {
    if (this.#claimed || this.readableDidRead) throw read();
    if (this.destroyed) throw this.errored ?? new ShortwireError(ErrorKind.CLOSED, GIVEN_UP);
    this.#claimed = true;
    // Who listens for data as well, to have it hashed say, must not have any before there is a file.
    if (this.readableFlowing) this.pause();
    return save(this, directory, given);
  }

  /** @override */
  _read() {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#channel?.attach(this.#sink);
    }
    const held = this.#held;
    this.#held = 0;
    if (held > 0) this.#channel?.used(held);
  }

  /**
   * @override
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} done
   */
  _destroy(error, done) {
    this.#refuse();
    done(error);
  }

  #refuse() {
    const complete = this.receivedBytes === this.size && this.readableEnded;
    if (!complete) this.#channel?.refuse(ErrorKind.ABORTED, 'the file is not wanted');
  }

  #wrongSize() {
    const why = `${this.receivedBytes} bytes have come of a file of ${this.size}`;
    return new ShortwireError(ErrorKind.PROTOCOL, why);
  }
}

const GIVEN_UP = 'The file was given up: nobody had begun to read it when its handler settled';

exports.UDFile = UDFile;
