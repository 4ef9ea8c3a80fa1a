/**
 * The benchmark's entry point: sets itself up, takes the samples in turns, writes the result as JSON,
 * Markdown and SVG. `--help` lists the options. Knows no library by name; how a sample is taken is in
 * `sample.mjs`, in which order in `plan.mjs`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canDo, describeLibrary } from './adapters/index.mjs';
import { killAllChildren } from './child.mjs';
import { renderChart } from './chart.mjs';
import { parseCommandLine } from './cli.mjs';
import { buildFloor, floorCases, measureFloor } from './floor/floor.mjs';
import { checkoutRoot, describeCheckout, describeMachine } from './machine.mjs';
import { joinSamples, orderSamples } from './plan.mjs';
import { renderMarkdown } from './report.mjs';
import { takeSample, takeSamples } from './sample.mjs';
import { scenarios } from './scenarios/index.mjs';
import { writeFile } from './scenarios/stream.mjs';
import { ensureInstalled } from './setup.mjs';
import { summarize } from './stats.mjs';

/** Above this load somebody else is at work. */
const BUSY_LOAD = 0.5;

/** @param {string} text */
function log(text) {
  process.stderr.write(`${text}\n`);
}

/** The floor, as often as everything else. A machine without a compiler gets a note instead. */
async function runFloor({ samples, floorMs }, folder) {
  const binary = await buildFloor(folder);
  if (binary === undefined)
    return { note: 'Not measured: there is no C compiler on this machine.' };
  const cases = [];
  for (const floorCase of floorCases) {
    const runs = [];
    for (let i = 0; i < samples; i++) runs.push(await measureFloor(binary, floorCase, floorMs));
    const of = (key) => summarize(runs.map((run) => run[key]));
    cases.push({
      id: floorCase.id,
      title: floorCase.title,
      samples: runs,
      p50Us: of('p50Us'),
      p99Us: of('p99Us'),
      cpuUsPerCall: of('cpuUsPerCall')
    });
  }
  return { cases };
}

/**
 * One very short sample of each library, so that one that doesn't work is told at once and by name, and is
 * not tried again for half an hour.
 */
async function findWorking(plan, sampleOptions, failures) {
  const probe = { ...sampleOptions, warmUpMs: 5, windowMs: 5 };
  const working = [];
  for (const library of plan.libraries) {
    try {
      await takeSample(library, scenarios[0], { ...probe, path: sampleOptions.nextPath() });
      working.push(library);
    } catch (error) {
      log(`${library.spec} does not work and is left out: ${error.message}`);
      failures.push({ library: library.spec, scenario: 'any', reason: error.message });
    }
  }
  return working;
}

/** Which library can take part in which scenario. */
async function findAbilities(libraries, scenarios) {
  const missing = new Set();
  for (const library of libraries) {
    for (const scenario of scenarios) {
      if (!(await canDo(library, scenario))) missing.add(`${library.spec} ${scenario.id}`);
    }
  }
  return (library, scenario) => !missing.has(`${library.spec} ${scenario.id}`);
}

async function runSamples(plan, libraries, sampleOptions, failures) {
  const takesPart = await findAbilities(libraries, plan.scenarios);
  const together = plan.otherRoot !== undefined;
  const order = joinSamples(orderSamples({ ...plan, libraries, takesPart }), together);
  const samples = [];
  const startMs = performance.now();
  let nodeVersion = process.version;
  let notRun = 0;
  for (const [index, { round, scenario, libraries }] of order.entries()) {
    if (performance.now() - plan.startMs > plan.budgetMs) {
      notRun = order.length - index;
      log(`the time is up: ${notRun} samples are left out`);
      break;
    }
    const say = (library, text) =>
      log(progress(index, order.length, startMs, scenario, library, text));
    const windowMs = scenario.loop === 'idle' ? plan.idleMs : plan.windowMs;
    try {
      const options = { ...sampleOptions, windowMs, path: sampleOptions.nextPath() };
      const taken = await takeSamples(libraries, scenario, options);
      for (const [i, { figures, nodeVersion: version }] of taken.entries()) {
        nodeVersion = version;
        samples.push({ round, scenario: scenario.id, library: libraries[i].spec, figures });
        const { key, title } = scenario.figures[0];
        say(libraries[i], `${title} ${figures[key].toFixed(2)}`);
      }
    } catch (error) {
      for (const library of libraries) {
        failures.push({ library: library.spec, scenario: scenario.id, reason: error.message });
        say(library, `FAILED: ${error.message}`);
      }
    }
  }
  return { samples, nodeVersion, notRun };
}

