/**
 * Why there is no connection, and what to do: looks at what lies at the path. Must not know: commands.
 */
'use strict';

const fs = require('node:fs');
const { dirname, isAbsolute, join, resolve } = require('node:path');

const { meantAddress, pathOf } = require('./endpoint.js');
const { ExitCode, Failure, failureOf } = require('./failure.js');
const { nearest } = require('./nearest.js');

/** Sockets of the same directory that are shown. */
const SHOWN_SOCKETS = 5;
/** Entries of a directory that are looked at. */
const SEEN_ENTRIES = 1000;

/**
 * A failed `connect`.
 * @param {any} error
 * @param {string} text the endpoint, as it was written
 * @returns {Failure}
 */
function explainConnect(error, text) {
  if (error instanceof Failure) return error;
  const { code, message } = error;
  const path = pathOf(text);
  const fail = (/** @type {string | undefined} */ hint, exitCode = ExitCode.NO_CONNECTION) =>
    new Failure(exitCode, code, message, hint);
  if (code === 'SHORTWIRE_ERR_DISCONNECTED') {
    return fail(
      'The server ended the connection at once: mostly it refuses this client (a limit, its protocols), or is shutting down.',
      ExitCode.REFUSED
    );
  }
  if (typeof code === 'string' && code.startsWith('SHORTWIRE_')) {
    const failure = failureOf(error);
    if (code === 'SHORTWIRE_ERR_INVALID_ARG' || code === 'SHORTWIRE_ERR_UNSUPPORTED') {
      failure.exitCode = ExitCode.USAGE;
    }
    return failure;
  }
  if (code === 'ENOENT') return fail(path === undefined ? NOT_RUNNING : missing(path));
  if (code === 'ECONNREFUSED') return fail(path === undefined ? NOT_RUNNING : refused(path));
  if (code === 'EACCES' || code === 'EPERM') return fail(path && forbidden(path));
  if (code === 'ENAMETOOLONG') {
    return fail('Use a shorter path, or go to its directory and use a relative one.');
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail('Nobody knows this name: look at its spelling, or use an address.');
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT') {
    return fail('No way leads there: look at the address, and at what may stand between.');
  }
  if (code === 'EBADF' || code === 'ENOTSOCK') {
    return fail('The shell must open it: a descriptor is inherited from whoever starts this.');
  }
  return fail(undefined);
}

/**
 * A failed `start`.
 * @param {any} error
 * @param {string} text
 * @returns {Failure}
 */
function explainStart(error, text) {
  if (error instanceof Failure) return error;
  const { code, message } = error;
  const path = pathOf(text);
  const fail = (/** @type {string | undefined} */ hint) =>
    new Failure(ExitCode.NO_CONNECTION, code, message, hint);
  if (typeof code === 'string' && code.startsWith('SHORTWIRE_')) {
    const failure = failureOf(error);
    failure.exitCode = ExitCode.USAGE;
    return failure;
  }
  if (code === 'EADDRINUSE') {
    const kind = path === undefined ? undefined : kindOf(path);
    return fail(
      kind === undefined || kind === 'socket'
        ? 'A server is listening there already: stop it, or take another endpoint.'
        : `There is a ${kind} at this path, which is left alone: take another path.`
    );
  }
  if (code === 'ENOENT' && path !== undefined) {
    return fail(`The directory ${dirname(resolve(path))} does not exist: make it first.`);
  }
  if (code === 'EADDRNOTAVAIL') return fail('This machine does not have that address.');
  if ((code === 'EACCES' || code === 'EPERM') && path === undefined) {
    return fail('This user may not listen there: take another port, above 1023 mostly.');
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return fail('This user may not write to that directory: take another path.');
  }
  return fail(undefined);
}

const NOT_RUNNING = 'Is the server running, and is this its endpoint?';

/** @param {string} path at which nothing is */
function missing(path) {
  const address = meantAddress(path);
  if (address !== undefined) return `There is no such path. Over TCP it is ${address}`;
  const full = resolve(path);
  const directory = dirname(full);
  if (kindOf(directory) !== 'directory') {
    return `The directory ${directory} does not exist${relativeNote(path)}.`;
  }
  const sockets = socketsIn(directory);
  const name = full.slice(directory.length).replace(/^\//, '');
  const meant = nearest(name, sockets);
  if (meant !== undefined) return `Did you mean ${join(dirname(path), meant)}?`;
  const others =
    sockets.length === 0
      ? 'There is no socket in that directory'
      : `There is ${sockets.slice(0, SHOWN_SOCKETS).join(', ')}${sockets.length > SHOWN_SOCKETS ? ', …' : ''}`;
  return `Nothing is at ${full}. ${others}${relativeNote(path)}.\nIs the server running, and is this its path?`;
}

/** @param {string} path */
function relativeNote(path) {
  return isAbsolute(path) ? '' : ` (the path is relative to ${process.cwd()})`;
}

/** @param {string} path that can't be connected to */
function refused(path) {
  const kind = kindOf(path);
  if (kind !== undefined && kind !== 'socket') return `That is no socket but a ${kind}.`;
  return 'The socket file is there, but no server listens on it any more: it ended without cleaning up. Start it again; it takes the file over.';
}

/** @param {string} path */
function forbidden(path) {
  try {
    const { mode, uid } = fs.statSync(path);
    const permissions = (mode & 0o777).toString(8).padStart(3, '0');
    return `The socket belongs to user ${uid} and has the mode ${permissions}; this is user ${process.getuid?.()}. The server's option "mode" decides.`;
  } catch {
    return `This user may not look into ${dirname(resolve(path))}.`;
  }
}

/** @param {string} path @returns {string | undefined} what lies there */
function kindOf(path) {
  try {
    const found = fs.statSync(path);
    if (found.isSocket()) return 'socket';
    if (found.isDirectory()) return 'directory';
    return found.isFile() ? 'regular file' : 'device or pipe';
  } catch {
    return undefined;
  }
}

/** @param {string} directory @returns {string[]} */
function socketsIn(directory) {
  try {
    return fs
      .readdirSync(directory, { withFileTypes: true })
      .slice(0, SEEN_ENTRIES)
      .filter((entry) => entry.isSocket())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

exports.explainConnect = explainConnect;
exports.explainStart = explainStart;
