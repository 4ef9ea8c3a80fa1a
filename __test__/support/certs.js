// Certificates and keys for tests: `fixtures/certs/make.sh` says what each is.
//
// Must not know: who uses them.

'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const FOLDER = join(__dirname, '../fixtures/certs');

/** @type {(name: string) => string} */
const pem = (name) => readFileSync(join(FOLDER, `${name}.pem`), 'utf8');

/**
 * A certificate and its key, as options of TLS.
 *
 * @param {string} name
 * @param {string} [key] of the file, where it isn't the certificate's own
 */
function identity(name, key = name) {
  return { cert: pem(`${name}.cert`), key: pem(`${key}.key`) };
}

/** Whoever trusts this trusts `server` and `client`. */
const AUTHORITY = pem('authority.cert');

module.exports = { AUTHORITY, identity, pem };
