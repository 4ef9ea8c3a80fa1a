// `shortwire call` and `shortwire send`: payloads from arguments and pipes, answers in order, exit codes.

'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { assertQuiet } = require('../support/child.js');
const { startTool, tool, values } = require('../support/cli.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');

/** @typedef {import('node:test').TestContext} Test */

/**
 * A server that echoes and has some topics.
 *
 * @param {Test} t
 * @param {string} driver
 */
async function serve(t, driver) {
  const { server, path } = await listen(t, { driver });
  server.handle((payload) => payload);
  server.handle('topic', (payload, { topic }) => ({ topic, payload }));
  server.handle('nothing', () => {});
  server.handle('bytes', () => Buffer.from([0, 255, 10]));
  server.handle('fail', (payload) => {
    throw Object.assign(new RangeError('no such user'), { code: 'NO_USER', data: { payload } });
  });
  server.handle('rude', () => {
    throw Object.assign(new Error('rude'), { data: '\u009b2J' });
  });
  server.handle('odd', (number) => {
    if (number % 2 === 0) throw new Error(`${number} is even`);
    return number;
  });
  server.handle('silent', () => new Promise(() => {}));
  return { server, path };
}

forEachDriver((driver) => {
  const call = (/** @type {Test} */ t, /** @type {string[]} */ args, settings) =>
    tool(t, ['call', '--driver', driver, ...args], settings);

  describe(`shortwire call (${driver})`, () => {
    it('prints the answer as a line of JSON and nothing else', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '{"a": [1, "zwölf", null]}']);
      assertQuiet(outcome);
      assert.equal(outcome.stdout, '{"a":[1,"zwölf",null]}\n');
    });

    it('has many calls under way and nothing to warn of', async (t) => {
      const { path } = await serve(t, driver);
      const numbers = Array.from({ length: 100 }, (_, at) => at);
      const outcome = await call(t, [path, '-c', '64'], { input: numbers.join('\n') });
      assertQuiet(outcome);
      assert.deepEqual(values(outcome), numbers);
    });

    it('chooses a handler by topic', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '7', '--topic', 'topic']);
      assert.deepEqual(values(outcome), [{ topic: 'topic', payload: 7 }]);
    });

    it('asks without a payload, and prints null for no answer', async (t) => {
      const { path } = await serve(t, driver);
      const child = startTool(t, ['call', path, '--topic', 'nothing', '--driver', driver], {
        stdio: ['ignore', 'pipe', 'pipe']
      });
      assert.equal((await child.ended).stdout, 'null\n');
    });

    it('takes a payload that begins with a dash after two dashes', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '--', '-5']);
      assert.deepEqual([outcome.code, outcome.stdout], [0, '-5\n']);
    });

    it('makes one call of each line that is piped in, in order', async (t) => {
      const { path } = await serve(t, driver);
      const lines = Array.from({ length: 500 }, (_, index) => JSON.stringify({ index }));
      const outcome = await call(t, [path], { input: lines.join('\n') });
      assertQuiet(outcome);
      assert.deepEqual(outcome.lines, lines);
    });

    it('keeps the order of the lines with many calls under way', async (t) => {
      const { server, path } = await serve(t, driver);
      // Later ones are answered first.
      /** @type {(() => void)[]} */
      const waiting = [];
      server.handle('backwards', async (payload) => {
        await new Promise((/** @type {(value: void) => void} */ resolve) => {
          waiting.push(resolve);
          if (waiting.length === 8) while (waiting.length > 0) waiting.pop()?.();
        });
        return payload;
      });
      const outcome = await call(t, [path, '--topic', 'backwards', '-c', '8'], {
        input: '1 2 3 4 5 6 7 8\n'
      });
      assert.deepEqual(values(outcome), [1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it('answers each line before the next one comes', async (t) => {
      const { path } = await serve(t, driver);
      const child = startTool(t, ['call', path, '-c', '4', '--driver', driver]);
      for (const line of ['1', '{"two":2}', '"three"']) {
        child.tell(line);
        await child.says(line);
      }
      child.process.stdin.end();
      assertQuiet(await child.ended);
    });

    it('reads values that go over several lines', async (t) => {
      const { path } = await serve(t, driver);
      const input = `${JSON.stringify({ a: { b: ['}', '\\"'] } }, null, 2)}\n[\n1]`;
      const outcome = await call(t, [path], { input });
      assert.deepEqual(values(outcome), [{ a: { b: ['}', '\\"'] } }, [1]]);
    });

    it('repeats a payload with --count', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '"again"', '--count', '3']);
      assert.deepEqual(values(outcome), ['again', 'again', 'again']);
    });

    it('sends and writes bytes as they are with --raw', async (t) => {
      const { path } = await serve(t, driver);
      const input = randomBytes(300_000);
      const child = startTool(t, ['call', path, '--raw', '--driver', driver]);
      /** @type {Buffer[]} */
      const chunks = [];
      child.process.stdout.setEncoding('latin1');
      child.process.stdout.on('data', (text) => chunks.push(Buffer.from(text, 'latin1')));
      child.process.stdin.end(input);
      assert.equal((await child.ended).code, 0);
      assert.ok(Buffer.concat(chunks).equals(input));
    });

    it('writes text without quotes with --raw-out', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '"plain"', '--raw-out']);
      assert.equal(outcome.stdout, 'plain');
    });

    it('prints bytes in base64 otherwise', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, 'null', '--topic', 'bytes']);
      assert.deepEqual(values(outcome), [{ base64: 'AP8K' }]);
    });

    it('speaks MessagePack with --encoding', async (t) => {
      const { server, path } = await listen(t, { driver, encoding: 'msgpack' });
      server.handle(
        (payload) =>
          new Map([
            ['at', new Date(0)],
            ['got', payload]
          ])
      );
      const outcome = await call(t, [path, '{"a":1}', '--encoding', 'msgpack']);
      assertQuiet(outcome);
      assert.deepEqual(values(outcome), [{ at: '1970-01-01T00:00:00.000Z', got: { a: 1 } }]);
    });

    it('deflates with --compress', async (t) => {
      const { server, path } = await listen(t, { driver: 'task', compress: true });
      server.handle((payload, { socket }) => {
        const { wireBytesIn } = socket.stats();
        return [payload.length, wireBytesIn > 0 && wireBytesIn < 5000];
      });
      const outcome = await tool(t, ['call', path, '--compress'], {
        input: JSON.stringify('x'.repeat(50_000))
      });
      assertQuiet(outcome);
      assert.deepEqual(values(outcome), [[50_000, true]]);
    });

    it('indents with --pretty', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '{"a":1}', '--pretty']);
      assert.equal(outcome.stdout, '{\n  "a": 1\n}\n');
    });

    it("tells a handler's error with its code and data, and ends with 1", async (t) => {
      const { path } = await serve(t, driver);
      const { code, stdout, stderr } = await call(t, [path, '7', '--topic', 'fail']);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /^shortwire call: SHORTWIRE_ERR_REMOTE: no such user\n/);
      assert.match(stderr, /"name":"RangeError","code":"NO_USER","data":\{"payload":7\}/);
    });

    it('says what to do about a topic that nobody handles', async (t) => {
      const { server, path } = await serve(t, driver);
      server.handle(null);
      const { code, stderr } = await call(t, [path, '7', '--topic', 'user.get']);
      assert.equal(code, 1);
      assert.match(stderr, /SHORTWIRE_ERR_NO_HANDLER.*\n.*spelling of 'user\.get'/);
      assert.match((await call(t, [path, '7'])).stderr, /give one with --topic/);
    });

    it('ends with 4 when time is up', async (t) => {
      const { path } = await serve(t, driver);
      const { code, stderr } = await call(t, [path, '1', '--topic', 'silent', '-t', '50ms']);
      assert.equal(code, 4);
      assert.match(stderr, /SHORTWIRE_ERR_TIMEOUT.*\n.*--timeout gives it more time/);
    });

    it('ends with 5 when the connection is lost, and says what that means', async (t) => {
      const { server, path } = await serve(t, driver);
      server.handle('bye', (_, { socket }) => {
        socket.destroy();
        return new Promise(() => {});
      });
      const { code, stderr } = await call(t, [path, '1', '--topic', 'bye']);
      assert.equal(code, 5);
      assert.match(stderr, /SHORTWIRE_ERR_(?:DISCONNECTED|CLOSED).*\n.*It may have received this/);
    });

    it('ends with 7 when the payload is too large', async (t) => {
      const { path } = await serve(t, driver);
      const input = JSON.stringify('x'.repeat(70_000));
      const settings = ['--max-frame', '64k'];
      const { code, stderr } = await call(t, [path, input, ...settings]);
      assert.equal(code, 7);
      assert.match(stderr, /SHORTWIRE_ERR_TOO_LARGE.*\n.*--max-frame/);
      // From a pipe it is not even kept.
      const piped = await call(t, [path, ...settings], { input: input.slice(0, -1) });
      assert.equal(piped.code, 2);
      assert.match(piped.stderr, /larger than 65536 bytes/);
    });

    it('stops at the first failure', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '--topic', 'odd'], { input: '1\n2\n3\n' });
      assert.deepEqual([outcome.code, outcome.stdout], [1, '1\n']);
      assert.match(outcome.stderr, /line 2: 2 is even/);
    });

    it('lets nothing that the peer says control the terminal', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '1', '--topic', 'rude']);
      assert.match(outcome.stderr, /"data":"\ufffd2J"/);
    });

    it('goes on with --keep-going, and still ends with the code of the first failure', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '--topic', 'odd', '-k'], { input: '1\n2\n3\n4\n' });
      assert.deepEqual([outcome.code, outcome.stdout], [1, '1\n3\n']);
      assert.match(outcome.stderr, /line 2: 2 is even[^]*line 4: 4 is even/);
    });

    it('prints a line for each call with --envelope', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '--topic', 'odd', '--envelope'], { input: '1\n2\n' });
      const error = {
        code: 'SHORTWIRE_ERR_REMOTE',
        message: '2 is even',
        remote: { name: 'Error' }
      };
      assert.deepEqual(values(outcome), [
        { ok: true, value: 1 },
        { ok: false, error }
      ]);
      assert.deepEqual([outcome.code, outcome.stderr], [1, '']);
    });

    it('names the line that is no JSON, after the answers to those before it', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path, '-c', '8'], { input: '1\n2\n{"a":}\n4\n' });
      assert.deepEqual([outcome.code, outcome.stdout], [2, '1\n2\n']);
      assert.match(outcome.stderr, /Standard input, line 3, is not JSON: \{"a":\}/);
    });

    it('names the line on which a value begins that never ends', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path], { input: '1\n\n{"a":[\n1\n' });
      assert.deepEqual([outcome.code, outcome.stdout], [2, '1\n']);
      assert.match(outcome.stderr, /Standard input, line 3, is not JSON/);
    });

    it('makes no call of an empty input', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await call(t, [path]);
      assertQuiet(outcome);
      assert.equal(outcome.stdout, '');
    });

    it('takes its call back at Ctrl-C, and ends with 130 without a word', async (t) => {
      const { server, path } = await serve(t, driver);
      const taken = new Promise((resolve) =>
        server.handle('wait', (_, { signal }) => {
          child.kill('SIGINT');
          return new Promise(() => signal.addEventListener('abort', resolve));
        })
      );
      const child = startTool(t, ['call', path, '1', '--topic', 'wait', '--driver', driver]);
      await taken;
      assertQuiet(await child.ended, 130);
    });

    it('ends with 130 at Ctrl-C while it waits for input', async (t) => {
      const { server, path } = await serve(t, driver);
      const child = startTool(t, ['call', path, '--driver', driver]);
      await once(server, 'connection');
      child.tell('1');
      await child.says('1');
      child.kill('SIGINT');
      assertQuiet(await child.ended, 130);
    });

    it('ends with 143 at SIGTERM', async (t) => {
      const { path } = await serve(t, driver);
      const child = startTool(t, ['call', path, '--driver', driver]);
      child.tell('1');
      await child.says('1');
      child.kill('SIGTERM');
      assertQuiet(await child.ended, 143);
    });

    it('ends without a word when nobody reads any more', async (t) => {
      const { path } = await serve(t, driver);
      const child = startTool(t, ['call', path, '--count', '100000000', '1', '--driver', driver]);
      await child.says('1');
      child.process.stdout.destroy();
      assertQuiet(await child.ended, 141);
    });
  });

  describe(`shortwire send (${driver})`, () => {
    it('sends a message and prints nothing', async (t) => {
      const { server, path } = await serve(t, driver);
      const heard = once(server, 'message:log');
      const outcome = await tool(t, [
        'send',
        path,
        '"ready"',
        '--topic',
        'log',
        '--driver',
        driver
      ]);
      assertQuiet(outcome);
      assert.equal(outcome.stdout, '');
      assert.equal((await heard)[0], 'ready');
    });

    it('sends one for each line, in order', async (t) => {
      const { server, path } = await serve(t, driver);
      /** @type {unknown[]} */
      const heard = [];
      server.on('message', (payload) => heard.push(payload));
      const gone = once(server, 'disconnect');
      const numbers = Array.from({ length: 2000 }, (_, index) => index);
      assertQuiet(await tool(t, ['send', path, '--driver', driver], { input: numbers.join('\n') }));
      await gone;
      assert.deepEqual(heard, numbers);
    });

    it('sends bytes with --raw', async (t) => {
      const { server, path } = await serve(t, driver);
      const heard = once(server, 'message');
      const input = randomBytes(1000);
      assertQuiet(await tool(t, ['send', path, '--raw', '--driver', driver], { input }));
      assert.ok(input.equals((await heard)[0]));
    });

    it('names the line that is no JSON', async (t) => {
      const { path } = await serve(t, driver);
      const outcome = await tool(t, ['send', path, '--driver', driver], { input: '1\nx\n' });
      assert.equal(outcome.code, 2);
      assert.match(outcome.stderr, /line 2, is not JSON: x/);
    });
  });
});
