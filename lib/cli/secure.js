/**
 * TLS on the command line: options that name files of PEM, as `curl` has them. Must not know: sockets.
 */
'use strict';

const { endpointOf, servingEndpointOf } = require('./endpoint.js');
const { usage } = require('./failure.js');
const { file } = require('./values.js');

/** @type {Record<string, import('./arguments.js').Option>} */
const identityOptions = {
  cert: { value: 'file', help: 'TLS: our certificate, PEM', read: file },
  key: { value: 'file', help: 'TLS: its key, PEM', read: file }
};

/** @type {Record<string, import('./arguments.js').Option>} */
const secureSocketOptions = {
  ca: {
    value: 'file',
    help: 'TLS: trust this authority instead of the usual ones, PEM',
    read: file
  },
  ...identityOptions,
  servername: { value: 'name', help: 'TLS: the name that the certificate must have (the host)' },
  insecure: { help: 'TLS: take any certificate; no better than no TLS' }
};

/** @type {Record<string, import('./arguments.js').Option>} */
const secureServerOptions = {
  ...identityOptions,
  ca: {
    value: 'file',
    help: 'TLS: let in only clients that this authority has signed, PEM',
    read: file
  }
};

/**
 * Where to connect to.
 * @param {string} text
 * @param {Record<string, any>} values
 * @returns {any}
 */
function connectingEndpoint(text, values) {
  const { ca, cert, key, servername } = values;
  const tls = { ca, cert, key, servername };
  if (values.insecure === true) Object.assign(tls, { rejectUnauthorized: false });
  return withTls(text, secureSocketOptions, values, tls) ?? endpointOf(text);
}

/**
 * Where to listen.
 * @param {string} text
 * @param {Record<string, any>} values
 * @returns {any}
 */
function listeningEndpoint(text, values) {
  const { ca, cert, key } = values;
  const tls = { cert, key, ...(ca !== undefined && { ca, requestCert: true }) };
  const endpoint = withTls(text, secureServerOptions, values, tls);
  if (endpoint !== undefined && (cert === undefined || key === undefined)) {
    throw usage('A server with TLS needs --cert and --key', 'Both are files of PEM.');
  }
  return endpoint ?? servingEndpointOf(text);
}

/**
 * The endpoint of `tls://host:port`; undefined for others, which must not have options of TLS.
 * @param {string} text
 * @param {Record<string, any>} options
 * @param {Record<string, any>} values
 * @param {Record<string, any>} tls
 */
function withTls(text, options, values, tls) {
  const parts = /^tls:\/\/(?:\[([^[\]]+)\]|([^:/[\]@]+)):(\d{1,5})$/.exec(text);
  if (parts !== null)
    return { host: parts[1] ?? parts[2], port: Number(parts[3]), tls: known(tls) };
  const given = Object.keys(options).find((name) => values[name] !== undefined);
  if (given === undefined || text.startsWith('tls://')) return undefined;
  throw usage(
    `--${given} is for TLS, and ${text} is not`,
    'The endpoint of TLS is tls://host:port.'
  );
}

/** @param {Record<string, any>} options without those that are undefined */
function known(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

exports.connectingEndpoint = connectingEndpoint;
exports.listeningEndpoint = listeningEndpoint;
exports.secureServerOptions = secureServerOptions;
exports.secureSocketOptions = secureSocketOptions;
