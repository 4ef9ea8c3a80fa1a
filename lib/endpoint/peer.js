/**
 * Who is at the other end, by the kernel's word. Must not know: what a peer says of itself
 * without proof.
 */
'use strict';

/**
 * @param {any} native
 * @returns {object} `{ uid, gid, pid }` over a Unix socket, `{ address, port, family }` over TCP, and
 * with TLS what its handshake has told
 */
function peerOf({ uid, gid, pid, address, port, tls }) {
  if (address !== undefined) {
    const where = { address, port, family: familyOf(address) };
    return tls === undefined ? where : withTls(where, tls);
  }
  return {
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(pid !== undefined && { pid })
  };
}

/**
 * @param {object} where
 * @param {any} tls
 */
function withTls(where, { certificate, authorized, complaint, servername }) {
  const peer = {
    ...where,
    authorized,
    ...(complaint !== undefined && { authorizationError: complaint }),
    ...(servername !== undefined && { servername })
  };
  return certificate === undefined ? peer : withCertificate(peer, certificate);
}

/**
 * Adds the certificate as Node has it. Taking one apart takes longer than a call does, so it is only
 * done for whoever looks.
 * @param {object} peer
 * @param {Buffer} der
 */
function withCertificate(peer, der) {
  /** @type {any} */
  let parts;
  return Object.defineProperty(peer, 'certificate', {
    enumerable: true,
    get: () => (parts ??= parse(der))
  });
}

/**
 * Whoever looks at no certificate doesn't load what reads them.
 * @param {Buffer} der
 */
function parse(der) {
  const { X509Certificate } = require('node:crypto');
  return new X509Certificate(der).toLegacyObject();
}

/**
 * What a server's core tells of a peer that it has turned away.
 * @param {string} text an address and a port, or nothing
 * @param {number} uid
 * @param {number} pid
 */
function turnedAway(text, uid, pid) {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  return { ...(uid !== NONE && { uid }), ...(pid !== NONE && { pid }) };
}

/**
 * @param {string} text `127.0.0.1:80` or `[::1]:80`
 * @returns {{ address: string, family: string, port: number } | undefined}
 */
function parseAddress(text) {
  const parts = /^(?:\[(.+)\]|(.+)):(\d+)$/.exec(text);
  if (parts === null) return undefined;
  const address = parts[1] ?? parts[2];
  return { address, family: familyOf(address), port: Number(parts[3]) };
}

/** @param {string} address */
function familyOf(address) {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** What the core passes for a number that it doesn't have. */
const NONE = 0xffffffff;

exports.parseAddress = parseAddress;
exports.peerOf = peerOf;
exports.turnedAway = turnedAway;
