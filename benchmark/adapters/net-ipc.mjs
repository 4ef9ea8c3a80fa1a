/**
 * Adapter: net-ipc, with its own `request`. JSON as everyone (no MessagePack, no compression), and with
 * the per-call timer switched off, which is documented (`0` waits for ever) and faster. Knows no scenario.
 */
import { parseAddress, serverIdentity, trust } from './address.mjs';

export const info = {
  kind: 'peer',
  title: 'net-ipc',
  package: 'net-ipc',
  transports: ['tcp', 'tls']
};

/** @param {string} path @param {() => object} certificates of this side @param {string} [side] */
function toOptions(path, certificates, side) {
  const address = parseAddress(path);
  if (address.path !== undefined) return { path };
  const { host, listenHost, port, secure } = address;
  const options = { noDelay: true, ...(secure && certificates()) };
  const where = side === 'listen' ? { listenOptions: { host: listenHost } } : { host };
  return { ...where, port, tls: secure, options };
}

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const { Server } = (await import('net-ipc')).default;
  const server = new Server(toOptions(path, serverIdentity, 'listen'));
  server.on('request', (payload, respond) => {
    respond(handler(payload));
  });
  return server.start();
}

export async function stop(server) {
  await server.close();
}

/** @param {string} path */
export async function connect(path) {
  const { Client } = (await import('net-ipc')).default;
  const client = new Client({ ...toOptions(path, trust), reconnect: false });
  return client.connect();
}

export function request(client, payload) {
  return client.request(payload, 0);
}

export function tell(server, payload) {
  return server.broadcast(payload);
}

export function hear(client, listener) {
  client.on('message', listener);
}

/** Its survey wants a number of milliseconds, where 0 waits for ever. */
export async function ask(server, payload) {
  const entries = await server.survey(payload, 0);
  return entries.map(({ value }) => value);
}

export function answer(client, handler) {
  client.on('request', (payload, respond) => respond(handler(payload)));
}

export async function disconnect(client) {
  await client.close();
}
