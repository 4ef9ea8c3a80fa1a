// Parts of the tool that need no process: the cutting of JSON, the order of outcomes, what a terminal gets to see.

'use strict';

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const { describe, it } = require('node:test');

const { Failure } = require('../../lib/cli/failure.js');
const { inOrder } = require('../../lib/cli/in-order.js');
const { JsonValues } = require('../../lib/cli/json-values.js');
const { Latencies } = require('../../lib/cli/latencies.js');
const { Output } = require('../../lib/cli/output.js');
const { jsonLine } = require('../../lib/cli/rendering.js');
const { bytes, duration } = require('../../lib/cli/values.js');

const ESC = '\u001b';

describe('the cutting of JSON into values', () => {
  const TEXT = '1 "a b" {"x":["}",{"y":"\\""}]}\n[\n1,\n2]true\r\n"\\\\"null{}[]-1.5e3';
  const PIECES = [
    ['1', 1],
    ['"a b"', 1],
    ['{"x":["}",{"y":"\\""}]}', 1],
    ['[\n1,\n2]', 2],
    ['true', 4],
    ['"\\\\"', 5],
    ['null', 5],
    ['{}', 5],
    ['[]', 5],
    ['-1.5e3', 5]
  ];

  for (const size of [1, 2, 3, 7, 1000]) {
    it(`does not depend on where the pieces of ${size} characters end`, () => {
      const values = new JsonValues();
      const found = [];
      for (let at = 0; at < TEXT.length; at += size) {
        found.push(...values.push(TEXT.slice(at, at + size)));
      }
      found.push(...values.end());
      assert.deepEqual(
        found.map(({ text, line }) => [text, line]),
        PIECES
      );
    });
  }

  it('gives a value as soon as it is whole', () => {
    const values = new JsonValues();
    assert.equal(values.push('{"a":').length, 0);
    assert.equal(values.push('1}').length, 1);
    assert.equal(values.push('12').length, 0, 'there may be more digits');
    assert.equal(values.push('\n').length, 1);
    assert.equal(values.pending, 0);
  });

  it('leaves what is no JSON to the parser, by line', () => {
    const values = new JsonValues();
    assert.deepEqual(values.push('1\n}oops{\n2\n'), [
      { text: '1', line: 1 },
      { text: '}oops', line: 2 }
    ]);
    assert.deepEqual(values.end(), [{ text: '{\n2\n', line: 2 }]);
  });
});

describe('outcomes in order', () => {
  it('holds no more than so many', async () => {
    let begun = 0;
    let finished = 0;
    let most = 0;
    async function* items() {
      for (let n = 0; n < 100; n++) yield n;
    }
    const order = [];
    await inOrder(
      items(),
      7,
      async (n) => {
        most = Math.max(most, ++begun - finished);
        await new Promise((resolve) => setImmediate(resolve));
        return n;
      },
      async (n) => {
        finished++;
        order.push(n);
      }
    );
    assert.equal(most, 7);
    assert.deepEqual(order, [...Array(100).keys()]);
  });

  it('finishes what has begun when the items break off', async () => {
    async function* items() {
      yield 1;
      yield 2;
      throw new Error('no more');
    }
    const seen = [];
    const run = inOrder(
      items(),
      9,
      async (n) => n,
      async (n) => void seen.push(n)
    );
    await assert.rejects(run, /no more/);
    assert.deepEqual(seen, [1, 2]);
  });
});

describe('latencies', () => {
  it('are summed up in µs, and counted by powers of two', () => {
    const latencies = new Latencies();
    for (let n = 1; n <= 100; n++) latencies.record(n / 1000);
    const { minUs, p50Us, p99Us, maxUs } = latencies.summary();
    assert.equal(minUs, 1);
    for (const [figure, expected] of [
      [p50Us, 50],
      [p99Us, 99],
      [maxUs, 100]
    ]) {
      assert.ok(Math.abs(figure - expected) < expected * 0.002, `${figure} ${expected}`);
    }
    assert.deepEqual(latencies.buckets(), [
      { belowUs: 2, count: 1 },
      { belowUs: 4, count: 2 },
      { belowUs: 8, count: 4 },
      { belowUs: 16, count: 8 },
      { belowUs: 32, count: 16 },
      { belowUs: 64, count: 32 },
      { belowUs: 128, count: 37 }
    ]);
  });

  it('are all 0 without any', () => {
    assert.equal(new Latencies().summary().maxUs, 0);
    assert.deepEqual(new Latencies().buckets(), []);
  });
});

