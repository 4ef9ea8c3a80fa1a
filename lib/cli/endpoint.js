/**
 * Endpoints as they are written on a command line.
 */
'use strict';

/**
 * `fd:3` is an inherited descriptor, `7000` a port of this machine; the library knows the rest.
 * @param {string} text
 * @returns {string | number | { fd: number }}
 */
function endpointOf(text) {
  if (isPort(text)) return Number(text);
  const descriptor = /^fd:(\d{1,9})$/.exec(text);
  return descriptor === null ? text : { fd: Number(descriptor[1]) };
}

/**
 * The same for a server, which may also be handed its socket: `systemd`, or `systemd:name`.
 * @param {string} text
 * @returns {string | number | { fd: number } | { systemd: true | string }}
 */
function servingEndpointOf(text) {
  const handed = /^systemd(?::(.+))?$/.exec(text);
  return handed === null ? endpointOf(text) : { systemd: handed[1] ?? true };
}

/**
 * A file may have a number for a name: it is one if it has a slash, too.
 * @param {string} text
 */
function isPort(text) {
  return /^\d{1,5}$/.test(text);
}

/** @param {ReturnType<InstanceType<typeof import('../../index.js').UDSocketServer>['address']>} address */
function shownAddress(address) {
  if (address === null || typeof address === 'string') return address ?? '';
  const { address: host, port } = address;
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * The file of an endpoint; undefined if it has none.
 * @param {string} text
 * @returns {string | undefined}
 */
function pathOf(text) {
  if (isPort(text) || /^(?:fd:\d|systemd(?::|$)|@|\w+:\/\/)/.test(text)) return undefined;
  const path = text.startsWith('unix:') ? text.slice('unix:'.length) : text;
  return path.startsWith('@') ? undefined : path;
}

/**
 * An endpoint of TCP that somebody may have meant: `localhost:7000`.
 * @param {string} text
 * @returns {string | undefined}
 */
function meantAddress(text) {
  return /^[\w.-]+:\d{1,5}$/.test(text) ? `tcp://${text}` : undefined;
}

exports.endpointOf = endpointOf;
exports.meantAddress = meantAddress;
exports.pathOf = pathOf;
exports.servingEndpointOf = servingEndpointOf;
exports.shownAddress = shownAddress;
