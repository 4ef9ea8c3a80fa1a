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

/**
 * A promise that is settled from outside.
 *
 * @returns {{ promise: Promise<any>, resolve: (value?: any) => void, reject: (error: any) => void }}
 */
function deferred() {
  /** @type {any} */
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

module.exports = { deferred, record };
