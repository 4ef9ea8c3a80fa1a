// A server and a socket that are connected, in this process, and gone when the test is over.
//
// Must not know: what they say to each other.

'use strict';

const { once } = require('node:events');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('./address.js');

/** @typedef {{ after: (done: () => unknown) => void }} Test */

/**
 * A server that listens.
 *
 * @param {Test} test
 * @param {object} [options]
 */
async function listen(test, options) {
  const path = socketPath(test);
  const server = new UDSocketServer(options);
  test.after(() => server.close({ timeoutMs: 0 }));
  await server.start(path);
  return { server, path };
}

/**
 * A socket that is connected to a server's path.
 *
 * @param {Test} test
 * @param {string} path
 * @param {object} [options]
 */
async function connect(test, path, options) {
  const socket = new UDSocket(options);
  test.after(() => socket.destroy());
  await socket.connect(path);
  return socket;
}

/**
 * Both ends of a connection: `socket` has connected, `peer` is what the server has of it.
 *
 * @param {Test} test
 * @param {{ driver?: string, server?: object, socket?: object }} [options]
 */
async function pair(test, { driver = 'inline', server: forServer, socket: forSocket } = {}) {
  const { server, path } = await listen(test, { driver, ...forServer });
  const accepted = once(server, 'connection');
  const socket = await connect(test, path, { driver, ...forSocket });
  const [peer] = await accepted;
  return { server, socket, peer, path };
}

module.exports = { connect, listen, pair };
