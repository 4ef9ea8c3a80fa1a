// When a connection is tried again: the delays, and the count of attempts, with a clock and a chance of the test's own.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { DEFAULTS, delayOf, readPolicy } = require('../../lib/options/backoff.js');
const { Reconnection } = require('../../lib/link/reconnection.js');

const HIGHEST = 1 - Number.EPSILON;

describe('the delay before an attempt', () => {
  /** [policy, the delays of the first attempts: least, most] */
  const WINDOWS = [
    [
      {},
      [
        [100, 800],
        [100, 1600],
        [100, 3200],
        [100, 5000],
        [100, 5000]
      ]
    ],
    [
      { minDelayMs: 10, maxDelayMs: 1000, factor: 3 },
      [
        [10, 80],
        [10, 240],
        [10, 720],
        [10, 1000]
      ]
    ],
    [
      { factor: 1 },
      [
        [100, 800],
        [100, 800]
      ]
    ],
    [{ minDelayMs: 5, maxDelayMs: 5 }, [[5, 5]]],
    [
      { jitter: 'none' },
      [
        [100, 100],
        [200, 200],
        [400, 400]
      ]
    ]
  ];
  for (const [given, windows] of WINDOWS) {
    test(`${JSON.stringify(given)}: ${JSON.stringify(windows)}`, () => {
      const policy = readPolicy(given, 'reconnect');
      windows.forEach(([least, most], at) => {
        assert.equal(delayOf(policy, at + 1, 0), least);
        assert.equal(delayOf(policy, at + 1, HIGHEST), most);
      });
    });
  }

  test('never exceeds maxDelayMs, whatever the attempt', () => {
    for (const attempt of [10, 1e3, 1e9]) {
      assert.equal(delayOf(DEFAULTS, attempt, HIGHEST), 5000);
      assert.equal(delayOf({ ...DEFAULTS, jitter: 'none' }, attempt, 0), 5000);
    }
  });

  test('is spread evenly: no tenth of a second gets a quarter of the first attempts', () => {
    const counts = new Map();
    for (let i = 0; i < 1000; i++) {
      const slot = Math.floor(delayOf(DEFAULTS, 1, i / 1000) / 100);
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    assert.ok(Math.max(...counts.values()) < 250 * 0.7);
  });
});

describe('a policy', () => {
  for (const [given, message] of [
    [{ minDelayMs: 0 }, /^reconnect\.minDelayMs must be /],
    [{ maxDelayMs: '1' }, /^reconnect\.maxDelayMs must be /],
    [{ minDelayMs: 10, maxDelayMs: 9 }, /^reconnect\.maxDelayMs must be at least/],
    [{ factor: 0.5 }, /^reconnect\.factor must be /],
    [{ jitter: 'half' }, /^reconnect\.jitter must be /],
    [{ maxAttempts: 0 }, /^reconnect\.maxAttempts must be /],
    [{ tries: 3 }, /^reconnect must be without unknown members, not "tries"/]
  ]) {
    test(`of ${JSON.stringify(given)} is refused by name`, () => {
      assert.throws(() => readPolicy(given, 'reconnect'), {
        code: 'SHORTWIRE_ERR_INVALID_ARG',
        message
      });
    });
  }

  test('has its defaults, and can be switched off', () => {
    assert.deepEqual(readPolicy({ factor: undefined }, 'retry'), DEFAULTS);
    assert.equal(readPolicy(false, 'retry'), false);
  });
});

describe('the count of attempts', () => {
  /** With a clock that stands still until it is told otherwise. */
  const attempts = ({ retry = false, reconnect = DEFAULTS } = {}) => {
    const clock = { time: 0, now: () => clock.time, random: () => 0 };
    const reconnection = new Reconnection({ retry, reconnect, referenced: true }, clock);
    return { clock, reconnection };
  };

  test('goes up with every failure in a row', () => {
    const { reconnection } = attempts();
    reconnection.up();
    assert.deepEqual(
      [1, 2, 3].map(() => reconnection.down()?.attempt),
      [1, 2, 3]
    );
  });

  test('begins anew after a connection that lasted, not after one that did not', () => {
    const { clock, reconnection } = attempts();
    reconnection.up();
    reconnection.down();
    reconnection.up();
    clock.time += DEFAULTS.maxDelayMs - 1;
    assert.equal(reconnection.down()?.attempt, 2);
    reconnection.up();
    clock.time += DEFAULTS.maxDelayMs;
    assert.equal(reconnection.down()?.attempt, 1);
  });

  test('ends at maxAttempts', () => {
    const { reconnection } = attempts({ reconnect: { ...DEFAULTS, maxAttempts: 2 } });
    reconnection.up();
    assert.deepEqual(
      [1, 2, 3].map(() => reconnection.down()?.attempt),
      [1, 2, undefined]
    );
    assert.equal(reconnection.failed, 2);
  });

  test('is ruled by retry before the first connection, by reconnect afterwards', () => {
    const { reconnection } = attempts({ retry: { ...DEFAULTS, maxAttempts: 1 }, reconnect: false });
    assert.deepEqual([reconnection.survivesFailure, reconnection.survivesLoss], [true, false]);
    assert.equal(reconnection.down()?.attempt, 1);
    assert.equal(reconnection.down(), undefined);
    reconnection.up();
    assert.equal(reconnection.survivesFailure, false);
    assert.equal(reconnection.down(), undefined);
  });

  test('waits with one timer, which can be called off and let go of', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { reconnection } = attempts();
    const fired = [];
    reconnection.wait(10, () => fired.push('first'));
    reconnection.wait(20, () => fired.push('second'));
    t.mock.timers.tick(15);
    assert.deepEqual(fired, []);
    t.mock.timers.tick(5);
    assert.deepEqual(fired, ['second']);
    reconnection.wait(10, () => fired.push('third'));
    reconnection.stop();
    t.mock.timers.tick(100);
    assert.deepEqual(fired, ['second']);
  });
});
