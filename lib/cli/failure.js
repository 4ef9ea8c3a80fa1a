/**
 * How a command fails: an exit code, what went wrong, and what to do about it. `docs/cli.md` has the
 * table of exit codes. Must not know: commands, how it is printed.
 */
'use strict';

/** @enum {number} */
const ExitCode = {
  OK: 0,
  /** The other end has answered with an error. */
  REMOTE: 1,
  /** Wrong arguments, a payload that is no JSON, a module that can't be used. */
  USAGE: 2,
  /** There is nothing to connect to, or a server can't listen. */
  NO_CONNECTION: 3,
  TIMEOUT: 4,
  /** The connection was there and is lost. */
  LOST: 5,
  /** The server doesn't let this client in. */
  REFUSED: 6,
  /** This end can't send it: too large, too much at once, not in this protocol. */
  IMPOSSIBLE: 7,
  INTERNAL: 70,
  /** 128 and the signal's number, as a shell has it. */
  INTERRUPTED: 130,
  /** Whoever read the output has gone. */
  NO_READER: 141,
  TERMINATED: 143
};

class Failure extends Error {
  /**
   * @param {number} exitCode
   * @param {string} code what went wrong, to match on
   * @param {string} message the same in words
   * @param {string} [hint] what to do
   */
  constructor(exitCode, code, message, hint) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
    this.hint = hint;
    /** What the other end's handler said, beside its message. @type {Record<string, unknown> | undefined} */
    this.remote = undefined;
  }
}

/**
 * A wrong argument.
 * @param {string} message
 * @param {string} [hint]
 */
function usage(message, hint) {
  return new Failure(ExitCode.USAGE, 'USAGE', message, hint);
}

/** @type {Record<string, [exitCode: number, hint?: string]>} */
const BY_CODE = {
  SHORTWIRE_ERR_TIMEOUT: [
    ExitCode.TIMEOUT,
    'The handler is slow or stuck, or its process is. --timeout gives it more time; 0 waits for ever.'
  ],
  SHORTWIRE_ERR_DISCONNECTED: [ExitCode.LOST, 'The server has ended or was killed.'],
  SHORTWIRE_ERR_CLOSED: [ExitCode.LOST, 'The server said goodbye. It may be back in a moment.'],
  SHORTWIRE_ERR_ABORTED: [ExitCode.INTERRUPTED],
  SHORTWIRE_ERR_REFUSED: [
    ExitCode.REFUSED,
    'It decides who may come in: by the user, by what it is told (--hello), by its limits, by the protocol (--protocol).'
  ],
  SHORTWIRE_ERR_REMOTE: [ExitCode.REMOTE],
  SHORTWIRE_ERR_NO_HANDLER: [ExitCode.REMOTE],
  SHORTWIRE_ERR_OVERFLOW: [ExitCode.IMPOSSIBLE, 'Too much at once: use a smaller --concurrency.'],
  SHORTWIRE_ERR_TOO_LARGE: [
    ExitCode.IMPOSSIBLE,
    'Send less at once, or raise the limit at both ends: here with --max-frame, there with maxFrameBytes.'
  ],
  SHORTWIRE_ERR_SERIALIZE: [ExitCode.REMOTE, 'One of the two ends made what JSON cannot say.'],
  SHORTWIRE_ERR_PROTOCOL: [
    ExitCode.NO_CONNECTION,
    'Something else listens there, or it speaks another protocol: try --protocol.'
  ],
  SHORTWIRE_ERR_UNSUPPORTED: [ExitCode.IMPOSSIBLE],
  SHORTWIRE_ERR_INVALID_ARG: [ExitCode.USAGE],
  SHORTWIRE_ERR_TLS: [
    ExitCode.REFUSED,
    'Certificates: --ca says whom to trust, --servername which name to expect, --cert and --key who this is.'
  ],
  SHORTWIRE_ERR_INTERNAL: [ExitCode.INTERNAL, 'That is a fault of shortwire: please report it.']
};

/**
 * What has failed in a call or a message, as a failure of the command.
 * @param {any} error
 * @param {{ topic?: string }} [about]
 * @returns {Failure}
 */
function failureOf(error, about) {
  if (error instanceof Failure) return error;
  const known = BY_CODE[error?.code];
  if (known === undefined && typeof error?.syscall === 'string') {
    return new Failure(ExitCode.IMPOSSIBLE, error.code, error.message);
  }
  if (known === undefined) {
    const code = typeof error?.code === 'string' ? error.code : 'INTERNAL';
    const failure = new Failure(ExitCode.INTERNAL, code, String(error?.message ?? error));
    if (error instanceof Error) failure.stack = error.stack;
    return failure;
  }
  const [exitCode, hint] = known;
  const failure = new Failure(exitCode, error.code, error.message, hint);
  if (exitCode === ExitCode.LOST && typeof error.maybeDelivered === 'boolean') {
    failure.hint += error.maybeDelivered ? MAYBE : NEVER;
  }
  if (error.code === 'SHORTWIRE_ERR_UNSUPPORTED' && /iterate/.test(error.message)) {
    failure.hint = 'Its handler answers in parts: call it with --iterate.';
  }
  if (error.code === 'SHORTWIRE_ERR_NO_HANDLER') failure.hint = noHandlerHint(about?.topic);
  if (error.remote !== undefined) {
    const { message: _, ...rest } = error.remote;
    failure.remote = rest;
  }
  return failure;
}

const MAYBE = ' It may have received this, so look before you repeat it.';
const NEVER = ' It has not received this: repeating is safe.';

/** @param {string} [topic] */
function noHandlerHint(topic) {
  return topic
    ? `Look at the spelling of '${topic}': topics are matched letter by letter.`
    : 'This server answers only certain topics: give one with --topic.';
}

/**
 * The same as JSON, for output that programs read.
 * @param {Failure} failure
 */
function failureAsJson(failure) {
  const { code, message, remote } = failure;
  return { code, message, ...(remote !== undefined && { remote }) };
}

exports.ExitCode = ExitCode;
exports.Failure = Failure;
exports.failureAsJson = failureAsJson;
exports.failureOf = failureOf;
exports.usage = usage;
