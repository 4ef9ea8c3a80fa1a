/**
 * What `node:diagnostics_channel` has of this library. The names and the shapes of what is published
 * are public: `docs/observability.md`. Must not know: what subscribers make of it.
 *
 * Nobody subscribes as a rule, so `isObserved` is all that a call pays; what is published is made
 * only behind it.
 */
'use strict';

const { channel, tracingChannel } = require('node:diagnostics_channel');

/** @typedef {import('node:diagnostics_channel').TracingChannel<any, any>} Tracing */

/** A connection is being made. @type {Tracing} */
const connect = tracingChannel('shortwire:connect');
/** A call, where it is made. @type {Tracing} */
const rpc = tracingChannel('shortwire:rpc');
/** A call, where it is answered. @type {Tracing} */
const handle = tracingChannel('shortwire:handle');
/** A one-way message, sent or received. */
const message = channel('shortwire:message');

/**
 * Whether anybody listens to any of the five. Node before 20.13 doesn't say so itself.
 * @type {(tracing: any) => boolean}
 */
const isObserved =
  'hasSubscribers' in rpc
    ? (tracing) => tracing.hasSubscribers
    : ({ start, end, asyncStart, asyncEnd, error }) =>
        [start, end, asyncStart, asyncEnd, error].some((one) => one.hasSubscribers);

module.exports = { connect, rpc, handle, message, isObserved };
