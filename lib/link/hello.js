/**
 * What a socket says of itself whenever its connection is there. Must not know: when that is, or
 * what the server makes of it.
 */
'use strict';

const core = require('../core/core.js');
const { unsupported } = require('../errors.js');
const { JSON_HEAD, BYTES_HEAD, encode, isBytes } = require('../core/payload.js');
const { Kind } = require('../core/records.js');
const { kSerializer } = require('../symbols.js');

/**
 * The hello of a `connect`, encoded.
 * @param {any} socket
 * @param {unknown} hello
 * @returns {string | Uint8Array | undefined} undefined for none
 */
function encodeHello(socket, hello) {
  if (hello === undefined) return undefined;
  const { protocol, encoding } = socket.options;
  if (protocol !== 'shortwire') throw unsupported(`The protocol ${protocol} has no hello`);
  if (isBytes(hello)) return hello;
  // What else the two can read is not agreed on yet.
  const serializer = encoding === 'json' ? socket[kSerializer] : JSON.stringify;
  return encode(hello, serializer);
}

/**
 * Makes a connection say it from now on.
 * @param {number} index
 * @param {string | Uint8Array | undefined} hello
 */
function order(index, hello) {
  if (isBytes(hello)) core.orderBytes(index, Kind.HELLO | BYTES_HEAD, 0, '', hello, 0);
  else if (hello !== undefined) core.order(index, Kind.HELLO | JSON_HEAD, 0, '', hello, 0);
  core.flushNow();
}

module.exports = { encodeHello, orderHello: order };
