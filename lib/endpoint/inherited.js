/**
 * Listening sockets that somebody else has opened: whose they are, and which a service manager has
 * handed down, as systemd does it: descriptors from 3 on, as many as `LISTEN_FDS` says, if
 * `LISTEN_PID` is this process. Must not know: what is done with them.
 */
'use strict';

const { ErrorKind, ShortwireError, invalidArgument } = require('../errors.js');

/** The first that is handed down: 0, 1 and 2 are the standard streams. */
const FIRST_FD = 3;
/** More than any service has: a number without sense must not become a list without end. */
const MAX_FDS = 4096;

/**
 * The sockets that this process was handed, in order. None, if it was started in another way.
 * @returns {{ fd: number, name: string }[]}
 */
function listenFds() {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
  const count = numeral(LISTEN_FDS);
  // What a parent was handed is in its children's environment too, but not theirs.
  if (count === undefined || count > MAX_FDS || numeral(LISTEN_PID) !== process.pid) return [];
  const names = LISTEN_FDNAMES === undefined ? [] : LISTEN_FDNAMES.split(':');
  return Array.from({ length: count }, (_, at) => {
    return { fd: FIRST_FD + at, name: names[at] ?? UNNAMED };
  });
}

/**
 * Takes what only concerns inherited sockets out of an endpoint to listen at.
 * @param {unknown} endpoint
 * @returns {{ plain: unknown, shared: boolean }} without it, and whether the descriptor stays whose it is
 */
function inherited(endpoint) {
  if (endpoint === null || typeof endpoint !== 'object') return { plain: endpoint, shared: false };
  const { shared, systemd, ...plain } = /** @type {Record<string, unknown>} */ (endpoint);
  // As `listenFds` has it.
  if (plain.fd !== undefined && typeof plain.name === 'string') delete plain.name;
  if (systemd !== undefined) {
    if (plain.fd !== undefined || shared !== undefined) {
      throw invalidArgument('endpoint', 'either of systemd or a descriptor', endpoint);
    }
    // The service manager has it too, and keeps it: so does this process, to listen again.
    return { plain: { ...plain, fd: activated(systemd) }, shared: true };
  }
  if (shared === undefined) return { plain, shared: false };
  if (typeof shared !== 'boolean') throw invalidArgument('endpoint.shared', 'a boolean', shared);
  if (plain.fd === undefined) throw invalidArgument('endpoint.fd', 'a file descriptor', plain.fd);
  return { plain, shared };
}

/**
 * The descriptor that an endpoint `{ systemd }` means.
 * @param {unknown} wanted `true` for the only one, or a name
 * @returns {number}
 */
function activated(wanted) {
  if (wanted !== true && (typeof wanted !== 'string' || wanted === '')) {
    throw invalidArgument('endpoint.systemd', 'true, or the name of a socket', wanted);
  }
  const handed = listenFds();
  if (handed.length === 0) {
    const why = 'No socket was handed to this process: LISTEN_PID and LISTEN_FDS tell of none';
    throw new ShortwireError(ErrorKind.INVALID_ARG, why);
  }
  const fitting = wanted === true ? handed : handed.filter(({ name }) => name === wanted);
  if (fitting.length === 1) return fitting[0].fd;
  const found = handed.map(({ name }) => `'${name}'`).join(', ');
  const which = wanted === true ? '' : ` named '${wanted}'`;
  throw new ShortwireError(
    ErrorKind.INVALID_ARG,
    `endpoint.systemd must mean one socket: ${fitting.length}${which} of ${found} fit`
  );
}

/** @param {string | undefined} text */
function numeral(text) {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/** What systemd calls a socket without a name. */
const UNNAMED = 'unknown';

module.exports = { listenFds, inherited };
