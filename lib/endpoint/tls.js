/**
 * Options of TLS, with Node's names: checked here, handed to the core in DER. Node reads keys and
 * certificates, and knows the roots that it trusts itself.
 *
 * Must not know: sockets. The only file that asks Node's TLS for anything.
 */
'use strict';

const { X509Certificate, createPrivateKey } = require('node:crypto');

const { fromNative, invalidArgument, unsupported, unusable } = require('../errors.js');
const native = require('../core/native.js');

/** @typedef {import('./endpoint.js').Purpose} Purpose */

/**
 * @typedef {object} Rule
 * @property {(value: any) => boolean} check
 * @property {string} expected in words, after "must be"
 * @property {Purpose} [purpose] the only side that has it
 * @property {boolean} [secret] never shown
 */

/** @type {(value: any) => boolean} */
const isBoolean = (value) => typeof value === 'boolean';
/** @type {(value: any) => boolean} */
const isPem = (value) => typeof value === 'string' || value instanceof Uint8Array;
/** @type {(value: any) => boolean} */
const isPems = (value) =>
  Array.isArray(value) ? value.length > 0 && value.every(isPem) : isPem(value);

const PEM = 'PEM, as a text or a Buffer';
const PEMS = `${PEM}, or an array of these`;
/** @type {Record<string, number>} */
const VERSIONS = { 'TLSv1.2': 12, 'TLSv1.3': 13 };
/** The longest name that ALPN has room for. */
const MAX_PROTOCOL_BYTES = 255;

/** @type {Record<string, Rule>} */
const RULES = {
  key: { check: isKey, expected: `${PEM}, or { pem, passphrase }`, secret: true },
  cert: { check: isPems, expected: PEMS },
  ca: { check: isPems, expected: PEMS },
  passphrase: { check: isPem, expected: 'a text', secret: true },
  rejectUnauthorized: { check: isBoolean, expected: 'a boolean' },
  requestCert: { check: isBoolean, expected: 'a boolean', purpose: 'start' },
  servername: {
    check: (value) => typeof value === 'string' && value !== '',
    expected: "a host's name",
    purpose: 'connect'
  },
  ALPNProtocols: {
    check: (value) => Array.isArray(value) && value.every(isProtocol),
    expected: 'an array of names, each of 1 to 255 bytes'
  },
  minVersion: { check: isVersion, expected: "'TLSv1.2' or 'TLSv1.3'" },
  maxVersion: { check: isVersion, expected: "'TLSv1.2' or 'TLSv1.3'" }
};

/** Node's names of what the core doesn't have. */
const NODES = new Set([
  'ALPNCallback',
  'SNICallback',
  'allowPartialTrustChain',
  'checkServerIdentity',
  'ciphers',
  'clientCertEngine',
  'crl',
  'dhparam',
  'ecdhCurve',
  'enableTrace',
  'handshakeTimeout',
  'honorCipherOrder',
  'minDHSize',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'pskIdentityHint',
  'requestOCSP',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'session',
  'sessionIdContext',
  'sessionTimeout',
  'sigalgs',
  'ticketKeys'
]);

/** What is spoken inside, unless told otherwise. */
const PROTOCOLS = ['shortwire/1'];
/** Of a client's configuration that isn't for any host yet. */
const ANY_HOST = 'localhost';

/**
 * What was made of the options of an endpoint, for as long as they are the same: connections of one
 * configuration share its certificates and take up each other's sessions.
 * @type {Record<Purpose, WeakMap<object, { values: unknown[], made: any }>>}
 */
const made = { connect: new WeakMap(), start: new WeakMap() };

/**
 * @param {object} given
 * @param {Purpose} purpose
 * @returns {any} what the core takes
 */
function tlsOf(given, purpose) {
  const options = /** @type {Record<string, any>} */ (given);
  const known = made[purpose].get(options);
  const values = Object.entries(options).flat();
  if (known !== undefined && isSame(known.values, values)) return known.made;
  const fresh = make(options, purpose);
  made[purpose].set(options, { values, made: fresh });
  return fresh;
}

/**
 * @param {unknown[]} some
 * @param {unknown[]} others
 */
function isSame(some, others) {
  return some.length === others.length && some.every((value, at) => Object.is(value, others[at]));
}

/**
 * @param {Record<string, any>} options
 * @param {Purpose} purpose
 */
