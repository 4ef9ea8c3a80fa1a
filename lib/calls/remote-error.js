/**
 * A handler's error on its way to the caller: what travels, and what the caller gets to see. Must
 * not know: who calls, who answers.
 */
'use strict';

const { ErrorKind, RemoteValue, ShortwireError } = require('../errors.js');

/**
 * What travels of a handler's error. Its stack tells about this end: only where that was asked for.
 * @param {any} error
 * @param {boolean} withStack
 * @returns {{ name: any, message: any, code?: any, data?: any, stack?: any }}
 */
function portable(error, withStack) {
  if (error === null || typeof error !== 'object') {
    return { name: 'Error', message: String(error), data: error };
  }
  if (!(error instanceof Error) && typeof error.message !== 'string') {
    return { name: 'Error', message: 'The handler threw an object', data: error };
  }
  const { name, message, code, data, stack } = error;
  return { name, message, code, data, stack: withStack ? stack : undefined };
}

/**
 * The text of a failure. What can't be encoded of an error is left out: the caller gets the rest.
 * @param {unknown} error
 * @param {boolean} withStack
 * @returns {string}
 */
function encodeFailure(error, withStack) {
  let plain;
  try {
    plain = portable(error, withStack);
    return JSON.stringify(plain);
  } catch {
    const { name, message, code } = plain ?? {};
    return JSON.stringify({
      name: text(name) ?? 'Error',
      message: text(message) ?? "The handler threw something that can't be encoded",
      code: typeof code === 'number' ? code : text(code)
    });
  }
}

/**
 * The text of a failure in jftp's shape: the request's data, then the error as jftp shows it.
 * @param {unknown} payload
 * @param {unknown} error
 */
function encodeJftpFailure(payload, error) {
  /** @type {any} */
  let shown = error;
  if (error instanceof Error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    shown = code === undefined ? { message } : { code, message };
  } else if (error === undefined) {
    shown = null;
  }
  return `${encodable(payload) ?? 'null'},${encodable(shown) ?? '{"message":"The error can\'t be encoded"}'}`;
}

/**
 * What the caller gets.
 * @param {any} failure as it was decoded
 */
function decodeFailure(failure) {
  let remote = failure;
  if (failure === null || typeof failure !== 'object' || typeof failure.message !== 'string') {
    remote = new RemoteValue(failure);
  }
  return new ShortwireError(ErrorKind.REMOTE, remote.message, { remote, maybeDelivered: true });
}

/** @param {unknown} value */
function encodable(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
function text(value) {
  try {
    return value === undefined ? undefined : String(value);
  } catch {
    return undefined;
  }
}

module.exports = { encodeFailure, encodeJftpFailure, decodeFailure };
