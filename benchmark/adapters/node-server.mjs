/**
 * Servers and connections of Node's own, for the adapters that stand on these: over a Unix socket, TCP, or TLS with `node:tls`. Small
 * pieces are sent at once. Knows no library.
 */
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { parseAddress, serverIdentity, toConnect, toListen, trust } from './address.mjs';

/** @param {string} path @param {(socket: net.Socket) => void} onConnection */
export async function listen(path, onConnection) {
  const address = parseAddress(path);
  const server = address.secure
    ? tls.createServer({ ...serverIdentity(), noDelay: true }, onConnection)
    : net.createServer({ noDelay: true }, onConnection);
  server.listen(toListen(address));
  await once(server, 'listening');
  return server;
}

/** @param {string} path @returns {Promise<net.Socket>} */
export async function connect(path) {
  const address = parseAddress(path);
  if (address.secure) {
    const socket = tls.connect({ ...toConnect(address), ...trust() });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    return socket;
  }
  const socket = net.connect(toConnect(address));
  await once(socket, 'connect');
  return socket;
}
