/**
 * `shortwire ping`: how long the way to a server and back is.
 */
'use strict';

const { setTimeout: pause } = require('node:timers/promises');

const { connectionOptions, withSocket } = require('./connection.js');
const { failureOf } = require('./failure.js');
const { jsonLine } = require('./rendering.js');
const { time } = require('./table.js');
const { duration, integer } = require('./values.js');

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'ping',
  summary: 'measure the round trip; a health check',
  usage: '<endpoint>',
  about: [
    'The server\'s core answers, no handler is involved. Each answer is a line: {"seq":1,"ms":0.08}. Several are summed up on standard error.'
  ],
  positionals: [1, 1],
  options: {
    count: {
      short: 'n',
      value: 'number',
      help: 'how many (1); 0 until Ctrl-C',
      read: integer(0, Number.MAX_SAFE_INTEGER),
      fallback: 1
    },
    interval: {
      short: 'i',
      value: 'duration',
      help: 'from one to the next (1s)',
      read: duration,
      fallback: 1000
    },
    ...connectionOptions
  },
  examples: [
    ['shortwire ping /tmp/app.sock --timeout 1s', 'is it there? The exit code says it'],
    ['shortwire ping /tmp/app.sock --count 100 --interval 10ms', 'a hundred, quickly']
  ],
  run
};

/** @param {import('./arguments.js').Input} input */
async function run(input) {
  const { interrupt, output, values } = input;
  /** @type {number[]} */
  const trips = [];
  const count = values.count === 0 ? Infinity : values.count;
  try {
    await withSocket(input, async (socket) => {
      for (let seq = 1; seq <= count; seq++) {
        const ms = await socket.ping().catch((error) => {
          throw failureOf(error);
        });
        trips.push(ms);
        await output.line(jsonLine({ seq, ms: Math.round(ms * 1000) / 1000 }));
        if (seq < count) await pause(values.interval, undefined, { signal: interrupt.signal });
      }
    });
  } finally {
    if (count > 1 && trips.length > 0) output.note(summary(trips));
  }
}

/** @param {number[]} trips ms */
function summary(trips) {
  const mean = trips.reduce((sum, ms) => sum + ms, 0) / trips.length;
  const least = trips.reduce((a, b) => Math.min(a, b));
  const most = trips.reduce((a, b) => Math.max(a, b));
  return `${trips.length} answers: least ${time(least * 1000)}, mean ${time(mean * 1000)}, most ${time(most * 1000)}`;
}

exports.command = command;
