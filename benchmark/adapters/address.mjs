/**
 * Where a sample's server is: a path, or `tcp:PORT` or `tls:PORT` of this machine, as `sample.mjs` writes it; and the certificates
 * that TLS needs. Knows no library.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CERTIFICATES = join(import.meta.dirname, '..', '..', '__test__', 'fixtures', 'certs');

/** The name that the certificate is for. */
const HOST = 'localhost';
/** What it means here, so that a server listens at one address. */
const LOOPBACK = '127.0.0.1';

/** @param {string} name */
function pem(name) {
  return readFileSync(join(CERTIFICATES, `${name}.pem`), 'utf8');
}

/**
 * @typedef {object} Address
 * @property {string} [path] of a Unix socket; without it, there are the others
 * @property {string} host for whom connects
 * @property {string} listenHost for whom listens
 * @property {number} port
 * @property {boolean} secure
 */

/** @param {string} text @returns {Address} */
export function parseAddress(text) {
  const parts = /^(tcp|tls):(\d+)$/.exec(text);
  const [, transport, port] = parts ?? [];
  return {
    path: parts === null ? text : undefined,
    host: HOST,
    listenHost: LOOPBACK,
    port: Number(port),
    secure: transport === 'tls'
  };
}

/** What Node's own `listen` takes. @param {Address} address */
export function toListen({ path, listenHost, port }) {
  return path === undefined ? { host: listenHost, port } : { path };
}

/** What Node's own `connect` takes. @param {Address} address */
export function toConnect({ path, host, port }) {
  return path === undefined ? { host, port, noDelay: true } : { path };
}

/** A server's certificate and its key. */
export function serverIdentity() {
  return { cert: pem('server.cert'), key: pem('server.key') };
}

/** Whom a client trusts. */
export function trust() {
  return { ca: pem('authority.cert') };
}
