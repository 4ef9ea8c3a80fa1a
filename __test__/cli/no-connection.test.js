// No connection: what lies at the path, what is wrong with it, what to do. Each command says it, with the exit code 3 mostly.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { mkdirSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:net');
const { dirname, join } = require('node:path');
const { describe, it } = require('node:test');

const { socketPath } = require('../support/address.js');
const { startTool, tool } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');

/** @typedef {import('node:test').TestContext} Test */

forEachDriver((driver) => {
  const call = (/** @type {Test} */ t, /** @type {string[]} */ args, settings) =>
    tool(t, ['call', '--driver', driver, ...args], settings);

  describe(`nothing to connect to (${driver})`, () => {
    const COMMANDS = [
      ['call', '1'],
      ['send', '1'],
      ['listen'],
      ['ping'],
      ['stats'],
      ['bench', '1']
    ];
    for (const [command, ...payload] of COMMANDS) {
      it(`${command} ends with 3 and asks whether the server runs`, async (t) => {
        const path = socketPath(t);
        const outcome = await tool(t, [command, path, ...payload, '--driver', driver]);
        assert.deepEqual([outcome.code, outcome.stdout], [3, '']);
        assert.match(outcome.stderr, /ENOENT[^]*Is the server running, and is this its path\?/);
      });
    }

    it('proposes a socket with a similar name', async (t) => {
      const { path } = await listen(t, { driver });
      const outcome = await call(t, [join(dirname(path), 'z'), '1']);
      assert.match(outcome.stderr, /There is s\./);
      const longer = join(dirname(path), 'service.sock');
      const { server } = await listen(t, { driver });
      await server.close();
      await server.start(longer);
      const { stderr } = await call(t, [join(dirname(path), 'servcie.sock'), '1']);
      assert.match(stderr, /Did you mean .*\/service\.sock\?/);
    });

    it('says how an address of TCP is written', async (t) => {
      const { code, stderr } = await call(t, ['localhost:7000', '1']);
      assert.equal(code, 3);
      assert.match(stderr, /Over TCP it is tcp:\/\/localhost:7000/);
    });

    it('says that the directory does not exist', async (t) => {
      const path = join(dirname(socketPath(t)), 'missing/s');
      assert.match((await call(t, [path, '1'])).stderr, /The directory .*missing does not exist/);
    });

    it('says what a relative path is relative to', async (t) => {
      const cwd = dirname(socketPath(t));
      const { stderr } = await call(t, ['app.sock', '1'], { cwd });
      assert.ok(stderr.includes(`relative to ${cwd}`), stderr);
    });

    it('says that a file is no socket', async (t) => {
      const path = socketPath(t);
      writeFileSync(path, '');
      const { code, stderr } = await call(t, [path, '1']);
      assert.equal(code, 3);
      assert.match(stderr, /no socket but a regular file/);
      mkdirSync(`${path}d`);
      assert.match((await call(t, [`${path}d`, '1'])).stderr, /no socket but a directory/);
    });

    it('says that a server has left its socket file behind', async (t) => {
      const path = socketPath(t);
      const dead = startTool(t, ['serve', path, '--driver', driver]);
      await dead.stderrSays(/listening/);
      dead.kill('SIGKILL');
      await dead.ended;
      const { code, stderr } = await call(t, [path, '1']);
      assert.equal(code, 3);
      assert.match(stderr, /ECONNREFUSED[^]*no server listens on it any more/);
    });

    it('ends with 4 when what listens says nothing', async (t) => {
      const path = socketPath(t);
      const mute = createServer(() => {}).listen(path);
      await once(mute, 'listening');
      t.after(() => mute.close());
      const { code, stderr } = await call(t, [path, '1', '-t', '100']);
      assert.equal(code, 4);
      assert.match(stderr, /did not introduce itself within 100 ms/);
    });

    it('says so of a port, and of a host that nobody knows', async (t) => {
      const closed = createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const { port } = /** @type {import('node:net').AddressInfo} */ (closed.address());
      closed.close();
      const refused = await call(t, [String(port), '1']);
      assert.equal(refused.code, 3);
      assert.match(
        refused.stderr,
        /ECONNREFUSED.*\n.*Is the server running, and is this its endpoint/
      );
      const unknown = await call(t, ['tcp://no-such-host.invalid:7000', '1']);
      assert.equal(unknown.code, 3);
      assert.match(unknown.stderr, /E(?:NOTFOUND|AI_AGAIN).*\n.*Nobody knows this name/);
    });

    it('ends with 6 when the server turns it away', async (t) => {
      const { path } = await listen(t, { driver, protocols: ['jftp'] });
      const { code, stderr } = await call(t, [path, '1']);
      assert.equal(code, 6, stderr);
    });
  });
});
