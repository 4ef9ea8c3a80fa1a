// TLS: everything works through it as it does without, and both sides know each other.

'use strict';

const assert = require('node:assert/strict');
const { X509Certificate } = require('node:crypto');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { AUTHORITY, identity, pem } = require('../support/certs.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { HOST, LOOPBACK, TLS_ERROR, connected, pair, serve } = require('../support/secure.js');

forEachDriver((driver) => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`calls go both ways over ${version} (${driver})`, async (t) => {
      const { server, socket, peer } = await pair(t, driver, { server: { maxVersion: version } });
      server.handle((payload) => [payload, 'answered']);
      socket.handle((payload) => [payload, 'answered too']);
      assert.deepEqual(await socket.rpc('asked'), ['asked', 'answered']);
      assert.deepEqual(await peer.rpc('asked'), ['asked', 'answered too']);
      await socket.ping();
      assert.equal(await peer.ping().then((ms) => ms >= 0), true);
    });
  }

  test(`large payloads go both ways beside small calls (${driver})`, async (t) => {
    const { server, socket, peer } = await pair(t, driver);
    server.handle((payload) => payload);
    socket.handle((payload) => payload);
    const large = 'x'.repeat(6 << 20);
    const bytes = Buffer.alloc(6 << 20, 7);
    const small = Array.from({ length: 100 }, (_, at) => socket.rpc(at));
    const all = await Promise.all([socket.rpc(large), socket.rpc(bytes), peer.rpc(large)]);
    assert.ok(all[0] === large && bytes.equals(all[1]) && all[2] === large);
    assert.deepEqual(await Promise.all(small), [...small.keys()]);
  });

  test(`without a certificate the client is unknown, and the server known (${driver})`, async (t) => {
    const { socket, peer, port } = await pair(t, driver);
    const { certificate, ...rest } = socket.peer;
    assert.deepEqual(rest, { address: LOOPBACK, port, family: 'IPv4', authorized: true });
    assert.deepEqual({ ...certificate.subject }, { O: 'shortwire', CN: 'server' });
    assert.match(certificate.subjectaltname, /DNS:localhost/);
    const { address, authorized, servername } = peer.peer;
    assert.deepEqual([address, authorized, servername], [LOOPBACK, false, HOST]);
    assert.equal(peer.peer.certificate, undefined);
  });

  test(`both show certificates, and know each other by them (${driver})`, async (t) => {
    const secure = { requestCert: true, ca: AUTHORITY };
    const { socket, peer } = await pair(t, driver, { server: secure, socket: identity('client') });
    const { certificate, authorized } = peer.peer;
    assert.equal(authorized, true);
    const expected = new X509Certificate(pem('client.cert'));
    assert.equal(certificate.fingerprint256, expected.fingerprint256);
    assert.ok(certificate.raw.equals(expected.raw));
    assert.deepEqual({ ...certificate.issuer }, { CN: 'shortwire test authority' });
    assert.deepEqual(
      [certificate.valid_from, certificate.valid_to],
      [expected.validFrom, expected.validTo]
    );
    await socket.close();
    assert.equal(socket.peer.certificate.subject.CN, 'server');
  });

  test(`a certificate that signs itself is trusted as ca (${driver})`, async (t) => {
    for (const name of ['alone', 'rsa']) {
      const ca = pem(`${name}.cert`);
      const mutual = { ...identity(name), ca };
      const { server, port } = await serve(t, { driver }, { ...mutual, requestCert: true });
      server.handle(() => 'known');
      const socket = await connected(t, port, { driver }, mutual);
      assert.equal(await socket.rpc(1), 'known');
      const error = await connected(
        t,
        port,
        { driver },
        { ...mutual, servername: 'other.test' }
      ).catch((reason) => reason);
      assert.match(error.message, /not for other\.test/);
    }
  });

  test(`keys and certificates come in all of Node's shapes (${driver})`, async (t) => {
    const { cert } = identity('server');
    const pemOf = pem('server-locked.key');
    for (const shape of [
      { key: pemOf, passphrase: 'secret', cert },
      { key: [{ pem: Buffer.from(pemOf), passphrase: 'secret' }], cert: [Buffer.from(cert)] },
      { key: new Uint8Array(Buffer.from(pem('server.key'))), cert: cert + AUTHORITY }
    ]) {
      const { server, port } = await serve(t, { driver }, shape);
      server.handle(() => 'fine');
      const ca = [Buffer.from(pem('stranger.cert') + AUTHORITY)];
      const socket = await connected(t, port, { driver }, { ca });
      assert.equal(await socket.rpc(1), 'fine');
    }
  });

  test(`tls:// is an endpoint with Node's own trust (${driver})`, async (t) => {
    const { port } = await serve(t, { driver });
    const socket = new UDSocket({ driver });
    await assert.rejects(socket.connect(`tls://${HOST}:${port}`), {
      code: TLS_ERROR,
      message: /not signed by anyone in ca/
    });
    await assert.rejects(new UDSocketServer({ driver }).start('tls://localhost:0'), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /^endpoint\.tls\.cert /
    });
  });

  test(`options that changed in place are read again (${driver})`, async (t) => {
    const { port } = await serve(t, { driver });
    const endpoint = { host: HOST, port, tls: { ca: AUTHORITY } };
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    await socket.connect(endpoint);
    await socket.close();
    endpoint.tls.ca = pem('stranger.cert');
    await assert.rejects(socket.connect(endpoint), { code: TLS_ERROR });
  });

  test(`jftp is understood inside as well (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => ({ got: payload }));
    const socket = await connected(t, port, { driver, protocol: 'jftp' });
    assert.deepEqual(await socket.rpc('old'), { got: 'old' });
  });

  test(`goodbyes arrive, with their reason (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, driver);
    const said = event(socket, 'goaway');
    const closed = event(socket, 'close');
    await peer.close({ reason: 'that was all' });
    assert.deepEqual(await said, ['that was all']);
    assert.deepEqual(await closed, ['that was all']);
  });

  test(`a connection that was lost is made again (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle((payload) => payload);
    const reconnect = { minDelayMs: 1, maxDelayMs: 10 };
    const socket = await connected(t, port, { driver, reconnect });
    const again = event(socket, 'ready');
    await until(() => server.sockets.size === 1, 'the connection');
    for (const peer of server.sockets.values()) peer.destroy();
    assert.equal((await again)[0].reconnected, true);
    assert.equal(await socket.rpc('back'), 'back');
    assert.equal(socket.peer.authorized, true);
  });

  test(`a socket that reconnects gives up on a bad certificate (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    const reconnect = { minDelayMs: 1, maxDelayMs: 10 };
    const socket = await connected(t, port, { driver, reconnect });
    const failed = event(socket, 'error');
    await until(() => server.sockets.size === 1, 'the connection');
    await server.stop();
    const impostor = { host: LOOPBACK, port, tls: identity('impostor') };
    for (const peer of server.sockets.values()) peer.destroy();
    await server.start(impostor);
    const [error] = await failed;
    assert.deepEqual([error.code, socket.status], [TLS_ERROR, 'closed']);
  });

  test(`answers in parts come through it (${driver})`, async (t) => {
    const { server, port } = await serve(t, { driver });
    server.handle('count', async function* count({ to }) {
      for (let at = 0; at < to; at++) yield { at, filling: 'x'.repeat(10_000) };
    });
    const socket = await connected(t, port, { driver });
    let sum = 0;
    for await (const { at } of socket.iterate({ to: 500 }, { topic: 'count' })) sum += at;
    assert.equal(sum, (499 * 500) / 2);
  });
});
