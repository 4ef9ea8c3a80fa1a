/**
 * Adapter: zeromq over `ipc://`, Dealer to Router: the pair of sockets that lets many calls of many
 * clients be in flight (Req/Rep allows one). High-water marks are off, so that nothing waits. The id
 * travels inside the JSON: a frame of its own costs more. Knows no scenario.
 */
import { parseAddress } from './address.mjs';
import { PendingCalls } from './correlation.mjs';

export const info = { kind: 'peer', title: 'zeromq', package: 'zeromq', transports: ['tcp'] };

const OPTIONS = { linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 };

/** @param {string} text */
function toUrl(text) {
  const { path, listenHost, port } = parseAddress(text);
  return path === undefined ? `tcp://${listenHost}:${port}` : `ipc://${path}`;
}

/**
 * zeromq refuses a second `send` while one is waiting, so outgoing messages queue here.
 *
 * @param {{ send(message: unknown): Promise<void>, closed: boolean }} socket
 */
function sender(socket) {
  /** @type {unknown[]} */
  let queue = [];
  let sending = false;
  const drain = async () => {
    sending = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      for (const message of batch) await socket.send(message);
    }
    sending = false;
  };
  return (message) => {
    queue.push(message);
    if (!sending) drain().catch(ignoreWhenClosed(socket));
  };
}

function ignoreWhenClosed(socket) {
  return (error) => {
    if (!socket.closed) throw error;
  };
}

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const { Router } = await import('zeromq');
  const router = new Router(OPTIONS);
  await router.bind(toUrl(path));
  const send = sender(router);
  const receive = async () => {
    for await (const [identity, json] of router) {
      const { id, payload } = JSON.parse(json.toString());
      send([identity, JSON.stringify({ id, payload: handler(payload) })]);
    }
  };
  receive().catch(ignoreWhenClosed(router));
  return router;
}

export async function stop(router) {
  router.close();
}

/** @param {string} path */
export async function connect(path) {
  const { Dealer } = await import('zeromq');
  const dealer = new Dealer(OPTIONS);
  dealer.connect(toUrl(path));
  const pending = new PendingCalls();
  const receive = async () => {
    for await (const [json] of dealer) {
      const { id, payload } = JSON.parse(json.toString());
      pending.settle(id, payload);
    }
  };
  receive().catch(ignoreWhenClosed(dealer));
  return { dealer, pending, send: sender(dealer) };
}

export function request(client, payload) {
  return new Promise((resolve) => {
    client.send(JSON.stringify({ id: client.pending.open(resolve), payload }));
  });
}

export async function disconnect(client) {
  client.dealer.close();
}
