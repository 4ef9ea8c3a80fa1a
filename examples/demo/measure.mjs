// The demo's comparison: the same call through each contender, in turns, so that a busy moment of the machine hits both.
//
// It is a glance, not the benchmark: that one is `npm run bench`.

const TURN_MS = 500;
const TURNS = 5;
const WARM_UP_MS = 150;

/** @typedef {{ name: string, call: () => Promise<unknown> }} Contender */

/** @param {[Contender, Contender]} contenders ours first */
export async function compare(contenders) {
  const alone = await measure(contenders, 1);
  const crowd = await measure(contenders, 64);
  const rows = [
    [
      'one at a time',
      'p50',
      ...ratio(
        alone.map(({ p50 }) => p50),
        microseconds
      )
    ],
    [
      '',
      'p99',
      ...ratio(
        alone.map(({ p99 }) => p99),
        microseconds
      )
    ],
    [
      '64 in flight',
      'calls/s',
      ...ratio(
        crowd.map(({ rate }) => 1 / rate),
        perSecond
      )
    ]
  ];
  const head = ['', '', ...contenders.map(({ name }) => name), 'better by'];
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at].length)));
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, at) =>
      at < 2 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])
    );
    console.log(`  ${cells.join('   ')}`);
  }
}

/**
 * @param {Contender[]} contenders
 * @param {number} inFlight
 */
async function measure(contenders, inFlight) {
  const results = contenders.map(({ call }) => ({
    call,
    times: /** @type {number[]} */ ([]),
    ms: 0
  }));
  for (const { call } of results) await turn(call, inFlight, WARM_UP_MS, []);
  for (let count = 0; count < TURNS; count += 1) {
    for (const result of results) {
      result.ms += await turn(result.call, inFlight, TURN_MS, result.times);
    }
  }
  return results.map(({ times, ms }) => {
    const sorted = Float64Array.from(times).sort();
    const at = (/** @type {number} */ part) => sorted[Math.floor(sorted.length * part)];
    return { p50: at(0.5), p99: at(0.99), rate: (sorted.length / ms) * 1000 };
  });
}

/**
 * Keeps `inFlight` calls going for `ms` and adds the time of each, in milliseconds, to `times`.
 *
 * @param {() => Promise<unknown>} call
 * @param {number} inFlight
 * @param {number} ms
 * @param {number[]} times
 */
async function turn(call, inFlight, ms, times) {
  const start = performance.now();
  const end = start + ms;
  const one = async () => {
    for (let before = performance.now(); before < end;) {
      await call();
      const now = performance.now();
      times.push(now - before);
      before = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return performance.now() - start;
}

/**
 * Two figures, smaller is better, printed, with how many times better the first is.
 *
 * @param {number[]} figures
 * @param {(figure: number) => string} print
 */
function ratio([ours, theirs], print) {
  return [print(ours), print(theirs), `${(theirs / ours).toFixed(1)}×`];
}

/** @param {number} ms */
function microseconds(ms) {
  return `${(ms * 1000).toFixed(1)} µs`;
}

/** @param {number} secondsPerCall */
function perSecond(secondsPerCall) {
  return Math.round(1 / secondsPerCall).toLocaleString('en');
}
