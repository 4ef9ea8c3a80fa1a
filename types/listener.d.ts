// Listening sockets that several processes or threads serve together.

import { PathEndpoint, TcpAddress, TcpEndpoint } from './endpoint.js';
import { ServerOptions } from './options.js';
import { UDSocketServer } from './server.js';

/**
 * A listening socket that nobody accepts from here: it owns its path, and others serve it by its descriptor. `docs/workers.md` has the
 * ways to pass that on.
 */
export interface Listener {
  /**
   * The descriptor: for `stdio` of a child process, or for `start({ fd, shared: true })` in this process. It stays the listener's.
   * -1 once it is closed.
   */
  readonly fd: number;
  /** Where it listens; null once it is closed. */
  address(): string | TcpAddress | null;
  /** Keeps the process alive: the default. */
  ref(): this;
  /** Lets the process exit. */
  unref(): this;
  /**
   * Closes the descriptor and removes the path: no more connections come, and whoever else has the socket serves those that it has.
   * May be called again.
   */
  close(): Promise<void>;
  /** `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Binds an endpoint and listens, without accepting: connections wait until somebody serves them.
 *
 * ```js
 * const listener = await bind('/run/app/users.sock');
 * for (let n = 0; n < 4; n++) fork('worker.js', { stdio: ['inherit', 'inherit', 'inherit', 'ipc', listener.fd] });
 * // worker.js: await new UDSocketServer().start({ fd: 4 });
 * ```
 *
 * @throws (rejects) what {@link UDSocketServer.start} rejects with
 */
export function bind(
  endpoint: string | number | PathEndpoint | TcpEndpoint,
  options?: Pick<ServerOptions, 'mode' | 'backlog'>
): Promise<Listener>;

/** A listening socket that a service manager has handed to this process. */
export interface InheritedSocket {
  /** Its descriptor, for `start({ fd })`. */
  readonly fd: number;
  /** What the service manager calls it; `'unknown'` if it has no name. */
  readonly name: string;
}

/**
 * The listening sockets that a service manager has handed to this process, as systemd does it (`LISTEN_PID`, `LISTEN_FDS`,
 * `LISTEN_FDNAMES`), in their order. Empty when it was started in another way. For a single one, or one by name,
 * `start({ systemd: true })` and `start({ systemd: 'name' })` are shorter.
 */
export function listenFds(): InheritedSocket[];
