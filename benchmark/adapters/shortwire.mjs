/**
 * Adapter: shortwire, from this checkout or from another one (`root`), with the driver as its variant
 * (`shortwire:task`, `shortwire:inline`). Defaults otherwise, the call timeout included. Knows no scenario.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseAddress, serverIdentity, trust } from './address.mjs';

export const info = {
  kind: 'subject',
  title: 'shortwire',
  variants: ['auto', 'inline', 'task'],
  transports: ['tcp', 'tls']
};

const HERE_ROOT = join(import.meta.dirname, '..', '..');

const require = createRequire(import.meta.url);

/** @param {{ root?: string }} options */
function load({ root = HERE_ROOT }) {
  try {
    return require(join(root, 'index.js'));
  } catch (error) {
    throw new Error(
      'shortwire could not be loaded: run `npm install` in its checkout to build it',
      {
        cause: error
      }
    );
  }
}

/** @param {{ variant?: string, driver?: string }} options the scenario's driver, unless a variant is chosen */
function settings({ variant, driver }) {
  return { driver: variant ?? driver ?? 'auto' };
}

/** @param {string} path @param {() => object} certificates of this side */
function toEndpoint(path, certificates) {
  const address = parseAddress(path);
  if (address.path !== undefined) return address.path;
  const { host, port, secure } = address;
  return { host, port, ...(secure && { tls: certificates() }) };
}

/** @param {string} path @param {(payload: unknown) => unknown} handler @param {object} options */
export async function serve(path, handler, options) {
  const { UDSocketServer } = load(options);
  const server = new UDSocketServer(settings(options));
  server.handle(handler);
  await server.start(toEndpoint(path, serverIdentity));
  return server;
}

export async function stop(server) {
  await server.close();
}

/** @param {string} path @param {object} options */
export async function connect(path, options) {
  const { UDSocket } = load(options);
  const socket = new UDSocket(settings(options));
  await socket.connect(toEndpoint(path, trust));
  return socket;
}

export function request(socket, payload) {
  return socket.rpc(payload);
}

export function tell(server, payload) {
  server.broadcast(payload);
}

export function hear(socket, listener) {
  socket.on('message', listener);
}

export async function ask(server, payload) {
  const entries = await server.survey(payload);
  return entries.map(({ value }) => value);
}

export function answer(socket, handler) {
  socket.handle(handler);
}

export function pour(socket) {
  return socket.stream(undefined, { topic: 'pour' });
}

export function take(server, listener) {
  server.handle('pour', (_, { stream }) => listener(stream));
}

export async function disconnect(socket) {
  await socket.close();
}
