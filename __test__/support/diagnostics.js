// What is published on diagnostics_channel while a test runs.

'use strict';

const { channel, tracingChannel } = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');

const { event } = require('./deadline.js');

const STEPS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

/** What a tracing channel publishes, until the test is over. */
class Watch extends EventEmitter {
  /** @type {[string, any][]} */
  seen = [];

  /** The names of what was published. */
  steps() {
    return this.seen.map(([step]) => step);
  }

  /** The object of the first. */
  message() {
    return this.seen[0][1];
  }

  /** Something that was begun is over. */
  async finished() {
    while (!this.steps().includes('asyncEnd')) await event(this, 'published');
  }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} name without its prefix
 * @param {Record<string, (message: any) => void>} [listeners] called before it is noted
 */
function watch(t, name, listeners = {}) {
  const watching = new Watch();
  const publish = (/** @type {string} */ step) => (/** @type {any} */ message) => {
    listeners[step]?.(message);
    watching.seen.push([step, message]);
    watching.emit('published');
  };
  const all = /** @type {any} */ (Object.fromEntries(STEPS.map((step) => [step, publish(step)])));
  const tracing = tracingChannel(`shortwire:${name}`);
  tracing.subscribe(all);
  t.after(() => tracing.unsubscribe(all));
  return watching;
}

/**
 * What is published on the channel of messages.
 * @param {import('node:test').TestContext} t
 * @param {(message: any) => void} [listener]
 */
function watchMessages(t, listener) {
  /** @type {any[]} */
  const seen = [];
  const push = (/** @type {any} */ message) => {
    listener?.(message);
    seen.push(message);
  };
  channel('shortwire:message').subscribe(push);
  t.after(() => channel('shortwire:message').unsubscribe(push));
  return seen;
}

module.exports = { watch, watchMessages };
