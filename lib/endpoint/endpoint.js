/**
 * Endpoints as people write them, Node's names included: checked here, understood by the core. Must
 * not know: who dials.
 */
'use strict';

const { fromNative, invalidArgument, unsupported } = require('../errors.js');
const native = require('../core/native.js');
const { parseAddress } = require('./peer.js');

/**
 * @typedef {object} Endpoint
 * @property {any} target what the core takes
 * @property {boolean} [once] it can't be connected to again
 * @property {string | undefined} path of a Unix socket, as errors and `address()` show it
 * @property {number | undefined} backlog if it was given
 */

/** @typedef {'connect' | 'start'} Purpose */
/** @typedef {'path' | 'fd' | 'tcp'} Sort */

/**
 * @typedef {object} Part
 * @property {string} expected in words, after "must be"
 * @property {(value: any, purpose: Purpose) => boolean} check
 * @property {Sort[]} sorts of endpoints that have it
 * @property {Purpose} [purpose] the only one it is good for
 */

const MAX_MS = 0x7fffffff;
/** The kernel counts in seconds, up to here. */
const MAX_KEEP_ALIVE_MS = 32_767_000;

/** @type {(value: any) => boolean} */
const isText = (value) => typeof value === 'string' && value !== '';
/** @type {(value: any) => boolean} */
const isBoolean = (value) => typeof value === 'boolean';
/** @type {(least: number, most: number) => (value: any) => boolean} */
const isInteger = (least, most) => (value) =>
  Number.isInteger(value) && value >= least && value <= most;
/** Node takes ports from the environment as they are, as texts. @type {(value: any) => any} */
const toPort = (value) =>
  typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;

/** @type {Record<string, Part>} */
const PARTS = {
  path: { expected: 'a path', check: isText, sorts: ['path'] },
  fd: { expected: 'a file descriptor', check: isInteger(0, MAX_MS), sorts: ['fd'] },
  host: { expected: 'a name or an address', check: isText, sorts: ['tcp'] },
  port: {
    expected: 'a port, from 0 to 65535, and to connect to from 1',
    check: (value, purpose) => isInteger(purpose === 'start' ? 0 : 1, 0xffff)(toPort(value)),
    sorts: ['tcp']
  },
  family: {
    expected: "0, 4, 6, 'IPv4' or 'IPv6'",
    check: (value) => FAMILIES.has(value),
    sorts: ['tcp']
  },
  noDelay: { expected: 'a boolean', check: isBoolean, sorts: ['tcp', 'fd'] },
  keepAlive: { expected: 'a boolean', check: isBoolean, sorts: ['tcp', 'fd'] },
  keepAliveInitialDelay: {
    expected: `an integer from 0 to ${MAX_KEEP_ALIVE_MS}, in ms`,
    check: isInteger(0, MAX_KEEP_ALIVE_MS),
    sorts: ['tcp', 'fd']
  },
  localAddress: {
    expected: 'an address',
    check: isText,
    sorts: ['tcp'],
    purpose: 'connect'
  },
  localPort: {
    expected: 'a port, from 0 to 65535',
    check: (value) => isInteger(0, 0xffff)(toPort(value)),
    sorts: ['tcp'],
    purpose: 'connect'
  },
  tls: {
    expected: 'an object',
    check: (value) => value !== null && typeof value === 'object',
    sorts: ['tcp', 'fd']
  },
  ipv6Only: { expected: 'a boolean', check: isBoolean, sorts: ['tcp'], purpose: 'start' },
  backlog: {
    expected: 'an integer from 1 to 65535',
    check: isInteger(1, 0xffff),
    sorts: ['tcp', 'path'],
    purpose: 'start'
  }
};

/** What families are called. @type {Map<any, number>} */
const FAMILIES = new Map(
  [0, 4, 6, 'IPv4', 'IPv6'].map((name) => [name, Number(String(name).at(-1))])
);

/** Node's names of what the core doesn't have. */
const NODES = new Set([
  'allowHalfOpen',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'blockList',
  'exclusive',
  'highWaterMark',
  'hints',
  'lookup',
  'onread',
  'pauseOnConnect',
  'readableAll',
  'reusePort',
  'signal',
  'timeout',
  'typeOfService',
  'writableAll'
]);

/** What endpoints of a sort are called. */
const SORTS = { path: 'a path', fd: 'a descriptor', tcp: 'a host and a port' };
/** Of `tls://`. */
const NO_OPTIONS = Object.freeze({});
const LOCALHOST = '127.0.0.1';

/**
 * @param {unknown} endpoint
 * @param {Purpose} purpose
 * @returns {Endpoint}
 */
function parseEndpoint(endpoint, purpose) {
  if (typeof endpoint === 'string') return parseText(endpoint, 'endpoint', purpose);
  if (typeof endpoint === 'number') {
    checkPart('endpoint', 'port', endpoint, purpose);
    return ofTcp({ port: endpoint }, purpose);
  }
  if (endpoint === null || typeof endpoint !== 'object') {
    const expected = "a path, '@name', a port, { path }, { host, port } or { fd }";
    throw invalidArgument('endpoint', expected, endpoint);
  }
  const given = /** @type {Record<string, any>} */ (endpoint);
  const sort = sortOf(given);
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) checkName(name, value, sort, purpose);
  }
  if (given.keepAliveInitialDelay !== undefined && given.keepAlive !== true) {
    throw invalidArgument('endpoint.keepAlive', 'true with a delay', given.keepAlive);
  }
  if (sort === 'path') {
    return { ...parseText(given.path, 'endpoint.path', purpose), backlog: given.backlog };
  }
  return sort === 'fd' ? ofFd(given, purpose) : ofTcp(given, purpose);
}

