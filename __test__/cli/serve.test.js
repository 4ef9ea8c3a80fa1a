// `shortwire serve` and `shortwire listen`: handlers of modules, what is printed, how they end.

'use strict';

const assert = require('node:assert/strict');
const { existsSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { describe, it } = require('node:test');

const { socketPath } = require('../support/address.js');
const { assertQuiet } = require('../support/child.js');
const { startTool, tool, values } = require('../support/cli.js');
const { until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { nextEvent } = require('../support/events.js');
const { connect, listen } = require('../support/pair.js');

/** @typedef {import('node:test').TestContext} Test */

/** Ends with 130, and said on standard error what a person wants to know. */
async function assertInterrupted(child, expected = 130) {
  const { code, signal, stderr } = await child.ended;
  assert.deepEqual([code, signal], [expected, null]);
  assert.doesNotMatch(stderr, /shortwire \w+:/);
}

forEachDriver((driver) => {
  /**
   * @param {Test} t
   * @param {string[]} args after the endpoint
   */
  async function serve(t, args = [], path = socketPath(t)) {
    const child = startTool(t, ['serve', path, ...args, '--driver', driver]);
    await child.stderrSays(/^listening on /m);
    return { child, path };
  }

  /**
   * @param {Test} t
   * @param {string} source
   */
  function moduleOf(t, source, name = 'handlers.mjs') {
    const path = join(dirname(socketPath(t)), name);
    writeFileSync(path, source);
    return path;
  }

  describe(`shortwire serve (${driver})`, () => {
    it('echoes', async (t) => {
      const { path } = await serve(t);
      const socket = await connect(t, path, { driver });
      assert.deepEqual(await socket.rpc({ a: [1] }), { a: [1] });
      assert.equal(await socket.call('any.topic', 'x'), 'x');
      assert.deepEqual(await socket.rpc(Buffer.from('bytes')), Buffer.from('bytes'));
    });

    it('answers with the handlers of a module, * for all other topics', async (t) => {
      const source = `export default {
        'users.get': async ({ id }) => ({ id, name: 'Ada' }),
        '*': (payload, context) => context.topic
      };`;
      const { path } = await serve(t, [moduleOf(t, source)]);
      const socket = await connect(t, path, { driver });
      assert.deepEqual(await socket.call('users.get', { id: 7 }), { id: 7, name: 'Ada' });
      assert.equal(await socket.call('else'), 'else');
    });

    it('takes a function, and modules in CommonJS', async (t) => {
      const source = 'module.exports = (payload) => payload * 2;';
      const { path } = await serve(t, [moduleOf(t, source, 'double.cjs')]);
      const socket = await connect(t, path, { driver });
      assert.equal(await socket.rpc(21), 42);
    });

    for (const [name, source, words] of /** @type {const} */ ([
      ['no default export', 'export const get = () => 1;', /it exports get[^]*export default/],
      ['something else than functions', 'export default { get: 1 };', /topic 'get' has number/],
      ['no handler', 'export default {};', /exports no handler/],
      ['an error in it', 'throw new Error("broken inside");', /can't be loaded: broken inside/]
    ])) {
      it(`refuses a module with ${name}`, async (t) => {
        const path = socketPath(t);
        const outcome = await tool(t, ['serve', path, moduleOf(t, source)]);
        assert.deepEqual([outcome.code, outcome.stdout, existsSync(path)], [2, '', false]);
        assert.match(outcome.stderr, words);
      });
    }

    it('prints what happens with --verbose', async (t) => {
      const source = `export default {
        ok: () => 1,
        fail: () => { throw Object.assign(new Error('no'), { code: 'NO' }); }
      };`;
      const { child, path } = await serve(t, [moduleOf(t, source), '--verbose']);
      const socket = await connect(t, path, { driver });
      await socket.call('ok', { a: 1 });
      await socket.call('fail').catch(() => {});
      await socket.notify('log', 'done');
      await socket.close({ reason: 'enough' });
      /** @type {any[]} */
      const seen = [];
      do seen.push(JSON.parse(await child.line()));
      while (seen.at(-1).event !== 'disconnect');
      assert.deepEqual(
        seen.map(({ event }) => event),
        ['connection', 'request', 'answer', 'request', 'failure', 'message', 'disconnect']
      );
      assert.deepEqual([seen[1].topic, seen[1].payload], ['ok', { a: 1 }]);
      assert.deepEqual([seen[4].code, seen[4].message], ['NO', 'no']);
      assert.deepEqual([seen[5].topic, seen[5].payload], ['log', 'done']);
      assert.equal(seen[6].reason, 'enough');
    });

    it('finishes what is under way at Ctrl-C, takes its file along and ends with 130', async (t) => {
      const source = `export default { slow: (_, { socket }) => socket.call('go') };`;
      const { child, path } = await serve(t, [moduleOf(t, source)]);
      const socket = await connect(t, path, { driver });
      const asked = new Promise((resolve) =>
        socket.handle('go', () => {
          resolve(undefined);
          return goodbye.then(() => 'finished');
        })
      );
      const goodbye = nextEvent(socket, 'goaway');
      const answer = socket.call('slow');
      await asked;
      child.kill('SIGINT');
      assert.equal(await answer, 'finished');
      await assertInterrupted(child);
      assert.equal(existsSync(path), false);
    });

    it('ends at once at a second Ctrl-C', async (t) => {
      const source = 'export default { never: () => new Promise(() => {}) };';
      const { child, path } = await serve(t, [moduleOf(t, source), '--drain', '1h', '-v']);
      const socket = await connect(t, path, { driver });
      const goodbye = nextEvent(socket, 'goaway');
      socket.call('never').catch(() => {});
      while (JSON.parse(await child.line()).event !== 'request');
      child.kill('SIGINT');
      await goodbye;
      child.kill('SIGINT');
      await assertInterrupted(child);
    });

    it('ends with 143 at SIGTERM', async (t) => {
      const { child } = await serve(t);
      child.kill('SIGTERM');
      await assertInterrupted(child, 143);
    });

    it('makes its file with --mode', async (t) => {
      const { path } = await serve(t, ['--mode', '660']);
      assert.equal(statSync(path).mode & 0o777, 0o660);
    });

    it('serves a port, which is called by its number or its address', async (t) => {
      const child = startTool(t, ['serve', 'tcp://127.0.0.1:0', '--driver', driver]);
      const [, address, port] = await child.stderrSays(/listening on (tcp:\/\/127\.0\.0\.1:(\d+))/);
      for (const endpoint of [port, address]) {
        const outcome = await tool(t, ['call', endpoint, '1', '--driver', driver]);
        assertQuiet(outcome);
        assert.equal(outcome.stdout, '1\n');
      }
      const { code, stderr } = await tool(t, ['serve', port]);
      assert.equal(code, 3);
      assert.match(stderr, /EADDRINUSE[^]*A server is listening there already/);
    });

    it('leaves the path of a live server alone, and ends with 3', async (t) => {
      const { path } = await serve(t);
      const { code, stderr } = await tool(t, ['serve', path]);
      assert.equal(code, 3);
      assert.match(stderr, /EADDRINUSE[^]*A server is listening there already/);
    });

    it('leaves a file that is no socket alone, and ends with 3', async (t) => {
      const path = socketPath(t);
      writeFileSync(path, 'mine');
      const { code, stderr } = await tool(t, ['serve', path]);
      assert.equal(code, 3);
      assert.match(stderr, /There is a regular file at this path/);
    });

    it('says which directory is missing', async (t) => {
      const { code, stderr } = await tool(t, ['serve', join(socketPath(t), 'x/s')]);
      assert.equal(code, 3);
      assert.match(stderr, /does not exist: make it first/);
    });
  });

  describe(`shortwire listen (${driver})`, () => {
    it('prints a line for each message', async (t) => {
      const { server, path } = await listen(t, { driver });
      // At once: nothing may be lost that comes with the server's hello.
      server.on('connection', async (socket) => {
        await socket.send({ a: 1 });
        await socket.notify('log', 'ready');
        await socket.send(Buffer.from([1, 2, 3]));
        await socket.send();
        await socket.close({ reason: 'that was all' });
      });
      const outcome = await tool(t, ['listen', path, '--driver', driver]);
      assert.deepEqual(values(outcome), [
        { topic: '', payload: { a: 1 } },
        { topic: 'log', payload: 'ready' },
        { topic: '', payload: { base64: 'AQID' } },
        { topic: '' }
      ]);
      assert.equal(outcome.code, 0);
      assert.match(outcome.stderr, /the server says goodbye: that was all/);
    });

    it('prints only the broadcasts of topics that fit its patterns', async (t) => {
      const { server, path } = await listen(t, { driver });
      const args = [
        'listen',
        path,
        '--topic',
        'a.*',
        '--topic',
        'b',
        '-n',
        '3',
        '--driver',
        driver
      ];
      const connected = nextEvent(server, 'connection');
      const child = startTool(t, args);
      const [socket] = await connected;
      // What it has subscribed to comes before its pong.
      await socket.ping();
      for (const topic of ['a', 'a.b', 'a.b.c', 'b', 'c']) await server.broadcast(1, { topic });
      await server.broadcast('to all');
      const outcome = await child.ended;
      assert.deepEqual(
        values(outcome).map(({ topic }) => topic),
        ['a.b', 'b', '']
      );
      assert.equal(outcome.code, 0);
    });

    it('ends with 2 when a pattern is none', async (t) => {
      const { path } = await listen(t, { driver });
      const { code, stderr } = await tool(t, ['listen', path, '--topic', 'a.**.b']);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /pattern/);
    });

    it('ends after --count messages', async (t) => {
      const { server, path } = await listen(t, { driver });
      server.on('connection', (socket) => {
        for (let n = 1; n <= 5; n++) void socket.send(n);
      });
      const outcome = await tool(t, ['listen', path, '-n', '2', '--driver', driver]);
      assert.deepEqual(
        values(outcome).map(({ payload }) => payload),
        [1, 2]
      );
      assert.equal(outcome.code, 0);
    });

    it('ends with 130 at Ctrl-C', async (t) => {
      const { path } = await listen(t, { driver });
      const child = startTool(t, ['listen', path, '--driver', driver]);
      await child.stderrSays(/connected to/);
      child.kill('SIGINT');
      await assertInterrupted(child);
    });

    it('ends with 5 when the connection is lost', async (t) => {
      const { child, path } = await serve(t);
      const listener = startTool(t, ['listen', path, '--driver', driver]);
      await listener.stderrSays(/connected to/);
      child.kill('SIGKILL');
      const { code, stderr } = await listener.ended;
      assert.equal(code, 5);
      assert.match(stderr, /SHORTWIRE_ERR_DISCONNECTED/);
    });

    it('ends without a word when nobody reads any more', async (t) => {
      const { server, path } = await listen(t, { driver });
      const child = startTool(t, ['listen', path, '--driver', driver]);
      await child.stderrSays(/connected to/);
      await until(() => server.sockets.size === 1, 'the connection');
      const [socket] = server.sockets.values();
      await socket.send(1);
      await child.line();
      child.process.stdout.destroy();
      const gone = nextEvent(server, 'disconnect');
      await socket.send(2);
      await gone;
      assert.equal((await child.ended).code, 141);
    });
  });
});

it('an inherited descriptor is fd:3', async (t) => {
  const { server, path } = await listen(t);
  server.handle((payload) => payload);
  const { Socket } = require('node:net');
  const stream = new Socket();
  await new Promise((resolve) => stream.connect(path, () => resolve(undefined)));
  const child = startTool(t, ['call', 'fd:3', '1'], {
    stdio: ['ignore', 'pipe', 'pipe', stream]
  });
  stream.destroy();
  assertQuiet(await child.ended);
});
