/**
 * Adapter: @crussell52/socket-ipc with its default JSON transcoder. It has topics but no calls, so a call
 * is a message with an id and comes back as one. Knows no scenario.
 */
import { once } from 'node:events';
import { PendingCalls } from './correlation.mjs';

export const info = {
  kind: 'peer',
  title: '@crussell52/socket-ipc',
  package: '@crussell52/socket-ipc'
};

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const { Server } = (await import('@crussell52/socket-ipc')).default;
  const server = new Server({ socketFile: path });
  server.on('message.call', (message, clientId) => {
    server.send('answer', { id: message.id, payload: handler(message.payload) }, clientId);
  });
  server.on('error', () => {});
  server.listen();
  await once(server, 'listening');
  return server;
}

export async function stop(server) {
  server.close();
}

/** @param {string} path */
export async function connect(path) {
  const { Client } = (await import('@crussell52/socket-ipc')).default;
  const socket = new Client({ socketFile: path });
  socket.connect();
  await once(socket, 'connect');
  const pending = new PendingCalls();
  socket.on('message.answer', (message) => pending.settle(message.id, message.payload));
  return { socket, pending };
}

export function request(client, payload) {
  return new Promise((resolve) => {
    client.socket.send('call', { id: client.pending.open(resolve), payload });
  });
}

export async function disconnect(client) {
  client.socket.close();
}
