/**
 * What a failed call rejects with, in jftp's manner. Must not know: sockets.
 */
'use strict';

const { RemoteValue } = require('../../errors.js');

/**
 * @param {any} error of the core
 * @returns {unknown} the handler's error as it came, an `Error` of jftp's, or the core's own
 */
function rejectionOf(error) {
  if (error.code === 'SHORTWIRE_ERR_TIMEOUT') return new Error('RPC timeout');
  if (error.code !== 'SHORTWIRE_ERR_REMOTE') return error;
  const { remote } = error;
  const thrown = remote instanceof RemoteValue ? remote.data : remote;
  if (thrown === undefined) return error;
  return typeof thrown === 'object' ? thrown : new Error(String(thrown));
}

module.exports = { rejectionOf };
