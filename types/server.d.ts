// `UDSocketServer`.

/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';

import { ServerEvents } from './events.js';
import { ServerStats } from './facts.js';
import { Handler, Middleware } from './handler.js';
import { Endpoint, TcpAddress } from './endpoint.js';
import { CloseOptions, ServerOptions } from './options.js';
import { Payload } from './payload.js';
import { AnswerFrom, ReceivedBy, ServiceShape, TopicOf, Untyped } from './service.js';
import { UDSocket } from './socket.js';
import { Lists } from './support.js';

/**
 * Listens, and holds the sockets of those who came.
 *
 * ```js
 * const server = new UDSocketServer();
 * server.handle('users.get', ({ id }) => database.user(id));
 * await server.start('/run/app/users.sock');
 * process.once('SIGTERM', () => server.close({ timeoutMs: 2000 }));
 * ```
 *
 * @typeParam Service what the server answers: types `handle` and the events of messages
 * @typeParam ClientService what its clients answer: types the calls of its sockets
 */
export class UDSocketServer<
  Service extends ServiceShape<Service> = Untyped,
  ClientService extends ServiceShape<ClientService> = Untyped
> extends EventEmitter<Lists<ServerEvents<Service, UDSocket<ClientService, Service>>>> {
  /**
   * The listener is one for `connection`, and may stand alone.
   *
   * @throws `SHORTWIRE_ERR_INVALID_ARG` that names the option
   */
  constructor(
    options?: ServerOptions,
    connectionListener?: (socket: UDSocket<ClientService, Service>, hello: unknown) => void
  );
  constructor(
    connectionListener: (socket: UDSocket<ClientService, Service>, hello: unknown) => void
  );

  /** The connected sockets, by id. A client that connects again is a new socket with a new id. */
  readonly sockets: ReadonlyMap<string, UDSocket<ClientService, Service>>;
  /** Whether it can be connected to. */
  readonly listening: boolean;
  /** The options with their defaults. */
  readonly options: Readonly<
    Required<
      Omit<
        ServerOptions,
        'heartbeatMs' | 'silentProtocol' | 'generateId' | 'authorize' | 'traceparent'
      >
    > &
      Pick<
        ServerOptions,
        'heartbeatMs' | 'silentProtocol' | 'generateId' | 'authorize' | 'traceparent'
      >
  >;

  /**
   * Listens; resolves when it can be connected to. The file of a server that died is taken over, that of one that lives never. With a
   * callback, a failure is an `error` event as well, and the promise may be left alone.
   *
   * @throws (rejects) Node's codes (`EADDRINUSE`, `EACCES`, `ENOENT`, `ENAMETOOLONG`, over TCP `EADDRNOTAVAIL`,
   *   `ENOTFOUND`, …), `SHORTWIRE_ERR_INVALID_ARG`, `_UNSUPPORTED`
   */
  start(endpoint: Endpoint, callback?: () => void): Promise<void>;

  /**
   * Serves a connection that somebody else opened, any stream of bytes, whether the server listens or not. Resolves to its socket when
   * calls flow.
   *
   * ```js
   * tls.createServer(options, (stream) => server.attach(stream)).listen(8443);
   * ```
   *
   * @throws (rejects) `SHORTWIRE_ERR_INVALID_ARG` (no open stream of bytes), `_REFUSED` (`maxConnections`), `_CLOSED`, and what
   *   {@link UDSocket.connect} rejects with
   */
  attach(duplex: Duplex): Promise<UDSocket<ClientService, Service>>;

  /** Answers requests on every socket of this server; see {@link UDSocket.handle}. */
  handle<Topic extends TopicOf<Service>>(
    topic: Topic,
    handler: Handler<
      ReceivedBy<Service, Topic>,
      AnswerFrom<Service, Topic>,
      UDSocket<ClientService, Service>
    > | null
  ): this;
  handle(handler: Handler<unknown, Payload | void, UDSocket<ClientService, Service>> | null): this;

  /** Adds middleware around every inbound request of every socket; see {@link UDSocket.use}. */
  use(middleware: Middleware<UDSocket<ClientService, Service>>): this;

  /** Stops listening; the sockets go on. Resolves when the path is removed. `start` may follow. */
  stop(): Promise<void>;

  /**
   * Stops accepting, says goodbye to every peer, finishes what is in flight, then cuts. Resolves when the last socket is gone and the
   * path is removed. May be called again.
   */
  close(options?: CloseOptions): Promise<void>;

  /** Where it listens: a path or a name; over TCP its parts, with the port that was free. Null if it doesn't. */
  address(): string | TcpAddress | null;

  /** {@link UDSocket.pause} on all sockets, those to come included. Connections are still accepted. */
  pause(): this;
  /** Goes on. A socket that was paused by itself stays so. */
  resume(): this;
  /** Whether all sockets are paused. */
  readonly paused: boolean;

  /** Keeps the process alive while it listens: the default. */
  ref(): this;
  /** Lets the process exit although it listens. */
  unref(): this;

  /** Counters. */
  stats(): ServerStats;

  /** `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}
