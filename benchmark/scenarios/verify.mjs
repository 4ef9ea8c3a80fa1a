/**
 * Holds answers (and, on the server, requests) against the payload: the cheap check on every one, deep
 * equality on the first few. A wrong one fails the whole sample. Knows no library.
 */
import { isDeepStrictEqual } from 'node:util';

const DEEP_CHECKS = 3;

export class Verifier {
  #expected;
  #check;
  #deepLeft = DEEP_CHECKS;

  /** Values that passed. */
  passed = 0;

  /** @param {import('./payloads.mjs').Payload} payload @param {unknown} expected what `build` returned */
  constructor(payload, expected) {
    this.#expected = expected;
    this.#check = payload.check;
  }

  /** @param {unknown} value */
  verify(value) {
    if (this.#deepLeft > 0) {
      this.#deepLeft--;
      this.verifyDeeply(value);
    }
    if (!this.#check(value)) throw new Error('the value is not the one that was sent');
    this.passed++;
  }

  /** @param {unknown} value */
  verifyDeeply(value) {
    if (value === this.#expected) throw new Error('the value never left the process');
    if (!isDeepStrictEqual(value, this.#expected)) {
      throw new Error('the value differs from the one that was sent');
    }
  }
}