it('what MessagePack carries is printed as JSON that says the same', () => {
  const value = {
    date: new Date(0),
    big: 2n ** 64n,
    set: new Set([1, 'a']),
    map: new Map([['a', new Map([[1, new Uint8Array([1, 2])]])]])
  };
  assert.equal(
    jsonLine(value),
    '{"date":"1970-01-01T00:00:00.000Z","big":"18446744073709551616","set":[1,"a"],' +
      '"map":{"a":[[1,{"base64":"AQI="}]]}}'
  );
});

describe('values of options', () => {
  for (const [text, ms] of /** @type {const} */ ([
    ['250', 250],
    ['250ms', 250],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0', 0]
  ])) {
    it(`${text} is ${ms} ms`, () => assert.equal(duration(text, '--x'), ms));
  }
  for (const [text, size] of /** @type {const} */ ([
    ['2048', 2048],
    ['64k', 65_536],
    ['16M', 16_777_216],
    ['1MiB', 1_048_576]
  ])) {
    it(`${text} is ${size} bytes`, () => assert.equal(bytes(1, 2 ** 30)(text, '--x'), size));
  }
});

it('a slow reader of the output is waited for once, by all', async () => {
  const stdout = Object.assign(new EventEmitter(), {
    writableNeedDrain: true,
    write: () => false
  });
  const output = new Output(/** @type {any} */ (stdout), /** @type {any} */ (new EventEmitter()));
  const writes = Array.from({ length: 20 }, () => output.line('result'));
  assert.equal(output.isFull, true);
  assert.equal(stdout.listenerCount('drain'), 1);
  stdout.writableNeedDrain = false;
  stdout.emit('drain');
  await Promise.all(writes);
  await output.drained();
});

describe('what a terminal sees', () => {
  /** @param {boolean} isTTY */
  function outputTo(isTTY) {
    const stream = () =>
      Object.assign(new EventEmitter(), {
        isTTY,
        columns: 20,
        text: '',
        /** @param {string} data */
        write(data) {
          this.text += data;
          return true;
        }
      });
    const [stdout, stderr] = [stream(), stream()];
    return {
      stdout,
      stderr,
      output: new Output(/** @type {any} */ (stdout), /** @type {any} */ (stderr))
    };
  }

  /**
   * @param {Record<string, string | undefined>} changes
   * @param {() => void} run
   */
  function withEnvironment(changes, run) {
    const before = { ...process.env };
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    try {
      run();
    } finally {
      process.env = before;
    }
  }

  const failure = new Failure(1, 'CODE', 'went wrong\u001b[2J\u0007', 'do this');

  it('has colours', () => {
    withEnvironment({ NO_COLOR: undefined, TERM: 'xterm' }, () => {
      const { output, stderr } = outputTo(true);
      output.failure('call', failure);
      assert.ok(stderr.text.startsWith(`${ESC}[31mshortwire call:${ESC}[0m CODE: went wrong`));
    });
  });

  for (const [name, isTTY, changes] of /** @type {const} */ ([
    ['with NO_COLOR', true, { NO_COLOR: '1', TERM: 'xterm' }],
    ['on a dumb terminal', true, { NO_COLOR: undefined, TERM: 'dumb' }],
    ['in a pipe', false, { NO_COLOR: undefined, TERM: 'xterm' }]
  ])) {
    it(`has none ${name}, and never what a peer would do to it`, () => {
      withEnvironment(changes, () => {
        const { output, stderr } = outputTo(isTTY);
        output.failure('call', failure);
        assert.equal(stderr.text, 'shortwire call: CODE: went wrong\ufffd[2J\ufffd\n  do this\n');
      });
    });
  }

  it('has one line of progress, which goes away', () => {
    withEnvironment({ TERM: 'xterm' }, () => {
      const { output, stderr, stdout } = outputTo(true);
      output.progress('a long line that would be broken');
      assert.equal(stderr.text, '\r\u001b[2Ka long line that wo');
      void output.line('result');
      assert.ok(stderr.text.endsWith(`\r${ESC}[2K`));
      assert.equal(stdout.text, 'result\n');
    });
  });

  it('counts no more often than one can read', (t) => {
    withEnvironment({ TERM: 'xterm' }, () => {
      let now = 0;
      t.mock.method(performance, 'now', () => now);
      const { output, stderr } = outputTo(true);
      for (let done = 1; done <= 1234; done++) {
        if (done === 1234) now = 1000;
        output.tally(done, 'calls');
      }
      assert.equal(stderr.text, `\r${ESC}[2K1,234 calls`);
    });
  });

  it('has no progress in a pipe', () => {
    const { output, stderr } = outputTo(false);
    output.progress('half');
    assert.equal(stderr.text, '');
  });
});
