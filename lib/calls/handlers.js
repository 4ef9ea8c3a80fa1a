/**
 * Who answers what: a table of handlers and a chain of middleware, one for each socket and server.
 * How they are called is `invocation.js`. Must not know: connections, how an answer travels.
 */
'use strict';

const { AsyncResource } = require('node:async_hooks');

const { ErrorKind, invalidArgument, ShortwireError } = require('../errors.js');

/** @typedef {(payload: any, context: any) => any} Handler */
/** @typedef {(payload: any, context: any, next: (payload?: any) => any) => any} Middleware */

/**
 * A handler or middleware, and the async context in which it was given. One resource for all calls:
 * a call costs tens of nanoseconds that way, and a function that was bound several times as much.
 * @template F
 */
class Given {
  scope = new AsyncResource('SHORTWIRE_HANDLER', { requireManualDestroy: true });

  /** @param {F} run */
  constructor(run) {
    this.run = run;
  }
}

class Handlers {
  /** @type {Given<Handler> | undefined} */
  general;
  /** Made for the first: most sockets have none of their own. @type {Map<string, Given<Handler>> | undefined} */
  topics;
  /** @type {Given<Middleware>[]} */
  middleware = [];

  /**
   * `handle(fn)`, `handle(topic, fn)`, `handle(topic, null)`.
   * @param {unknown} topic
   * @param {unknown} handler
   * @param {number} count of arguments
   */
  handle(topic, handler, count) {
    if (count < 2) {
      if (typeof topic !== 'function' && topic !== null)
        throw invalidArgument('handler', 'a function or null', topic);
      this.general = topic === null ? undefined : new Given(/** @type {Handler} */ (topic));
      return;
    }
    if (typeof topic !== 'string' || topic === '')
      throw invalidArgument('topic', 'a string, not empty', topic);
    if (handler === null) this.topics?.delete(topic);
    else if (typeof handler === 'function')
      (this.topics ??= new Map()).set(topic, new Given(/** @type {Handler} */ (handler)));
    else throw invalidArgument('handler', 'a function or null', handler);
  }

  /** @param {unknown} middleware */
  use(middleware) {
    if (typeof middleware !== 'function')
      throw invalidArgument('middleware', 'a function', middleware);
    this.middleware.push(new Given(/** @type {Middleware} */ (middleware)));
  }
}

/**
 * The handler for a topic: a socket's own before its server's, a topic's before the general one.
 * @param {Handlers} own
 * @param {Handlers | undefined} server
 * @param {string} topic
 * @returns {Given<Handler> | undefined}
 */
function choose(own, server, topic) {
  if (topic !== '') {
    const special = own.topics?.get(topic) ?? server?.topics?.get(topic);
    if (special !== undefined) return special;
  }
  return own.general ?? server?.general;
}

/** Middleware may answer what no handler does; this stands at the end of its chain. */
class Unanswered extends ShortwireError {}

/**
 * @param {any} _payload
 * @param {any} context
 */
function refuseTopic(_payload, context) {
  throw new Unanswered(ErrorKind.NO_HANDLER, nobody(context.topic));
}

/** @param {string} topic */
function nobody(topic) {
  return topic === ''
    ? 'Nobody handles requests without a topic here'
    : `Nobody handles requests of the topic '${topic}' here`;
}

/**
 * @param {Handlers} own
 * @param {Handlers | undefined} server
 */
function middlewareOf(own, server) {
  if (server === undefined || server.middleware.length === 0) {
    return own.middleware.length === 0 ? undefined : own.middleware;
  }
  return own.middleware.length === 0
    ? server.middleware
    : [...server.middleware, ...own.middleware];
}

exports.Given = Given;
exports.Handlers = Handlers;
exports.choose = choose;
exports.middlewareOf = middlewareOf;
exports.nobody = nobody;
exports.refuseTopic = refuseTopic;
exports.Unanswered = Unanswered;
