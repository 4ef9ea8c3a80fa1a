/**
 * A growing list of latencies in milliseconds, cheap to add to. Raw values instead of a histogram: the
 * percentiles are exact, and those of several processes can be joined. Knows nothing of what they mean.
 */
const INITIAL_CAPACITY = 1 << 18;

export class Latencies {
  #values = new Float64Array(INITIAL_CAPACITY);
  #length = 0;

  /** @param {number} valueMs */
  add(valueMs) {
    if (this.#length === this.#values.length) {
      const bigger = new Float64Array(this.#length * 2);
      bigger.set(this.#values);
      this.#values = bigger;
    }
    this.#values[this.#length++] = valueMs;
  }

  /** @returns {Float64Array} */
  values() {
    return this.#values.slice(0, this.#length);
  }
}
