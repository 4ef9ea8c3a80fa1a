// Payloads that look alike are rebuilt by functions made for their shapes: the result is that of JSON.parse.

'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { join } = require('node:path');
const { describe, test } = require('node:test');
const { promisify } = require('node:util');
const v8 = require('node:v8');
const vm = require('node:vm');

const { Shape } = require('../../lib/core/records.js');
const shapes = require('../../lib/core/shapes.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const corpus = require('../support/shape-corpus.js');

const { ODD, PAD, alike, assertSame, createRandom, parsed, spoil } = corpus;

const run = promisify(execFile);

/** How many payloads were rebuilt since the last question. */
let rebuilt = 0;
const { next } = shapes;
shapes.next = (...args) => {
  rebuilt++;
  return next(...args);
};

function takeRebuilt() {
  const count = rebuilt;
  rebuilt = 0;
  return count;
}

/**
 * Sends texts as they are, and gets what the other side makes of each: the value, or that it failed.
 *
 * @param {any} from
 * @param {any} to
 * @returns {(texts: string[]) => Promise<{ value: unknown, fails?: boolean }[]>}
 */
function talk(from, to) {
  /** @type {unknown[]} */
  const heard = [];
  from.schema((/** @type {any} */ value) => value ?? '');
  to.handle('text', (/** @type {unknown} */ payload) => {
    heard.push(payload);
  });
  return async (texts) => {
    const answers = texts.map((text) => from.call('text', text));
    const outcomes = await Promise.allSettled(answers);
    const values = heard.splice(0);
    return outcomes.map(({ status, reason }) => {
      if (status === 'fulfilled') return { value: values.shift() };
      assert.equal(reason.code, 'SHORTWIRE_ERR_SERIALIZE');
      return { value: undefined, fails: true };
    });
  };
}

/** @param {{ value: unknown, fails?: boolean }[]} outcomes @param {string[]} texts */
function assertParsed(outcomes, texts) {
  for (const [at, text] of texts.entries()) assertSame(outcomes[at], parsed(text), text);
}

forEachDriver((driver) => {
  describe(`Payloads of one shape, ${driver}`, () => {
    for (const [direction, ends] of /** @type {const} */ ([
      ['requests', 'socket'],
      ['requests of the server', 'peer']
    ])) {
      test(`${direction}: texts of random shapes are what JSON.parse makes of them`, async (t) => {
        takeRebuilt();
        for (let seed = 1; seed <= 40; seed++) {
          const { socket, peer } = await pair(t, { driver });
          const say = ends === 'socket' ? talk(socket, peer) : talk(peer, socket);
          const texts = alike(seed, 60);
          assertParsed(await say(texts), texts);
        }
        assert.ok(takeRebuilt() > 500);
      });
    }

    test('answers and messages are, too', async (t) => {
      const { socket, peer } = await pair(t, { driver });
      peer.schema((/** @type {string} */ text) => text);
      peer.handle('echo', (/** @type {string} */ text) => text);
      /** @type {unknown[]} */
      const heard = [];
      socket.on('message', (payload) => heard.push(payload));
      takeRebuilt();
      const texts = alike(7, 200);
      for (const text of texts) {
        const answer = socket.call('echo', text);
        await peer.send(text);
        assertSame(await answer, JSON.parse(text), text);
        assertSame(heard.pop(), JSON.parse(text), text);
      }
      assert.ok(takeRebuilt() > 200);
    });

    test('texts that are spoiled in one place, among good ones', async (t) => {
      const { socket, peer } = await pair(t, { driver });
      const say = talk(socket, peer);
      const random = createRandom(driver.length);
      takeRebuilt();
      for (let seed = 100; seed < 110; seed++) {
        const texts = alike(seed, 400).map((text, at) =>
          at > 40 && at % 2 ? spoil(text, random) : text
        );
        assertParsed(await say(texts), texts);
      }
      assert.ok(takeRebuilt() > 100);
    });

    for (const [name, usual, odd] of ODD) {
      test(`${name}: is what JSON.parse makes of it`, async (t) => {
        const { socket, peer } = await pair(t, { driver });
        const say = talk(socket, peer);
        takeRebuilt();
        const texts = Array.from(
          { length: 80 },
          (_, at) => `${at % 8 === 7 ? odd : usual},${PAD}}`
        );
        assertParsed(await say(texts), texts);
        assert.ok(takeRebuilt() > 20);
      });
    }

    test('many connections with the same shape, one after the other', async (t) => {
      const texts = alike(3, 60);
      for (let round = 0; round < 3; round++) {
        const { socket, peer } = await pair(t, { driver });
        assertParsed(await talk(socket, peer)(texts), texts);
        await socket.close();
      }
    });

    test('calls with a traceparent keep both', async (t) => {
      const { socket, peer } = await pair(t, { driver });
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      peer.handle('größe', (/** @type {unknown} */ payload, /** @type {any} */ context) => {
        assert.equal(context.traceparent, traceparent);
        assert.equal(context.topic, 'größe');
        return payload;
      });
      takeRebuilt();
      for (const text of alike(13, 150)) {
        const value = JSON.parse(text.toWellFormed());
        const answer = await socket.call('größe', value, { traceparent });
        assertSame(answer, JSON.parse(JSON.stringify(value)), text);
      }
      assert.ok(takeRebuilt() > 100);
    });

    test('jftp speaks of them as well', async (t) => {
      const { socket, peer } = await pair(t, {
        driver,
        server: { silentProtocol: 'jftp', silentMs: 1 },
        socket: { protocol: 'jftp' }
      });
      peer.handle((/** @type {unknown} */ payload) => payload);
      takeRebuilt();
      for (const text of alike(13, 150)) {
        const value = JSON.parse(text);
        assertSame(await socket.rpc(value), JSON.parse(JSON.stringify(value)), text);
      }
      assert.ok(takeRebuilt() > 100);
    });

    test('objects of a stream are rebuilt, too', async (t) => {
      const { socket, peer } = await pair(t, { driver });
      const values = alike(13, 150).map((text) => JSON.parse(text));
      peer.handle('rows', async function* () {
        yield* values;
      });
      takeRebuilt();
      const got = [];
      for await (const value of socket.iterate(undefined, { topic: 'rows' })) got.push(value);
      assertSame(got, JSON.parse(JSON.stringify(values)), 'rows');
      assert.ok(takeRebuilt() > 20);
    });

    test('tables of rows come as arrays without holes, of objects of one class', async (t) => {
      const { socket, peer } = await pair(t, { driver });
      peer.handle('echo', (/** @type {unknown} */ payload) => payload);
      const rows = Array.from({ length: 300 }, (_, id) => ({
        id,
        name: `sensor ${id}`,
        value: id / 8
      }));
      takeRebuilt();
      for (let round = 0; round < 10; round++) {
        const answer = await socket.call('echo', rows.slice(round));
        assertSame(answer, rows.slice(round), 'rows');
      }
      assert.ok(takeRebuilt() > 5);
    });

    test('a string that is kept keeps nothing else alive', async (t) => {
      v8.setFlagsFromString('--expose-gc');
      const collect = vm.runInNewContext('gc');
      const { socket, peer } = await pair(t, { driver });
      peer.handle('table', (/** @type {number} */ call) =>
        Array.from({ length: 300 }, (_, id) => ({
          id,
          short: `short ${id}`,
          long: `the name of number ${id} in call ${call}`
        }))
      );
      /** @type {string[]} */
      const kept = [];
      const calls = async (/** @type {number} */ count) => {
        for (let call = 0; call < count; call++) {
          const rows = await socket.call('table', call);
          kept.push(rows[7].short, rows[8].long);
        }
        collect();
        return process.memoryUsage().heapUsed;
      };
      const before = await calls(50);
      takeRebuilt();
      const after = await calls(400);
      assert.equal(takeRebuilt(), 400);
      // 400 tables have 12 MB of text.
      assert.ok(after - before < 1_000_000, `${after - before} bytes more`);
      assert.equal(kept.length, 900);
    });
  });
});

test('a key __proto__ is a key as others, with a function and without', () => {
  const place = { nullable: false, members: [['__proto__', Shape.STRING]] };
  const from = { doubles: new Float64Array(0), double: 0, long: undefined, longAt: 0 };
  const ints = new Int32Array([3]);
  const values = [
    shapes.compile(place)('odd', 0, ints, 0, from.doubles, 0, undefined),
    shapes.interpret(place, { text: 'odd', at: 0, ints, int: 0, ...from })
  ];
  for (const value of values) assertSame(value, JSON.parse('{"__proto__":"odd"}'), '__proto__');
});

test('where making functions of text is forbidden, JSON.parse does it all', async () => {
  const script = join(__dirname, 'scripts', 'shapes.js');
  const flag = '--disallow-code-generation-from-strings';
  const { stdout } = await run(process.execPath, [flag, script], { timeout: 15_000 });
  assert.deepEqual(JSON.parse(stdout), { same: true, rebuilt: 0 });
});

test('where it is forbidden later, values are put together without functions', async () => {
  const script = join(__dirname, 'scripts', 'shapes.js');
  const { stdout } = await run(process.execPath, [script, 'later'], { timeout: 15_000 });
  const { same, rebuilt } = JSON.parse(stdout);
  assert.equal(same, true);
  assert.ok(rebuilt > 500);
});
