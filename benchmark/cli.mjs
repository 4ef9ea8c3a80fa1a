/**
 * The command line: which options there are, what they mean, and what a run is made of. Measures nothing.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { libraryNames, parseLibrary } from './adapters/index.mjs';
import { possiblePinning } from './pin.mjs';
import { scenarios } from './scenarios/index.mjs';

const help = `node benchmark/run.mjs [options]

  --quick             one short sample each: at most three minutes in all, for a first impression
  --libs a,b          only these libraries (${libraryNames.join(', ')});
                      shortwire:task and shortwire:inline choose its driver, undici:pool connections
                      instead of pipelining
  --scenarios x,y     only these scenarios (${scenarios.map(({ id }) => id).join(', ')})
  --samples N         samples per library and scenario (5; quick: 1; against: 6); idle: always 1
  --window MS         length of a sample (1500; quick: 500); idle: 10 s, quick: 2 s
  --against DIR       compare this checkout's shortwire with that in DIR, in turns; no peers
  --slice MS          with --against: about how long calls run for one build before it is the other's
                      turn (100; a window's length for whole windows, as peak memory needs them)
  --pin HOW           split: the main threads of server and client on a core each (the default);
                      same: both on one core; none: as the scheduler likes
  --node PATH         the Node binary for servers and clients (this one)
  --out DIR           where latest.json, latest.md and latest.svg go (benchmark/results);
                      quick runs and comparisons are named quick.* and compare.*
  --help
`;

const full = {
  samples: 5,
  idleSamples: 1,
  warmUpMs: 700,
  windowMs: 1500,
  idleMs: 10_000,
  floorMs: 1000
};
/** An even number, so that both builds begin equally often. */
const AGAINST_SAMPLES = 6;
const quick = {
  samples: 1,
  idleSamples: 1,
  warmUpMs: 200,
  windowMs: 500,
  idleMs: 2000,
  floorMs: 300
};

/** Long enough for calls to flow, short enough for the machine to be the same for the next one. */
const SLICE_MS = 100;

/** A quick run stops here, whatever is left, and says so. */
const QUICK_BUDGET_MS = 172_000;

/** @param {string | undefined} list @param {string[]} fallback */
function split(list, fallback) {
  return list === undefined ? fallback : list.split(',').filter((item) => item !== '');
}

function positiveInteger(name, value, fallback) {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name}: a positive integer`);
  return number;
}

function chooseScenarios(list) {
  const ids = split(
    list,
    scenarios.map(({ id }) => id)
  );
  return ids.map((wanted) => {
    const scenario = scenarios.find(({ id }) => id === wanted);
    if (scenario === undefined) throw new Error(`--scenarios: there is no "${wanted}"`);
    return scenario;
  });
}

/**
 * @param {string[]} args
 * @returns the plan of a run, or undefined when only help was asked for
 */
export function parseCommandLine(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      libs: { type: 'string' },
      scenarios: { type: 'string' },
      samples: { type: 'string' },
      window: { type: 'string' },
      against: { type: 'string' },
      slice: { type: 'string' },
      pin: { type: 'string', default: 'split' },
      node: { type: 'string', default: process.execPath },
      out: { type: 'string', default: join(import.meta.dirname, 'results') },
      help: { type: 'boolean', default: false }
    }
  });
  if (values.help) {
    process.stdout.write(help);
    return undefined;
  }
  if (!['split', 'same', 'none'].includes(values.pin))
    throw new Error('--pin: split, same or none');
  if (values.slice !== undefined && values.against === undefined)
    throw new Error('--slice: only with --against');
  const sizes = values.quick ? quick : full;
  const otherRoot = values.against === undefined ? undefined : resolve(values.against);
  const usualSamples = otherRoot !== undefined && !values.quick ? AGAINST_SAMPLES : sizes.samples;
  const libs = split(
    values.libs,
    otherRoot === undefined ? libraryNames : ['shortwire', 'shortwire@other']
  );
  return {
    ...sizes,
    libraries: libs.map((spec) => parseLibrary(spec, otherRoot)),
    scenarios: chooseScenarios(values.scenarios),
    samples: positiveInteger('samples', values.samples, usualSamples),
    idleSamples: sizes.idleSamples,
    windowMs: positiveInteger('window', values.window, sizes.windowMs),
    sliceMs: positiveInteger('slice', values.slice, SLICE_MS),
    quick: values.quick,
    budgetMs: values.quick ? QUICK_BUDGET_MS : Infinity,
    otherRoot,
    pin: possiblePinning(/** @type {import('./pin.mjs').Pinning} */ (values.pin)),
    nodePath: values.node,
    outFolder: resolve(values.out),
    outName: otherRoot !== undefined ? 'compare' : values.quick ? 'quick' : 'latest'
  };
}
