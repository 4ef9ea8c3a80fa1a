/**
 * Servers and connections of Node's own, for the adapters that stand on these: over a Unix socket, TCP, or TLS with `node:tls`. Small
 * pieces are sent at once. Knows no library.
 */
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { parseAddress, serverIdentity, toConnect, toListen, trust } from './address.mjs';

/** @param {string} path @param {(socket: net.Socket) => void} onConnection @param {object} [options] */
export async function listen(path, onConnection, options = {}) {
  const address = parseAddress(path);
  const server = address.secure
    ? tls.createServer({ ...serverIdentity(), noDelay: true, ...options }, onConnection)
    : net.createServer({ noDelay: true, ...options }, onConnection);
  server.listen(toListen(address));
  await once(server, 'listening');
  return server;
}

/** @param {string} path @param {object} [options] @returns {Promise<net.Socket>} */
export async function connect(path, options = {}) {
  const address = parseAddress(path);
  if (address.secure) {
    const socket = tls.connect({ ...toConnect(address), ...trust(), ...options });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    return socket;
  }
  const socket = net.connect({ ...toConnect(address), ...options });
  await once(socket, 'connect');
  return socket;
}
