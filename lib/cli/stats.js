/**
 * `shortwire stats`: what a server that allows it tells of itself, once or again and again.
 */
'use strict';

const { setTimeout: pause } = require('node:timers/promises');

const { connectionOptions, withSocket } = require('./connection.js');
const { ExitCode, Failure, failureOf } = require('./failure.js');
const { jsonLine } = require('./rendering.js');
const { columns, count, size, span } = require('./table.js');
const { duration, integer } = require('./values.js');

/** What a server with `allowStats` answers on. */
const STATS_TOPIC = '$shortwire.stats';

/** @typedef {Record<string, Record<string, number>> & { atMs: any }} Report */

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'stats',
  summary: 'look at a server that allows it',
  usage: '<endpoint>',
  about: [
    'The server must have been made with the option allowStats (shortwire serve: --allow-stats). It answers numbers: connections, requests, bytes, what waits, the memory and processor time of its process.'
  ],
  positionals: [1, 1],
  options: {
    watch: { short: 'w', help: 'again and again, with rates, until Ctrl-C' },
    interval: {
      short: 'i',
      value: 'duration',
      help: 'from one to the next (1s)',
      read: duration,
      fallback: 1000
    },
    count: {
      short: 'n',
      value: 'number',
      help: 'with --watch: end after so many',
      read: integer(1, Number.MAX_SAFE_INTEGER)
    },
    json: { help: 'one line of JSON each, as the server says it' },
    ...connectionOptions
  },
  examples: [
    ['shortwire stats /tmp/app.sock', 'once'],
    ['shortwire stats /tmp/app.sock --watch', 'a live view'],
    ['shortwire stats /tmp/app.sock --watch --interval 10s --json >> app-stats.jsonl', 'a record']
  ],
  run
};

/** @param {import('./arguments.js').Input} input */
async function run(input) {
  const { interrupt, output, values } = input;
  const rounds = values.watch === true ? (values.count ?? Infinity) : 1;
  await withSocket(input, async (socket) => {
    /** @type {Report | undefined} */
    let before;
    let lines = 0;
    for (let round = 1; round <= rounds; round++) {
      const report = await ask(socket);
      if (values.json === true) await output.line(jsonLine(report));
      else {
        const text = shown(report, before);
        await output.redraw(text, output.isForPeople ? lines : 0);
        lines = text.split('\n').length;
      }
      before = report;
      if (round < rounds) await pause(values.interval, undefined, { signal: interrupt.signal });
    }
  });
}

/**
 * @param {import('./connection.js').Socket} socket
 * @returns {Promise<Report>}
 */
async function ask(socket) {
  /** @type {any} */
  let report;
  try {
    report = await socket.call(STATS_TOPIC, undefined);
  } catch (error) {
    const code = /** @type {any} */ (error).code;
    if (code === 'SHORTWIRE_ERR_NO_HANDLER') throw notAllowed(code);
    throw failureOf(error);
  }
  // A general handler answers everything.
  if (typeof report?.atMs !== 'number' || typeof report.sockets?.requestsIn !== 'number') {
    throw notAllowed('SHORTWIRE_ERR_NO_HANDLER');
  }
  return report;
}

/** @param {string} code */
function notAllowed(code) {
  return new Failure(
    ExitCode.REMOTE,
    code,
    'This server does not tell its statistics',
    'It must be made with new UDSocketServer({ allowStats: true }), or shortwire serve --allow-stats.'
  );
}

/**
 * @param {Report} report
 * @param {Report | undefined} before for rates; without one they are averages since its start
 * @returns {string}
 */
function shown(report, before) {
  const { process, server, sockets } = report;
  const seconds = before
    ? (report.atMs - before.atMs) / 1000
    : /** @type {number} */ (process.uptimeMs) / 1000;
  /** @type {(part: 'process' | 'sockets', name: string) => number} */
  const rate = (part, name) => {
    const change = report[part][name] - (before?.[part][name] ?? 0);
    return seconds > 0 ? Math.max(0, change) / seconds : 0;
  };
  const perSecond = (/** @type {string} */ name) => `${count(rate('sockets', name))}/s`;
  const bytesPerSecond = (/** @type {string} */ name) =>
    `${size(Math.round(rate('sockets', name)))}/s`;
  return columns([
    ['up', span(process.uptimeMs), `processor ${(rate('process', 'cpuMs') / 10).toFixed(1)} %`],
    ['memory', size(process.rssBytes), `heap ${size(process.heapUsedBytes)}`],
    [
      'connections',
      count(server.connections),
      `accepted ${count(server.accepted)}, refused ${count(server.refused)}`
    ],
    ['requests in', count(sockets.requestsIn), perSecond('requestsIn')],
    ['requests out', count(sockets.requestsOut), perSecond('requestsOut')],
    ['messages in', count(sockets.messagesIn), perSecond('messagesIn')],
    ['bytes in', size(sockets.bytesIn), bytesPerSecond('bytesIn')],
    ['bytes out', size(sockets.bytesOut), bytesPerSecond('bytesOut')],
    ['under way', count(sockets.serving), `asked by the server ${count(sockets.pending)}`],
    ['waiting to be sent', size(sockets.queuedBytes), `${count(sockets.queuedMessages)} messages`],
    [
      'trouble',
      count(sockets.malformed + sockets.refused + sockets.dropped),
      `malformed ${count(sockets.malformed)}, refused ${count(sockets.refused)}, dropped ${count(sockets.dropped)}, late ${count(sockets.lateResponses)}`
    ]
  ]);
}

exports.command = command;
