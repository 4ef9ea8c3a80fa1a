/**
 * One side of a sample, in a process of its own: joins an adapter with a scenario. It is told what to do by
 * `sample.mjs` over the channel of `child_process.fork`, which is silent while the clock runs.
 *
 *   server   job → ready · collect → mark (after a garbage collection) · mark → mark
 *   client   job → connected · warm → ready (warmed up, collected) · go → result
 */
import { loadAdapter } from './adapters/index.mjs';
import { payloads } from './scenarios/payloads.mjs';
import { scenarios } from './scenarios/index.mjs';
import { runClosedLoop } from './scenarios/closed-loop.mjs';
import { runOpenLoop } from './scenarios/open-loop.mjs';
import { callOnce } from './scenarios/call-once.mjs';
import { Verifier } from './scenarios/verify.mjs';

/** @param {object} message */
function tell(message) {
  process.send?.(message);
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function createLoad(scenarioId) {
  const scenario = scenarios.find(({ id }) => id === scenarioId);
  if (scenario === undefined) throw new Error(`no such scenario: ${scenarioId}`);
  const payload = payloads[scenario.payload];
  const value = payload.build();
  return { scenario, payload: value, verifier: new Verifier(payload, value) };
}

/** The server answers with what it was asked: it has parsed the payload, and serialises it again. */
async function runServer({ library, path, scenarioId }) {
  const { adapter, options } = await loadAdapter(library);
  const { verifier } = createLoad(scenarioId);
  const handler = (payload) => {
    try {
      verifier.verify(payload);
    } catch (error) {
      // Some libraries swallow what a handler throws; a wrong payload must end the sample at once.
      console.error(error);
      process.exit(1);
    }
    return payload;
  };
  await adapter.serve(path, handler, options);
  let loopAtMark = performance.eventLoopUtilization();
  process.on('message', ({ type }) => {
    if (type === 'collect') globalThis.gc?.();
    const { utilization } = performance.eventLoopUtilization(loopAtMark);
    loopAtMark = performance.eventLoopUtilization();
    tell({
      type: 'mark',
      mark: { cpuMs: cpuMs(), handled: verifier.passed, loopUtilization: utilization }
    });
  });
}

/** Gets both sides compiled by calling as fast as it goes, and then used to the load to come. */
async function warmUp(request, load, warmUpMs) {
  const { inFlight, loop } = load.scenario;
  await runClosedLoop(request, { ...load, inFlight }, warmUpMs);
  if (loop === 'open') await runLoop(request, load, warmUpMs / 2);
}

function runLoop(request, load, windowMs) {
  const { scenario } = load;
  if (scenario.loop === 'open') {
    return runOpenLoop(request, { ...load, callsPerSecond: scenario.callsPerSecond }, windowMs);
  }
  return runClosedLoop(request, { ...load, inFlight: scenario.inFlight }, windowMs);
}

async function runClient({ library, path, scenarioId, warmUpMs, windowMs }) {
  const { adapter, options } = await loadAdapter(library);
  const load = createLoad(scenarioId);
  const requests = [];
  for (let i = 0; i < load.scenario.connections; i++) {
    const client = await adapter.connect(path, options);
    requests.push((payload) => adapter.request(client, payload));
  }
  // One call each also makes a library start what threads it has.
  await callOnce(requests, load);
  const [request] = requests;

  process.on('message', async ({ type }) => {
    if (type === 'warm') {
      if (load.scenario.loop !== 'idle') await warmUp(request, load, warmUpMs);
      globalThis.gc?.();
      tell({ type: 'ready' });
    } else if (type === 'go') {
      const cpuBeforeMs = cpuMs();
      const result = await runLoop(request, load, windowMs);
      tell({ type: 'result', result: { ...result, cpuMs: cpuMs() - cpuBeforeMs } });
    }
  });
  tell({ type: 'connected' });
}

process.once('message', async (job) => {
  if (job.role === 'server') {
    await runServer(job);
    tell({ type: 'ready', nodeVersion: process.version });
  } else {
    await runClient(job);
  }
});
process.on('disconnect', () => process.exit());
