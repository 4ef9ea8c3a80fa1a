/**
 * A connection over a stream that somebody else opened: bytes in and out of the core, with the
 * stream's own backpressure both ways. Must not know: what the bytes mean.
 */
'use strict';

const core = require('../core/core.js');
const { invalidArgument } = require('../errors.js');
const { Layout } = require('../core/records.js');

class Attachment {
  #index;
  #duplex;
  #failed;
  #over = false;

  /**
   * @param {number} index
   * @param {import('node:stream').Duplex} duplex
   * @param {(error: Error) => void} failed is told of the stream's own error, before it is over
   */
  constructor(index, duplex, failed) {
    this.#index = index;
    this.#duplex = duplex;
    this.#failed = failed;
  }

  /** @param {any} duplex */
  static check(duplex) {
    const fits =
      typeof duplex?.write === 'function' &&
      typeof duplex.on === 'function' &&
      typeof duplex.pause === 'function';
    if (!fits) throw invalidArgument('duplex', 'a Duplex stream', duplex);
    if (duplex.readableObjectMode || duplex.writableObjectMode) {
      throw invalidArgument('duplex', 'a stream of bytes', 'one in object mode');
    }
    if (duplex.readableEncoding) {
      throw invalidArgument(
        'duplex',
        'a stream of bytes',
        `one that decodes ${duplex.readableEncoding}`
      );
    }
    if (duplex.destroyed || duplex.readableEnded || duplex.writableEnded) {
      throw invalidArgument('duplex', 'an open stream', 'one that has ended');
    }
  }

  /** Begins. */
  open() {
    const duplex = this.#duplex;
    duplex.on('data', this.#onData);
    duplex.on('drain', this.#onDrain);
    duplex.on('end', this.#onEnd);
    duplex.on('close', this.#onEnd);
    duplex.on('error', this.#onError);
    this.#act((index) => core.thread.attach(index));
  }

  #onData = (/** @type {Uint8Array} */ bytes) => {
    this.#act((index) => core.thread.feed(index, bytes));
  };

  #onDrain = () => {
    this.#act((index) => core.thread.setWritable(index, true));
  };

  #onEnd = () => {
    this.#act((index) => core.thread.end(index));
  };

  #onError = (/** @type {Error} */ error) => {
    if (!this.#over) this.#failed(error);
    this.#onEnd();
  };

  /** @param {Uint8Array} bytes of the core, for the stream */
  write(bytes) {
    const duplex = this.#duplex;
    if (duplex.destroyed || duplex.writableEnded) return;
    if (!duplex.write(bytes)) this.#act((index) => core.thread.setWritable(index, false));
  }

  /**
   * The connection is over, and with it the stream.
   * @param {boolean} gently after what has been written
   */
  end(gently) {
    const duplex = this.#duplex;
    this.#over = true;
    duplex.off('data', this.#onData);
    duplex.off('drain', this.#onDrain);
    // One that has no room for the last words might never find any.
    if (!gently || duplex.writableNeedDrain) {
      duplex.destroy();
      return;
    }
    // A peer that never ends its side would keep the stream half open for ever.
    duplex.end(() => duplex.destroy());
    duplex.resume();
  }

  /** @param {(index: number) => number} call */
  #act(call) {
    if (this.#over) return;
    this.heed(core.act(this.#index, call));
  }

  /** @param {number} flags of a call into the connection */
  heed(flags) {
    if (this.#over) return;
    // The peer doesn't read its answers: it isn't read either. Or this side has paused.
    const high = (flags & Layout.FLAG_HIGH) !== 0;
    if (high !== this.#duplex.isPaused()) {
      if (high) this.#duplex.pause();
      else this.#duplex.resume();
    }
  }
}

exports.Attachment = Attachment;
