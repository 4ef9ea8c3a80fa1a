/**
 * What sockets and servers have in common: they answer requests, and emit without being stopped by
 * a listener that throws. Must not know: connections.
 */
'use strict';

const { EventEmitter } = require('node:events');

const core = require('./core.js');
const { invalidArgument } = require('./errors.js');
const { Handlers } = require('./handlers.js');
const { kEmit, kHandlers, kTell } = require('./symbols.js');

class Answering extends EventEmitter {
  [kHandlers] = new Handlers();

  /**
   * Answers requests: `handle(fn)`, `handle(topic, fn)`, `handle(topic, null)`.
   * @param {any} topic
   * @param {any} [handler]
   * @returns {this}
   */
  handle(topic, handler) {
    this[kHandlers].handle(topic, handler, arguments.length);
    return this;
  }

  /**
   * Middleware around every inbound request.
   * @param {import('./handlers.js').Middleware} middleware
   * @returns {this}
   */
  use(middleware) {
    this[kHandlers].use(middleware);
    return this;
  }

  /**
   * A listener that throws must not stop what else has to happen; its error surfaces as an uncaught
   * exception, as it would from any event of Node's.
   * @param {string} event
   * @param {...any} values
   */
  [kEmit](event, ...values) {
    try {
      this.emit(event, ...values);
    } catch (error) {
      core.rethrow(error);
    }
  }

  /**
   * Starts something that succeeds with a call of `callback` or fails with an `error` event, for
   * those who don't look at the promise. Without a callback, the promise is all there is.
   * @param {() => Promise<void>} begin
   * @param {unknown} callback
   * @returns {Promise<void>}
   */
  [kTell](begin, callback) {
    if (callback === undefined) return begin();
    if (typeof callback !== 'function') {
      return Promise.reject(invalidArgument('callback', 'a function', callback));
    }
    const begun = begin();
    begun
      .then(
        () => {
          // Not returned: what an async callback rejects with is its own affair.
          callback();
        },
        (error) => this[kEmit]('error', error)
      )
      .catch(core.rethrow);
    return begun;
  }
}

exports.Answering = Answering;
