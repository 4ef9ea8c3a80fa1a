// Events as promises. `once` of Node rejects at the next `error`, which here is often just what comes
// first.
//
// Must not know: who emits.

'use strict';

/** Longer than anything that will still happen. */
const DEADLINE_MS = 20_000;

/**
 * What the next event of this name comes with.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} name
 * @returns {Promise<any[]>}
 */
function nextEvent(emitter, name) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`there was no event ${name} in ${DEADLINE_MS} ms`));
    const deadline = setTimeout(late, DEADLINE_MS);
    emitter.once(name, (...values) => {
      clearTimeout(deadline);
      resolve(values);
    });
  });
}

module.exports = { nextEvent };
