/**
 * A connection over a stream that somebody else opened: bytes in and out of the core, with the
 * stream's own backpressure both ways. Must not know: what the bytes mean.
 */
'use strict';

const core = require('./core.js');
const { invalidArgument } = require('./errors.js');

class Attachment {
  #index;
  #duplex;
  #ended = false;

  /**
   * @param {number} index
   * @param {import('node:stream').Duplex} duplex
   */
  constructor(index, duplex) {
    this.#index = index;
    this.#duplex = duplex;
  }

  /** @param {any} duplex */
  static check(duplex) {
    const fits = typeof duplex?.write === 'function' && typeof duplex?.on === 'function';
    if (!fits) throw invalidArgument('duplex', 'a Duplex stream', duplex);
    if (duplex.readableObjectMode || duplex.writableObjectMode) {
      throw invalidArgument('duplex', 'a stream of bytes', 'one in object mode');
    }
  }

  /** Begins. */
  open() {
    const duplex = this.#duplex;
    duplex.on('data', (chunk) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      this.#act((index) => core.thread.feed(index, bytes));
    });
    duplex.on('drain', () => this.#act((index) => core.thread.setWritable(index, true)));
    for (const event of ['end', 'close', 'error']) {
      duplex.on(event, () => this.#act((index) => core.thread.end(index)));
    }
    this.#act((index) => core.thread.attach(index));
  }

  /** @param {Uint8Array} bytes of the core, for the stream */
  write(bytes) {
    if (!this.#duplex.write(bytes)) this.#act((index) => core.thread.setWritable(index, false));
  }

  /** The connection is over, and with it the stream. */
  end() {
    this.#ended = true;
    this.#duplex.end();
    // A peer that never ends its side would keep the stream half open for ever.
    this.#duplex.resume();
  }

  /** @param {(index: number) => number} call */
  #act(call) {
    if (!this.#ended) core.act(this.#index, call);
  }
}

module.exports = { Attachment };
