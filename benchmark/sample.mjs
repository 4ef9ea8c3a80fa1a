/**
 * One sample: a fresh server process and fresh client processes, one library, one scenario, from start to
 * the figures. Knows no library by name.
 *
 *   start server → ready → start clients → connected → pin → warm up → collect garbage → mark → go
 *                                                      … the clock runs, nobody says a word …
 *                                                  result of each client → mark → peak memory → end
 *
 * Several libraries may be sampled at once: all their processes are there, and the clock runs for one
 * after the other, in short slices where calls follow each other. What disturbs the machine for longer than
 * a slice disturbs all alike.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.mjs';
import { limitCores, pinMainThreads } from './pin.mjs';
import { countSlices } from './plan.mjs';
import { chooseAddress } from './port.mjs';
import { peakMemoryBytes, readThreads } from './proc.mjs';
import { streamFigures } from './scenarios/stream.mjs';
import { mergeSorted, quantile } from './stats.mjs';

/** Beyond the time that a sample should take: a library that hangs costs this much, and fails. */
const GRACE_MS = 20_000;
/**
 * An idle process of Node's wakes by itself for a while after its last work: V8 gives memory back in steps,
 * of which the first comes eight seconds after a collection of garbage. It is over when nothing has woken
 * for longer than that; what still wakes after the longest wait is the library.
 */
const QUIET_MS = 9000;
const MAX_SETTLE_MS = 40_000;
const LOOK_MS = 1000;
const SWITCH_WINDOW_MS = 10_000;

/**
 * @typedef {object} SampleOptions
 * @property {string} nodePath
 * @property {string} path of the socket
 * @property {string} [file] for streams
 * @property {number} warmUpMs
 * @property {number} windowMs
 * @property {number} sliceMs how long calls run for one library before it is another's turn
 * @property {import('./pin.mjs').Pinning} pin
 */

/**
 * @param {import('./adapters/index.mjs').Library} library
 * @param {import('./scenarios/index.mjs').Scenario} scenario
 * @param {SampleOptions} options
 * @returns {Promise<{ figures: Record<string, number>, nodeVersion: string }>}
 */
export async function takeSample(library, scenario, options) {
  const [sample] = await takeSamples([library], scenario, options);
  return sample;
}

/**
 * @param {import('./adapters/index.mjs').Library[]} libraries in slices, if there are several
 * @param {import('./scenarios/index.mjs').Scenario} scenario
 * @param {SampleOptions} options
 * @returns {Promise<Array<{ figures: Record<string, number>, nodeVersion: string }>>}
 */
export async function takeSamples(libraries, scenario, options) {
  /** @type {Child[]} */
  const children = [];
  try {
    const sides = [];
    for (const library of libraries) {
      sides.push(await prepare(library, scenario, options, children));
    }
    const figures = await measureAll(sides, scenario, options);
    return sides.map(({ server, clients, nodeVersion }, i) => ({
      figures: { ...figures[i], ...peakMemory(server, clients) },
      nodeVersion
    }));
  } finally {
    await Promise.all(children.map((child) => child.end()));
  }
}

/**
 * @typedef {object} Sides
 * @property {Child} server
 * @property {Child[]} clients
 * @property {Child[]} askers
 * @property {Child[]} answerers
 * @property {string} nodeVersion
 */

/** @returns {Promise<Sides>} connected and warm */
async function prepare(library, scenario, options, children) {
  const { nodePath, file } = options;
  const path = await chooseAddress(scenario.transport, `${options.path}${children.length}`);
  const warmUpMs = options.warmUpMs * (scenario.warmUpTimes ?? 1);
  const windowMs = options.windowMs * (scenario.windowTimes ?? 1);
  const cpus = limitCores(scenario.cpus);
  const settleMs = scenario.loop === 'idle' ? MAX_SETTLE_MS : 0;
  const deadlineMs = warmUpMs + settleMs + windowMs + GRACE_MS;
  const job = { library, path, file, scenarioId: scenario.id, warmUpMs };
  const start = (role) => {
    const child = new Child({ ...job, role }, { nodePath, cpus, deadlineMs });
    children.push(child);
    return child;
  };
  const server = start('server');
  const { nodeVersion } = await server.next('ready');
  const clients = Array.from({ length: scenario.clients }, () => start('client'));
  await Promise.all(clients.map((client) => client.next('connected')));
  const clientPids = clients.map(({ pid }) => pid);
  pinMainThreads(options.pin, server.pid, clientPids);
  // Who asks, and who answers.
  const [askers, answerers] = scenario.needs === 'ask' ? [[server], clients] : [clients, [server]];
  await Promise.all(askers.map((child) => child.ask('warm', 'ready')));
  return { server, clients, askers, answerers, nodeVersion };
}

/** @param {Sides[]} sides */
async function measureAll(sides, scenario, { windowMs: baseMs, sliceMs }) {
  const windowMs = baseMs * (scenario.windowTimes ?? 1);
  const [{ server, clients }] = sides;
  if (scenario.loop === 'idle') return [await watchIdle(server, clients, windowMs)];
  if (scenario.loop === 'stream') {
    return [await measureStream(server, clients[0], scenario.megabytes)];
  }
  const answers = scenario.needs === 'ask' ? scenario.connections : 1;
  const count = countSlices(scenario, sides.length, baseMs, sliceMs);
  /** @type {Slice[][]} */
  const slices = sides.map(() => []);
  for (let i = 0; i < count; i++) {
    // Every second time backwards: then nobody always follows the same neighbour.
    const order = i % 2 === 0 ? [...sides.keys()] : [...sides.keys()].toReversed();
    for (const side of order) {
      if (i === 0) await sides[side].answerers[0].ask('collect', 'mark');
      slices[side].push(await measure(sides[side], windowMs / count));
    }
  }
  return slices.map((own, i) => figuresOf(own, sides[i], answers));
}

