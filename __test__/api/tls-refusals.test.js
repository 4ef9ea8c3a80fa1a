// TLS: who is not let in and why, and which options are wrong.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { AUTHORITY, identity, pem } = require('../support/certs.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { HOST, LOOPBACK, TLS_ERROR, connected, serve } = require('../support/secure.js');
/** [what, server's options, client's options, error at the client] */
const REFUSED = [
  [
    'an authority that nobody knows',
    {},
    { ca: pem('stranger.cert') },
    /not signed by anyone in ca/
  ],
  ['the roots of the web', {}, { ca: undefined }, /not signed by anyone in ca/],
  ['a certificate for another host', identity('elsewhere'), {}, /not for localhost/],
  ['a servername that it is not for', {}, { servername: 'other.test' }, /not for other\.test/],
  ['a certificate that has expired', identity('expired'), {}, /has expired/],
  ['an impostor', identity('impostor'), {}, /not signed by anyone in ca/],
  ['no common version', { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }, /TLS failed/],
  ['no common protocol', { ALPNProtocols: ['other'] }, {}, /NoApplicationProtocol/],
  ['a server without protocols', { ALPNProtocols: [] }, {}, /doesn't speak shortwire\/1/]
];

/** Who is turned away by a server that wants certificates: [what, client's options, error there, here] */
const INTRUDERS = [
  ['no certificate', {}, /showed no certificate/, /CertificateRequired/],
  ['an impostor', identity('impostor'), /not signed by anyone in ca/, /UnknownCA/],
  ['an expired certificate', identity('expired'), /has expired/, /CertificateExpired/]
];

/** [what, side, options, code, message] */
const WRONG = [
  ['no certificate', 'start', {}, 'INVALID_ARG', /^endpoint\.tls\.cert /],
  ['no key', 'start', { cert: AUTHORITY }, 'INVALID_ARG', /^endpoint\.tls\.key /],
  ['a key alone', 'connect', { key: pem('server.key') }, 'INVALID_ARG', /^endpoint\.tls\.cert /],
  [
    'the key of another',
    'start',
    identity('server', 'client'),
    'INVALID_ARG',
    /^endpoint\.tls\.cert can't be used/
  ],
  [
    'a locked key without its passphrase',
    'start',
    identity('server', 'server-locked'),
    'INVALID_ARG',
    /^endpoint\.tls\.key .*passphrase/
  ],
  [
    'a key that is none',
    'start',
    { ...identity('server'), key: 'open sesame' },
    'INVALID_ARG',
    /^endpoint\.tls\.key (?!.*sesame)/
  ],
  [
    'a certificate that is none',
    'connect',
    { ca: 'trust me' },
    'INVALID_ARG',
    /^endpoint\.tls\.ca /
  ],
  ['no certificates', 'connect', { ca: [] }, 'INVALID_ARG', /^endpoint\.tls\.ca /],
  [
    'a damaged certificate',
    'connect',
    { ca: AUTHORITY.replace(/\n.{8}/, '\nAAAAAAAA') },
    'INVALID_ARG',
    /^endpoint\.tls\.ca /
  ],
  [
    'requestCert without ca',
    'start',
    { ...identity('server'), requestCert: true },
    'INVALID_ARG',
    /^endpoint\.tls\.ca /
  ],
  ['requestCert to connect with', 'connect', { requestCert: true }, 'UNSUPPORTED', /requestCert/],
  [
    'servername to listen with',
    'start',
    { ...identity('server'), servername: HOST },
    'UNSUPPORTED',
    /servername/
  ],
  ['a name that is none', 'connect', { servername: 'a b' }, 'INVALID_ARG', /tls\.servername /],
  [
    'old versions',
    'connect',
    { minVersion: 'TLSv1.1' },
    'INVALID_ARG',
    /^endpoint\.tls\.minVersion /
  ],
  [
    'versions the wrong way round',
    'connect',
    { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' },
    'INVALID_ARG',
    /^endpoint\.tls\.minVersion /
  ],
  ['ciphers', 'connect', { ciphers: 'ALL' }, 'UNSUPPORTED', /endpoint\.tls\.ciphers/],
  ['pfx', 'start', { pfx: Buffer.alloc(1) }, 'UNSUPPORTED', /endpoint\.tls\.pfx/],
  ['checkServerIdentity', 'connect', { checkServerIdentity() {} }, 'UNSUPPORTED', /checkServer/],
  ['a colour', 'connect', { colour: 'red' }, 'INVALID_ARG', /^endpoint\.tls\.colour /],
  ['rejectUnauthorized: 0', 'connect', { rejectUnauthorized: 0 }, 'INVALID_ARG', /reject/],
  ['ALPNProtocols in a text', 'connect', { ALPNProtocols: 'h2' }, 'INVALID_ARG', /ALPN/]
];

forEachDriver((driver) => {
  for (const [what, ofServer, ofSocket, message] of REFUSED) {
    test(`a client refuses ${what}, and the server goes on (${driver})`, async (t) => {
      const { server, port } = await serve(t, { driver }, ofServer);
      const refused = event(server, 'refused');
      const socket = new UDSocket({ driver });
      const called = assert.rejects(socket.rpc('waits'), { maybeDelivered: false });
      const connecting = socket.connect({ host: HOST, port, tls: { ca: AUTHORITY, ...ofSocket } });
      await assert.rejects(connecting, { code: TLS_ERROR, message });
      await called;
      assert.equal(socket.status, 'closed');
      const [reason, { address }] = await refused;
      assert.equal(typeof reason, 'string');
      assert.equal(address, LOOPBACK);
      server.handle(() => 'welcome');
      if (Object.keys(ofServer).length === 0) {
        const next = await connected(t, port, { driver });
        assert.equal(await next.rpc(1), 'welcome');
      }
      assert.ok(server.listening);
    });
  }

  for (const [what, ofSocket, there, here] of INTRUDERS) {
    test(`a server refuses ${what}, by its 'refused' and 'error' events (${driver})`, async (t) => {
      const { server, port } = await serve(t, { driver }, { requestCert: true, ca: AUTHORITY });
      const [refused, failed] = [event(server, 'refused'), event(server, 'error')];
      const socket = new UDSocket({ driver });
      const connecting = socket.connect({ host: HOST, port, tls: { ca: AUTHORITY, ...ofSocket } });
      await assert.rejects(connecting, { code: TLS_ERROR, message: here });
      assert.match((await refused)[0], there);
      assert.equal((await failed)[0].code, TLS_ERROR);
      server.handle(() => 'welcome');
      const next = await connected(t, port, { driver }, identity('client'));
      assert.equal(await next.rpc(1), 'welcome');
    });
  }

  test(`rejectUnauthorized: false lets in, and tells (${driver})`, async (t) => {
    const lenient = { requestCert: true, ca: AUTHORITY, rejectUnauthorized: false };
    const { server, port } = await serve(t, { driver }, { ...identity('impostor'), ...lenient });
    for (const [ofSocket, complaint] of [
      [{}, /no certificate/],
      [identity('expired'), /expired/],
      [identity('client'), undefined]
    ]) {
      const accepted = event(server, 'connection');
      const trusting = { rejectUnauthorized: false, ...ofSocket };
      const socket = await connected(t, port, { driver }, trusting);
      assert.equal(socket.peer.authorized, false);
      assert.match(socket.peer.authorizationError, /not signed by anyone in ca/);
      const [{ peer }] = await accepted;
      assert.equal(peer.authorized, complaint === undefined);
      if (complaint === undefined) assert.equal(peer.authorizationError, undefined);
      else assert.match(peer.authorizationError, complaint);
    }
  });

  for (const [what, side, options, code, message] of WRONG) {
    test(`${what} is refused by name (${driver})`, async () => {
      const endpoint = { host: HOST, port: 1, tls: options };
      const expected = { code: `SHORTWIRE_ERR_${code}`, message };
      if (side === 'start') {
        await assert.rejects(
          new UDSocketServer({ driver }).start({ ...endpoint, port: 0 }),
          expected
        );
      } else {
        await assert.rejects(new UDSocket({ driver }).connect(endpoint), expected);
      }
    });
  }

  test(`TLS on a Unix socket is refused by name (${driver})`, async () => {
    await assert.rejects(new UDSocket({ driver }).connect({ path: '/x', tls: {} }), {
      code: 'SHORTWIRE_ERR_UNSUPPORTED',
      message: /endpoint\.tls/
    });
  });
});
