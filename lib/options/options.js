/**
 * Options: defaults, types, ranges. A wrong one throws at once and is named. Must not know: what an
 * option does.
 */
'use strict';

const compression = require('./compression.js');
const { DEFAULTS, readPolicy } = require('./backoff.js');
const { invalidArgument, unknownOption } = require('../errors.js');
const { EXPECTED, isTraceparent } = require('../observe/traceparent.js');

/**
 * @typedef {object} Rule
 * @property {string} expected in words, after "must be"
 * @property {(value: any) => boolean} check
 * @property {unknown} [fallback] the default
 * @property {(value: any, name: string) => unknown} [read] checks what is in it, and fills in what isn't
 */

/** @type {(least: number, most: number, fallback: number | undefined) => Rule} */
const integer = (least, most, fallback) => ({
  expected: `an integer from ${least} to ${most}`,
  check: (value) => Number.isInteger(value) && value >= least && value <= most,
  fallback
});

/** @type {(names: string[], fallback: string | undefined) => Rule} */
const oneOf = (names, fallback) => ({
  expected: `one of ${names.map((name) => `'${name}'`).join(', ')}`,
  check: (value) => names.includes(value),
  fallback
});

/** @type {(fallback: boolean) => Rule} */
const flag = (fallback) => ({
  expected: 'true or false',
  check: (value) => typeof value === 'boolean',
  fallback
});

/** @type {(fallback: unknown) => Rule} */
const policy = (fallback) => ({
  expected: 'an object, or false',
  check: (value) =>
    value === false || (value !== null && typeof value === 'object' && !Array.isArray(value)),
  fallback,
  read: readPolicy
});

const MAX_MS = 0x7fffffff;
const MAX_BYTES = 0x7fffffff;
const PROTOCOLS = ['shortwire', 'jftp', 'jftp-1.5', 'jftp-1.0'];
const DRIVERS = ['auto', 'inline', 'task'];

/** @type {Record<string, Rule>} */
const BOTH = {
  timeoutMs: integer(0, MAX_MS, 5000),
  maxFrameBytes: integer(1024, 0x3fffffff, 16 * 1024 * 1024),
  maxQueuedBytes: integer(1, Number.MAX_SAFE_INTEGER, 64 * 1024 * 1024),
  maxQueuedMessages: integer(1, 900_000, 100_000),
  maxInFlight: integer(1, 1_000_000, 65_536),
  maxInFlightBytes: integer(1, MAX_BYTES, 64 * 1024 * 1024),
  maxStreams: integer(0, 1_000_000, 1024),
  maxFiles: integer(0, 10_000, 64),
  streamWindowBytes: integer(65_536, 0x3fffffff, 512 * 1024),
  maxSubscriptions: integer(1, 1_000_000, 10_000),
  handshakeTimeoutMs: integer(0, MAX_MS, 10_000),
  frameTimeoutMs: integer(0, MAX_MS, 30_000),
  heartbeatMs: integer(0, MAX_MS, undefined),
  stallTimeoutMs: integer(0, MAX_MS, 0),
  jftpHeaderDigits: integer(1, 15, 7),
  driver: oneOf(DRIVERS, 'auto'),
  busyPollUs: integer(0, 1_000_000, 50),
  traceparent: {
    expected: 'a function',
    check: (value) => typeof value === 'function',
    fallback: undefined
  },
  sendStacks: flag(false),
  compress: { expected: compression.EXPECTED, check: compression.isCompress, fallback: false },
  encoding: oneOf(['json', 'msgpack', 'raw'], 'json')
};

/** @type {Record<string, Rule>} */
const SOCKET = {
  ...BOTH,
  protocol: oneOf(PROTOCOLS, 'shortwire'),
  reconnect: policy(DEFAULTS),
  retry: policy(false)
};

/** @type {Record<string, Rule>} */
const SERVER = {
  ...BOTH,
  maxConnections: integer(1, 1_000_000, 10_000),
  maxConnectionsPerUid: integer(1, 1_000_000, 10_000),
  mode: integer(0, 0o777, 0o600),
  backlog: integer(1, 65_535, 511),
  protocols: {
    expected: `an array of ${PROTOCOLS.map((name) => `'${name}'`).join(', ')}, not empty`,
    check: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((name) => PROTOCOLS.includes(name)),
    fallback: ['shortwire', 'jftp']
  },
  silentProtocol: oneOf(PROTOCOLS.slice(1), undefined),
  silentMs: integer(0, MAX_MS, 50),
  allowStats: flag(false),
  generateId: {
    expected: 'a function',
    check: (value) => typeof value === 'function',
    fallback: undefined
  },
  authorize: {
    expected: 'a function',
    check: (value) => typeof value === 'function',
    fallback: undefined
  }
};

