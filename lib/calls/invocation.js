/**
 * How a request is put to its handler: in the async context in which the handler was given, inside
 * its middleware, and where those who watch can see it. Must not know: how requests come, how answers
 * travel.
 *
 * The context is entered once, around all of it: what middleware, or a store that is bound to the
 * channel, opens on the way in is the handler's then. A request that nobody handles runs in the
 * context of its outermost middleware.
 */
'use strict';

const channels = require('../observe/channels.js');
const { choose, middlewareOf, refuseTopic } = require('./handlers.js');
const { kHandlers } = require('../symbols.js');

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./handlers.js').Handler} Handler */
/** @typedef {import('./handlers.js').Given<Handler>} Given */
/** @typedef {import('./handlers.js').Given<import('./handlers.js').Middleware>[]} Chain */

/** Nobody answers: neither a handler nor middleware, and nobody wants to see that. */
const NOBODY = Symbol('nobody');

/**
 * Runs what answers a call. Throws and returns what that does.
 * @param {any} socket
 * @param {unknown} payload
 * @param {Context} context
 * @returns {any} or `NOBODY`
 */
function invoke(socket, payload, context) {
  const own = socket[kHandlers];
  const server = socket.server?.[kHandlers];
  const handler = choose(own, server, context.topic);
  const plain =
    own.middleware.length === 0 && (server === undefined || server.middleware.length === 0);
  const watched = channels.isObserved(channels.handle);
  if (!plain || watched) {
    const chain = middlewareOf(own, server);
    return within(handler, chain, watched ? observe : run, payload, context);
  }
  if (handler === undefined) return NOBODY;
  return handler.scope.runInAsyncScope(handler.run, undefined, payload, context);
}

/**
 * Runs what answers a stream.
 * @param {any} socket
 * @param {unknown} payload
 * @param {Context} context
 * @param {(handler: Handler) => Handler} wrap what is to happen where the handler is called
 * @param {(value: unknown) => unknown} follow what has been returned, to its end, for those who watch
 * @returns {any} or `NOBODY`
 */
function invokeStream(socket, payload, context, wrap, follow) {
  const own = socket[kHandlers];
  const server = socket.server?.[kHandlers];
  const handler = choose(own, server, context.topic);
  const chain = middlewareOf(own, server);
  const watched = channels.isObserved(channels.handle);
  if (handler === undefined && chain === undefined && !watched) return NOBODY;
  const wrapped = handler && { run: wrap(handler.run), scope: handler.scope };
  if (!watched) return within(wrapped, chain, run, payload, context);
  return within(wrapped, chain, observe, payload, context, follow);
}

/**
 * @param {Given | undefined} handler
 * @param {Chain | undefined} chain
 * @param {Function} how
 * @param {unknown} payload
 * @param {Context} context
 * @param {Function} [follow]
 */
function within(handler, chain, how, payload, context, follow) {
  const scope = (handler ?? chain?.[0])?.scope;
  const last = handler === undefined ? refuseTopic : handler.run;
  if (scope === undefined) return how(chain, last, payload, context, follow);
  return scope.runInAsyncScope(
    /** @type {any} */ (how),
    undefined,
    chain,
    last,
    payload,
    context,
    follow
  );
}

/**
 * Runs a handler inside its middleware: the server's around the socket's.
 * @param {Chain | undefined} chain
 * @param {Handler} handler
 * @param {any} payload
 * @param {any} context
 */
function run(chain, handler, payload, context) {
  if (chain === undefined) return handler(payload, context);
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
    return chain[index].run(value, context, next);
  };
  return step(0, payload);
}

/**
 * The same, for those who watch.
 * @param {Chain | undefined} chain
 * @param {Handler} handler
 * @param {unknown} payload
 * @param {Context} context
 * @param {(value: unknown) => unknown} [follow] of a stream
 */
function observe(chain, handler, payload, context, follow) {
  const { socket, topic, traceparent } = context;
  const kind = follow === undefined ? 'call' : 'stream';
  const message = { kind, socket, topic, payload, context, traceparent };
  const answer = async () => {
    const value = await run(chain, handler, payload, context);
    return follow === undefined ? value : follow(value);
  };
  return channels.handle.tracePromise(answer, message);
}

exports.NOBODY = NOBODY;
exports.invoke = invoke;
exports.invokeStream = invokeStream;
