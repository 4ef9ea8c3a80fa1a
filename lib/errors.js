/**
 * The errors users see: one class, one stable code each (`docs/errors.md`). Must not know: sockets.
 */
'use strict';

const { getSystemErrorName } = require('node:util');

/** Codes, by the core's number of the kind (`src/error.rs`). */
const CODES = [
  'SHORTWIRE_ERR_TIMEOUT',
  'SHORTWIRE_ERR_DISCONNECTED',
  'SHORTWIRE_ERR_CLOSED',
  'SHORTWIRE_ERR_ABORTED',
  'SHORTWIRE_ERR_REFUSED',
  'SHORTWIRE_ERR_REMOTE',
  'SHORTWIRE_ERR_NO_HANDLER',
  'SHORTWIRE_ERR_OVERFLOW',
  'SHORTWIRE_ERR_TOO_LARGE',
  'SHORTWIRE_ERR_SERIALIZE',
  'SHORTWIRE_ERR_PROTOCOL',
  'SHORTWIRE_ERR_UNSUPPORTED',
  'SHORTWIRE_ERR_INVALID_ARG',
  'SHORTWIRE_ERR_INTERNAL',
  'SHORTWIRE_ERR_SYSTEM',
  'SHORTWIRE_ERR_TLS'
];

/** Numbers of kinds, by the end of their code. */
const ErrorKind = {
  TIMEOUT: 0,
  DISCONNECTED: 1,
  CLOSED: 2,
  ABORTED: 3,
  REFUSED: 4,
  REMOTE: 5,
  NO_HANDLER: 6,
  OVERFLOW: 7,
  TOO_LARGE: 8,
  SERIALIZE: 9,
  PROTOCOL: 10,
  UNSUPPORTED: 11,
  INVALID_ARG: 12,
  INTERNAL: 13,
  SYSTEM: 14,
  TLS: 15
};

/** Everything that goes wrong here. Match on `code`. */
class ShortwireError extends Error {
  /**
   * @param {number} kind of {@link ErrorKind}
   * @param {string} message
   * @param {{ cause?: unknown, maybeDelivered?: boolean, remote?: object }} [more]
   */
  constructor(kind, message, more) {
    super(
      message,
      more !== undefined && more.cause !== undefined ? { cause: more.cause } : undefined
    );
    this.code = CODES[kind] ?? CODES[ErrorKind.INTERNAL];
    if (more !== undefined && more.maybeDelivered !== undefined) {
      /** False: it certainly never reached the peer, so repeating is safe. */
      this.maybeDelivered = more.maybeDelivered;
    }
    if (more !== undefined && more.remote !== undefined) {
      /** The handler's own error. */
      this.remote = more.remote;
    }
  }
}

// On the prototype, so that neither costs a property per error.
Object.defineProperty(ShortwireError.prototype, 'name', {
  value: 'ShortwireError',
  writable: true,
  configurable: true
});

/** What stands for a handler's error that was none: a text, a number, an object without a message. */
class RemoteValue {
  /** @param {unknown} thrown */
  constructor(thrown) {
    this.message = typeof thrown === 'string' ? thrown : 'The handler failed';
    this.data = thrown;
  }
}

/**
 * A wrong argument: thrown at once, with the option's name in front.
 * @param {string} name
 * @param {string} expected
 * @param {unknown} actual
 * @returns {ShortwireError}
 */
function invalidArgument(name, expected, actual) {
  return new ShortwireError(
    ErrorKind.INVALID_ARG,
    `${name} must be ${expected}, not ${show(actual)}`
  );
}

/**
 * @param {string} name
 * @param {string[]} known
 * @returns {ShortwireError}
 */
function unknownOption(name, known) {
  const message = `Unknown option ${name}: there are ${known.join(', ')}`;
  return new ShortwireError(ErrorKind.INVALID_ARG, message);
}

/**
 * The same for what isn't to be shown: a key, say, or whatever was given in place of one.
 * @param {string} name
 * @param {string} expected
 * @param {unknown} [cause]
 * @returns {ShortwireError}
 */
function unusable(name, expected, cause) {
  return new ShortwireError(ErrorKind.INVALID_ARG, `${name} must be ${expected}`, { cause });
}