function make(options, purpose) {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checkOption(name, value, purpose);
  }
  const server = purpose === 'start';
  const { key, cert, ca, requestCert = false, rejectUnauthorized = true } = options;
  checkTogether(options, server);
  const oldest = versionOf(options.minVersion, 'TLSv1.2');
  const newest = versionOf(options.maxVersion, 'TLSv1.3');
  if (oldest > newest) throw unusable('endpoint.tls.minVersion', 'no newer than maxVersion');
  const parts = {
    server,
    cert: cert === undefined ? [] : certificates(cert, 'cert'),
    key: key === undefined ? undefined : keyOf(key, options.passphrase),
    ca: rootsOf(ca, server),
    requestCert,
    rejectUnauthorized,
    alpnProtocols: options.ALPNProtocols ?? PROTOCOLS,
    servername: server ? undefined : ANY_HOST,
    minVersion: oldest,
    maxVersion: newest
  };
  try {
    return new native.NativeTls(parts);
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {Purpose} purpose
 */
function checkOption(name, value, purpose) {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  const called = `endpoint.tls.${name}`;
  if (rule === undefined) {
    if (NODES.has(name)) throw unsupported(`${called} is not supported`);
    throw invalidArgument(called, 'left out: it is unknown', value);
  }
  if (rule.purpose !== undefined && rule.purpose !== purpose) {
    throw unsupported(`${called} can't be honoured: it is for ${rule.purpose}`);
  }
  if (rule.check(value)) return;
  throw rule.secret
    ? unusable(called, rule.expected)
    : invalidArgument(called, rule.expected, value);
}

/**
 * @param {Record<string, any>} options
 * @param {boolean} server
 */
function checkTogether({ key, cert, ca, requestCert }, server) {
  if (server && cert === undefined)
    throw unusable('endpoint.tls.cert', `${PEMS}: a server needs one`);
  if (cert !== undefined && key === undefined) {
    throw unusable('endpoint.tls.key', 'given together with cert');
  }
  if (key !== undefined && cert === undefined) {
    throw unusable('endpoint.tls.cert', 'given together with key');
  }
  // Node would ask for a certificate of any authority of the web: a demand that anybody meets.
  if (requestCert && ca === undefined) {
    throw unusable('endpoint.tls.ca', 'given together with requestCert: it says whom to trust');
  }
}

/**
 * @param {any} ca
 * @param {boolean} server
 * @returns {Uint8Array[]}
 */
function rootsOf(ca, server) {
  if (ca !== undefined) return certificates(ca, 'ca');
  return server ? [] : defaultRoots();
}

/** @type {Uint8Array[] | undefined} */
let roots;

/** What Node trusts: the roots that come with it, and what its command line adds. */
function defaultRoots() {
  if (roots !== undefined) return roots;
  const tls = /** @type {any} */ (require('node:tls'));
  const pems = tls.getCACertificates?.('default') ?? tls.rootCertificates;
  roots = pems.flatMap((/** @type {string} */ pem) => blocks(pem).map(toDer));
  return /** @type {Uint8Array[]} */ (roots);
}

/**
 * @param {any} given
 * @param {string} name
 * @returns {Uint8Array[]} in DER
 */
function certificates(given, name) {
  const called = `endpoint.tls.${name}`;
  return [given].flat().flatMap((pem) => {
    const found = blocks(textOf(pem));
    if (found.length === 0) throw unusable(called, `${PEMS}: there is no certificate in it`);
    return found.map((block) => {
      try {
        return new X509Certificate(block).raw;
      } catch (error) {
        throw unusable(called, `${PEMS}: a certificate in it can't be read`, error);
      }
    });
  });
}

/**
 * @param {any} given
 * @param {any} passphrase
 * @returns {Uint8Array} PKCS #8, in DER
 */
function keyOf(given, passphrase) {
  const one = Array.isArray(given) ? given[0] : given;
  const pem = isPem(one) ? one : one.pem;
  const secret = isPem(one) ? passphrase : (one.passphrase ?? passphrase);
  try {
    const key = createPrivateKey({
      key: textOf(pem),
      ...(secret !== undefined && { passphrase: textOf(secret) })
    });
    return key.export({ type: 'pkcs8', format: 'der' });
  } catch (error) {
    throw unusable('endpoint.tls.key', 'a key that can be read, with its passphrase', error);
  }
}

/** @param {string} pem */
function blocks(pem) {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** @param {string} block */
function toDer(block) {
  return Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64');
}

/** @param {string | Uint8Array} pem */
function textOf(pem) {
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('utf8');
}

/**
 * One key: Node takes several, for certificates of several kinds.
 * @param {any} value
 * @returns {boolean}
 */
function isKey(value) {
  if (Array.isArray(value))
    return value.length === 1 && !Array.isArray(value[0]) && isKey(value[0]);
  if (isPem(value)) return true;
  return (
    value !== null &&
    typeof value === 'object' &&
    isPem(value.pem) &&
    (value.passphrase === undefined || isPem(value.passphrase))
  );
}

/** @param {any} name */
function isProtocol(name) {
  const bytes = typeof name === 'string' ? Buffer.byteLength(name) : 0;
  return bytes > 0 && bytes <= MAX_PROTOCOL_BYTES;
}

/** @param {any} value */
function isVersion(value) {
  return Object.hasOwn(VERSIONS, value);
}

/**
 * @param {string | undefined} given
 * @param {string} fallback
 */
function versionOf(given, fallback) {
  return VERSIONS[given ?? fallback];
}

exports.tlsOf = tlsOf;
