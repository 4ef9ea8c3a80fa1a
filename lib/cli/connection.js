/**
 * A connected socket for as long as a command needs it, and the options by which commands say how to
 * connect. Must not know: what the command does with it.
 */
'use strict';

const { UDSocket } = require('../../index.js');
const { explainConnect } = require('./diagnosis.js');
const { ExitCode, Failure } = require('./failure.js');
const { connectingEndpoint, secureSocketOptions } = require('./secure.js');
const { bytes, duration, json, oneOf } = require('./values.js');

/** @typedef {InstanceType<typeof UDSocket>} Socket */

/** The library's own, for calls. */
const DEFAULT_TIMEOUT_MS = 5000;
/** How often a server is looked for that one waits for. */
const RETRY = { minDelayMs: 50, maxDelayMs: 1000 };
/** How long the goodbye may take, in ms: what was asked has been answered by then. */
const GOODBYE_MS = 1000;
/** After Ctrl-C nobody wants to wait. */
const HURRIED_GOODBYE_MS = 100;

/** @type {Record<string, import('./arguments.js').Option>} */
const connectionOptions = {
  timeout: {
    short: 't',
    value: 'duration',
    help: 'how long to wait for the connection, then for each answer (5s; 0: for ever)',
    read: duration
  },
  wait: {
    value: 'duration',
    help: 'if the server is not there yet, wait for it so long (0: for ever)',
    read: duration
  },
  hello: {
    value: 'json',
    help: 'what to say to the server first: JSON, or @file that has it',
    read: json
  },
  protocol: {
    value: 'name',
    help: 'what the server speaks: shortwire (the default), jftp, jftp-1.5, jftp-1.0',
    read: oneOf(['shortwire', 'jftp', 'jftp-1.5', 'jftp-1.0'])
  },
  encoding: {
    value: 'name',
    help: 'of payloads, if the other side has it too: json (the default), msgpack',
    read: oneOf(['json', 'msgpack'])
  },
  compress: { help: 'deflate what is said, if the other side can too' },
  'max-frame': {
    value: 'size',
    help: 'the largest message in both directions (16M)',
    read: bytes(1024, 0x3fffffff)
  },
  driver: {
    value: 'name',
    help: 'where the connection runs: auto (the default), inline, task',
    read: oneOf(['auto', 'inline', 'task'])
  },
  ...secureSocketOptions
};

/**
 * The options of a socket, from those of the command line.
 * @param {Record<string, any>} values
 */
function socketOptions(values) {
  return {
    timeoutMs: values.timeout,
    protocol: values.protocol,
    maxFrameBytes: values['max-frame'],
    driver: values.driver,
    encoding: values.encoding,
    compress: values.compress === true
  };
}

/**
 * A command that has lost its server says so, unless it is told to wait for it.
 * @param {Record<string, any>} values
 */
function clientOptions(values) {
  return {
    ...socketOptions(values),
    reconnect: values.reconnect === true ? {} : /** @type {const} */ (false)
  };
}

/**
 * Connects, lets `use` have the socket, and says goodbye. Ends early when it is interrupted.
 * @template T
 * @param {import('./arguments.js').Input} input whose first positional is the endpoint
 * @param {(socket: Socket) => Promise<T>} use
 * @param {(socket: Socket) => void} [prepare] before it connects
 * @returns {Promise<T>}
 */
function withSocket(input, use, prepare) {
  return withSockets(input, 1, ([socket]) => input.interrupt.orInterrupted(use(socket)), prepare);
}

/**
 * The same with several, connected one after another. `use` looks at the interruption itself.
 * @template T
 * @param {import('./arguments.js').Input} input
 * @param {number} count
 * @param {(sockets: Socket[]) => Promise<T>} use
 * @param {(socket: Socket) => void} [prepare]
 * @returns {Promise<T>}
 */
async function withSockets({ interrupt, positionals, values }, count, use, prepare) {
  /** @type {Socket[]} */
  const sockets = [];
  try {
    while (sockets.length < count) {
      const socket = new UDSocket(clientOptions(values));
      // Calls tell of it as well; a connection that idles is watched by whoever idles.
      socket.on('error', () => {});
      prepare?.(socket);
      sockets.push(socket);
      await connect(socket, positionals[0], values, interrupt);
    }
    return await use(sockets);
  } finally {
    const timeoutMs = interrupt.name === undefined ? GOODBYE_MS : HURRIED_GOODBYE_MS;
    await Promise.all(sockets.map((socket) => socket.close({ timeoutMs })));
  }
}

/**
 * @param {Socket} socket
 * @param {string} text the endpoint, as it was written
 * @param {Record<string, any>} values
 * @param {import('./interrupt.js').Interrupt} interrupt
 */
async function connect(socket, text, values, interrupt) {
  const waits = values.wait !== undefined;
  const timeoutMs = values.wait ?? values.timeout ?? DEFAULT_TIMEOUT_MS;
  const patience = new AbortController();
  const timer = timeoutMs > 0 ? setTimeout(() => patience.abort(), timeoutMs) : undefined;
  const signal = AbortSignal.any([interrupt.signal, patience.signal]);
  /** Why the last attempt has failed. @type {Error | undefined} */
  let failure;
  const remember = (/** @type {{ error: Error }} */ { error }) => (failure = error);
  socket.on('reconnecting', remember);
  try {
    const endpoint = connectingEndpoint(text, values);
    const { hello } = values;
    await socket.connect(endpoint, { signal, hello, retry: waits ? RETRY : false });
  } catch (error) {
    if (interrupt.signal.aborted) throw interrupt.signal.reason;
    if (!patience.signal.aborted) throw explainConnect(error, text);
    throw failure === undefined ? noAnswer(text, timeoutMs) : explainConnect(failure, text);
  } finally {
    socket.off('reconnecting', remember);
    clearTimeout(timer);
  }
}

/**
 * @param {string} text
 * @param {number} timeoutMs
 */
function noAnswer(text, timeoutMs) {
  return new Failure(
    ExitCode.TIMEOUT,
    'SHORTWIRE_ERR_TIMEOUT',
    `${text} did not introduce itself within ${timeoutMs} ms`,
    'Its process hangs, or what listens there speaks something else (--protocol).'
  );
}

exports.connectionOptions = connectionOptions;
exports.socketOptions = socketOptions;
exports.withSocket = withSocket;
exports.withSockets = withSockets;
