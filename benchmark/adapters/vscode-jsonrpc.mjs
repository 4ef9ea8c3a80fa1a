/**
 * Adapter: vscode-jsonrpc over a `node:net` socket, with its own `sendRequest`. Knows no scenario.
 */
import { connect as connectSocket, listen } from './node-server.mjs';

export const info = {
  kind: 'peer',
  title: 'vscode-jsonrpc',
  package: 'vscode-jsonrpc',
  transports: ['tcp', 'tls']
};

async function load() {
  return (await import('vscode-jsonrpc/node')).default;
}

function wrap(rpc, socket) {
  return rpc.createMessageConnection(
    new rpc.SocketMessageReader(socket),
    new rpc.SocketMessageWriter(socket)
  );
}

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const rpc = await load();
  const connections = new Set();
  const server = await listen(path, (socket) => {
    const connection = wrap(rpc, socket);
    connections.add(connection);
    connection.onClose(() => connections.delete(connection));
    connection.onRequest('call', handler);
    connection.onError(() => {});
    connection.listen();
  });
  return Object.assign(server, { peers: connections });
}

/** @param {import('node:net').Server} server */
export async function stop(server) {
  server.close();
}

/** @param {string} path */
export async function connect(path) {
  const rpc = await load();
  const socket = await connectSocket(path);
  const connection = wrap(rpc, socket);
  connection.listen();
  return connection;
}

export function request(connection, payload) {
  return connection.sendRequest('call', payload);
}

/** It knows no more than one connection at a time. */
export function tell(server, payload) {
  for (const connection of server.peers) connection.sendNotification('news', payload);
}

export function hear(connection, listener) {
  connection.onNotification('news', listener);
}

export function ask(server, payload) {
  return Promise.all(
    [...server.peers].map((connection) => connection.sendRequest('question', payload))
  );
}

export function answer(connection, handler) {
  connection.onRequest('question', handler);
}

export async function disconnect(connection) {
  connection.end();
  connection.dispose();
}
