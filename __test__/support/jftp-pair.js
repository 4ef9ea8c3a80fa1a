// The façade's server and client on one path, gone after the test.
//
// Must not know: what they say to each other.

'use strict';

const jftp = require('shortwire/compat/jftp');

const { socketPath } = require('./address.js');
const { event } = require('./deadline.js');

/**
 * @param {{ after: (done: () => void) => void }} test
 * @param {object} options
 * @param {(data: any, socket: any) => any} [handler] of every connection
 * @param {string} [path]
 */
async function serve(test, options, handler, path = socketPath(test)) {
  const server = new jftp.UDSocketServer(options);
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    if (handler !== undefined) socket.handle(handler);
  });
  test.after(() => {
    if (server.listening) server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.start(path);
  await event(server, 'listening');
  return { server, path };
}

/**
 * @param {{ after: (done: () => void) => void }} test
 * @param {string} path
 * @param {object} options
 */
async function connect(test, path, options) {
  const socket = new jftp.UDSocket(options);
  test.after(() => void socket.destroy());
  socket.connect(path);
  await event(socket, 'connect');
  return socket;
}

module.exports = { connect, serve };