/** What concerns the listening socket alone. */
const BIND = { mode: SERVER.mode, backlog: SERVER.backlog };

/** @type {Rule} */
const TOPIC = { expected: 'a string', check: (value) => typeof value === 'string', fallback: '' };
/** @type {Rule} */
const SIGNAL = { expected: 'an AbortSignal', check: (value) => value instanceof AbortSignal };
/** @type {Rule} */
const TRACEPARENT = { expected: EXPECTED, check: isTraceparent };
/** @type {Rule} */
const FILES = { expected: 'an array', check: (value) => Array.isArray(value) };
/** @type {Rule} */
const BOOLEAN = { expected: 'a boolean', check: (value) => typeof value === 'boolean' };
/** @type {Record<string, Rule>} */
const REQUEST = {
  topic: TOPIC,
  timeoutMs: integer(0, MAX_MS, 0),
  signal: SIGNAL,
  traceparent: TRACEPARENT,
  files: FILES,
  answerFiles: BOOLEAN
};
const SEND = { topic: TOPIC, traceparent: TRACEPARENT, files: FILES };
/** @type {Rule} */
const WHERE = { expected: 'a function', check: (value) => typeof value === 'function' };
/** @type {Record<string, Rule>} */
const BROADCAST = {
  topic: TOPIC,
  traceparent: TRACEPARENT,
  where: WHERE,
  except: {
    expected: 'a socket or an iterable of sockets',
    check: (value) => value !== null && typeof value === 'object'
  }
};
/** @type {Record<string, Rule>} */
const SURVEY = {
  topic: TOPIC,
  traceparent: TRACEPARENT,
  timeoutMs: REQUEST.timeoutMs,
  quorum: integer(1, Number.MAX_SAFE_INTEGER, Infinity),
  signal: SIGNAL,
  where: WHERE
};
const PING = { timeoutMs: REQUEST.timeoutMs };
const CONNECT = {
  signal: SIGNAL,
  hello: { expected: 'a payload', check: () => true },
  retry: policy(undefined)
};

/** @type {Record<string, Rule>} */
const CLOSE = {
  timeoutMs: integer(0, MAX_MS, 5000),
  reason: { expected: 'a string', check: (value) => typeof value === 'string', fallback: '' },
  allowReconnect: {
    expected: 'a boolean',
    check: (value) => typeof value === 'boolean',
    fallback: undefined
  }
};

/**
 * @param {Record<string, Rule>} rules
 * @param {unknown} given
 * @param {Record<string, unknown>} [defaults] in place of the rules' own
 * @returns {Record<string, any>} all options, with defaults
 */
function complete(rules, given, defaults) {
  /** @type {Record<string, any>} */
  const options = {};
  for (const [name, rule] of Object.entries(rules)) {
    options[name] = defaults?.[name] ?? rule.fallback;
  }
  if (given === undefined) return options;
  const values = checkObject(given, rules);
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (value === undefined) continue;
    check(rules, name, value);
    const { read } = rules[name];
    options[name] = read === undefined ? value : read(value, name);
  }
  return options;
}

/**
 * @param {Record<string, Rule>} rules
 * @param {string} name
 * @param {unknown} value
 */
function check(rules, name, value) {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined) throw unknownOption(name, Object.keys(rules));
  if (rule.check(value)) return;
  throw invalidArgument(name, rule.expected, value);
}

/**
 * @param {unknown} given
 * @param {Record<string, Rule>} rules
 * @returns {Record<string, unknown>}
 */
function checkObject(given, rules) {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    // Most often a payload, from somebody who has put the topic first.
    const example = rules.topic === TOPIC ? ' behind the payload, such as { topic }' : '';
    throw invalidArgument('options', `an object${example}`, given);
  }
  return /** @type {Record<string, unknown>} */ (given);
}

