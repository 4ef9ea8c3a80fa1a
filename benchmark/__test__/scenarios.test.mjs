import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runClosedLoop } from '../scenarios/closed-loop.mjs';
import { scenarios } from '../scenarios/index.mjs';
import { fanOut, inTurns, survey } from '../scenarios/many.mjs';
import { pourFile, streamFigures, takeAll, writeFile } from '../scenarios/stream.mjs';
import * as net from '../adapters/node-net.mjs';
import * as shortwire from '../adapters/shortwire.mjs';
import { runOpenLoop } from '../scenarios/open-loop.mjs';
import { payloads } from '../scenarios/payloads.mjs';
import { Verifier } from '../scenarios/verify.mjs';

const sizes = {
  tiny: [33, 33],
  k1: [770, 770],
  table: [40_960, 41_984],
  ascii: [2 ** 20, 2 ** 20 + 99],
  world: [2 ** 20, 2 ** 20 + 99]
};

for (const [id, [least, most]] of Object.entries(sizes)) {
  test(`payload ${id} has its size, is always the same, and knows itself`, () => {
    const { build, check } = payloads[id];
    const json = JSON.stringify(build());
    const bytes = Buffer.byteLength(json);
    assert.ok(bytes >= least && bytes <= most, `${bytes} bytes`);
    assert.equal(JSON.stringify(build()), json);
    assert.ok(check(JSON.parse(json)));
  });
}

test('every scenario has a payload, figures, and an id of its own', () => {
  assert.equal(new Set(scenarios.map(({ id }) => id)).size, scenarios.length);
  for (const { payload, figures } of scenarios) {
    assert.ok(payload in payloads);
    assert.ok(figures.length > 0);
  }
});

function load() {
  const payload = payloads.tiny.build();
  return { payload, verifier: new Verifier(payloads.tiny, payload) };
}

const echo = async (payload) => JSON.parse(JSON.stringify(payload));
const echoLater = (payload) => new Promise((resolve) => setImmediate(() => resolve(echo(payload))));

test('the closed loop keeps as many calls in flight as it is told', async () => {
  let inFlight = 0;
  let most = 0;
  const request = async (payload) => {
    most = Math.max(most, ++inFlight);
    const answer = await echoLater(payload);
    inFlight--;
    return answer;
  };
  const { calls, latenciesMs } = await runClosedLoop(request, { ...load(), inFlight: 16 }, 20);
  assert.equal(most, 16);
  assert.ok(calls >= 16 && latenciesMs.length > 0 && latenciesMs.length < calls);
});

test('the open loop counts from when a call should have left', async () => {
  let calls = 0;
  const request = async (payload) => {
    // The very first call holds everything up: those behind it have waited too, and must say so.
    if (calls++ === 0) for (const end = performance.now() + 20; performance.now() < end;);
    return echoLater(payload);
  };
  const { latenciesMs } = await runOpenLoop(request, { ...load(), callsPerSecond: 1000 }, 30);
  assert.equal(latenciesMs.length, 30);
  assert.ok(latenciesMs.filter((ms) => ms > 5).length >= 10);
});

for (const [name, answer] of [
  ['another value', async () => ({ anything: 'Hello from cli3nt!' })],
  ['the very object that was sent', async (payload) => payload]
]) {
  test(`an answer that is ${name} fails the sample`, async () => {
    await assert.rejects(runClosedLoop(answer, { ...load(), inFlight: 1 }, 5), /the value/);
  });
}

test('a fan-out is over when the last has the message', async () => {
  const { payload, verifier } = load();
  const listeners = [];
  const hears = Array.from({ length: 3 }, (_, i) => (listener) => (listeners[i] = listener));
  const copy = JSON.parse(JSON.stringify(payload));
  let over = false;
  const request = fanOut([async (asked) => asked], hears, verifier)(payload);
  request.then(() => (over = true));
  for (const listener of listeners) {
    await new Promise(setImmediate);
    assert.equal(over, false);
    listener(copy);
  }
  assert.equal(await request, copy);
  assert.equal(verifier.passed, 3);
});

const askTwo = async (asked) => [await echo(asked), await echo(asked)];

test('a survey fails when an answer is missing', async () => {
  const { payload, verifier } = load();
  assert.deepEqual(await survey(askTwo, 2, verifier)(payload), payload);
  assert.equal(verifier.passed, 2);
  await assert.rejects(survey(askTwo, 3, verifier)(payload), /2 have answered/);
});

test('connections take turns', async () => {
  const asked = [];
  const requests = [0, 1, 2].map((n) => async () => void asked.push(n));
  const request = inTurns(requests);
  for (let i = 0; i < 5; i++) await request();
  assert.deepEqual(asked, [0, 1, 2, 0, 1]);
});

for (const [name, adapter] of Object.entries({ net, shortwire })) {
  test(`a file comes whole through a stream: ${name}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'shortwire-bench-test-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const [path, file] = [join(folder, 'sock'), join(folder, 'file')];
    writeFile(file, 3);
    const options = { needs: 'pour', driver: 'task' };
    const server = await adapter.serve(path, () => {}, options);
    const taken = new Promise((resolve) => {
      adapter.take(server, (stream) => takeAll(stream).then(resolve));
    });
    const client = await adapter.connect(path, options);
    const poured = await pourFile(adapter.pour(client), file);
    const { megabytesPerSecond, grownMb, cpuMsPerGb } = streamFigures(await taken, poured, 3);
    assert.ok(megabytesPerSecond > 0 && grownMb >= 0 && cpuMsPerGb > 0);
    assert.throws(() => streamFigures({ bytes: 1 }, poured, 3), /1 bytes have come/);
    await adapter.disconnect(client);
    await adapter.stop(server);
  });
}
