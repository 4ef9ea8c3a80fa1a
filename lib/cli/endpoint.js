/**
 * Endpoints as they are written on a command line.
 */
'use strict';

/**
 * `fd:3` is an inherited descriptor; the library knows the rest.
 * @param {string} text
 * @returns {string | { fd: number }}
 */
function endpointOf(text) {
  const descriptor = /^fd:(\d{1,9})$/.exec(text);
  return descriptor === null ? text : { fd: Number(descriptor[1]) };
}

/**
 * The file of an endpoint; undefined if it has none.
 * @param {string} text
 * @returns {string | undefined}
 */
function pathOf(text) {
  if (/^(?:fd:\d|@|tcp:\/\/|tls:\/\/|\d+$|\[)/.test(text)) return undefined;
  const path = text.startsWith('unix:') ? text.slice('unix:'.length) : text;
  return path.startsWith('@') ? undefined : path;
}

exports.endpointOf = endpointOf;
exports.pathOf = pathOf;
