import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  advantage,
  median,
  mergeSorted,
  pairedAdvantage,
  quantile,
  reaches,
  summarize
} from '../stats.mjs';

test('a quantile interpolates between its neighbours', () => {
  const sorted = [10, 20, 30, 40];
  assert.equal(quantile(sorted, 0), 10);
  assert.equal(quantile(sorted, 1), 40);
  assert.equal(quantile(sorted, 0.5), 25);
  assert.equal(quantile([7], 0.99), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('the median sorts as numbers and leaves its input alone', () => {
  const values = [100, 9, 20];
  assert.equal(median(values), 20);
  assert.deepEqual(values, [100, 9, 20]);
});

test('a summary has the spread', () => {
  assert.deepEqual(summarize([5, 1, 3, 2, 4]), {
    median: 3,
    min: 1,
    max: 5,
    q1: 2,
    q3: 4,
    count: 5
  });
});

test('latencies of several processes are joined', () => {
  const merged = mergeSorted([Float64Array.of(3, 1), new Float64Array(0), Float64Array.of(2)]);
  assert.deepEqual([...merged], [1, 2, 3]);
});

test('an advantage is above one when ours is better, whichever way that is', () => {
  assert.equal(advantage(10, 70, 'lower'), 7);
  assert.equal(advantage(300, 100, 'higher'), 3);
  assert.equal(advantage(20, 10, 'lower'), 0.5);
});

test('rounds are paired by number, and those without a partner left out', () => {
  const ours = new Map([
    [0, 10],
    [1, 20],
    [2, 5]
  ]);
  const theirs = new Map([
    [0, 30],
    [1, 40]
  ]);
  const { min, max, count } = pairedAdvantage(ours, theirs, 'lower');
  assert.deepEqual({ min, max, count }, { min: 2, max: 3, count: 2 });
});

for (const [goal, ours, theirs, best, expected] of [
  [{ times: 7 }, 10, 70, 'lower', true],
  [{ times: 7 }, 10.1, 70, 'lower', false],
  [{ times: 3 }, 300, 100, 'higher', true],
  [{ better: true }, 10, 10, 'lower', false],
  [{ better: true }, 9, 10, 'lower', true],
  [{ within: 1.3 }, 13, 10, 'lower', true],
  [{ within: 1.3 }, 13.2, 10, 'lower', false],
  [{ within: 1 }, 10, 10, 'lower', true],
  [{ below: 0.5 }, 0.4, undefined, 'lower', true],
  [{ below: 1 }, 1, 0, 'lower', false],
  [{ times: 7 }, 10, undefined, 'lower', undefined],
  [{ below: 1 }, NaN, 0, 'lower', undefined]
]) {
  test(`goal ${JSON.stringify(goal)}: ${ours} against ${theirs} is ${expected}`, () => {
    assert.equal(reaches(goal, ours, theirs, best), expected);
  });
}
