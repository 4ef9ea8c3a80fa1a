/**
 * `shortwire bench`: puts load on a running server and tells how long answers take.
 */
'use strict';

const { connectionOptions, withSockets } = require('./connection.js');
const { ExitCode, failureOf } = require('./failure.js');
const { benchReport, benchText } = require('./bench-report.js');
const { GONE, Load } = require('./load.js');
const { payloads } = require('./payloads.js');
const { jsonLine } = require('./rendering.js');
const { count } = require('./table.js');
const { duration, integer, positive } = require('./values.js');

/** What is asked if nothing is given. */
const PAYLOAD = { anything: 'Hello from client!' };
/** Payloads from standard input that are used in turn. */
const MAX_PAYLOADS = 100_000;
/** Calls under way in an open loop, if nothing is said. */
const OPEN_CONCURRENCY = 10_000;
const PROGRESS_MS = 500;

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'bench',
  summary: 'put load on a running server; latencies as percentiles',
  usage: '<endpoint> [payload]',
  about: [
    'Without --rate it is a closed loop: each answer brings the next call, which tells how much the server can do. With --rate it is an open loop: calls come at their time, however long others take, which tells what users would see; latencies count from the moment when a call was due, so a server that stalls cannot hide it.',
    `Several payloads on standard input are used in turn; without any it is ${JSON.stringify(PAYLOAD)}. One call is made first, and must succeed. Ctrl-C shows what there is so far.`
  ],
  positionals: [1, 2],
  options: {
    topic: { value: 'topic', help: 'what the calls are about', fallback: '' },
    rate: {
      short: 'r',
      value: 'per second',
      help: 'open loop: calls per second of all connections together',
      read: positive(10_000_000)
    },
    poisson: { help: 'with --rate: random gaps, as of independent callers, not even ones' },
    duration: {
      short: 'd',
      value: 'duration',
      help: 'how long to measure (10s)',
      read: duration,
      fallback: 10_000
    },
    warmup: {
      value: 'duration',
      help: 'load before that, which does not count (1s)',
      read: duration,
      fallback: 1000
    },
    connections: {
      value: 'number',
      help: 'connections (1)',
      read: integer(1, 10_000),
      fallback: 1
    },
    concurrency: {
      short: 'c',
      value: 'number',
      help: 'closed: calls under way on each connection (1); open: the most on all together (10000)',
      read: integer(1, 1_000_000)
    },
    'raw-in': { help: 'the payload is bytes: all of standard input, or the argument as it is' },
    json: { help: 'one line of JSON' },
    ...connectionOptions
  },
  examples: [
    ['shortwire bench /tmp/app.sock', 'how long one call takes, one at a time'],
    [
      `shortwire bench /tmp/app.sock '{"id": 7}' --topic users.get --connections 4 --concurrency 16`,
      'how much it can do'
    ],
    [
      'shortwire bench /tmp/app.sock --rate 5000 --poisson --duration 1m --json > run.json',
      'what users see at 5,000 calls a second'
    ]
  ],
  run
};

/**
 * @param {import('./arguments.js').Input} input
 * @returns {Promise<number>}
 */
async function run(input) {
  const { interrupt, output, values } = input;
  const bodies = await collected({ ...input, values: { ...values, count: 1 } });
  const { topic, rate, timeout } = values;
  const options = { topic, timeoutMs: timeout };
  /** @type {import('./load.js').Plan} */
  const plan = {
    sockets: [],
    payloads: bodies,
    options,
    warmupMs: values.warmup,
    durationMs: values.duration,
    concurrency: values.concurrency ?? (rate === undefined ? 1 : OPEN_CONCURRENCY),
    rate,
    poisson: values.poisson === true
  };
  return withSockets(input, values.connections, async (sockets) => {
    plan.sockets = sockets;
    await probe(sockets[0], bodies[0], options);
    const load = new Load(plan, interrupt.signal);
    const began = performance.now();
    const cpu = process.cpuUsage();
    const clock = setInterval(() => tell(load, began), PROGRESS_MS);
    try {
      await load.run();
    } finally {
      clearInterval(clock);
    }
    const { user, system } = process.cpuUsage(cpu);
    const cpuShare = (user + system) / 1000 / (performance.now() - began);
    const report = benchReport(plan, load, cpuShare);
    await output.line(values.json === true ? jsonLine(report) : benchText(report, output));
    return exitCodeOf(report.errors);
  });

  /**
   * @param {Load} load
   * @param {number} began
   */
  function tell(load, began) {
    const seconds = Math.floor((performance.now() - began) / 1000);
    const all = Math.round((values.warmup + values.duration) / 1000);
    output.progress(`${seconds} s of ${all} s, ${count(load.answered)} answers`);
  }
}

/**
 * @param {import('./arguments.js').Input} input
 * @returns {Promise<any[]>}
 */
async function collected(input) {
  const found = [];
  for await (const { payload } of payloads(input, 1)) {
    if (found.push(payload) >= MAX_PAYLOADS) break;
  }
  return found.length === 0 || (found.length === 1 && found[0] === undefined) ? [PAYLOAD] : found;
}

/**
 * What failed decides, and most of all that the server has gone.
 * @param {Record<string, number>} errors by code
 * @returns {number}
 */
function exitCodeOf(errors) {
  const codes = Object.keys(errors);
  if (codes.some((code) => GONE.has(code))) return ExitCode.LOST;
  if (codes.length === 0) return ExitCode.OK;
  return codes.includes('SHORTWIRE_ERR_TIMEOUT') ? ExitCode.TIMEOUT : ExitCode.REMOTE;
}

/**
 * A load of failures would only look fast.
 * @param {import('./connection.js').Socket} socket
 * @param {any} payload
 * @param {{ topic: string }} options
 */
async function probe(socket, payload, options) {
  try {
    await socket.rpc(payload, options);
  } catch (error) {
    throw failureOf(error, options);
  }
}

exports.command = command;
