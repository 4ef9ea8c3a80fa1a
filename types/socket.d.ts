// `UDSocket`.

/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';

import { SocketEvents } from './events.js';
import { Peer, SocketStats, Status } from './facts.js';
import { Handler, Middleware } from './handler.js';
import {
  CallOptions,
  CloseOptions,
  ConnectOptions,
  ConnectionOptions,
  PingOptions,
  Encoding,
  Protocol,
  RpcOptions,
  SendOptions,
  SocketOptions
} from './options.js';
import { Endpoint } from './endpoint.js';
import { Payload } from './payload.js';
import { UDSocketServer } from './server.js';
import {
  AnswerFrom,
  AnswerOf,
  PartOf,
  ReceivedBy,
  SentTo,
  ServiceShape,
  TopicOf,
  Untyped
} from './service.js';
import { AnswerWithFiles, SendFileOptions } from './file.js';
import { IterateOptions, StreamOptions, UDStream } from './stream.js';
import { Lists, PayloadAnd } from './support.js';

/**
 * One end of a connection: made with `new`, the connecting one; in a server's `connection` event, the accepted one. Both have the
 * same abilities.
 *
 * ```js
 * const socket = new UDSocket();
 * await socket.connect('/run/app/users.sock');
 * const user = await socket.call('users.get', { id: 7 });
 * await socket.close();
 * ```
 *
 * @typeParam Service what the other end answers: types `call`, `rpc`, `send` and `notify`
 * @typeParam OwnService what this end answers: types `handle` and the events of messages
 */
export class UDSocket<
  Service extends ServiceShape<Service> = Untyped,
  OwnService extends ServiceShape<OwnService> = Untyped
