// `UDSocketServer`.

/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';

import { ServerEvents } from './events.js';
import { ServerStats, SurveyEntry } from './facts.js';
import { Handler, Middleware } from './handler.js';
import { ListenEndpoint, TcpAddress } from './endpoint.js';
import {
  BroadcastOptions,
  CloseOptions,
  PingOptions,
  ServerOptions,
  SurveyOptions
} from './options.js';
import { Payload } from './payload.js';
import {
  AnswerFrom,
  AnswerOf,
  ReceivedBy,
  SentTo,
  ServiceShape,
  TopicOf,
  Untyped
} from './service.js';
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
  start(endpoint: ListenEndpoint, callback?: () => void): Promise<void>;

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
  handle(
    handler: Handler<
      unknown,
      Payload | void | AsyncIterable<unknown>,
      UDSocket<ClientService, Service>
    > | null
  ): this;

  /** Adds middleware around every inbound request of every socket; see {@link UDSocket.use}. */
  use(middleware: Middleware<UDSocket<ClientService, Service>>): this;

  /**
   * Tells all sockets that want to know; resolves to how many it was queued to. The payload is encoded once, by `JSON.stringify`, for
   * all of them. One whose queue is full is skipped: it is counted and told of by `dropped`, and delays nobody. Peers of a dialect
   * without one-way messages are left out.
   *
   * ```js
   * const count = await server.broadcast({ price: 12 }, { topic: 'stock.ACME', where: (socket) => socket.data.paid });
   * ```
   *
   * @throws (rejects) `SHORTWIRE_ERR_SERIALIZE`, `_TOO_LARGE` (`maxFrameBytes` of this server), `_INVALID_ARG`, and what `where` throws;
   *   nobody gets anything then
   */
  broadcast(
    payload?: Payload,
    options?: BroadcastOptions<string, UDSocket<ClientService, Service>> & { topic?: undefined }
  ): Promise<number>;
  broadcast<Topic extends TopicOf<ClientService>>(
    payload: SentTo<ClientService, Topic>,
    options: BroadcastOptions<Topic, UDSocket<ClientService, Service>> & { topic: Topic }
  ): Promise<number>;

  /**
   * Asks all sockets, and resolves when each has answered, failed, left or let its time pass: one entry for each, in the order of
   * `sockets`. Without sockets that is an empty list. The payload is encoded once, by `JSON.stringify`.
   *
   * ```js
   * const votes = await server.survey(proposal, { topic: 'vote', timeoutMs: 500, quorum: 2 });
   * const yes = votes.filter(({ status, value }) => status === 'fulfilled' && value === 'yes');
   * ```
   *
   * @throws (rejects) `SHORTWIRE_ERR_ABORTED` (the signal), `_SERIALIZE`, `_INVALID_ARG`, and what `where` throws; what goes wrong at one
   *   socket is that one's entry
   */
  survey(
    payload?: Payload,
    options?: SurveyOptions<string, UDSocket<ClientService, Service>> & { topic?: undefined }
  ): Promise<SurveyEntry<unknown, UDSocket<ClientService, Service>>[]>;
  survey<Topic extends TopicOf<ClientService>>(
    payload: SentTo<ClientService, Topic>,
    options: SurveyOptions<Topic, UDSocket<ClientService, Service>> & { topic: Topic }
  ): Promise<SurveyEntry<AnswerOf<ClientService, Topic>, UDSocket<ClientService, Service>>[]>;

  /**
   * The round trip to every socket, in ms; entries as those of `survey`.
   *
   * @throws (rejects) `SHORTWIRE_ERR_INVALID_ARG`
   */
  ping(options?: PingOptions): Promise<SurveyEntry<number, UDSocket<ClientService, Service>>[]>;

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
