// What one writes by hand without a library: a line of JSON per message over node:net, `[id, data]` both ways.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * @param {string} path
 * @param {(data: any) => unknown} answer
 * @returns {Promise<() => void>} what stops it
 */
export async function startJsonServer(path, answer) {
  const server = createServer((socket) => {
    readLines(socket, ([id, data]) => socket.write(`${JSON.stringify([id, answer(data)])}\n`));
    socket.on('error', () => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  return () => server.close();
}

/** @param {string} path */
export async function connectJson(path) {
  const socket = connect(path);
  await once(socket, 'connect');
  /** @type {Map<number, (data: unknown) => void>} */
  const pending = new Map();
  let lastId = 0;
  readLines(socket, ([id, data]) => {
    pending.get(id)?.(data);
    pending.delete(id);
  });
  return {
    /** @param {unknown} data */
    rpc: (data) =>
      new Promise((resolve) => {
        lastId += 1;
        pending.set(lastId, resolve);
        socket.write(`${JSON.stringify([lastId, data])}\n`);
      }),
    close: () => socket.end()
  };
}

/**
 * @param {import('node:net').Socket} socket
 * @param {(message: any) => void} onMessage
 */
function readLines(socket, onMessage) {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onMessage(JSON.parse(line));
  });
}
