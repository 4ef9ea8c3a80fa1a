import { test } from 'node:test';
import assert from 'node:assert/strict';
import { analyse } from '../analysis.mjs';
import { createResult } from './support.mjs';

test('the best rival is the best peer of the figure, never the floor', () => {
  const [latency, rate] = analyse(createResult());
  assert.equal(latency.bestRival, 'swift');
  assert.equal(rate.bestRival, 'swift');
});

test('the ratio is that of the medians, the spread that of the rounds', () => {
  const [latency] = analyse(createResult());
  assert.equal(latency.times, 95 / 11);
  assert.equal(latency.timesByRound.min, 100 / 12);
  assert.equal(latency.timesByRound.max, 9);
  assert.equal(latency.reached, true);
});

test('a goal that is missed says so', () => {
  const [, rate] = analyse(createResult());
  assert.ok(rate.times < 1);
  assert.equal(rate.reached, false);
});

test('a library without samples is no rival, and without ours there is no ratio', () => {
  const result = createResult();
  result.samples = result.samples.filter(({ library }) => library !== 'swift');
  assert.equal(analyse(result)[0].bestRival, 'slow');
  result.samples = result.samples.filter(({ library }) => library !== 'shortwire');
  assert.equal(analyse(result)[0].times, undefined);
});

test('two builds are held against each other, without goals', () => {
  const result = createResult();
  result.mode = 'compare';
  result.libraries[1] = { spec: 'swift', title: 'shortwire@other', kind: 'subject', other: true };
  const [latency] = analyse(result);
  assert.equal(latency.bestRival, 'swift');
  assert.equal(latency.reached, undefined);
});

test('figures that were not finite count as missing', () => {
  const result = createResult();
  for (const sample of result.samples) if (sample.library === 'swift') sample.figures.p50Us = null;
  assert.equal(analyse(result)[0].bestRival, 'slow');
});

test('where no peer can do it, the floor is the rival', () => {
  const result = createResult();
  result.scenarios[1].against = 'floor';
  const [latency, rate] = analyse(result);
  assert.equal(latency.bestRival, 'swift');
  assert.equal(rate.bestRival, 'floor');
  assert.equal(rate.reached, false);
});

test('an absolute limit holds for every sample', () => {
  const result = createResult();
  result.scenarios[0].figures[0].goal = { below: 11.5 };
  assert.equal(analyse(result)[0].reached, false);
  result.scenarios[0].figures[0].goal = { below: 12.5 };
  assert.equal(analyse(result)[0].reached, true);
});
