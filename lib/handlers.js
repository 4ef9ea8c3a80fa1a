/**
 * Who answers what: a table of handlers and a chain of middleware, one for each socket and server.
 * Must not know: connections, how an answer travels.
 */
'use strict';

const { ErrorKind, invalidArgument, ShortwireError } = require('./errors.js');
const { kHandlers } = require('./symbols.js');

/** @typedef {(payload: any, context: any) => any} Handler */
/** @typedef {(payload: any, context: any, next: (payload?: any) => any) => any} Middleware */

class Handlers {
  /** @type {Handler | undefined} */
  general;
  /** @type {Map<string, Handler>} */
  topics = new Map();
  /** @type {Middleware[]} */
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
      this.general = topic === null ? undefined : /** @type {Handler} */ (topic);
      return;
    }
    if (typeof topic !== 'string' || topic === '')
      throw invalidArgument('topic', 'a string, not empty', topic);
    if (handler === null) this.topics.delete(topic);
    else if (typeof handler === 'function')
      this.topics.set(topic, /** @type {Handler} */ (handler));
    else throw invalidArgument('handler', 'a function or null', handler);
  }

  /** @param {unknown} middleware */
  use(middleware) {
    if (typeof middleware !== 'function')
      throw invalidArgument('middleware', 'a function', middleware);
    this.middleware.push(/** @type {Middleware} */ (middleware));
  }
}

/**
 * The handler for a topic: a socket's own before its server's, a topic's before the general one.
 * @param {Handlers} own
 * @param {Handlers | undefined} server
 * @param {string} topic
 * @returns {Handler | undefined}
 */
function choose(own, server, topic) {
  if (topic !== '') {
    const special = own.topics.get(topic) ?? server?.topics.get(topic);
    if (special !== undefined) return special;
  }
  return own.general ?? server?.general;
}

/**
 * What answers a topic on a socket, middleware included; undefined if nothing does.
 * @param {any} socket
 * @param {string} topic
 * @returns {((payload: any, context: any) => any) | undefined}
 */
function find(socket, topic) {
  const own = socket[kHandlers];
  const server = socket.server?.[kHandlers];
  const handler = choose(own, server, topic);
  const chain = middlewareOf(own, server);
  if (chain === undefined) return handler;
  return (payload, context) => run(chain, handler ?? refuseTopic, payload, context);
}

/**
 * Runs a handler inside its middleware: the server's around the socket's.
 * @param {Middleware[]} chain
 * @param {Handler} handler
 * @param {any} payload
 * @param {any} context
 */
function run(chain, handler, payload, context) {
  let reached = -1;
  /**
   * @param {number} index
   * @param {any} value
   * @returns {any}
   */
  const step = (index, value) => {
    if (index <= reached) throw new Error('next() was called twice by the same middleware');
    reached = index;
    if (index === chain.length) return handler(value, context);
    const next = (/** @type {any[]} */ ...changed) =>
      step(index + 1, changed.length === 0 ? value : changed[0]);
    return chain[index](value, context, next);
  };
  return step(0, payload);
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

exports.Handlers = Handlers;
exports.choose = choose;
exports.find = find;
exports.run = run;
exports.middlewareOf = middlewareOf;
exports.nobody = nobody;
exports.refuseTopic = refuseTopic;
exports.Unanswered = Unanswered;
