/**
 * Files on their way out: checked and measured before their message is sent, then streamed. Must
 * not know: which message they belong to.
 */
'use strict';

const { open } = require('node:fs/promises');
const { basename } = require('node:path');
const { Readable } = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');

const { CODES, ErrorKind, ShortwireError, invalidArgument } = require('../errors.js');
const { isBytes } = require('../core/payload.js');
const { UDStream } = require('../streams/stream.js');

/** @typedef {{ name: string, size: number, source: () => Readable, close: () => Promise<void>, progress?: (sentBytes: number, size: number) => void, empty?: boolean }} Outgoing */

/**
 * Opens and measures them all.
 * @param {any[]} files
 * @returns {Promise<Outgoing[]>}
 */
async function prepare(files) {
  /** @type {Outgoing[]} */
  const ready = [];
  try {
    for (const file of files) ready.push(await prepareOne(file));
  } catch (error) {
    for (const { close } of ready) await close();
    throw error;
  }
  return ready;
}

/**
 * @param {any} file
 * @returns {Promise<Outgoing>}
 */
async function prepareOne(file) {
  if (file === null || typeof file !== 'object') throw invalidArgument('files', EXPECTED, file);
  const { name, path, buffer, stream, size, progress } = file;
  const sources = [path, buffer, stream].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    const why = 'files[] must have one of path, buffer and stream, and one only';
    throw new ShortwireError(ErrorKind.INVALID_ARG, why);
  }
  const called = name ?? (typeof path === 'string' ? basename(path) : undefined);
  if (typeof called !== 'string' || called === '') {
    throw invalidArgument('files[].name', 'a string, not empty', name);
  }
  if (progress !== undefined && typeof progress !== 'function') {
    throw invalidArgument('files[].progress', 'a function', progress);
  }
  if (path !== undefined) return { name: called, progress, ...(await openFile(path, size)) };
  if (buffer !== undefined) {
    if (!isBytes(buffer)) throw invalidArgument('files[].buffer', 'a Uint8Array', buffer);
    const source = () => Readable.from([buffer], { objectMode: false });
    return { name: called, size: buffer.length, source, close: nothing, progress };
  }
  if (typeof stream?.pipe !== 'function') {
    throw invalidArgument('files[].stream', 'a Readable', stream);
  }
  checkSize(size);
  return { name: called, size, source: () => stream, close: nothing, progress };
}

/**
 * @param {string} path
 * @param {number | undefined} given
 */
async function openFile(path, given) {
  const handle = await open(path, 'r');
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw invalidArgument('files[].path', 'that of a file', path);
    const size = given ?? found.size;
    checkSize(size);
    // One that grows meanwhile, as a log does, is sent as it was.
    const most = given === undefined && size > 0 ? { end: size - 1 } : {};
    const source = () => handle.createReadStream(most);
    const empty = given === undefined && size === 0;
    return { size, source, empty, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @param {unknown} size */
function checkSize(size) {
  if (!Number.isSafeInteger(size) || /** @type {number} */ (size) < 0) {
    throw invalidArgument('files[].size', 'a number of bytes', size);
  }
}

/**
 * Sends one. Resolves when the other side has read all of it, or doesn't want it.
 * @param {Outgoing} file
 * @param {import('../streams/channel.js').Channel} channel
 * @param {AbortSignal} signal
 */
async function stream({ source, size, progress, empty }, channel, signal) {
  const out = new UDStream(channel, '', signal);
  // The other side says nothing in it but that it has everything.
  out.resume().on('error', () => {});
  const from = source();
  try {
    if (out.errored) throw out.errored;
    await pipeline(empty ? [] : measured(from, size, progress), out);
    // One that has left may still be refused.
    await finished(out, { writable: false });
  } catch (error) {
    const code = /** @type {any} */ (error).code;
    if (code !== CODES[ErrorKind.ABORTED]) throw error;
  } finally {
    // Unless it has begun to be read, nobody else closes it.
    from.destroy?.();
  }
}

/**
 * @param {Readable} source
 * @param {number} size
 * @param {((sentBytes: number, size: number) => void) | undefined} progress
 */
async function* measured(source, size, progress) {
  let sent = 0;
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    sent += bytes.length;
    if (sent > size) break;
    yield bytes;
    progress?.(sent, size);
  }
  if (sent !== size) {
    const why = `A file of ${size} bytes has ${sent > size ? 'more' : `only ${sent}`}`;
    throw new ShortwireError(ErrorKind.INVALID_ARG, why);
  }
}

/** Of what isn't open. */
const nothing = async () => {};

const EXPECTED = 'an array of { name, path | buffer | stream, size }';

module.exports = { prepare, stream };