/**
 * @typedef {object} Slice
 * @property {any[]} results of the askers
 * @property {number} handled
 * @property {number} answererCpuMs
 * @property {number} elapsedMs
 * @property {number} loopUtilization
 *
 * @param {Sides} sides
 * @param {number} windowMs
 * @returns {Promise<Slice>}
 */
async function measure({ askers, answerers: [answerer] }, windowMs) {
  const { mark: before } = await answerer.ask('mark', 'mark');
  const startMs = performance.now();
  const outcomes = await Promise.all(
    askers.map((child) => child.ask('go', 'result', { windowMs }))
  );
  const { mark: after } = await answerer.ask('mark', 'mark');
  return {
    results: outcomes.map(({ result }) => result),
    handled: after.handled - before.handled,
    answererCpuMs: after.cpuMs - before.cpuMs,
    elapsedMs: performance.now() - startMs,
    loopUtilization: after.loopUtilization
  };
}

/**
 * @param {Slice[]} slices
 * @param {Sides} sides
 * @param {number} answers that one call is worth
 */
function figuresOf(slices, { answerers: [answerer] }, answers) {
  const results = slices.flatMap((slice) => slice.results);
  const total = (key) => sum(slices.map((slice) => slice[key]));
  const calls = sum(results.map((result) => result.calls));
  const handled = total('handled') / answers;
  if (handled !== calls) throw new Error(`${calls} calls were answered, ${handled} handled`);
  const askerCpuMs = sum(results.map((result) => result.cpuMs));
  const cpuMs = [total('answererCpuMs'), askerCpuMs];
  const [serverCpuMs, clientCpuMs] = answerer.role === 'server' ? cpuMs : cpuMs.toReversed();
  const latencies = mergeSorted(results.map((result) => result.latenciesMs));
  const figures = {
    calls,
    callsPerSecond: sum(results.map((result) => result.callsPerSecond)) / slices.length,
    p50Us: quantile(latencies, 0.5) * 1000,
    p90Us: quantile(latencies, 0.9) * 1000,
    p99Us: quantile(latencies, 0.99) * 1000,
    maxUs: quantile(latencies, 1) * 1000,
    serverCpuUsPerCall: (serverCpuMs / calls) * 1000,
    clientCpuUsPerCall: (clientCpuMs / calls) * 1000,
    cpuUsPerCall: ((serverCpuMs + clientCpuMs) / calls) * 1000,
    serverCpuPercent: (serverCpuMs / total('elapsedMs')) * 100,
    serverLoopPercent: (total('loopUtilization') / slices.length) * 100
  };
  if (results[0].latenessMs !== undefined) {
    const lateness = mergeSorted(results.map((result) => result.latenessMs));
    figures.pacerLateP50Us = quantile(lateness, 0.5) * 1000;
    figures.pacerLateP99Us = quantile(lateness, 0.99) * 1000;
  }
  return figures;
}

/** @param {Child} server @param {Child[]} clients */
function peakMemory(server, clients) {
  const [own, ...others] = [server, ...clients].map(({ pid }) => peakMemoryBytes(pid) ?? NaN);
  const serverPeakMemoryMb = own / 2 ** 20;
  const clientPeakMemoryMb = sum(others) / 2 ** 20;
  const peakMemoryMb = serverPeakMemoryMb + clientPeakMemoryMb;
  return { serverPeakMemoryMb, clientPeakMemoryMb, peakMemoryMb };
}

/** @param {Child} server @param {Child} client @param {number} megabytes */
async function measureStream(server, client, megabytes) {
  const [{ taken }, { result }] = await Promise.all([
    server.next('taken'),
    client.ask('go', 'result')
  ]);
  return streamFigures(taken, result, megabytes);
}

/** @param {Child} server @param {Child[]} clients @param {number} windowMs */
async function watchIdle(server, clients, windowMs) {
  const pids = [server.pid, ...clients.map(({ pid }) => pid)];
  await server.ask('collect', 'mark');
  const read = () => pids.map((pid) => readThreads(pid) ?? { cpuMs: NaN, voluntarySwitches: NaN });
  await untilQuiet(() => sum(read().map(({ voluntarySwitches }) => voluntarySwitches)));
  const before = read();
  const startMs = performance.now();
  await sleep(windowMs);
  const after = read();
  const elapsedMs = performance.now() - startMs;

  const cpu = after.map(({ cpuMs }, i) => ((cpuMs - before[i].cpuMs) / elapsedMs) * 100);
  const switches = after.map((now, i) => now.voluntarySwitches - before[i].voluntarySwitches);
  const toTenSeconds = SWITCH_WINDOW_MS / windowMs;
  return {
    serverIdleCpuPercent: cpu[0],
    clientIdleCpuPercent: sum(cpu.slice(1)),
    idleCpuPercent: sum(cpu),
    serverVoluntarySwitches: switches[0] * toTenSeconds,
    clientVoluntarySwitches: sum(switches.slice(1)) * toTenSeconds,
    voluntarySwitches: sum(switches) * toTenSeconds
  };
}

/** @param {() => number} countSwitches */
async function untilQuiet(countSwitches) {
  const beganMs = performance.now();
  let quietSinceMs = beganMs;
  let count = countSwitches();
  while (performance.now() - quietSinceMs < QUIET_MS) {
    if (performance.now() - beganMs > MAX_SETTLE_MS) return;
    await sleep(LOOK_MS);
    const now = countSwitches();
    if (now !== count) quietSinceMs = performance.now();
    count = now;
  }
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
