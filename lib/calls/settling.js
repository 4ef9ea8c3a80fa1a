/**
 * How calls end: with the peer's answer, its handler's error, a failure of the core's, or their
 * caller's signal. Must not know: how calls are made.
 */
'use strict';

const core = require('../core/core.js');
const errors = require('../errors.js');
const { decode } = require('../core/payload.js');
const { Body, Kind, Layout } = require('../core/records.js');
const { decodeFailure } = require('./remote-error.js');
const { onAbort } = require('../core/signals.js');
const { kIndex } = require('../symbols.js');

const { ErrorKind, ShortwireError } = errors;

/** @typedef {import('./calls.js').Calls} Calls */

/**
 * The answer is here.
 * @param {Calls} calls
 * @param {number} slot
 * @param {number} bodyKind
 * @param {any} body
 */
function settle(calls, slot, bodyKind, body) {
  let value;
  try {
    value = bodyKind === Body.JSON ? JSON.parse(body) : decode(bodyKind, body);
  } catch (cause) {
    const more = { cause, maybeDelivered: true };
    const why = 'The answer is not valid JSON';
    calls.reject(slot, new ShortwireError(ErrorKind.SERIALIZE, why, more));
    return;
  }
  calls.resolve(slot, value);
}

/**
 * The handler on the other side failed.
 * @param {Calls} calls
 * @param {number} slot
 * @param {number} bodyKind
 * @param {any} body
 */
function settleFailure(calls, slot, bodyKind, body) {
  let failure;
  try {
    failure = decode(bodyKind, body);
  } catch {
    failure = undefined;
  }
  calls.reject(slot, decodeFailure(failure));
}

/**
 * There will be no answer.
 * @param {Calls} calls
 * @param {number} slot
 * @param {number} extra
 * @param {string} why
 * @param {Error | undefined} cause
 */
function settleFailed(calls, slot, extra, why, cause) {
  const maybeDelivered = (extra & Layout.MAYBE_DELIVERED) !== 0;
  const kind = extra & 0xff;
  const signal = kind === ErrorKind.ABORTED ? calls.signals?.get(slot) : undefined;
  if (signal?.aborted) {
    calls.reject(slot, errors.aborted(signal, maybeDelivered));
    return;
  }
  // There was no connection: why not is in the record that ends this batch, and settles it.
  if (kind === ErrorKind.SYSTEM && !maybeDelivered) return;
  calls.reject(slot, new ShortwireError(kind, sentence(why), { maybeDelivered, cause }));
}

/**
 * Takes a call back when its signal fires. The core has the last word, as it has of every call: an
 * answer may be on its way here already, and the slot must not be another call's by then.
 * @param {any} socket
 * @param {Calls} calls
 * @param {number} slot
 * @param {AbortSignal} signal
 */
function watch(socket, calls, slot, signal) {
  const abort = () => {
    if (socket[kIndex] >= 0) core.order(socket[kIndex], Kind.CANCEL, slot, '', '', 0);
  };
  calls.onSettled(slot, onAbort(signal, abort));
  calls.obey(slot, signal);
}

/**
 * What calls fail with that the core never had: they were made when it was over already, or before
 * it came to be.
 * @param {number} kind
 * @param {Error} error
 */
function unsent(kind, error) {
  const more = { maybeDelivered: false, cause: error };
  if (kind !== ErrorKind.SYSTEM) return new ShortwireError(kind, error.message, more);
  return new ShortwireError(
    ErrorKind.DISCONNECTED,
    `There is no connection: ${error.message}`,
    more
  );
}

/**
 * What the core says in a few words, as a sentence.
 * @param {string} why
 */
function sentence(why) {
  return why === '' ? 'The call failed' : why[0].toUpperCase() + why.slice(1);
}

module.exports = { settle, settleFailure, settleFailed, unsent, watch };
