// What happened, in order; and what happens only when the test says so.
//
// Must not know: whose events these are.

'use strict';

/**
 * Writes down which events come, in order.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string[]} events
 * @returns {string[]} grows while they come
 */
function record(emitter, events) {
  /** @type {string[]} */
  const seen = [];
  for (const event of events) {
    emitter.on(event, (/** @type {unknown} */ value) => {
      seen.push(event === 'status' ? `status ${value}` : event);
    });
  }
  return seen;
}

/** A promise that is settled from outside. */
function deferred() {
  let resolve = (/** @type {any} */ _value) => {};
  let reject = (/** @type {any} */ _error) => {};
  const promise = new Promise((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  return { promise, resolve, reject };
}

module.exports = { deferred, record };
