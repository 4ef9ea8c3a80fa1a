/**
 * jftp's options as those of the sockets underneath. Must not know: sockets.
 *
 * What jftp knows has jftp's meaning; the options of `UDSocket` and `UDSocketServer` may stand
 * beside it by their own names. Anything else is left alone, as jftp does.
 */
'use strict';

/** Options of the sockets underneath that both sides take. */
const BOTH = [
  'busyPollUs',
  'driver',
  'frameTimeoutMs',
  'maxFrameBytes',
  'maxInFlight',
  'maxInFlightBytes',
  'maxQueuedBytes',
  'maxQueuedMessages'
];
const SOCKET = [...BOTH, 'protocol'];
const SERVER = [...BOTH, 'backlog', 'maxConnections', 'maxConnectionsPerUid', 'mode'];

/** Options of `net.Socket` that can't be kept: the bytes are read and written by the core. */
const REFUSED = ['fd', 'handle', 'onread'];

/** Beyond this a timer of Node's fires at once. */
const MAX_TIMER_MS = 0x7fffffff;
const DEFAULT_TIMEOUT_MS = 5000;

/**
 * @param {any} given as the constructor got it; `null` throws, as it does in jftp
 * @returns {{ timeoutMs: any, signal: AbortSignal | undefined, socket: object, server: object }}
 */
function readOptions(given = {}) {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, encoderOptions, socketOptions } = given;
  for (const name of REFUSED) {
    if (socketOptions?.[name] !== undefined) {
      throw new TypeError(`socketOptions.${name} is not supported: the core owns the connection`);
    }
  }
  return {
    timeoutMs,
    signal: socketOptions?.signal,
    socket: {
      protocol: 'jftp',
      reconnect: false,
      ...pick(given, SOCKET),
      ...digits(encoderOptions)
    },
    server: {
      ...pick(given, SERVER),
      ...digits(encoderOptions),
      protocols: ['jftp'],
      // jftp clients may stay silent for ever; its server hears of them at once all the same.
      silentProtocol: 'jftp',
      silentMs: 0
    }
  };
}

/**
 * The deadline of a call, as a timer of Node's would have it.
 * @param {unknown} timeoutMs
 * @returns {number}
 */
function timerMs(timeoutMs) {
  const ms = Math.trunc(Number(timeoutMs));
  return ms >= 1 ? Math.min(ms, MAX_TIMER_MS) : 1;
}

/** @param {{ headerSize?: unknown } | undefined} encoderOptions */
function digits(encoderOptions) {
  const headerSize = encoderOptions?.headerSize;
  if (headerSize === undefined) return {};
  if (!Number.isInteger(headerSize) || Number(headerSize) < 1 || Number(headerSize) > 15) {
    throw new RangeError(
      `encoderOptions.headerSize must be an integer from 1 to 15, not ${headerSize}`
    );
  }
  return { jftpHeaderDigits: headerSize };
}

/**
 * @param {any} given
 * @param {string[]} names
 */
function pick(given, names) {
  const present = names.filter((name) => given[name] !== undefined);
  return Object.fromEntries(present.map((name) => [name, given[name]]));
}

module.exports = { readOptions, timerMs };
