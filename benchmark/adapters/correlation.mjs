/**
 * The thinnest layer that turns messages into calls, for libraries that only have messages: a table of
 * pending promises, addressed by slot number. An array, since a Map costs ten times as much per call.
 *
 * Knows no library and no payload. It has no timeouts: libraries without calls of their own get the
 * cheapest correlation that is still correct.
 */
export class PendingCalls {
  /** @type {Array<((value: unknown) => void) | undefined>} */
  #resolvers = [];
  /** @type {number[]} */
  #free = [];

  /**
   * @param {(value: unknown) => void} resolve
   * @returns {number} the id to send along
   */
  open(resolve) {
    const id =
      this.#free.length > 0 ? /** @type {number} */ (this.#free.pop()) : this.#resolvers.length;
    this.#resolvers[id] = resolve;
    return id;
  }

  /**
   * @param {number} id
   * @param {unknown} value
   */
  settle(id, value) {
    const resolve = this.#resolvers[id];
    if (resolve === undefined) throw new Error(`answer to a call that is not pending: ${id}`);
    this.#resolvers[id] = undefined;
    this.#free.push(id);
    resolve(value);
  }
}