function progress(index, total, startMs, scenario, library, text) {
  const seconds = Math.round((performance.now() - startMs) / 1000);
  return `[${index + 1}/${total} ${seconds} s] ${scenario.id.padEnd(9)} ${library.spec.padEnd(15)} ${text}`;
}

async function describeAll(libraries) {
  return Promise.all(
    libraries.map(async (library) => ({
      ...(await describeLibrary(library)),
      other: library.root !== undefined
    }))
  );
}

async function main() {
  const plan = parseCommandLine(process.argv.slice(2));
  if (plan === undefined) return;
  ensureInstalled();
  plan.startMs = performance.now();
  const machine = describeMachine();
  if (machine.loadBefore > BUSY_LOAD) {
    log(`this machine is busy (load ${machine.loadBefore}): the figures will say so too`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'shortwire-bench-'));
  const file = join(folder, 'file');
  let paths = 0;
  const sampleOptions = {
    nodePath: plan.nodePath,
    pin: plan.pin,
    file,
    warmUpMs: plan.warmUpMs,
    windowMs: plan.windowMs,
    sliceMs: plan.sliceMs,
    nextPath: () => join(folder, `${paths++}.sock`)
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      killAllChildren();
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    });
  }

  try {
    /** @type {Array<{ library: string, scenario: string, reason: string }>} */
    const failures = [];
    const described = await describeAll(plan.libraries);
    const working = await findWorking(plan, sampleOptions, failures);
    const megabytes = Math.max(0, ...plan.scenarios.map((scenario) => scenario.megabytes ?? 0));
    if (megabytes > 0) writeFile(file, megabytes);
    const floor = plan.otherRoot === undefined ? await runFloor(plan, folder) : undefined;
    const run = await runSamples(plan, working, sampleOptions, failures);
    const { samples, idleSamples, warmUpMs, windowMs, sliceMs, idleMs, pin } = plan;
    writeResult(plan, {
      format: 1,
      createdAt: new Date().toISOString(),
      mode: plan.otherRoot !== undefined ? 'compare' : plan.quick ? 'quick' : 'full',
      elapsedSeconds: Math.round((performance.now() - plan.startMs) / 1000),
      nodeVersion: run.nodeVersion,
      machine,
      checkout: describeCheckout(checkoutRoot),
      other: plan.otherRoot === undefined ? undefined : describeCheckout(plan.otherRoot),
      settings: { samples, idleSamples, warmUpMs, windowMs, sliceMs, idleMs, pin },
      libraries: described.filter(({ spec }) => working.some((library) => library.spec === spec)),
      scenarios: plan.scenarios,
      floor,
      failures,
      notRun: run.notRun,
      samples: run.samples
    });
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeResult({ outFolder, outName }, result) {
  mkdirSync(outFolder, { recursive: true });
  const base = join(outFolder, outName);
  const markdown = renderMarkdown(result);
  writeFileSync(`${base}.json`, `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(`${base}.md`, markdown);
  writeFileSync(`${base}.svg`, renderChart(result));
  process.stdout.write(markdown);
  log(`\nwritten in ${result.elapsedSeconds} s: ${outName}.json, ${outName}.md, ${outName}.svg`);
}

await main();
