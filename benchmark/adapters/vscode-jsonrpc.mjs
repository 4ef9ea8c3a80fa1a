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
  return listen(path, (socket) => {
    const connection = wrap(rpc, socket);
    connection.onRequest('call', handler);
    connection.onError(() => {});
    connection.listen();
  });
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

export async function disconnect(connection) {
  connection.end();
  connection.dispose();
}
