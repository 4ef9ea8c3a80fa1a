/**
 * One side of a sample, in a process of its own: joins an adapter with a scenario. It is told what to do by
 * `sample.mjs` over the channel of `child_process.fork`, which is silent while the clock runs.
 *
 *   server   job → ready · collect → mark (after a garbage collection) · mark → mark
 *   client   job → connected · warm → ready (warmed up, collected) · go → result
 *
 * Where a stream is measured, the server says `taken` when it has come, and the mark is left out.
 *
 * Where the server asks its clients, it is told what a client is told otherwise, and they are asked for marks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAdapter } from './adapters/index.mjs';
import { payloads } from './scenarios/payloads.mjs';
import { scenarios } from './scenarios/index.mjs';
import { runClosedLoop } from './scenarios/closed-loop.mjs';
import { runOpenLoop } from './scenarios/open-loop.mjs';
import { callOnce } from './scenarios/call-once.mjs';
import { fanOut, inTurns, survey } from './scenarios/many.mjs';
import { pourFile, takeAll } from './scenarios/stream.mjs';
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

/** Answers with what was asked: it has been parsed, and is serialised again. */
function createHandler(verifier) {
  return (payload) => {
    try {
      verifier.verify(payload);
    } catch (error) {
      // Some libraries swallow what a handler throws; a wrong payload must end the sample at once.
      console.error(error);
      process.exit(1);
    }
    return payload;
  };
}

/** Says how much this side has used and answered, whenever it is asked. */
function answerMarks(verifier) {
  let loopAtMark = performance.eventLoopUtilization();
  process.on('message', ({ type }) => {
    if (type !== 'collect' && type !== 'mark') return;
    if (type === 'collect') globalThis.gc?.();
    const { utilization } = performance.eventLoopUtilization(loopAtMark);
    loopAtMark = performance.eventLoopUtilization();
    tell({
      type: 'mark',
      mark: { cpuMs: cpuMs(), handled: verifier.passed, loopUtilization: utilization }
    });
  });
}

/** Calls when it is told to. */
function drive(request, load, { warmUpMs }) {
  process.on('message', async ({ type, windowMs }) => {
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
}

/** Sends a file when it is told to; there is nothing to warm up. */
function driveStream(adapter, client, { file }) {
  process.on('message', async ({ type }) => {
    if (type === 'warm') {
      globalThis.gc?.();
      tell({ type: 'ready' });
    } else if (type === 'go') {
      tell({ type: 'result', result: await pourFile(adapter.pour(client), file) });
    }
  });
}

async function runServer(job) {
  const { adapter, options } = await loadAdapter(job.library);
  const load = createLoad(job.scenarioId);
  const { needs, connections, driver } = load.scenario;
  const handler = createHandler(load.verifier);
  const tellAll = (payload) => {
    adapter.tell(server, payload);
    return handler(payload);
  };
  const chosen = needs === 'tell' ? tellAll : handler;
  const server = await adapter.serve(job.path, chosen, { ...options, needs, driver });
  if (needs === 'pour') {
    adapter.take(server, async (stream) => tell({ type: 'taken', taken: await takeAll(stream) }));
    return;
  }
  answerMarks(load.verifier);
  if (needs !== 'ask') return;
  const ask = (payload) => adapter.ask(server, payload);
  drive(survey(ask, connections, createLoad(job.scenarioId).verifier), load, job);
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

async function runClient(job) {
  const { adapter, options } = await loadAdapter(job.library);
  const load = createLoad(job.scenarioId);
  const { connections, needs, driver } = load.scenario;
  const clients = [];
  for (let i = 0; i < connections; i++) {
    clients.push(await adapter.connect(job.path, { ...options, needs, driver }));
  }
  if (needs === 'pour') {
    driveStream(adapter, clients[0], job);
    tell({ type: 'connected' });
    return;
  }
  const requests = clients.map((client) => (payload) => adapter.request(client, payload));
  // One call each also makes a library start what threads it has.
  await callOnce(requests, load);
  if (needs === 'ask') {
    const { verifier } = createLoad(job.scenarioId);
    for (const client of clients) adapter.answer(client, createHandler(verifier));
    answerMarks(verifier);
  } else {
    drive(chooseRequest(adapter, clients, requests, load, job), load, job);
  }
  // Where subscriptions travel by themselves, nothing says when they have arrived.
  if (needs === 'tell') await sleep(SUBSCRIBE_MS);
  tell({ type: 'connected' });
}

function chooseRequest(adapter, clients, requests, { scenario }, { scenarioId }) {
  if (scenario.inTurns) return inTurns(requests);
  if (scenario.needs !== 'tell') return requests[0];
  const hears = clients.map((client) => (listener) => adapter.hear(client, listener));
  return fanOut(requests, hears, createLoad(scenarioId).verifier);
}

const SUBSCRIBE_MS = 500;

process.once('message', async (job) => {
  if (job.role === 'server') {
    await runServer(job);
    tell({ type: 'ready', nodeVersion: process.version });
  } else {
    await runClient(job);
  }
});
process.on('disconnect', () => process.exit());
