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
  server.pending = new PendingCalls();
  server.clients = new Set();
  server.on('connection', (clientId) => server.clients.add(clientId));
  server.on('message.answered', ({ id, payload }) => server.pending.settle(id, payload));
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

export function tell(server, payload) {
  server.broadcast('news', payload);
}

export function hear(client, listener) {
  client.socket.on('message.news', listener);
}

export function ask(server, payload) {
  const one = (clientId) =>
    new Promise((resolve) => {
      server.send('question', { id: server.pending.open(resolve), payload }, clientId);
    });
  return Promise.all([...server.clients].map(one));
}

export function answer(client, handler) {
  client.socket.on('message.question', ({ id, payload }) => {
    client.socket.send('answered', { id, payload: handler(payload) });
  });
}

export async function disconnect(client) {
  client.socket.close();
}
