/**
 * Endpoints as people write them: checked here, understood by the core. Must not know: who dials.
 */
'use strict';

const { invalidArgument, unsupported } = require('./errors.js');

/**
 * @param {unknown} endpoint
 * @returns {string | number} what the core takes: an address, or a descriptor's number
 */
function nativeEndpoint(endpoint) {
  if (typeof endpoint === 'string') {
    if (endpoint === '') throw invalidArgument('endpoint', 'a path', endpoint);
    return endpoint;
  }
  if (typeof endpoint === 'number')
    throw unsupported('TCP endpoints are not supported in this version');
  if (endpoint === null || typeof endpoint !== 'object') {
    throw invalidArgument('endpoint', "a path, '@name', { path } or { fd }", endpoint);
  }
  const { path, fd, host, port, tls, ...others } = /** @type {Record<string, unknown>} */ (
    endpoint
  );
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalidArgument(`endpoint.${unknown}`, 'left out: it is unknown', others[unknown]);
  if (host !== undefined || port !== undefined || tls !== undefined) {
    throw unsupported('TCP and TLS endpoints are not supported in this version');
  }
  if (fd !== undefined) {
    if (typeof fd !== 'number' || !Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
      throw invalidArgument('endpoint.fd', 'a file descriptor', fd);
    }
    return fd;
  }
  if (typeof path !== 'string' || path === '')
    throw invalidArgument('endpoint.path', 'a path', path);
  return path;
}

module.exports = { nativeEndpoint };
