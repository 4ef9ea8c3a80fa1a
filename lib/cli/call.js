/**
 * `shortwire call`: asks, and prints the answers.
 */
'use strict';

const { connectionOptions, withSocket } = require('./connection.js');
const { ExitCode, failureAsJson, failureOf, usage } = require('./failure.js');
const { fileOptions, outgoing, save, savingOptions } = require('./files.js');
const { inOrder } = require('./in-order.js');
const { payloadOptions, payloads } = require('./payloads.js');
const { jsonLine, rendered, renderingOptions } = require('./rendering.js');
const { integer } = require('./values.js');

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'call',
  summary: 'ask a server, and print the answers',
  usage: '<endpoint> [payload]',
  about: [
    'The payload is JSON. Without one, or for -, payloads are read from standard input if something is put there: JSON values, one call each. Otherwise the call has no payload.',
    'Answers are printed in the order of the calls, one line of JSON each. The first call that fails ends the command, unless it is told to keep going.',
    'With --iterate each part of an answer is printed as it comes, and there is no time limit unless --timeout gives one for each part. Ctrl-C takes the call back.'
  ],
  positionals: [1, 2],
  options: {
    topic: { value: 'topic', help: 'what it is about: chooses the handler', fallback: '' },
    ...payloadOptions,
    concurrency: {
      short: 'c',
      value: 'number',
      help: 'calls under way at a time (1)',
      read: integer(1, 65_536),
      fallback: 1
    },
    'keep-going': {
      short: 'k',
      help: 'go on after a call that fails; the exit code is that of the first'
    },
    ...fileOptions,
    ...savingOptions,
    iterate: { help: 'the handler answers in parts: print each as it comes' },
    envelope: {
      help: 'print {"ok":true,"value":…} or {"ok":false,"error":…} for each call, and keep going'
    },
    ...renderingOptions,
    ...connectionOptions
  },
  examples: [
    [`shortwire call /tmp/app.sock '{"anything": "Hello"}'`, 'one call'],
    [
      `shortwire call /tmp/app.sock '{"id": 7}' --topic users.get --timeout 500ms`,
      'of a topic, with less patience'
    ],
    [
      'shortwire call /tmp/app.sock --topic users.get --concurrency 16 < ids.jsonl > users.jsonl',
      'a call for each line, sixteen at a time, answers in the order of the lines'
    ],
    [
      `shortwire call /tmp/app.sock '{"name": "A"}' --topic users.watch --iterate`,
      'an answer in parts, until it ends or Ctrl-C'
    ],
    [
      'shortwire call /tmp/app.sock --topic image.resize --raw < in.png > out.png',
      'bytes in, bytes out'
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
  const { topic } = values;
  const keepsGoing = values['keep-going'] === true || values.envelope === true;
  let exitCode = /** @type {number} */ (ExitCode.OK);
  let done = 0;
  const items = payloads(input, 1);

  if (values.iterate === true && values.concurrency > 1) {
    throw usage('--iterate asks one call after another', 'Leave --concurrency out.');
  }
  const files = outgoing(values.file, output);
  if (values.iterate === true && (files !== undefined || values.save !== undefined)) {
    throw usage('--iterate does not go with files');
  }
  await withSocket(input, async (socket) => {
    /** @param {import('./payloads.js').Item} item */
    const begin = ({ payload }) =>
      values.iterate === true ? printParts(socket, payload) : ask(socket, payload);
    await inOrder(items, values.concurrency, begin, finish);
  });
  return exitCode;

  /**
   * @param {import('./connection.js').Socket} socket
   * @param {any} payload
   */
  async function ask(socket, payload) {
    // How long files take is up to their size.
    const filed = files !== undefined || values.save !== undefined;
    const timeoutMs = values.timeout ?? (filed ? 0 : undefined);
    const options = { topic, signal: interrupt.signal, files, timeoutMs };
    if (values.save === undefined) return socket.rpc(payload, options);
    const answer = await socket.rpc(payload, {
      ...options,
      answerFiles: /** @type {const} */ (true)
    });
    await save(answer.files, values.save, output);
    return answer.value;
  }

  /**
   * @param {import('./connection.js').Socket} socket
   * @param {any} payload
   */
  async function printParts(socket, payload) {
    const options = { topic, signal: interrupt.signal, timeoutMs: values.timeout };
    for await (const part of socket.iterate(payload, options)) await print(part);
  }

  /** @param {unknown} value */
  function print(value) {
    return output.write(
      values.envelope === true ? `${jsonLine({ ok: true, value })}\n` : rendered(value, values)
    );
  }

  /**
   * @param {import('./payloads.js').Item} item
   * @param {unknown} value
   * @param {unknown} error
   */
  async function finish({ line }, value, error) {
    done++;
    if (done > 1) output.tally(done, 'calls');
    if (error === undefined) {
      if (values.iterate !== true) await print(value);
      return;
    }
    if (interrupt.signal.aborted) throw interrupt.signal.reason;
    const failure = failureOf(error, { topic });
    if (line > 0) failure.message = `line ${line}: ${failure.message}`;
    if (!keepsGoing) throw failure;
    if (exitCode === ExitCode.OK) exitCode = failure.exitCode;
    if (values.envelope === true) {
      await output.line(jsonLine({ ok: false, error: failureAsJson(failureOf(error)) }));
    } else output.failure('call', failure);
    // What comes after would fail alike.
    if (failure.exitCode === ExitCode.LOST) throw failure;
  }
}

exports.command = command;
