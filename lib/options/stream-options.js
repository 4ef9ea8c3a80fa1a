/**
 * Options of streams, of files, and of saving these. Must not know: what an option does.
 */
'use strict';

const { complete, integer, MAX_MS, SIGNAL, TOPIC, TRACEPARENT } = require('./options.js');

/** @param {boolean} [fallback] */
const boolean = (fallback) => ({
  expected: 'a boolean',
  check: (/** @type {unknown} */ value) => typeof value === 'boolean',
  fallback
});
const NAME = {
  expected: 'a string',
  check: (/** @type {unknown} */ value) => typeof value === 'string'
};

const STREAM = {
  topic: TOPIC,
  signal: SIGNAL,
  traceparent: TRACEPARENT,
  objectMode: boolean(false)
};
const ITERATE = {
  topic: TOPIC,
  timeoutMs: integer(0, MAX_MS, 0),
  signal: SIGNAL,
  traceparent: TRACEPARENT
};
const SEND_FILE = { topic: TOPIC, name: NAME, signal: SIGNAL };
const SAVE = { name: NAME, overwrite: boolean(false) };

/** @param {unknown} given */
const streamOptions = (given) => complete(STREAM, given);
/** @param {unknown} given */
const iterateOptions = (given) => complete(ITERATE, given);
/** @param {unknown} given */
const sendFileOptions = (given) => complete(SEND_FILE, given);
/**
 * @param {unknown} given
 * @param {string} name that the file has come with
 */
const saveOptions = (given, name) => complete(SAVE, given, { name });

module.exports = { streamOptions, iterateOptions, sendFileOptions, saveOptions };
