/**
 * Adapter: undici as a client of `node:http` over a Unix socket. `dispatch` is the fastest of undici's
 * documented calls, and pipelining over one connection faster than a pool of them on one server thread.
 * Knows no scenario.
 */
import http from 'node:http';
import { once } from 'node:events';

export const info = {
  kind: 'peer',
  title: 'undici + node:http',
  package: 'undici',
  variants: ['pool']
};

const ORIGIN = 'http://localhost';
const MINUTE_MS = 60_000;

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const server = http.createServer((req, res) => {
    /** @type {Buffer[]} */
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      const json = JSON.stringify(handler(JSON.parse(body.toString())));
      res.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(json)
      });
      res.end(json);
    });
  });
  // By default idle connections are cut after five seconds, which would be no idle connection at all.
  server.keepAliveTimeout = 10 * MINUTE_MS;
  server.listen(path);
  await once(server, 'listening');
  return server;
}

export async function stop(server) {
  server.close();
  server.closeAllConnections();
}

/** @param {string} path @param {{ variant?: string }} options variant `pool`: 64 connections instead of pipelining */
export async function connect(path, options) {
  const { Client, Pool } = await import('undici');
  const common = {
    connect: { socketPath: path },
    keepAliveTimeout: 10 * MINUTE_MS,
    headersTimeout: 0,
    bodyTimeout: 0
  };
  if (options.variant === 'pool') return new Pool(ORIGIN, { ...common, connections: 64 });
  return new Client(ORIGIN, { ...common, pipelining: 64 });
}

class Answer {
  /** @type {Buffer[]} */
  chunks = [];
  constructor(resolve, reject) {
    this.resolve = resolve;
    this.reject = reject;
  }
  onRequestStart() {}
  onResponseStart(_controller, statusCode) {
    if (statusCode !== 200) this.reject(new Error(`status ${statusCode}`));
  }
  onResponseData(_controller, chunk) {
    this.chunks.push(chunk);
  }
  onResponseEnd() {
    const { chunks } = this;
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    this.resolve(JSON.parse(body.toString()));
  }
  onResponseError(_controller, error) {
    this.reject(error);
  }
}

const HEADERS = ['content-type', 'application/json'];

export function request(client, payload) {
  return new Promise((resolve, reject) => {
    client.dispatch(
      {
        path: '/',
        method: 'POST',
        headers: HEADERS,
        body: JSON.stringify(payload),
        // Lets POST be pipelined; the handler has no effects, so this is true.
        idempotent: true,
        // Answers come at once: a large request must not make later ones wait for its response.
        blocking: false
      },
      new Answer(resolve, reject)
    );
  });
}

export async function disconnect(client) {
  await client.destroy();
}
