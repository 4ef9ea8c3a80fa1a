// `shortwire ping`, `stats` and `bench`: what they print, for people and for programs, and how they end.

'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { assertQuiet } = require('../support/child.js');
const { startTool, tool, values } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');
const { nextEvent } = require('../support/events.js');
const { connect, listen } = require('../support/pair.js');

forEachDriver((driver) => {
  const run = (t, /** @type {string[]} */ ...args) => tool(t, [...args, '--driver', driver]);

  describe(`shortwire ping (${driver})`, () => {
    it('prints how long it took', async (t) => {
      const { path } = await listen(t, { driver });
      const outcome = await run(t, 'ping', path);
      assertQuiet(outcome);
      const [{ seq, ms }] = values(outcome);
      assert.equal(seq, 1);
      assert.ok(ms > 0 && ms < 5000, String(ms));
    });

    it('sums several up', async (t) => {
      const { path } = await listen(t, { driver });
      const outcome = await run(t, 'ping', path, '-n', '3', '-i', '1ms');
      assert.deepEqual(
        values(outcome).map(({ seq }) => seq),
        [1, 2, 3]
      );
      assert.match(outcome.stderr, /^3 answers: least .* most/);
    });

    it('goes on until Ctrl-C with --count 0', async (t) => {
      const { path } = await listen(t, { driver });
      const child = startTool(t, ['ping', path, '-n', '0', '-i', '1ms', '--driver', driver]);
      for (let line = 0; line < 5; line++) await child.line();
      child.kill('SIGINT');
      const { code, stderr } = await child.ended;
      assert.equal(code, 130);
      assert.match(stderr, /answers: least/);
    });

    it('ends with 7 where the protocol has no pings', async (t) => {
      const { path } = await listen(t, { driver });
      const { code, stderr } = await run(t, 'ping', path, '--protocol', 'jftp');
      assert.equal(code, 7);
      assert.match(stderr, /SHORTWIRE_ERR_UNSUPPORTED/);
    });
  });

  describe(`shortwire stats (${driver})`, () => {
    it('shows what a server tells that allows it', async (t) => {
      const { path } = await listen(t, { driver, allowStats: true });
      const outcome = await run(t, 'stats', path);
      assertQuiet(outcome);
      assert.match(outcome.stdout, /^connections +1 +accepted 1, refused 0$/m);
      assert.match(outcome.stdout, /^requests in +1 /m);
    });

    it('prints a line of JSON each with --watch --json', async (t) => {
      const { path } = await listen(t, { driver, allowStats: true });
      const outcome = await run(t, 'stats', path, '--json', '-w', '-i', '110ms', '-n', '3');
      assertQuiet(outcome);
      const counts = values(outcome).map(({ sockets }) => sockets.requestsIn);
      assert.deepEqual(counts, [1, 2, 3]);
    });

    it('ends with 130 at Ctrl-C', async (t) => {
      const { path } = await listen(t, { driver, allowStats: true });
      const child = startTool(t, ['stats', path, '--json', '-w', '-i', '1ms', '--driver', driver]);
      await child.line();
      child.kill('SIGINT');
      assertQuiet(await child.ended, 130);
    });

    for (const [name, handle] of /** @type {const} */ ([
      ['nothing', () => {}],
      ['everything', (server) => server.handle((payload) => payload ?? { atMs: 'no' })]
    ])) {
      it(`says how to allow it to one that answers ${name}`, async (t) => {
        const { server, path } = await listen(t, { driver });
        handle(server);
        const { code, stdout, stderr } = await run(t, 'stats', path);
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, /does not tell its statistics\n.*allowStats: true/);
      });
    }
  });

  describe(`shortwire bench (${driver})`, () => {
    const SHORT = ['--duration', '200ms', '--warmup', '20ms'];

    it('measures a closed loop', async (t) => {
      const { server, path } = await listen(t, { driver });
      server.handle((payload) => payload);
      const outcome = await run(t, 'bench', path, '1', ...SHORT, '--json', '-c', '4');
      assertQuiet(outcome);
      const [report] = values(outcome);
      assert.equal(report.mode, 'closed');
      assert.deepEqual([report.connections, report.concurrency, report.errors], [1, 4, {}]);
      assert.ok(report.answered > 0);
      const { minUs, p50Us, p99Us, p99_9Us, maxUs } = report.latency;
      const ordered = [minUs, p50Us, p99Us, p99_9Us, maxUs];
      assert.deepEqual(ordered.toSorted?.((a, b) => a - b) ?? ordered, ordered);
      const counted = report.distribution.reduce((sum, { count }) => sum + count, 0);
      assert.equal(counted, report.answered);
    });

    it('makes the calls of an open loop at their rate, on all connections', async (t) => {
      const { server, path } = await listen(t, { driver });
      const seen = new Set();
      server.handle((payload, { socket }) => void seen.add(socket.id));
      const outcome = await tool(t, [
        'bench',
        path,
        '1',
        '--json',
        '--rate',
        '500',
        '--connections',
        '3',
        ...SHORT,
        '--driver',
        driver
      ]);
      assertQuiet(outcome);
      const [report] = values(outcome);
      assert.deepEqual([report.mode, report.arrivals, report.skipped], ['open', 'even', 0]);
      // Due within 200 ms; no machine is so slow that it changes the plan.
      assert.ok(report.answered >= 99 && report.answered <= 101, String(report.answered));
      assert.equal(seen.size, 3);
    });

    it('counts latency from when a call was due: a stall costs all who came meanwhile', async (t) => {
      const { server, path } = await listen(t, { driver });
      let calls = 0;
      // The fiftieth, after the warm-up, blocks the whole server for 100 ms.
      server.handle(() => {
        if (++calls === 50) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      });
      const outcome = await run(t, 'bench', path, '1', '--json', '-r', '1000', ...SHORT);
      const [{ answered, latency }] = values(outcome);
      assert.ok(answered > 100);
      // About 100 of 200 calls came while it stood still, and waited 50 ms on average.
      assert.ok(latency.p75Us > 10_000, JSON.stringify(latency));
      assert.ok(latency.maxUs > 90_000, JSON.stringify(latency));
    });

    it('says when it could not send as much as it should', async (t) => {
      const { server, path } = await listen(t, { driver });
      server.handle(() => new Promise((resolve) => setTimeout(resolve, 100)));
      const args = ['bench', path, '1', '-r', '1000', '-c', '2', ...SHORT];
      const { code, stdout } = await run(t, ...args);
      assert.equal(code, 0);
      assert.match(stdout, /were never sent.*can't keep up/);
    });

    it('prints a table for people', async (t) => {
      const { server, path } = await listen(t, { driver });
      server.handle((payload) => payload);
      const outcome = await run(t, 'bench', path, '1', ...SHORT, '-r', '200', '--poisson');
      assertQuiet(outcome);
      assert.match(outcome.stdout, /^Open loop: 200 calls\/s \(poisson\) on 1 connection/);
      for (const row of ['least', 'mean', 'p50', 'p99', 'p99.99', 'most']) {
        assert.match(outcome.stdout, new RegExp(`^ {2}${row} +[\\d.]+ (?:µs|ms|s)$`, 'm'));
      }
      assert.match(outcome.stdout, /^ {2}< .* █+$/m);
    });

    it('uses the payloads of its input in turn', async (t) => {
      const { server, path } = await listen(t, { driver });
      const seen = new Set();
      server.handle((payload) => void seen.add(payload));
      const args = ['bench', path, '--driver', driver, ...SHORT];
      assert.equal((await tool(t, args, { input: '1 2 3' })).code, 0);
      assert.deepEqual([...seen].sort(), [1, 2, 3]);
    });

    it('does not begin if the first call fails', async (t) => {
      const { path } = await listen(t, { driver });
      const { code, stdout, stderr } = await run(t, 'bench', path, '1', ...SHORT);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /SHORTWIRE_ERR_NO_HANDLER/);
    });

    it('counts failures by code, and ends with 1', async (t) => {
      const { server, path } = await listen(t, { driver });
      let calls = 0;
      server.handle(() => {
        if (calls++ > 0) throw new Error('no');
      });
      const outcome = await run(t, 'bench', path, '1', ...SHORT, '--json');
      assert.equal(outcome.code, 1);
      const [{ answered, errors }] = values(outcome);
      assert.equal(answered, 0);
      assert.ok(errors.SHORTWIRE_ERR_REMOTE > 0);
    });

    it('counts answers that never came as no faster than the time limit', async (t) => {
      const { server, path } = await listen(t, { driver });
      let calls = 0;
      server.handle(() => (calls++ === 0 ? 1 : new Promise(() => {})));
      const outcome = await run(t, 'bench', path, '1', ...SHORT, '--json', '-t', '50ms');
      assert.equal(outcome.code, 4);
      const [{ answered, errors, latency }] = values(outcome);
      assert.equal(answered, 0);
      assert.ok(errors.SHORTWIRE_ERR_TIMEOUT > 0);
      assert.ok(latency.p50Us >= 49_000, JSON.stringify(latency));
    });

    it('shows what there is at Ctrl-C, and ends with 130', async (t) => {
      const { server, path } = await listen(t, { driver });
      server.handle((payload) => payload);
      const connected = nextEvent(server, 'connection');
      const args = ['bench', path, '1', '-d', '1h', '--warmup', '0', '--json', '--driver', driver];
      const child = startTool(t, args);
      const [socket] = await connected;
      while (socket.stats().requestsIn < 100) await socket.ping();
      child.kill('SIGINT');
      const outcome = await child.ended;
      assert.deepEqual([outcome.code, outcome.stderr], [130, '']);
      assert.ok(values(outcome)[0].answered > 0);
    });

    it('ends with 5 when the server goes away', async (t) => {
      const { server, path } = await listen(t, { driver });
      let calls = 0;
      server.handle((_, { socket }) => {
        if (++calls === 100) socket.destroy();
      });
      const outcome = await run(t, 'bench', path, '1', '-d', '1h', '--warmup', '0', '--json');
      assert.equal(outcome.code, 5);
      assert.equal(values(outcome)[0].answered, 99 - 1);
    });
  });
});

