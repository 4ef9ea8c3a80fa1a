/** A small result as `run.mjs` writes it: three libraries, two scenarios, two rounds. */
export function createResult() {
  const p50 = { key: 'p50Us', title: 'p50 latency, µs', best: 'lower', goal: { times: 7 } };
  const rate = {
    key: 'callsPerSecond',
    title: 'calls per second',
    best: 'higher',
    goal: { times: 2 }
  };
  const values = {
    'tiny-1': {
      key: 'p50Us',
      shortwire: [10, 12],
      swift: [90, 100],
      slow: [200, 210],
      floor: [50, 52]
    },
    'tiny-64': {
      key: 'callsPerSecond',
      shortwire: [900, 880],
      swift: [1000, 1020],
      slow: [300, 310],
      floor: [5000, 5100]
    }
  };
  const samples = [];
  for (const [scenario, { key, ...libraries }] of Object.entries(values)) {
    for (const [library, [first, second]] of Object.entries(libraries)) {
      samples.push({ round: 0, scenario, library, figures: { [key]: first } });
      samples.push({ round: 1, scenario, library, figures: { [key]: second } });
    }
  }
  return {
    format: 1,
    createdAt: '2026-01-02T03:04:05.000Z',
    mode: 'full',
    elapsedSeconds: 1,
    nodeVersion: 'v20.0.0',
    machine: {
      cpu: 'A <fast> one',
      cores: 2,
      memoryGb: 8,
      system: 'Linux 6',
      arch: 'x64',
      loadBefore: 0
    },
    checkout: { commit: 'abcdef0123456789', dirty: false },
    settings: { samples: 2, idleSamples: 1, warmUpMs: 1, windowMs: 1, idleMs: 1, pin: 'none' },
    libraries: [
      { spec: 'shortwire', title: 'shortwire', kind: 'subject', other: false },
      { spec: 'swift', title: 'swift', kind: 'peer', version: '1.2.3', other: false },
      { spec: 'slow', title: 'slow', kind: 'peer', other: false },
      { spec: 'floor', title: 'floor', kind: 'floor', other: false }
    ],
    scenarios: [
      { id: 'tiny-1', title: 'tiny, one at a time', figures: [p50] },
      { id: 'tiny-64', title: 'tiny, 64 in flight', figures: [rate] }
    ],
    floor: { note: 'Not measured.' },
    failures: [],
    notRun: 0,
    samples
  };
}
