// Two streams that are each other's other end, in memory, with bounded buffers.
//
// Must not know: what is said over them. (Node's own `duplexPair` is not in its oldest version here.)

'use strict';

const { Duplex } = require('node:stream');

class End extends Duplex {
  /** @type {End | undefined} */
  other;
  /** What the other side waits for until this one has read. @type {(() => void) | undefined} */
  #taken;

  /**
   * @param {Buffer} chunk
   * @param {string} _encoding
   * @param {() => void} done
   */
  _write(chunk, _encoding, done) {
    /** @type {End} */ (this.other).#give(chunk, done);
  }

  /** @param {() => void} done */
  _final(done) {
    /** @type {End} */ (this.other).#give(null, done);
  }

  _read() {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  /** @param {Error | null} error @param {(error: Error | null) => void} done */
  _destroy(error, done) {
    const { other } = this;
    this._read();
    // As a kernel would: the other end sees the end of the stream.
    if (other !== undefined && !other.destroyed) other.push(null);
    done(error);
  }

  /**
   * @param {Buffer | null} chunk
   * @param {() => void} done
   */
  #give(chunk, done) {
    if (this.destroyed) return void done();
    const room = this.push(chunk);
    if (room || chunk === null) done();
    else this.#taken = done;
  }
}

/**
 * @param {{ highWaterMark?: number }} [options]
 * @returns {[End, End]}
 */
function duplexPair(options) {
  const ends = /** @type {[End, End]} */ ([new End(options), new End(options)]);
  [ends[0].other, ends[1].other] = [ends[1], ends[0]];
  return ends;
}

module.exports = { duplexPair };
