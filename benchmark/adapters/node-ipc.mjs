/**
 * Adapter: node-ipc in its default profile (`fast`), which is also the fastest that still carries JSON
 * (`raw` has no framing). It has events but no calls, so a call is an event with an id and comes back as
 * one. Knows no scenario.
 */
import { parseAddress, serverIdentity, trust } from './address.mjs';
import { PendingCalls } from './correlation.mjs';

export const info = {
  kind: 'peer',
  title: 'node-ipc',
  package: 'node-ipc',
  transports: ['tcp', 'tls']
};

const SERVICE = 'bench';

/** @param {import('./address.mjs').Address} address @param {() => object} certificates of this side */
async function createIpc({ secure }, certificates) {
  const { IPCModule } = await import('node-ipc');
  const ipc = new IPCModule();
  ipc.config.silent = true;
  // The default of 100 would refuse half of the idle connections; it has no effect on speed.
  ipc.config.maxConnections = 1000;
  ipc.config.maxRetries = 0;
  if (secure) ipc.config.tls = certificates();
  return ipc;
}

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const address = parseAddress(path);
  const ipc = await createIpc(address, serverIdentity);
  await new Promise((resolve) => {
    const { path: file, listenHost, port } = address;
    if (file === undefined) ipc.serveNet(listenHost, port, resolve);
    else ipc.serve(file, resolve);
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
  const address = parseAddress(path);
  const ipc = await createIpc(address, trust);
  if (address.path === undefined) ipc.connectToNet(SERVICE, address.host, address.port);
  else ipc.connectTo(SERVICE, address.path);
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
