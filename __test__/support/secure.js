// Servers and sockets with TLS between them, gone after the test.
//
// Must not know: what they say to each other.

'use strict';

const tls = require('node:tls');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { AUTHORITY, identity } = require('./certs.js');
const { event } = require('./deadline.js');

const HOST = 'localhost';
const LOOPBACK = '127.0.0.1';
const TLS_ERROR = 'SHORTWIRE_ERR_TLS';

/** @typedef {{ after: (done: () => unknown) => void }} Test */

/**
 * A server that listens.
 *
 * @param {Test} t
 * @param {object} options
 * @param {object} [secure]
 */
async function serve(t, options, secure) {
  const server = new UDSocketServer(options);
  t.after(() => server.close({ timeoutMs: 0 }));
  await server.start({ host: LOOPBACK, port: 0, tls: { ...identity('server'), ...secure } });
  return { server, port: server.address().port };
}

/**
 * A socket that is connected to a port.
 *
 * @param {Test} t
 * @param {number} port
 * @param {object} options
 * @param {object} [secure]
 */
async function connected(t, port, options, secure) {
  const socket = new UDSocket(options);
  t.after(() => socket.destroy());
  await socket.connect({ host: HOST, port, tls: { ca: AUTHORITY, ...secure } });
  return socket;
}

/**
 * Both ends of a connection.
 *
 * @param {Test} t
 * @param {string} driver
 * @param {{ server?: object, socket?: object }} [options]
 */
async function pair(t, driver, { server: ofServer, socket: ofSocket } = {}) {
  const { server, port } = await serve(t, { driver }, ofServer);
  const accepted = event(server, 'connection');
  const socket = await connected(t, port, { driver }, ofSocket);
  const [peer] = await accepted;
  return { server, port, socket, peer };
}

/**
 * Node's own TLS at the other end of a server of ours.
 *
 * @param {Test} t
 * @param {number} port
 * @param {tls.ConnectionOptions} options
 */
async function nodesOwn(t, port, options) {
  const stream = tls.connect({ port, host: LOOPBACK, servername: HOST, ca: AUTHORITY, ...options });
  t.after(() => stream.destroy());
  stream.on('error', () => {});
  await event(stream, 'secureConnect');
  return stream;
}

module.exports = { HOST, LOOPBACK, TLS_ERROR, connected, nodesOwn, pair, serve };