describe('allowStats', () => {
  it('is off: the topic means nothing', async (t) => {
    const { path } = await listen(t);
    const socket = await connect(t, path);
    await assert.rejects(socket.call('$shortwire.stats'), { code: 'SHORTWIRE_ERR_NO_HANDLER' });
  });

  it('goes through the middleware, which may refuse', async (t) => {
    const { server, path } = await listen(t, { allowStats: true });
    server.use((_, { topic }, next) => {
      if (topic.startsWith('$')) throw new Error('not you');
      return next();
    });
    const socket = await connect(t, path);
    await assert.rejects(socket.call('$shortwire.stats'), { message: 'not you' });
  });

  it('tells numbers only', async (t) => {
    const { server, path } = await listen(t, { allowStats: true });
    server.handle('secret.topic', () => 'secret answer');
    const socket = await connect(t, path);
    await socket.call('secret.topic', 'secret payload');
    const report = /** @type {any} */ (await socket.call('$shortwire.stats'));
    const numbers = (value) =>
      typeof value === 'object' ? Object.values(value).every(numbers) : typeof value === 'number';
    assert.ok(numbers(report), JSON.stringify(report));
    assert.deepEqual(Object.keys(report), ['atMs', 'process', 'server', 'sockets']);
  });

  it('keeps what sockets have counted that are gone', async (t) => {
    const { server, path } = await listen(t, { allowStats: true });
    server.handle((payload) => payload);
    const first = await connect(t, path);
    const gone = nextEvent(server, 'disconnect');
    for (let n = 0; n < 3; n++) await first.rpc(n);
    await first.close();
    await gone;
    const second = await connect(t, path);
    const { server: connections, sockets } = /** @type {any} */ (
      await second.call('$shortwire.stats')
    );
    assert.deepEqual([connections.connections, connections.accepted], [1, 2]);
    assert.equal(sockets.requestsIn, 4);
  });

  it('must be true or false', () => {
    const { UDSocketServer } = require('../..');
    assert.throws(
      () => new UDSocketServer({ allowStats: 'yes' }),
      /allowStats must be true or false/
    );
  });
});
