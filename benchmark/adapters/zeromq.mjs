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
export async function serve(path, handler, { needs }) {
  const { Publisher, Router } = await import('zeromq');
  const router = new Router(OPTIONS);
  const pending = new PendingCalls();
  const identities = new Map();
  await router.bind(toUrl(path));
  const send = sender(router);
  const receive = async () => {
    for await (const [identity, json] of router) {
      const { id, payload, answered } = JSON.parse(json.toString());
      identities.set(identity.toString('hex'), identity);
      if (answered) pending.settle(id, payload);
      else send([identity, JSON.stringify({ id, payload: handler(payload) })]);
    }
  };
  receive().catch(ignoreWhenClosed(router));
  if (needs !== 'tell') return { router, send, pending, identities };
  const publisher = new Publisher({ linger: 0, sendHighWaterMark: 0 });
  await publisher.bind(`ipc://${path}.news`);
  return { router, publisher, publish: sender(publisher) };
}

export async function stop({ router, publisher }) {
  router.close();
  publisher?.close();
}

/** @param {string} path */
export async function connect(path, { needs }) {
  const { Dealer, Subscriber } = await import('zeromq');
  const dealer = new Dealer(OPTIONS);
  dealer.connect(toUrl(path));
  const pending = new PendingCalls();
  const client = { dealer, pending, send: sender(dealer), handler: undefined };
  const receive = async () => {
    for await (const [json] of dealer) {
      const { id, payload, asked } = JSON.parse(json.toString());
      if (asked) client.send(JSON.stringify({ id, payload: client.handler(payload), answered: 1 }));
      else pending.settle(id, payload);
    }
  };
  receive().catch(ignoreWhenClosed(dealer));
  if (needs === 'tell') {
    client.subscriber = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    client.subscriber.connect(`ipc://${path}.news`);
    client.subscriber.subscribe();
  }
  return client;
}

export function request(client, payload) {
  return new Promise((resolve) => {
    client.send(JSON.stringify({ id: client.pending.open(resolve), payload }));
  });
}

/** Publisher and subscribers, as its guide has it. */
export function tell(server, payload) {
  server.publish(JSON.stringify(payload));
}

export function hear({ subscriber }, listener) {
  const receive = async () => {
    for await (const [json] of subscriber) listener(JSON.parse(json.toString()));
  };
  receive().catch(ignoreWhenClosed(subscriber));
}

export function ask({ send, pending, identities }, payload) {
  const one = (identity) =>
    new Promise((resolve) => {
      send([identity, JSON.stringify({ id: pending.open(resolve), payload, asked: 1 })]);
    });
  return Promise.all([...identities.values()].map(one));
}

export function answer(client, handler) {
  client.handler = handler;
}

export async function disconnect(client) {
  client.dealer.close();
  client.subscriber?.close();
}
