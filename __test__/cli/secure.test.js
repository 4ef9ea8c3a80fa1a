// The tool over TLS: files of PEM on both sides, and what is said when they don't fit.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { assertQuiet } = require('../support/child.js');
const { startTool, tool } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');

/** @param {string} name @returns {string} */
const pem = (name) => join(__dirname, `../fixtures/certs/${name}.pem`);

const SERVER = ['--cert', pem('server.cert'), '--key', pem('server.key')];
const CLIENT = ['--cert', pem('client.cert'), '--key', pem('client.key')];
const AUTHORITY = ['--ca', pem('authority.cert')];

forEachDriver((driver) => {
  describe(`shortwire over TLS (${driver})`, () => {
    /**
     * @param {import('node:test').TestContext} t
     * @param {string[]} more
     * @returns {Promise<string>} where it listens, as a client says it
     */
    async function serve(t, ...more) {
      const args = ['serve', 'tls://127.0.0.1:0', ...SERVER, ...more, '--driver', driver];
      const [, port] = await startTool(t, args).stderrSays(/listening on .*:(\d+);/);
      return `tls://localhost:${port}`;
    }

    const call = (t, /** @type {string[]} */ ...args) =>
      tool(t, ['call', ...args, '--driver', driver]);

    it('calls a server that it trusts', async (t) => {
      const outcome = await call(t, await serve(t), '{"a":1}', ...AUTHORITY);
      assertQuiet(outcome);
      assert.equal(outcome.stdout, '{"a":1}\n');
    });

    it('ends with 6 where it does not, and says what to do', async (t) => {
      const { code, stdout, stderr } = await call(t, await serve(t), '1');
      assert.deepEqual([code, stdout], [6, '']);
      assert.match(stderr, /SHORTWIRE_ERR_TLS: .*\n.*--ca says whom to trust/);
    });

    it('ends with 6 where the name is another', async (t) => {
      const address = await serve(t);
      const other = [...AUTHORITY, '--servername', 'elsewhere.example'];
      const { code, stderr } = await call(t, address, '1', ...other);
      assert.equal(code, 6, stderr);
    });

    it('takes any certificate with --insecure', async (t) => {
      const outcome = await call(t, await serve(t), '1', '--insecure');
      assert.deepEqual([outcome.code, outcome.stdout], [0, '1\n']);
    });

    it('shows its own certificate to a server that wants one, which refuses others', async (t) => {
      const address = await serve(t, ...AUTHORITY);
      const known = await call(t, address, '1', ...AUTHORITY, ...CLIENT);
      assert.deepEqual([known.code, known.stdout], [0, '1\n']);
      const unknown = await call(t, address, '1', ...AUTHORITY);
      assert.equal(unknown.code, 6, unknown.stderr);
    });
  });
});

describe('options of TLS', () => {
  for (const [name, args, words] of /** @type {const} */ ([
    [
      'for an endpoint without',
      ['call', '/tmp/x', '1', '--insecure'],
      /--insecure is for TLS, and \/tmp\/x is not\n.*tls:\/\/host:port/
    ],
    [
      'for a server without',
      ['serve', 'tcp://127.0.0.1:0', ...SERVER],
      /--cert is for TLS, and tcp:.* is not/
    ],
    ['that a server lacks', ['serve', 'tls://127.0.0.1:0'], /needs --cert and --key/],
    [
      'that name no file',
      ['ping', 'tls://localhost:1', '--ca', '/nowhere.pem'],
      /--ca: ENOENT.*nowhere\.pem/
    ],
    [
      'that name no certificate',
      ['serve', 'tls://127.0.0.1:0', '--cert', __filename, '--key', pem('server.key')],
      /SHORTWIRE_ERR_INVALID_ARG: .*cert/
    ],
    ['with a port that is none', ['ping', 'tls://localhost:70000'], /SHORTWIRE_ERR_INVALID_ARG/]
  ])) {
    it(`${name} end with 2`, async (t) => {
      const { code, stdout, stderr } = await tool(t, [...args]);
      assert.match(stderr, words);
      assert.deepEqual([code, stdout], [2, '']);
    });
  }
});
