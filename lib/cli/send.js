/**
 * `shortwire send`: one-way messages.
 */
'use strict';

const { connectionOptions, withSocket } = require('./connection.js');
const { failureOf } = require('./failure.js');
const { fileOptions, outgoing } = require('./files.js');
const { inOrder } = require('./in-order.js');
const { payloadOptions, payloads } = require('./payloads.js');

/** Messages that may wait for the kernel. They keep their order, so nothing is lost by it. */
const UNDER_WAY = 256;

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'send',
  summary: 'send one-way messages',
  usage: '<endpoint> [payload]',
  about: [
    'The payload is JSON. Without one, or for -, payloads are read from standard input if something is put there: JSON values, one message each. Otherwise the message has no payload.',
    'It prints nothing, and ends when the kernel has all of it and the goodbye is said. Whether anybody listens, only a call can tell.'
  ],
  positionals: [1, 2],
  options: {
    topic: { value: 'topic', help: 'what it is about', fallback: '' },
    ...payloadOptions,
    raw: { help: 'the payload is bytes, as with --raw-in' },
    ...fileOptions,
    ...connectionOptions
  },
  examples: [
    [`shortwire send /tmp/app.sock '"deployed"' --topic log`, 'a text: note the quotes of JSON'],
    ['shortwire send /tmp/app.sock --topic reports --file report.pdf </dev/null', 'a file'],
    ['tail -f app.jsonl | shortwire send /tmp/app.sock --topic log', 'a message for each line']
  ],
  run
};

/** @param {import('./arguments.js').Input} input */
async function run(input) {
  const { topic } = input.values;
  let done = 0;
  const items = payloads(input, 1);
  const files = outgoing(input.values.file, input.output);
  await withSocket(input, async (socket) => {
    await inOrder(
      items,
      UNDER_WAY,
      ({ payload }) => socket.send(payload, { topic, files }),
      async ({ line }, _value, error) => {
        if (error === undefined) {
          if (++done > 1) input.output.tally(done, 'messages');
          return;
        }
        const failure = failureOf(error);
        if (line > 0) failure.message = `line ${line}: ${failure.message}`;
        throw failure;
      }
    );
  });
}

exports.command = command;
