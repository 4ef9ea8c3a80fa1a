// Waiting for what must happen, with an end to the patience.
//
// Must not know: what is waited for.

'use strict';

/** Far more than anything here takes; it ends what hangs, so that the test fails by name. */
const DEADLINE_MS = 15_000;

/**
 * The promise's outcome, or an error that says what did not happen.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @param {number} [deadlineMs]
 * @returns {Promise<T>}
 */
async function within(promise, what, deadlineMs = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not happen: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The arguments of the next event of this name. Unlike `events.once`, an `error` event is as good as any.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} name
 * @param {number} [deadlineMs]
 * @returns {Promise<any[]>}
 */
function event(emitter, name, deadlineMs) {
  const happened = new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));
  return within(happened, `the event ${name}`, deadlineMs);
}

/**
 * Looks again on every turn of the loop until it is so.
 *
 * @param {() => unknown} isSo
 * @param {string} what
 * @param {number} [deadlineMs]
 */
async function until(isSo, what, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

module.exports = { event, until, within };
