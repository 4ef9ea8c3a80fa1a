/**
 * What sockets and servers have in common: they answer requests, and emit without being stopped by
 * a listener that throws. Must not know: connections.
 */
'use strict';

const { AsyncResource } = require('node:async_hooks');
const { EventEmitter } = require('node:events');

const core = require('../core/core.js');
const { invalidArgument } = require('../errors.js');
const { Handlers } = require('./handlers.js');
const { kEmit, kHandlers, kPause, kReference, kScope, kShow, kTell } = require('../symbols.js');

class Answering extends EventEmitter {
  [kHandlers] = new Handlers();
  /** The async context that it was made in: what comes from a peer is heard there. */
  [kScope] = new AsyncResource('SHORTWIRE', { requireManualDestroy: true });

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
   * Takes no requests, messages and new streams until `resume`; answers, deadlines and heartbeats go on. Of a
   * server: on all its sockets, those to come included.
   * @returns {this}
   */
  pause() {
    this[kPause](true);
    return this;
  }

  /**
   * Goes on where `pause` has stopped. Of a server: a socket that was paused by itself stays so.
   * @returns {this}
   */
  resume() {
    this[kPause](false);
    return this;
  }

  /** Keeps the process alive while it is connected or listens; the default. @returns {this} */
  ref() {
    this[kReference](true);
    return this;
  }

  /** Lets the process exit all the same. @returns {this} */
  unref() {
    this[kReference](false);
    return this;
  }

  async [Symbol.asyncDispose]() {
    await /** @type {any} */ (this).close();
  }

  /**
   * @param {boolean} _paused
   * @param {boolean} [_all] of a socket: its server says so, for all its sockets
   */
  [kPause](_paused, _all) {}

  /** @param {boolean} _referenced */
  [kReference](_referenced) {}

  /** What `console.log` shows of it. @returns {object} */
  [kShow]() {
    return {};
  }

  /**
   * @param {number} _depth
   * @param {import('node:util').InspectOptionsStylized} settings
   * @param {typeof import('node:util').inspect} inspect
   */
  [Symbol.for('nodejs.util.inspect.custom')](_depth, settings, inspect) {
    return `${this.constructor.name} ${inspect(this[kShow](), settings)}`;
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
