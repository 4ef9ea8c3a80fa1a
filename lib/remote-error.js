/**
 * A handler's error on its way to the caller: what travels, and what the caller gets to see. Must
 * not know: who calls, who answers.
 */
'use strict';

const { ErrorKind, ShortwireError } = require('./errors.js');

/**
 * What travels of a handler's error: never its stack.
 * @param {unknown} error
 * @returns {object}
 */
function portable(error) {
  if (error !== null && typeof error === 'object') {
    const { name, message, code, data } = /** @type {any} */ (error);
    const isError = error instanceof Error || typeof message === 'string';
    return isError
      ? { name, message, code, data }
      : { name: 'Error', message: 'The handler threw an object', data: error };
  }
  return { name: 'Error', message: String(error), data: error === undefined ? undefined : error };
}

/**
 * The text of a failure. An error whose own data can't be encoded travels without them.
 * @param {unknown} error
 */
function encodeFailure(error) {
  const plain = /** @type {any} */ (portable(error));
  try {
    return JSON.stringify(plain);
  } catch {
    return JSON.stringify({
      name: text(plain.name),
      message: text(plain.message),
      code: text(plain.code)
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
 * @returns {ShortwireError}
 */
function decodeFailure(failure) {
  let remote = failure;
  if (failure === null || typeof failure !== 'object' || typeof failure.message !== 'string') {
    remote = {
      message: typeof failure === 'string' ? failure : 'The handler failed',
      data: failure
    };
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
  return value === undefined ? undefined : String(value);
}

module.exports = { encodeFailure, encodeJftpFailure, decodeFailure };
