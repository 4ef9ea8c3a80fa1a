import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parseLibrary } from '../adapters/index.mjs';
import { countSlices, joinSamples, orderSamples, rotate } from '../plan.mjs';

test('rotation keeps everyone once', () => {
  assert.deepEqual(rotate(['a', 'b', 'c'], 4), ['b', 'c', 'a']);
  assert.deepEqual(rotate([], 3), []);
});

test('libraries take turns within a scenario, and every round begins with another one', () => {
  const scenario = { id: 's', loop: 'closed' };
  const order = orderSamples({
    libraries: ['a', 'b', 'c'],
    scenarios: [scenario],
    samples: 3,
    idleSamples: 1
  });
  const rounds = [0, 1, 2].map((wanted) =>
    order.filter(({ round }) => round === wanted).map(({ library }) => library)
  );
  assert.deepEqual(
    rounds.map((round) => [...round].sort().join('')),
    ['abc', 'abc', 'abc']
  );
  assert.equal(new Set(rounds.map((round) => round.join(''))).size, 3);
});

test('two libraries begin equally often, in every scenario', () => {
  const scenarios = [
    { id: 'one', loop: 'closed' },
    { id: 'other', loop: 'open' }
  ];
  const run = { libraries: ['a', 'b'], scenarios, samples: 4, idleSamples: 1 };
  for (const scenario of scenarios) {
    const order = orderSamples(run).filter((sample) => sample.scenario === scenario);
    const first = order.filter((_, at) => at % 2 === 0).map(({ library }) => library);
    assert.deepEqual(first.sort(), ['a', 'a', 'b', 'b']);
  }
});

test('windows are cut where calls follow each other, and somebody else has a turn', () => {
  assert.equal(countSlices({ loop: 'closed' }, 2, 1500, 100), 15);
  assert.equal(countSlices({ loop: 'closed' }, 2, 1500, 1500), 1);
  assert.equal(countSlices({ loop: 'closed' }, 2, 50, 100), 1);
  assert.equal(countSlices({ loop: 'closed' }, 1, 1500, 100), 1);
  assert.equal(countSlices({ loop: 'open' }, 2, 1500, 100), 1);
});

test('idle scenarios, which are long, are sampled less often', () => {
  const idle = { id: 'i', loop: 'idle' };
  assert.equal(
    orderSamples({ libraries: ['a'], scenarios: [idle], samples: 5, idleSamples: 2 }).length,
    2
  );
});

test('two builds share a sample where they can take turns in it', () => {
  const scenarios = [
    { id: 'calls', loop: 'closed' },
    { id: 'idle', loop: 'idle' }
  ];
  const run = { libraries: ['a', 'b'], scenarios, samples: 2, idleSamples: 1 };
  const sampled = (together) =>
    joinSamples(orderSamples(run), together).map(
      ({ round, scenario, libraries }) => `${round} ${scenario.id} ${libraries.join('+')}`
    );
  assert.deepEqual(sampled(true), ['0 calls a+b', '0 idle b', '0 idle a', '1 calls b+a']);
  assert.deepEqual(sampled(false), [
    '0 calls a',
    '0 calls b',
    '0 idle b',
    '0 idle a',
    '1 calls b',
    '1 calls a'
  ]);
});

test('a library may have a variant and come from another checkout', () => {
  assert.deepEqual(parseLibrary('node:net'), { spec: 'node:net', name: 'node:net' });
  assert.deepEqual(parseLibrary('shortwire:task'), {
    spec: 'shortwire:task',
    name: 'shortwire',
    variant: 'task'
  });
  assert.deepEqual(parseLibrary('shortwire@other:task', '/x'), {
    spec: 'shortwire@other:task',
    name: 'shortwire',
    root: '/x',
    variant: 'task'
  });
  assert.throws(() => parseLibrary('shortwire@other'), /--against/);
  assert.throws(() => parseLibrary('nobody'), /unknown library/);
  assert.throws(() => parseLibrary('shortwires'), /unknown library/);
});

const allButB = (library, { needs }) => needs === undefined || library !== 'b';

test('a library that cannot do what a scenario needs is left out of it', () => {
  const scenarios = [{ id: 'calls' }, { id: 'many', needs: 'tell' }];
  const run = { libraries: ['a', 'b'], scenarios, samples: 2, idleSamples: 0, takesPart: allButB };
  const many = orderSamples(run).filter(({ scenario }) => scenario.id === 'many');
  assert.deepEqual(
    many.map(({ library }) => library),
    ['a', 'a']
  );
  assert.equal(orderSamples(run).length, 6);
});
