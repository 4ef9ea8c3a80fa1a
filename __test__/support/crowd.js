// A server with many sockets, and what each of them hears.
//
// Must not know: who is told what.

'use strict';

const { until } = require('./deadline.js');
const { connect, listen } = require('./pair.js');

/** Notes what a socket hears, as `topic payload`. @param {any} socket */
function note(socket) {
  const heard = [];
  socket.on('message', (payload, { topic }) => heard.push(`${topic} ${JSON.stringify(payload)}`));
  return heard;
}

/**
 * A server and so many sockets that note what they hear.
 *
 * @param {{ after: (done: () => unknown) => void }} t
 * @param {string} driver
 * @param {number} count
 * @param {object} [options] of the server
 */
async function crowd(t, driver, count, options) {
  const { server, path } = await listen(t, { driver, ...options });
  const sockets = [];
  for (let n = 0; n < count; n++) sockets.push(await connect(t, path, { driver }));
  await until(() => server.sockets.size === count, 'all are connected');
  return { server, path, sockets, heard: sockets.map(note) };
}

/** Everything that was broadcast before has arrived. @param {any[]} sockets */
const settled = (sockets) => Promise.all(sockets.map((socket) => socket.ping()));

module.exports = { crowd, note, settled };