/**
 * @param {Record<string, any>} given
 * @returns {Sort}
 */
function sortOf(given) {
  const { path, fd, host, port } = given;
  const tcp = host !== undefined || port !== undefined;
  if (Number(path !== undefined) + Number(fd !== undefined) + Number(tcp) > 1) {
    throw invalidArgument('endpoint', 'either a path, a descriptor, or a host and a port', given);
  }
  if (fd !== undefined) return 'fd';
  return tcp ? 'tcp' : 'path';
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {Sort} sort
 * @param {Purpose} purpose
 */
function checkName(name, value, sort, purpose) {
  const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (part === undefined) {
    if (NODES.has(name)) throw unsupported(`endpoint.${name} is not supported`);
    throw invalidArgument(`endpoint.${name}`, 'left out: it is unknown', value);
  }
  if (!part.sorts.includes(sort)) {
    throw unsupported(`endpoint.${name} can't be honoured: ${SORTS[sort]} has none`);
  }
  if (part.purpose !== undefined && part.purpose !== purpose) {
    throw unsupported(`endpoint.${name} can't be honoured: it is for ${part.purpose}`);
  }
  checkPart(`endpoint.${name}`, name, value, purpose);
}

/**
 * @param {string} called
 * @param {string} name of the part
 * @param {unknown} value
 * @param {Purpose} purpose
 */
function checkPart(called, name, value, purpose) {
  const { check, expected } = PARTS[name];
  if (!check(value, purpose)) throw invalidArgument(called, expected, value);
}

/**
 * @param {unknown} text
 * @param {string} name
 * @param {Purpose} purpose
 * @returns {Endpoint}
 */
function parseText(text, name, purpose) {
  if (typeof text !== 'string' || text === '') throw invalidArgument(name, 'a path', text);
  const scheme = /^(tcp|tls):\/\//.exec(text)?.[1];
  if (scheme !== undefined) return parseUrl(text, name, scheme, purpose);
  // The core reads the rest of the grammar; here it is only shown without its scheme.
  const path = text.startsWith('unix:') ? text.slice(5) : text;
  if (path === '') throw invalidArgument(name, 'a path', text);
  if (path.includes('\0', 1)) throw invalidArgument(name, 'a path without a NUL', text);
  return { target: make({ path: text }), path, backlog: undefined };
}

/**
 * @param {string} text
 * @param {string} name
 * @param {string} scheme
 * @param {Purpose} purpose
 * @returns {Endpoint}
 */
function parseUrl(text, name, scheme, purpose) {
  const parts = /^\w+:\/\/(?:\[([^[\]]+)\]|([^:/[\]@]+)):(\d{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  if (parts === null || host === undefined || !PARTS.port.check(parts[3], purpose)) {
    throw invalidArgument(name, `${scheme}://host:port, or ${scheme}://[address]:port`, text);
  }
  return ofTcp({ host, port: parts[3], ...(scheme === 'tls' && { tls: NO_OPTIONS }) }, purpose);
}

/**
 * @param {Record<string, any>} given
 * @param {Purpose} purpose
 * @returns {Endpoint}
 */
function ofTcp(given, purpose) {
  const { host = LOCALHOST, family, backlog } = given;
  if (given.port === undefined)
    throw invalidArgument('endpoint.port', PARTS.port.expected, undefined);
  const parts = {
    ...connectionParts(given),
    host,
    port: toPort(given.port),
    family: family === undefined ? undefined : FAMILIES.get(family) || undefined,
    localAddress: given.localAddress,
    localPort: toPort(given.localPort),
    ipv6Only: given.ipv6Only
  };
  return { target: makeWithTls(parts, given, host, purpose), path: undefined, backlog };
}

/**
 * @param {Record<string, any>} given
 * @param {Purpose} purpose
 * @returns {Endpoint}
 */
function ofFd(given, purpose) {
  const parts = { ...connectionParts(given), fd: given.fd };
  // As Node has it for a connection of unknown origin.
  const target = makeWithTls(parts, given, 'localhost', purpose);
  return { target, path: undefined, backlog: undefined, once: true };
}

/**
 * @param {object} parts
 * @param {Record<string, any>} given
 * @param {string} host
 * @param {Purpose} purpose
 */
function makeWithTls(parts, { tls }, host, purpose) {
  if (tls === undefined) return make(parts);
  // Only now: it loads Node's crypto, which costs every process some milliseconds.
  const { tlsOf } = require('./tls.js');
  const servername = purpose === 'connect' ? (tls.servername ?? host) : undefined;
  return make({ ...parts, servername }, tlsOf(tls, purpose));
}

/** @param {Record<string, any>} given */
function connectionParts({ noDelay, keepAlive, keepAliveInitialDelay }) {
  return { noDelay, keepAlive, keepAliveInitialDelayMs: keepAliveInitialDelay };
}

/**
 * @param {object} parts
 * @param {any} [tls]
 */
function make(parts, tls) {
  try {
    return new native.NativeEndpoint(parts, tls);
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * What `address()` shows: a server over TCP has three parts, as Node's own has them.
 * @param {string} text of the core
 */
function shownAddress(text) {
  return (text.startsWith('tcp://') && parseAddress(text.slice(6))) || text;
}

module.exports = { parseEndpoint, shownAddress };
