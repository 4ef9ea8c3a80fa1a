import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parseLibrary } from '../adapters/index.mjs';
import { parseCommandLine } from '../cli.mjs';
import { countSlices, joinSamples, orderSamples, rotate } from '../plan.mjs';

test('rotation keeps everyone once', () => {
  assert.deepEqual(rotate(['a', 'b', 'c'], 4), ['b', 'c', 'a']);
  assert.deepEqual(rotate([], 3), []);
});

test('libraries take turns within a scenario, and begin equally often', () => {
  const scenarios = [
    { id: 'one', loop: 'closed' },
    { id: 'other', loop: 'open' }
  ];
  for (const count of [2, 3, 9]) {
    const libraries = Array.from({ length: count }, (_, at) => at);
    const samples = 2 * count;
    const order = orderSamples({ libraries, scenarios, samples, idleSamples: 1 });
    for (const scenario of scenarios) {
      const firsts = libraries.map(() => 0);
      for (let round = 0; round < samples; round++) {
        const turn = order.filter(
          (sample) => sample.round === round && sample.scenario === scenario
        );
        assert.equal(new Set(turn.map(({ library }) => library)).size, count);
        firsts[turn[0].library]++;
      }
      assert.deepEqual(firsts, Array(count).fill(2));
    }
  }
});

test('windows are cut where calls follow each other, and somebody else has a turn', () => {
  assert.equal(countSlices({ loop: 'closed' }, 2, 1500, 100), 15);
  assert.equal(countSlices({ loop: 'closed' }, 2, 1500, 1500), 1);
  assert.equal(countSlices({ loop: 'closed' }, 2, 50, 100), 1);
  assert.equal(countSlices({ loop: 'closed' }, 1, 1500, 100), 1);
  assert.equal(countSlices({ loop: 'open' }, 2, 1500, 100), 1);
});

test('two builds take an even number of samples, in slices of a length of choice', () => {
  const { samples, sliceMs } = parseCommandLine(['--against', '/x']);
  assert.deepEqual([samples % 2, sliceMs], [0, 100]);
  assert.equal(parseCommandLine(['--against', '/x', '--slice', '1500']).sliceMs, 1500);
  assert.throws(() => parseCommandLine(['--slice', '1500']), /--against/);
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