/** @param {unknown} given */
const socketOptions = (given) => compression.fitting(complete(SOCKET, given));
/** @param {unknown} given */
const serverOptions = (given) => {
  const options = compression.fitting(complete(SERVER, given));
  // The caller may go on to change its own array.
  options.protocols = Object.freeze([...options.protocols]);
  return options;
};

/**
 * Checks the options of a call, one by one: a call is too frequent to make a table of each.
 * @param {unknown} given
 * @returns {{ topic?: string, timeoutMs?: number, signal?: AbortSignal, traceparent?: string, files?: any[], answerFiles?: boolean }}
 */
function requestOptions(given) {
  const values = checkObject(given, REQUEST);
  for (const name of Object.keys(values)) {
    if (values[name] !== undefined) check(REQUEST, name, values[name]);
  }
  return values;
}

/** @param {unknown} given */
const sendOptions = (given) => complete(SEND, given);
/**
 * @param {unknown} given
 * @param {number} timeoutMs of the socket
 */
const pingOptions = (given, timeoutMs) => complete(PING, given, { timeoutMs });
/** @param {unknown} given */
const broadcastOptions = (given) => complete(BROADCAST, given);
/**
 * @param {unknown} given
 * @param {number} timeoutMs of the server
 */
const surveyOptions = (given, timeoutMs) => complete(SURVEY, given, { timeoutMs });
/** @param {unknown} given */
const connectOptions = (given) => complete(CONNECT, given);
/** @param {unknown} given */
const attachOptions = (given) => complete({}, given);
/** @param {unknown} given */
const bindOptions = (given) => complete(BIND, given);
/** @param {unknown} given */
const closeOptions = (given) => complete(CLOSE, given);

/** Whether functions can be made of text, as shapes.js wants: a flag of Node's forbids it. */
const GENERATES_CODE = (() => {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
})();

/**
 * What the core takes of the options of a socket or a server's connections.
 * @param {Record<string, any>} options
 */
function nativeOptions(options) {
  const { maxFrameBytes, maxQueuedBytes, maxQueuedMessages, maxInFlight, maxInFlightBytes } =
    options;
  const { maxStreams } = options;
  const { maxSubscriptions } = options;
  const { handshakeTimeoutMs, frameTimeoutMs, heartbeatMs, stallTimeoutMs } = options;
  const { jftpHeaderDigits, driver, compress, encoding } = options;
  return {
    maxFrameBytes,
    maxQueuedBytes,
    maxQueuedMessages,
    maxInFlight,
    maxInFlightBytes,
    maxStreams,
    maxSubscriptions,
    handshakeTimeoutMs,
    frameTimeoutMs,
    heartbeatMs,
    stallTimeoutMs,
    jftpHeaderDigits,
    shapes: GENERATES_CODE,
    driver,
    compression: compression.levelOf(compress, driver),
    encoding
  };
}

/**
 * What the core takes of a server's options.
 * @param {Record<string, any>} options
 */
function nativeServerOptions(options) {
  const { maxConnections, maxConnectionsPerUid, silentProtocol, silentMs, mode, backlog } = options;
  // 'jftp' is the family: a client doesn't say which generation it is until it sends something.
  const protocols = options.protocols.flatMap((/** @type {string} */ name) =>
    name === 'jftp' ? PROTOCOLS.slice(1) : name
  );
  const connection = nativeOptions(options);
  return {
    connection,
    maxConnections,
    maxConnectionsPerUid,
    protocols,
    silentProtocol,
    silentMs,
    authorizes: options.authorize !== undefined,
    mode,
    backlog,
    shared: false,
    accepts: true
  };
}

/**
 * The options of a socket that a server with these has accepted.
 * @param {Record<string, any>} options
 */
function ofAccepted(options) {
  /** @type {Record<string, any>} */
  const own = {};
  for (const name of Object.keys(BOTH)) own[name] = options[name];
  return own;
}

module.exports = {
  complete,
  integer,
  MAX_MS,
  SIGNAL,
  TOPIC,
  TRACEPARENT,
  sendOptions,
  pingOptions,
  broadcastOptions,
  surveyOptions,
  connectOptions,
  attachOptions,
  bindOptions,
  ofAccepted,
  socketOptions,
  serverOptions,
  requestOptions,
  closeOptions,
  nativeOptions,
  nativeServerOptions
};