/** @param {unknown} value */
function show(value) {
  return typeof value === 'string' ? JSON.stringify(value) : describe(value);
}

/** @param {unknown} value */
function describe(value) {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'function' ? 'a function' : String(value);
  }
  return Array.isArray(value)
    ? 'an array'
    : `an instance of ${value.constructor?.name ?? 'Object'}`;
}

/**
 * @param {string} message
 * @returns {ShortwireError}
 */
function unsupported(message) {
  return new ShortwireError(ErrorKind.UNSUPPORTED, message);
}

/**
 * The caller's signal fired. Made only then: an error with a stack for every call would be dear.
 * @param {AbortSignal} signal
 * @param {boolean} maybeDelivered
 * @returns {ShortwireError}
 */
function aborted(signal, maybeDelivered) {
  const cause = signal.reason;
  const error = new ShortwireError(ErrorKind.ABORTED, 'The operation was aborted', {
    cause,
    maybeDelivered
  });
  error.name = 'AbortError';
  return error;
}

/**
 * An error of the operating system, shaped as Node's own.
 * @param {string} what the system call and, after a blank, the address that it was about, if any
 * @param {number} errno as the kernel has it, positive
 * @param {string | undefined} path where there is no address
 * @returns {NodeJS.ErrnoException & { address?: string }}
 */
function systemError(what, errno, path) {
  const [, syscall, address] = /** @type {any} */ (/^(\S*) ?(.*)$/s.exec(what));
  const code = codeOf(errno);
  const parts = address === '' ? partsOfPath(path) : partsOfAddress(syscall, address);
  const where = parts.shown === undefined ? '' : ` ${parts.shown}`;
  const error = new Error(`${syscall} ${code}${where}`);
  return Object.assign(error, { errno: -errno, code, syscall, ...parts.properties });
}

/** @param {number} errno */
function codeOf(errno) {
  if (errno <= 0) return 'UNKNOWN';
  const code = getSystemErrorName(-errno);
  // As Node has it for a host that isn't known.
  return code === 'EAI_NONAME' || code === 'EAI_NODATA' ? 'ENOTFOUND' : code;
}

/** @param {string | undefined} path */
function partsOfPath(path) {
  return { shown: path, properties: path ? { address: path, path } : {} };
}

/**
 * @param {string} syscall
 * @param {string} address
 */
function partsOfAddress(syscall, address) {
  if (syscall === 'getaddrinfo') return { shown: address, properties: { hostname: address } };
  const { 1: ip = '', 2: port } = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  // The address of a bind may come without a port, and one of IPv6 is all colons.
  if (port === undefined || (ip.includes(':') && !address.startsWith('['))) {
    return { shown: address, properties: { address } };
  }
  return { shown: `${ip}:${port}`, properties: { address: ip, port: Number(port) } };
}

/**
 * The error of a record from the core.
 * @param {number} kind
 * @param {number} errno
 * @param {string} message of a system error, the system call
 * @param {string} [address]
 * @returns {Error}
 */
function errorOf(kind, errno, message, address) {
  if (kind === ErrorKind.SYSTEM) return systemError(message, errno, address);
  const cause = errno > 0 ? systemError('read', errno, undefined) : undefined;
  return new ShortwireError(kind, message, { cause });
}

/**
 * An error that the core has thrown: `<kind>:<errno>:<message>`.
 * @param {any} error
 * @param {string} [address]
 * @returns {Error}
 */
function fromNative(error, address) {
  const parts = /^(\d+):(\d+):(.*)$/s.exec(error?.message ?? '');
  if (parts === null) return error;
  return errorOf(Number(parts[1]), Number(parts[2]), parts[3], address);
}

exports.fromNative = fromNative;
exports.CODES = CODES;
exports.ErrorKind = ErrorKind;
exports.RemoteValue = RemoteValue;
exports.ShortwireError = ShortwireError;
exports.invalidArgument = invalidArgument;
exports.unusable = unusable;
exports.unknownOption = unknownOption;
exports.unsupported = unsupported;
exports.aborted = aborted;
exports.systemError = systemError;
exports.errorOf = errorOf;
