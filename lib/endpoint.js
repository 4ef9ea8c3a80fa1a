/**
 * Endpoints as people write them: checked here, understood by the core. Must not know: who dials.
 */
'use strict';

const { invalidArgument, unsupported } = require('./errors.js');

/** What errors and `address()` call it, and what the core takes: an address, or a descriptor. */
/** @typedef {{ target: string | number, path: string | undefined }} Endpoint */

/** Node's names of what only TCP and TLS have. */
const LATER = new Set([
  'host',
  'port',
  'tls',
  'family',
  'localAddress',
  'localPort',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay'
]);

/**
 * @param {unknown} endpoint
 * @returns {Endpoint}
 */
function parseEndpoint(endpoint) {
  if (typeof endpoint === 'string') return parseText(endpoint, 'endpoint');
  if (typeof endpoint === 'number') throw unsupported('Ports are not supported in this version');
  if (endpoint === null || typeof endpoint !== 'object') {
    throw invalidArgument('endpoint', "a path, '@name', { path } or { fd }", endpoint);
  }
  const { path, fd, ...others } = /** @type {Record<string, unknown>} */ (endpoint);
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue;
    if (LATER.has(name)) throw unsupported(`endpoint.${name} is not supported in this version`);
    throw invalidArgument(`endpoint.${name}`, 'left out: it is unknown', value);
  }
  if (fd === undefined) return parseText(path, 'endpoint.path');
  if (path !== undefined)
    throw invalidArgument('endpoint', 'either a path or a descriptor', endpoint);
  if (typeof fd !== 'number' || !Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
    throw invalidArgument('endpoint.fd', 'a file descriptor', fd);
  }
  return { target: fd, path: undefined };
}

/**
 * @param {unknown} text
 * @param {string} name
 * @returns {Endpoint}
 */
function parseText(text, name) {
  if (typeof text !== 'string' || text === '') throw invalidArgument(name, 'a path', text);
  if (/^(?:tcp|tls):\/\//.test(text)) {
    throw unsupported(`${text.slice(0, 6)} is not supported in this version: give a path`);
  }
  // The core reads the rest of the grammar; here it is only shown without its scheme.
  const path = text.startsWith('unix:') ? text.slice(5) : text;
  if (path === '') throw invalidArgument(name, 'a path', text);
  if (path.includes('\0', 1)) throw invalidArgument(name, 'a path without a NUL', text);
  return { target: text, path };
}

module.exports = { parseEndpoint };
