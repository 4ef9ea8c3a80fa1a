/**
 * Adapter: node-ipc in its default profile (`fast`), which is also the fastest that still carries JSON
 * (`raw` has no framing). It has events but no calls, so a call is an event with an id and comes back as
 * one. Knows no scenario.
 */
import { PendingCalls } from './correlation.mjs';

export const info = { kind: 'peer', title: 'node-ipc', package: 'node-ipc' };

const SERVICE = 'bench';

async function createIpc() {
  const { IPCModule } = await import('node-ipc');
  const ipc = new IPCModule();
  ipc.config.silent = true;
  // The default of 100 would refuse half of the idle connections; it has no effect on speed.
  ipc.config.maxConnections = 1000;
  ipc.config.maxRetries = 0;
  return ipc;
}

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const ipc = await createIpc();
  await new Promise((resolve) => {
    ipc.serve(path, resolve);
    ipc.server.on('call', (data, socket) => {
      ipc.server.emit(socket, 'answer', { id: data.id, payload: handler(data.payload) });
    });
    ipc.pending = new PendingCalls();
    ipc.server.on('answered', (data) => ipc.pending.settle(data.id, data.payload));
    ipc.server.on('error', () => {});
    ipc.server.start();
  });
  return ipc;
}

export async function stop(ipc) {
  ipc.server.stop();
}

/** @param {string} path */
export async function connect(path) {
  const ipc = await createIpc();
  ipc.connectTo(SERVICE, path);
  const peer = ipc.of[SERVICE];
  await new Promise((resolve, reject) => {
    peer.on('connect', resolve);
    peer.on('error', reject);
  });
  const pending = new PendingCalls();
  peer.on('answer', (data) => pending.settle(data.id, data.payload));
  return { ipc, peer, pending };
}

export function request(client, payload) {
  return new Promise((resolve) => {
    client.peer.emit('call', { id: client.pending.open(resolve), payload });
  });
}

export function tell(ipc, payload) {
  ipc.server.broadcast('news', payload);
}

export function hear(client, listener) {
  client.peer.on('news', listener);
}

export function ask(ipc, payload) {
  const one = (socket) =>
    new Promise((resolve) => {
      ipc.server.emit(socket, 'question', { id: ipc.pending.open(resolve), payload });
    });
  return Promise.all(ipc.server.sockets.map(one));
}

export function answer(client, handler) {
  client.peer.on('question', ({ id, payload }) => {
    client.peer.emit('answered', { id, payload: handler(payload) });
  });
}

export async function disconnect(client) {
  client.ipc.disconnect(SERVICE);
}
