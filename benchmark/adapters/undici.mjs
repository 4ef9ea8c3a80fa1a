/**
 * Adapter: undici as a client of `node:http` over a Unix socket. `dispatch` is the fastest of undici's
 * documented calls, and pipelining over one connection faster than a pool of them on one server thread; over
 * TLS it is a pool.
 * Knows no scenario.
 */
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { parseAddress, serverIdentity, toListen, trust } from './address.mjs';

export const info = {
  kind: 'peer',
  title: 'undici + node:http',
  package: 'undici',
  variants: ['pool'],
  transports: ['tcp', 'tls']
};

const ORIGIN = 'http://localhost';
const MINUTE_MS = 60_000;

/** @param {string} path @param {(payload: unknown) => unknown} handler */
export async function serve(path, handler) {
  const address = parseAddress(path);
  const answer = (req, res) => {
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
  };
  const server = address.secure
    ? https.createServer(serverIdentity(), answer)
    : http.createServer(answer);
  // By default idle connections are cut after five seconds, which would be no idle connection at all.
  server.keepAliveTimeout = 10 * MINUTE_MS;
  server.listen(toListen(address));
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
  const address = parseAddress(path);
  const { host, port, secure } = address;
  const origin = address.path === undefined ? `http${secure ? 's' : ''}://${host}:${port}` : ORIGIN;
  const common = {
    connect: address.path === undefined ? trust() : { socketPath: path },
    keepAliveTimeout: 10 * MINUTE_MS,
    headersTimeout: 0,
    bodyTimeout: 0
  };
  // Node's server mixes up pipelined requests that come through TLS (`HPE_PAUSED`, then bodies of two in one).
  if (options.variant === 'pool' || secure) return new Pool(origin, { ...common, connections: 64 });
  return new Client(origin, { ...common, pipelining: 64 });
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
