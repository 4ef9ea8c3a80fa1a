/**
 * `shortwire listen`: prints the messages that a server sends.
 */
'use strict';

const { connectionOptions, withSocket } = require('./connection.js');
const { failureOf } = require('./failure.js');
const { jsonLine } = require('./rendering.js');
const { integer } = require('./values.js');

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'listen',
  summary: 'print the messages that a server sends',
  usage: '<endpoint>',
  about: [
    'Each message is a line: {"topic":"log","payload":"ready"}. Bytes are {"base64":"…"}. It ends when the server says goodbye, or with Ctrl-C.',
    'With --topic the server sends only broadcasts of topics that one of the patterns fits. A * stands for one segment between dots, ** at the end for one or more. Messages without a topic, and those to this client alone, always come.',
    'With --reconnect it connects again, and subscribes again, whenever the server has gone. What is sent meanwhile is lost.'
  ],
  positionals: [1, 1],
  options: {
    topic: {
      value: 'pattern',
      multiple: true,
      help: 'only broadcasts of these topics: a.b, a.*, a.**; may be given again'
    },
    reconnect: { help: 'connect again when the connection is lost or the server restarts' },
    count: {
      short: 'n',
      value: 'number',
      help: 'end after so many messages',
      read: integer(1, Number.MAX_SAFE_INTEGER)
    },
    ...connectionOptions
  },
  examples: [
    ['shortwire listen /tmp/app.sock', 'all that comes'],
    ["shortwire listen /tmp/app.sock --topic 'orders.*.paid' --topic 'log.**'", 'some topics'],
    ['shortwire listen /tmp/app.sock --wait 0 --reconnect', 'whether the server is there or not'],
    ['shortwire listen /tmp/app.sock --count 1', 'wait for one message'],
    ['shortwire listen /tmp/app.sock | jq --unbuffered .payload', 'the payloads alone']
  ],
  run
};

/** @param {import('./arguments.js').Input} input */
async function run(input) {
  const { output, positionals } = input;
  /** @type {Promise<void> | undefined} */
  let over;
  await withSocket(
    input,
    () => {
      output.note(`connected to ${positionals[0]}; Ctrl-C ends it`);
      return /** @type {Promise<void>} */ (over);
    },
    // Before it connects: the first messages may come together with the server's hello.
    (socket) => (over = printed(socket, input))
  );
}

/**
 * Prints what comes; resolves when enough has come or the server has said goodbye.
 * @param {import('./connection.js').Socket} socket
 * @param {import('./arguments.js').Input} input
 * @returns {Promise<void>}
 */
function printed(socket, { output, values }) {
  let left = values.count ?? Infinity;
  /** @type {(reason: unknown) => void} */
  let reject = noop;
  const over = new Promise((/** @type {(value: void) => void} */ resolve, refuse) => {
    reject = (error) => refuse(failureOf(error));
    socket.on('message', (payload, { topic }) => {
      if (left <= 0) return;
      left--;
      void output.line(jsonLine({ topic, payload }));
      if (left <= 0) resolve();
      else if (output.isFull) {
        // What nobody reads yet waits at the server, within its limits.
        socket.pause();
        void output.drained().then(() => socket.resume());
      }
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
  socket.on('reconnecting', ({ attempt, error }) => {
    if (attempt === 1) output.note(`not connected: ${error.message}; trying again`);
  });
  socket.on('goaway', (reason) =>
    output.note(`the server says goodbye${reason === '' ? '' : `: ${reason}`}`)
  );
  // Without a connection yet: it is told before anything else.
  for (const pattern of values.topic ?? []) socket.subscribe(pattern).catch(reject);
  // If it can't connect, that is told elsewhere.
  over.catch(() => {});
  return over;
}

function noop() {}

exports.command = command;