> extends EventEmitter<Lists<SocketEvents<OwnService, UDSocket<Service, OwnService>>>> {
  /** @throws `SHORTWIRE_ERR_INVALID_ARG` that names the option */
  constructor(options?: SocketOptions);

  /** A place for the user's own data; the library never looks at it. */
  data: any;
  /** The server that accepted it; `undefined` on a socket that was made with `new`. */
  readonly server: UDSocketServer<OwnService, Service> | undefined;
  /** What the server's `authorize` answered; `undefined` at the connecting end. */
  readonly auth: any;
  /**
   * Random, or made by the server's `generateId`; no secret. Once ready, both ends have the same (of dialects without a hello, each end
   * its own).
   */
  readonly id: string;
  readonly status: Status;
  /** What is spoken. */
  readonly protocol: Protocol;
  /** How payloads are encoded, as agreed with the peer; `'json'` as long as it isn't there. */
  readonly encoding: Encoding;
  /** Who is at the other end. */
  readonly peer: Peer;
  /** Own calls and messages that have not settled. */
  readonly pending: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** The options with their defaults; of an accepted socket, those of its server that concern connections. */
  readonly options: Readonly<
    Required<Omit<ConnectionOptions, 'heartbeatMs' | 'traceparent'>> &
      Pick<ConnectionOptions, 'heartbeatMs'> &
      SocketOptions
  >;

  /**
   * Connects; resolves when calls flow. Without `retry` it is tried once: a path at which nobody listens rejects at once, with Node's own code
   * (`ENOENT`, `ECONNREFUSED`, `EACCES`, over TCP also `ENOTFOUND`, `EADDRNOTAVAIL`, …), and calls that were queued reject too. A host
   * that doesn't answer is given up after `handshakeTimeoutMs`, with `ETIMEDOUT`. A socket that is closed may be connected again.
   *
   * With a callback, a failure is an `error` event as well, and the promise may be left alone.
   *
   * @throws (rejects) Node's codes, `SHORTWIRE_ERR_ABORTED`, `_REFUSED`, `_PROTOCOL`, `_TLS`, `_TIMEOUT` (no handshake), `_INVALID_ARG`,
   *   `_UNSUPPORTED`
   */
  connect(endpoint: Endpoint, options?: ConnectOptions, callback?: () => void): Promise<void>;
  connect(endpoint: Endpoint, callback: () => void): Promise<void>;

  /**
   * Instead of `connect`: speaks over a stream that is already there, which the socket then owns. The other end does the same, or a
   * server's `attach` does.
   *
   * ```js
   * const stream = tls.connect(options);
   * await socket.attach(stream);
   * ```
   */
  attach(duplex: Duplex): Promise<void>;

  /**
   * Asks, and resolves to the answer. Before `connect`, and while connecting, it waits in the queue; the time limit runs from the
   * call. Settles exactly once.
   *
   * ```js
   * const answer = await socket.rpc({ anything: 'Hello' }, { timeoutMs: 1000, signal });
   * ```
   *
   * With `answerFiles`, it resolves to `{ value, files }`: what the handler has given to `context.reply`.
   *
   * @throws (rejects) `SHORTWIRE_ERR_TIMEOUT`, `_REMOTE` (the handler threw), `_NO_HANDLER`, `_DISCONNECTED`, `_CLOSED`, `_ABORTED`,
   *   `_OVERFLOW`, `_TOO_LARGE`, `_SERIALIZE`, `_INVALID_ARG`; never throws
   */
  rpc(
    payload: Payload,
    options: CallOptions & { topic?: undefined; answerFiles: true }
  ): Promise<AnswerWithFiles>;
  rpc(
    payload?: Payload,
    options?: CallOptions & { topic?: undefined; answerFiles?: false }
  ): Promise<unknown>;
  rpc<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: RpcOptions<Topic> & { topic: Topic; answerFiles: true }
  ): Promise<AnswerWithFiles<AnswerOf<Service, Topic>>>;
  rpc<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: RpcOptions<Topic> & { topic: Topic; answerFiles?: false }
  ): Promise<AnswerOf<Service, Topic>>;

  /**
   * `rpc` with the topic first.
   *
   * ```js
   * const user = await socket.call('users.get', { id: 7 }, { timeoutMs: 1000 });
   * ```
   */
  call<Topic extends TopicOf<Service>>(
    topic: Topic,
    payload: SentTo<Service, Topic>,
    options: CallOptions & { answerFiles: true }
  ): Promise<AnswerWithFiles<AnswerOf<Service, Topic>>>;
  call<Topic extends TopicOf<Service>>(
    topic: Topic,
    ...payload: PayloadAnd<
      SentTo<Service, Topic>,
      [options?: CallOptions & { answerFiles?: false }]
    >
  ): Promise<AnswerOf<Service, Topic>>;

  /**
   * Sends one way, at most once: resolves when the kernel has it, which is not yet when the peer has. Ignoring the promise is safe: a
   * failure never becomes an unhandled rejection, it is a `dropped` event. It doesn't wait for a connection, unless it has `files`: then it
   * does, and resolves when they have been read or given up.
   *
   * @throws (rejects) `SHORTWIRE_ERR_DISCONNECTED`, `_CLOSED`, `_OVERFLOW`, `_TOO_LARGE`, `_SERIALIZE`, `_UNSUPPORTED` (a dialect without
   *   one-way messages)
   */
  send(
    payload?: Payload,
    options?: Omit<SendOptions, 'topic'> & { topic?: undefined }
  ): Promise<void>;
  send<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: SendOptions<Topic> & { topic: Topic }
  ): Promise<void>;

  /**
   * `send` with the topic first. The other end has it as `message` and `message:<topic>` events.
   *
   * ```js
   * socket.notify('log', 'ready');
   * ```
   */
  notify<Topic extends TopicOf<Service>>(
    topic: Topic,
    ...payload: PayloadAnd<SentTo<Service, Topic>, []>
  ): Promise<void>;

  /**
   * Sends one file by itself: a message without a payload. Resolves when the other side has read it, or given it up.
   *
   * @throws (rejects) Node's codes (`ENOENT`, …), `SHORTWIRE_ERR_DISCONNECTED`, `_CLOSED`, `_OVERFLOW`, `_INVALID_ARG`, `_UNSUPPORTED`
   */
  sendFile<Topic extends TopicOf<Service>>(
    path: string,
    options?: SendFileOptions<Topic>
  ): Promise<void>;

  /**
   * Opens a two-way stream beside the calls: a `Duplex` with flow control of its own, so that one that nobody reads holds up nothing
   * else. The other end's handler for the topic has it as `context.stream`. What goes wrong is an `error` event of the stream, as with all
   * of Node's. Before `connect`, it waits for the connection.
   *
   * ```js
   * const upload = socket.stream({ name: 'a.tar' }, { topic: 'upload' });
   * await pipeline(createReadStream('a.tar'), upload, text); // of node:stream/consumers: until the handler is done, too
   * ```
   *
   * Its errors: `SHORTWIRE_ERR_REMOTE` (the other side threw, or destroyed it with an error), `_NO_HANDLER`, `_ABORTED`, `_OVERFLOW`
   * (`maxStreams`), `_DISCONNECTED`, `_CLOSED`, `_SERIALIZE`, `_TOO_LARGE`, `_UNSUPPORTED` (the peer or its dialect has no streams).
   *
   * @throws `SHORTWIRE_ERR_INVALID_ARG`
   */
  stream(
    payload?: Payload,
    options?: Omit<StreamOptions, 'topic'> & { topic?: undefined }
  ): UDStream<this>;
  stream<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: StreamOptions<Topic> & { topic: Topic }
  ): UDStream<this>;

  /**
   * Calls a handler that answers with an async iterable, and gives its values as they come. The handler is held back while nobody
   * asks for more; leaving the loop ends it. A handler that answers plainly gives one part, or none for `undefined`.
   *
   * ```js
   * for await (const user of socket.iterate({ name: 'A' }, { topic: 'users.watch' })) console.log(user);
   * ```
   *
   * Unlike a call, it has no time limit of its own: give it a `timeoutMs` if a part must not be long in coming. Its `next` rejects as a call does,
   * once; besides, with `SHORTWIRE_ERR_TIMEOUT` if a part doesn't come within `timeoutMs`.
   *
   * @throws `SHORTWIRE_ERR_INVALID_ARG`
   */
  iterate(
    payload?: Payload,
    options?: Omit<IterateOptions, 'topic'> & { topic?: undefined }
  ): AsyncIterableIterator<unknown>;
  iterate<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: IterateOptions<Topic> & { topic: Topic }
  ): AsyncIterableIterator<PartOf<Service, Topic>>;

  /**
   * Which topics' broadcasts the server sends here. Before the first `subscribe` it sends all, after the last `unsubscribe` none;
   * messages without a topic always come, and so does what the server sends to this socket alone. Resolves when the server knows;
   * without a connection at once, since each new one is told before anything else.
   *
   * Patterns go by segments, which stand between dots: `'a.b'` is this topic, `'a.*'` has one segment more, `'a.**'` one or more; `'*'`
   * may stand for any segment, `'**'` alone is every topic.
   *
   * ```js
   * await socket.subscribe('orders.*.paid');
   * socket.on('message', (order, { topic }) => console.log(topic, order));
   * ```
   *
   * @throws (rejects) `SHORTWIRE_ERR_INVALID_ARG` (no pattern), `_OVERFLOW` (`maxSubscriptions`, or wildcards in more than 64 different
   *   places), `_UNSUPPORTED` (a dialect without topics)
   */
  subscribe(pattern: string): Promise<void>;

  /**
   * Takes a pattern back; one that isn't subscribed to changes nothing. Resolves when the server knows.
   *
   * @throws (rejects) `SHORTWIRE_ERR_INVALID_ARG` (no pattern)
   */
  unsubscribe(pattern: string): Promise<void>;

  /**
   * Answers the peer's requests: those of a topic, or all others. Registering again replaces; `null` removes. A socket's handler for a topic
   * comes before its server's for that topic, then the socket's general one, then the server's general one. A request that none of
   * them takes fails with `SHORTWIRE_ERR_NO_HANDLER` at the caller. It runs in the async context (`AsyncLocalStorage`) of this call, for
   * each request.
   *
   * ```js
   * socket.handle('status', () => ({ uptime: process.uptime() }));
   * socket.handle((payload, context) => ({ topic: context.topic, payload }));
   * ```
   */
  handle<Topic extends TopicOf<OwnService>>(
    topic: Topic,
    handler: Handler<
      ReceivedBy<OwnService, Topic>,
      AnswerFrom<OwnService, Topic>,
      UDSocket<Service, OwnService>
    > | null
  ): this;
  handle(
    handler: Handler<
      unknown,
      Payload | void | AsyncIterable<unknown>,
      UDSocket<Service, OwnService>
    > | null
  ): this;

  /**
   * Adds middleware around every request of the peer. A server's runs outside of its sockets' own.
   *
   * ```js
   * socket.use(async (payload, context, next) => {
   *   const answer = await next();
   *   console.log(context.topic);
   *   return answer;
   * });
   * ```
   */
  use(middleware: Middleware<UDSocket<Service, OwnService>>): this;

  /**
   * Uses this function instead of `JSON.stringify` for outgoing payloads, one made by fast-json-stringify say. It must return JSON.
   *
   * @throws `SHORTWIRE_ERR_UNSUPPORTED` with another `encoding` than JSON
   */
  schema(serializer: (value: any) => string): this;

  /**
   * The round trip to the peer, in ms. The core answers; no handler of the peer's is involved.
   *
   * @throws (rejects) `SHORTWIRE_ERR_TIMEOUT`, `_DISCONNECTED`, `_CLOSED`, `_UNSUPPORTED` (a dialect without pings)
   */
  ping(options?: PingOptions): Promise<number>;

  /**
   * Says goodbye, finishes what is in flight in both directions, ends. New calls reject with `SHORTWIRE_ERR_CLOSED`. Resolves when it is
   * over. May be called again.
   */
  close(options?: CloseOptions): Promise<void>;

  /** Ends it now. Pending calls reject with `SHORTWIRE_ERR_CLOSED`; with an error, that is their cause, and `error` is emitted. */
  destroy(error?: Error): this;

  /**
   * Takes no requests, messages and new streams until `resume`. Up to about 1 MiB or 1,024 of them wait here, then nothing more is read, and
   * what follows waits at the peer, whose own limits apply. Answers to own calls, streams that are open already, deadlines and heartbeats go
   * on for as long as there is room here.
   * `close` ends a pause; when the peer has left, messages that were received before are delivered on `resume`.
   *
   * ```js
   * socket.on('message', async (job) => {
   *   socket.pause();
   *   await work(job);
   *   socket.resume();
   * });
   * ```
   */
  pause(): this;
  /** Goes on where {@link pause} has stopped: first with what waits here, in order, from the next tick on. */
  resume(): this;
  /** Whether it takes no requests, messages and new streams at the moment: paused by itself, or with all of its server's. */
  readonly paused: boolean;

  /** Keeps the process alive while it is connected: the default. */
  ref(): this;
  /** Lets the process exit although it is connected. */
  unref(): this;

  /** Counters. */
  stats(): SocketStats;

  /** `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}
