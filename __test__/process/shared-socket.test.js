// One listening socket, several processes or threads that serve it, and one owner of its path.

'use strict';

const assert = require('node:assert/strict');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocket, UDSocketServer, bind } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { AUTHORITY, identity } = require('../support/certs.js');
const { assertQuiet, run, start } = require('../support/child.js');
const { event, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/shared-socket.js');

/** A listener that is gone after the test. */
async function bound(t, options) {
  const listener = await bind(socketPath(t), options);
  t.after(() => listener.close());
  return listener;
}

/** A process that serves it. */
async function serve(t, listener, driver) {
  const stdio = ['pipe', 'pipe', 'pipe', listener.fd];
  const child = start(t, SCRIPT, ['process', driver], { stdio });
  await child.says(`serving ${listener.address()}`);
  return child;
}

/** Who answers at it, over a connection that stays. */
async function ask(t, listener, driver) {
  const socket = new UDSocket({ driver });
  t.after(() => socket.destroy());
  await socket.connect(listener.address());
  return { socket, pid: await socket.rpc('who?') };
}

forEachDriver((driver) => {
  describe(`One socket, ${driver}`, () => {
    it('is served by two processes, both of which get connections', async (t) => {
      const listener = await bound(t);
      const [one, other] = [await serve(t, listener, driver), await serve(t, listener, driver)];
      const seen = new Set();
      const both = async () => {
        while (seen.size < 2) seen.add((await ask(t, listener, driver)).pid);
      };
      await within(both(), 'both get connections');
      assert.deepEqual(seen, new Set([one.pid, other.pid]));
    });

    it('is served by the others when one dies, and keeps its path', async (t) => {
      const listener = await bound(t);
      const victim = await serve(t, listener, driver);
      const { socket, pid } = await ask(t, listener, driver);
      assert.equal(pid, victim.pid);
      const other = await serve(t, listener, driver);
      const lost = event(socket, 'disconnect');
      victim.kill('SIGKILL');
      await lost;
      for (let n = 0; n < 3; n++) assert.equal((await ask(t, listener, driver)).pid, other.pid);
      assert.ok(existsSync(listener.address()));
      other.process.stdin.end();
      assertQuiet(await other.ended);
      assert.ok(existsSync(listener.address()), 'a worker has removed the path');
    });

    it('keeps who comes while nobody serves it', async (t) => {
      const listener = await bound(t);
      const early = ask(t, listener, driver);
      const child = await serve(t, listener, driver);
      assert.equal((await within(early, 'an answer')).pid, child.pid);
    });

    it('is served by threads, of which one may end', async (t) => {
      const path = socketPath(t);
      const outcome = await run(SCRIPT, ['threads', driver, path]);
      assertQuiet(outcome);
      assert.deepEqual(outcome.lines, ['true', 'true true', '-1 ']);
      assert.ok(!existsSync(path), 'the owner leaves its path behind');
    });

    it('may be one of TCP', async (t) => {
      const listener = await bind({ host: '127.0.0.1', port: 0 });
      t.after(() => listener.close());
      const servers = [true, false].map((noDelay) => {
        const server = new UDSocketServer({ driver });
        server.handle(() => noDelay);
        t.after(() => server.close({ timeoutMs: 0 }));
        return server.start({ fd: listener.fd, shared: true, noDelay });
      });
      await Promise.all(servers);
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      await socket.connect({ port: listener.address().port });
      assert.equal(typeof (await socket.rpc(1)), 'boolean');
    });

    it('may be one of TLS, of which each server has the certificate', async (t) => {
      const listener = await bind({ host: '127.0.0.1', port: 0 });
      t.after(() => listener.close());
      const server = new UDSocketServer({ driver });
      server.handle((payload) => payload);
      t.after(() => server.close({ timeoutMs: 0 }));
      await server.start({ fd: listener.fd, shared: true, tls: identity('server') });
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      const { port } = listener.address();
      await socket.connect({ host: 'localhost', port, tls: { ca: AUTHORITY } });
      assert.equal(await socket.rpc('over TLS'), 'over TLS');
      assert.equal(socket.peer.authorized, true);
    });

    it('is served by its owner too, beside others', async (t) => {
      const listener = await bound(t);
      const servers = [1, 2].map((name) => {
        const server = new UDSocketServer({ driver });
        server.handle(() => name);
        t.after(() => server.close({ timeoutMs: 0 }));
        return server;
      });
      for (const server of servers) await server.start({ fd: listener.fd, shared: true });
      await servers[0].close();
      assert.equal((await ask(t, listener, driver)).pid, 2);
      await servers[1].close();
      const late = ask(t, listener, driver);
      await servers[0].start({ fd: listener.fd, shared: true });
      assert.equal((await late).pid, 1);
    });

    it('is handed down by a service manager, by name', async (t) => {
      const api = await bound(t);
      const admin = await bound(t);
      const twins = [await bound(t), await bound(t)];
      const stdio = ['pipe', 'pipe', 'pipe', ...[api, admin, ...twins].map(({ fd }) => fd)];
      // Only the shell knows the number that its successor will have.
      const wrapper = start(
        t,
        join(__dirname, 'scripts/activate.js'),
        [SCRIPT, 'activated', driver],
        {
          stdio,
          env: { ...process.env, LISTEN_FDS: '4', LISTEN_FDNAMES: 'api:admin:twin:twin' }
        }
      );
      await wrapper.says('3=api,4=admin,5=twin,6=twin');
      for (let n = 0; n < 3; n++) await wrapper.says('SHORTWIRE_ERR_INVALID_ARG');
      await wrapper.says(`serving ${api.address()}`);
      await wrapper.says(`serving ${admin.address()}`);
      await wrapper.says('inherited 0 0 SHORTWIRE_ERR_INVALID_ARG');
      assert.equal((await ask(t, api, driver)).pid, 'activated');
      assert.equal((await ask(t, admin, driver)).pid, 'admin');
      wrapper.process.stdin.end();
      assertQuiet(await wrapper.ended);
      assert.ok(existsSync(api.address()) && existsSync(admin.address()));
    });
  });
});

describe('A listener', () => {
  it('has the mode that was asked for, and is closed once', async (t) => {
    const { statSync } = require('node:fs');
    const listener = await bound(t, { mode: 0o600, backlog: 5 });
    const path = listener.address();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await Promise.all([listener.close(), listener.close()]);
    assert.deepEqual([listener.fd, listener.address(), existsSync(path)], [-1, null, false]);
  });

  it('is refused a path that is taken, a server its', async (t) => {
    const listener = await bound(t);
    await assert.rejects(bind(listener.address()), { code: 'EADDRINUSE' });
    await assert.rejects(new UDSocketServer().start(listener.address()), { code: 'EADDRINUSE' });
    await assert.rejects(bind(join(listener.address(), 'x')), { code: 'ENOTDIR' });
  });

  for (const [what, endpoint] of /** @type {const} */ ([
    ['a connection', { fd: 0, shared: true }],
    ['no number', { fd: -1, shared: true }],
    ['no descriptor', { shared: true }],
    ['no boolean', { fd: 3, shared: 'yes' }],
    ['both', { fd: 3, systemd: true }],
    ['no name', { systemd: '' }],
    ['no socket of a service manager', { systemd: true }]
  ])) {
    it(`can't be shared with ${what}`, async () => {
      const refused = await new UDSocketServer().start(endpoint).catch((error) => error);
      assert.match(refused.code, /^SHORTWIRE_ERR_INVALID_ARG$|^ENOTSOCK$/);
    });
  }

  it('has no unknown option', async (t) => {
    const path = socketPath(t);
    await assert.rejects(bind(path, { maxConnections: 1 }), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
    await assert.rejects(bind(path, { mode: -1 }), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
  });

  it('keeps the process alive unless it is told otherwise', async (t) => {
    const path = socketPath(t);
    const script = `const { bind } = require(${JSON.stringify(join(__dirname, '../../index.js'))});
      bind(${JSON.stringify(path)}).then((listener) => listener.unref());`;
    const { spawnSync } = require('node:child_process');
    assert.equal(spawnSync(process.execPath, ['-e', script], { timeout: 20_000 }).status, 0);
  });
});
