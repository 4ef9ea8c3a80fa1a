// The reference of shortwire's public API: what each member does, its units, defaults and errors.
//
// Durations end in `Ms`, sizes in `Bytes`. Promise methods reject with coded errors and never throw; constructors and synchronous
// methods throw on wrong arguments at once and name the option. `docs/errors.md` has every code, `docs/lifecycle.md` the events in
// their order.

/// <reference types="node" />

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';

// ---------------------------------------------------------------------------------------------------------------- payloads

/** Any value that JSON has. Properties that are `undefined` are left out, as `JSON.stringify` does. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonObject;

/** An array of JSON values. */
export type JsonArray = readonly JsonValue[];

/** An object of JSON values. (TypeScript doesn't count an `interface` among these; a `type` it does.) */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/**
 * What can be sent without a service interface: a JSON value; `undefined`, which arrives as `undefined`; or a `Buffer` or
 * `Uint8Array`, which travels as bytes and arrives as a `Buffer`. Bytes are copied before the call returns. Nested bytes are what
 * JSON makes of them.
 */
export type Payload = JsonValue | Uint8Array | undefined;

// ---------------------------------------------------------------------------------------------------------------- services

declare const untyped: unique symbol;

/** Stands for "no service interface": what arrives is `unknown`, what is sent is a {@link Payload}. */
export interface Untyped {
  readonly [untyped]: never;
}

/**
 * The shape of a service interface: topics, each with a function from payload to answer. Written once, it types both ends.
 *
 * ```ts
 * interface Users {
 *   'users.get': (query: { id: number }) => User;
 *   'users.count': () => number;
 *   'log': (line: string) => void;
 * }
 * const server = new UDSocketServer<Users>();
 * const socket = new UDSocket<Users>();
 * const user = await socket.call('users.get', { id: 7 }); // User
 * ```
 *
 * The types are a promise between the two ends; nothing checks values at run time. A type of a value that JSON changes on its way
 * (a `Date`, say, arrives as a string) must be written as it arrives.
 */
export type ServiceShape<Service> = {
  [Topic in keyof Service]: Topic extends string ? (payload: any) => unknown : Service[Topic];
};

type IsUntyped<Service> = [Service] extends [Untyped] ? true : false;
type FunctionOf<Service, Topic> = Topic extends keyof Service
  ? Service[Topic] extends (...parameters: any[]) => unknown
    ? Service[Topic]
    : never
  : never;

/** The topics of a service: any string without an interface. */
export type TopicOf<Service> =
  IsUntyped<Service> extends true ? string : Extract<keyof Service, string>;
/** What callers of a topic send. */
export type SentTo<Service, Topic> =
  IsUntyped<Service> extends true ? Payload : Parameters<FunctionOf<Service, Topic>>[0];
/** What the handler of a topic gets. */
export type ReceivedBy<Service, Topic> =
  IsUntyped<Service> extends true ? unknown : Parameters<FunctionOf<Service, Topic>>[0];
/** What the handler of a topic answers. */
export type AnswerFrom<Service, Topic> =
  IsUntyped<Service> extends true
    ? Payload | void
    : Awaited<ReturnType<FunctionOf<Service, Topic>>>;
/** What callers of a topic get. */
export type AnswerOf<Service, Topic> =
  IsUntyped<Service> extends true ? unknown : Awaited<ReturnType<FunctionOf<Service, Topic>>>;

/** Payload and options; the payload may be left out where the topic takes none. */
type PayloadAnd<Sent, Options extends unknown[]> = undefined extends Sent
  ? [payload?: Sent, ...options: Options]
  : [payload: Sent, ...options: Options];

// ---------------------------------------------------------------------------------------------------------------- handlers

/** What a handler gets beside the payload. */
export interface Context<Socket = UDSocket> {
  /** The connection that the request came over. */
  readonly socket: Socket;
  /** What the request is about; `''` for none. */
  readonly topic: string;
  /** A number that is unique among the requests that are open on this connection. */
  readonly id: number;
  /** When the caller stops waiting, in ms since the epoch; `undefined` if it waits for ever or doesn't say. */
  readonly deadline: number | undefined;
  /** Fires when nobody waits any more: the caller took the request back, its time was up, or its connection ended. */
  readonly signal: AbortSignal;
  /** Whether somebody still waits for an answer. */
  readonly expectsReply: boolean;
  /**
   * Answers now, before the handler returns; what it returns later is ignored then. Rejects with `SHORTWIRE_ERR_CLOSED` if the
   * request has been answered or nobody waits any more.
   */
  reply(value?: unknown): Promise<void>;
}

/** What a listener of `message` gets beside the payload. */
export interface MessageInfo<Socket = UDSocket> {
  /** The connection that the message came over. */
  readonly socket: Socket;
  /** What the message is about; `''` for none. */
  readonly topic: string;
  /** Never: a message is one way. */
  readonly expectsReply: false;
}

/**
 * Answers requests: returns the answer or a promise of it, or throws. What it throws reaches the caller as
 * `SHORTWIRE_ERR_REMOTE`, with `name`, `message`, `code` and `data` of the error under `error.remote`, and never its stack.
 */
export type Handler<Received = unknown, Answer = Payload | void, Socket = UDSocket> = (
  payload: Received,
  context: Context<Socket>
) => Answer | PromiseLike<Answer>;

/**
 * Stands around handlers. `next()` runs the rest of the chain and gives back what that answers, mostly a promise; `next(payload)`
 * gives it another payload. It may answer itself, throw, or measure. Calling `next` twice throws.
 */
export type Middleware<Socket = UDSocket> = (
  payload: unknown,
  context: Context<Socket>,
  next: (payload?: unknown) => unknown
) => unknown;

// ----------------------------------------------------------------------------------------------------------------- options

/**
 * Where to listen or connect: a path; `'@name'`, a name in Linux' abstract namespace, which has no file; `'unix:/path'`;
 * `{ path }`; or `{ fd }`, a descriptor that is inherited, from a service manager say: for a server it must be listening, for a
 * socket connected. A path is limited by the kernel (107 bytes on Linux, 103 on macOS): a longer one fails with `ENAMETOOLONG`.
 */
export type Endpoint = string | { path: string } | { fd: number };

/**
 * What is spoken: shortwire's own format, or jftp's: `'jftp'` is its newest generation (1.6.2 and later), `'jftp-1.5'` that of 1.5.3,
 * `'jftp-1.0'` that of 1.0.0 to 1.5.2.
 */
export type Protocol = 'shortwire' | 'jftp' | 'jftp-1.5' | 'jftp-1.0';

/** Where connections run. See {@link ConnectionOptions.driver}. */
export type Driver = 'auto' | 'inline' | 'task';

/** What sockets and servers have in common. An unknown option, or one of a wrong type, throws at once and is named. */
export interface ConnectionOptions {
  /**
   * How long an rpc or a ping waits for its answer, from the call on, in ms. 0: for ever. A call's own `timeoutMs` takes precedence.
   * @default 5000
   */
  timeoutMs?: number;
  /**
   * The largest message, in bytes, in both directions, 1 KiB to 1 GiB. A larger one of our own rejects with
   * `SHORTWIRE_ERR_TOO_LARGE`; a peer that announces one loses its connection before anything is reserved. Too high lets each peer
   * make this process hold that much.
   * @default 16_777_216
   */
  maxFrameBytes?: number;
  /**
   * How many bytes may wait to be sent on a connection. Past it, `rpc` and `send` reject with `SHORTWIRE_ERR_OVERFLOW`, and `drain`
   * follows when half of it is free again.
   * @default 67_108_864
   */
  maxQueuedBytes?: number;
  /**
   * How many messages may wait to be sent on a connection, 1 to 900,000; the same happens.
   * @default 100_000
   */
  maxQueuedMessages?: number;
  /**
   * How many requests a peer may have open here. It is told at connect, and the rest wait on its side; a peer that ignores it has
   * single requests refused with `SHORTWIRE_ERR_OVERFLOW`. Answers never wait behind requests.
   * @default 65_536
   */
  maxInFlight?: number;
  /**
   * How many bytes these may have together.
   * @default 67_108_864
   */
  maxInFlightBytes?: number;
  /**
   * How long a peer may take to introduce itself, in ms. 0: for ever.
   * @default 10_000
   */
  handshakeTimeoutMs?: number;
  /**
   * How long a peer may stop in the middle of a message, in ms. 0: for ever.
   * @default 30_000
   */
  frameTimeoutMs?: number;
  /**
   * Silence after which the peer is asked whether it is there, in ms; it is taken for dead after two unanswered pings. 0: never asked.
   * On one machine the kernel reports a dead peer at once; this finds one that hangs.
   * @default 0
   */
  heartbeatMs?: number;
  /**
   * How many digits the lengths of jftp's newest generation have, 1 to 15; its `encoderOptions.headerSize`. Both sides must be told.
   * Fewer make the largest message smaller.
   * @default 7
   */
  jftpHeaderDigits?: number;
  /**
   * Where connections run. `'inline'`: in the event loop of this thread, which is the fast way. `'task'`: on a thread of the core's.
   * `'auto'`: inline wherever the runtime allows it (Node does), else a task. Behaviour is the same.
   * @default 'auto'
   */
  driver?: Driver;
  /**
   * The most that the event loop may spin after activity, waiting for the next message instead of sleeping, in µs of its own time. It
   * spins only while that tends to pay off. 0: never. One setting counts for the whole thread: that of the socket or server made ready last.
   * `docs/architecture.md` tells what it does to `eventLoopUtilization`.
   * @default 50
   */
  busyPollUs?: number;
}

/** Options of a socket that connects. */
export interface SocketOptions extends ConnectionOptions {
  /**
   * What it speaks.
   * @default 'shortwire'
   */
  protocol?: Protocol;
}

/** Options of a server, and of the sockets that it accepts. */
export interface ServerOptions extends ConnectionOptions {
  /**
   * Connections at once. One more is closed as soon as it is accepted, and `refused` is emitted.
   * @default 10_000
   */
  maxConnections?: number;
  /**
   * Connections at once of one user id.
   * @default 10_000
   */
  maxConnectionsPerUid?: number;
  /**
   * Permissions of the socket file, from its first moment on.
   * @default 0o600
   */
  mode?: number;
  /**
   * Connections that may wait in the kernel to be accepted; the kernel has a limit of its own.
   * @default 511
   */
  backlog?: number;
  /**
   * What peers may speak; their first bytes decide. `'jftp'` means all its generations here.
   * @default ['shortwire', 'jftp']
   */
  protocols?: Protocol[];
  /**
   * What a peer that says nothing for `silentMs` is taken for, so that the server hears of it before it speaks: a format without a
   * handshake may stay silent for ever. Its first bytes still decide.
   * @default none
   */
  silentProtocol?: Exclude<Protocol, 'shortwire'>;
  /**
   * See `silentProtocol`, in ms. 0: on accept.
   * @default 50
   */
  silentMs?: number;
  /**
   * Answers requests of the topic `$shortwire.stats` with a {@link StatsReport}, to whoever can connect; `shortwire stats` shows it.
   * The answer goes through the middleware as any other, which can refuse. Numbers only: nothing of payloads, topics or peers.
   * @default false
   */
  allowStats?: boolean;
  /**
   * Makes the `id` of each accepted socket. Two that are connected must not have the same.
   * @default 128 random bits in hexadecimal
   */
  generateId?: () => string;
}

/** Options of {@link UDSocket.call}. */
export interface CallOptions {
  /**
   * How long to wait for the answer, from now on, in ms. 0: for ever. When it is up, the call rejects with
   * `SHORTWIRE_ERR_TIMEOUT` and the handler's `context.signal` fires.
   * @default the socket's `timeoutMs`
   */
  timeoutMs?: number;
  /** Takes the call back: it rejects with `SHORTWIRE_ERR_ABORTED`, and the handler's `context.signal` fires. */
  signal?: AbortSignal;
}

/** Options of {@link UDSocket.rpc}. */
export interface RpcOptions<Topic extends string = string> extends CallOptions {
  /**
   * What it is about: chooses the handler.
   * @default '' (the general handler)
   */
  topic?: Topic;
}

/** Options of {@link UDSocket.send}. */
export interface SendOptions<Topic extends string = string> {
  /** What it is about. */
  topic?: Topic;
}

/** Options of {@link UDSocket.connect}. */
export interface ConnectOptions {
  /** Gives up: `connect` rejects with `SHORTWIRE_ERR_ABORTED`. It means nothing once connected. */
  signal?: AbortSignal;
}

/** Options of {@link UDSocket.ping}. */
export interface PingOptions {
  /** @default the socket's `timeoutMs` */
  timeoutMs?: number;
}

/** Options of `close`. */
export interface CloseOptions {
  /**
   * How long what is in flight may take, in ms; then it is cut.
   * @default 5000
   */
  timeoutMs?: number;
  /** Told to the peer, whose `goaway`, `disconnect` and `close` events have it. */
  reason?: string;
}

// ------------------------------------------------------------------------------------------------------------------ errors

/** The codes of {@link ShortwireError}; `docs/errors.md` has a section for each. */
export type ErrorCode =
  | 'SHORTWIRE_ERR_TIMEOUT'
  | 'SHORTWIRE_ERR_DISCONNECTED'
  | 'SHORTWIRE_ERR_CLOSED'
  | 'SHORTWIRE_ERR_ABORTED'
  | 'SHORTWIRE_ERR_REFUSED'
  | 'SHORTWIRE_ERR_REMOTE'
  | 'SHORTWIRE_ERR_NO_HANDLER'
  | 'SHORTWIRE_ERR_OVERFLOW'
  | 'SHORTWIRE_ERR_TOO_LARGE'
  | 'SHORTWIRE_ERR_SERIALIZE'
  | 'SHORTWIRE_ERR_PROTOCOL'
  | 'SHORTWIRE_ERR_UNSUPPORTED'
  | 'SHORTWIRE_ERR_INVALID_ARG'
  | 'SHORTWIRE_ERR_INTERNAL';

/** What a handler threw, as far as it travels. */
export interface RemoteError {
  /** The error's class, mostly. */
  name?: string;
  message: string;
  code?: string | number;
  /** The error's own `data`; of a thrown value that is no error, the value. */
  data?: unknown;
}

/**
 * Everything that goes wrong here, except for failures of the operating system, which keep Node's shape (`code: 'ENOENT'`, `errno`,
 * `syscall`, `path`). Match on `code`.
 *
 * ```js
 * try {
 *   await socket.call('users.get', { id: 7 });
 * } catch (error) {
 *   if (error.code === 'SHORTWIRE_ERR_REMOTE' && error.remote.code === 'NO_SUCH_USER') return null;
 *   if (error.maybeDelivered === false) return retry(); // it never reached the peer
 *   throw error;
 * }
 * ```
 */
export class ShortwireError extends Error {
  private constructor();
  /** `'ShortwireError'`, or `'AbortError'` when a signal fired. */
  override name: string;
  readonly code: ErrorCode;
  /** Of calls and messages. False: it certainly never reached the peer, so repeating is safe. */
  readonly maybeDelivered?: boolean;
  /** Of `SHORTWIRE_ERR_REMOTE`: the handler's error. Its message is that of this error too. */
  readonly remote?: RemoteError;
}

// ------------------------------------------------------------------------------------------------------------------- facts

/** Who is at the other end, by the kernel's word at the time of the connection. Empty when it isn't connected or isn't known. */
export interface Peer {
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
}

/** Where a socket stands. It may be connected again once it is `closed`. */
export type Status = 'idle' | 'connecting' | 'ready' | 'closing' | 'closed';

/** What `ready` tells. */
export interface ReadyInfo {
  /** The socket's id. */
  readonly id: string;
  /** Always false in this version. */
  readonly reconnected: false;
  /** What is spoken. */
  readonly protocol: Protocol;
  /** Always false in this version. */
  readonly compress: false;
  /** Always `'json'` in this version. */
  readonly encoding: 'json';
}

/** A one-way message that never left. */
export interface DroppedInfo {
  /** The error's code. */
  readonly reason: string;
  readonly error: Error;
  readonly topic: string;
  readonly payload: unknown;
}

/** Counters of a socket. After it is closed they are the last ones. */
export interface SocketStats {
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes that the kernel has taken. */
  readonly bytesOut: number;
  /** Messages of every kind received, those of the protocol included. */
  readonly messagesIn: number;
  /** The peer's requests that were handed to handlers. */
  readonly requestsIn: number;
  /** Our requests that were sent. */
  readonly requestsOut: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Messages that wait to be sent. */
  readonly queuedMessages: number;
  /** Our requests without an answer yet. */
  readonly pending: number;
  /** The peer's requests without an answer yet. */
  readonly serving: number;
  /** Answers that nobody waited for (any more). */
  readonly lateResponses: number;
  /** Messages that could not be read; each failed alone. */
  readonly malformed: number;
  /** The peer's requests that were refused for a limit. */
  readonly refused: number;
  /** One-way messages that never left. */
  readonly dropped: number;
}

/** Counters of a server. */
export interface ServerStats {
  /** Connections now. */
  readonly connections: number;
  /** Connections ever made ready. */
  readonly accepted: number;
  /** Peers ever turned away: for a limit, or since they never became ready. */
  readonly refused: number;
}

/** What a server with `allowStats` answers on the topic `$shortwire.stats`. At most 100 ms old. */
export interface StatsReport {
  /** When it was made, in ms since the epoch, by the server's clock. */
  readonly atMs: number;
  readonly process: {
    readonly uptimeMs: number;
    /** Processor time of the server's process so far, user and system. */
    readonly cpuMs: number;
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
  };
  readonly server: ServerStats;
  /** Sums over all its sockets, those that have gone included. */
  readonly sockets: SocketStats;
}

// ------------------------------------------------------------------------------------------------------------------ events

/** Says what TypeScript can't see of a mapped type: that all its values are parameter lists. */
type Lists<Events> = { [Event in keyof Events]: Extract<Events[Event], any[]> };

type Messages<Service, Before extends unknown[], After extends unknown[]> = {
  [Topic in TopicOf<Service> as `message:${Topic}`]: [
    payload: ReceivedBy<Service, Topic>,
    ...Before,
    ...After
  ];
};

/** Events of a socket, with their listeners' parameters. `docs/lifecycle.md` has their order. */
export type SocketEvents<Service = Untyped, Socket = UDSocket> = {
  /** The transport is there. */
  connect: [];
  /** Calls flow. */
  ready: [info: ReadyInfo];
  /** A one-way message, whatever its topic. */
  message: [payload: unknown, info: MessageInfo<Socket>];
  /** There is room in the queue again, after a `SHORTWIRE_ERR_OVERFLOW`. */
  drain: [];
  /** `status` has changed. */
  status: [status: Status];
  /** The peer says goodbye: it answers what it has and takes no more requests. */
  goaway: [reason: string];
  /** A one-way message never left. */
  dropped: [info: DroppedInfo];
  /** The connection is lost or ends; only if it had been ready. */
  disconnect: [reason: string];
  /** A fault of the peer's or of the connection. Never thrown when nobody listens. */
  error: [error: Error];
  /** It is over. The last event. */
  close: [reason: string];
} & Messages<Service, [], [info: MessageInfo<Socket>]>;

/** Events of a server, with their listeners' parameters. */
export type ServerEvents<Service = Untyped, Socket = UDSocket> = {
  /** It can be connected to. */
  listening: [];
  /** A peer is connected and calls flow. */
  connection: [socket: Socket, hello: undefined];
  /** A peer has gone. */
  disconnect: [socket: Socket, reason: string];
  /** A one-way message of any socket, whatever its topic. */
  message: [payload: unknown, socket: Socket, info: MessageInfo<Socket>];
  /** A one-way message to that peer never left. */
  dropped: [socket: Socket, info: DroppedInfo];
  /** A peer was turned away: for a limit, or since it never became ready. */
  refused: [reason: string, peer: Peer];
  /** The server's own fault, which is thrown when nobody listens; or, with a socket, a peer's, which never is. */
  error: [error: Error, socket?: Socket];
  /** It is closed, and so are its sockets. */
  close: [];
} & Messages<Service, [socket: Socket], [info: MessageInfo<Socket>]>;

// ------------------------------------------------------------------------------------------------------------------ socket

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
  /** Random, or made by the server's `generateId`. No secret, and not the same at both ends. */
  readonly id: string;
  readonly status: Status;
  /** What is spoken. */
  readonly protocol: Protocol;
  /** Who is at the other end. */
  readonly peer: Peer;
  /** Own calls and messages that have not settled. */
  readonly pending: number;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** The options with their defaults; of an accepted socket, those of its server that concern connections. */
  readonly options: Readonly<Required<ConnectionOptions> & SocketOptions>;

  /**
   * Connects; resolves when calls flow. It doesn't retry: a path at which nobody listens rejects at once, with Node's own code
   * (`ENOENT`, `ECONNREFUSED`, `EACCES`, …), and calls that were queued reject too. A socket that is closed may be connected again.
   *
   * With a callback, a failure is an `error` event as well, and the promise may be left alone.
   *
   * @throws (rejects) Node's codes, `SHORTWIRE_ERR_ABORTED`, `_REFUSED`, `_PROTOCOL`, `_TIMEOUT` (no handshake), `_INVALID_ARG`,
   *   `_UNSUPPORTED` (TCP, TLS)
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
   * @throws (rejects) `SHORTWIRE_ERR_TIMEOUT`, `_REMOTE` (the handler threw), `_NO_HANDLER`, `_DISCONNECTED`, `_CLOSED`, `_ABORTED`,
   *   `_OVERFLOW`, `_TOO_LARGE`, `_SERIALIZE`, `_INVALID_ARG`; never throws
   */
  rpc<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: RpcOptions<Topic> & { topic: Topic }
  ): Promise<AnswerOf<Service, Topic>>;
  rpc(payload?: Payload, options?: CallOptions & { topic?: undefined }): Promise<unknown>;

  /**
   * `rpc` with the topic first.
   *
   * ```js
   * const user = await socket.call('users.get', { id: 7 }, { timeoutMs: 1000 });
   * ```
   */
  call<Topic extends TopicOf<Service>>(
    topic: Topic,
    ...payload: PayloadAnd<SentTo<Service, Topic>, [options?: CallOptions]>
  ): Promise<AnswerOf<Service, Topic>>;

  /**
   * Sends one way, at most once: resolves when the kernel has it, which is not yet when the peer has. Ignoring the promise is safe: a
   * failure never becomes an unhandled rejection, it is a `dropped` event. It doesn't wait for a connection.
   *
   * @throws (rejects) `SHORTWIRE_ERR_DISCONNECTED`, `_CLOSED`, `_OVERFLOW`, `_TOO_LARGE`, `_SERIALIZE`, `_UNSUPPORTED` (a dialect without
   *   one-way messages)
   */
  send<Topic extends TopicOf<Service>>(
    payload: SentTo<Service, Topic>,
    options: SendOptions<Topic> & { topic: Topic }
  ): Promise<void>;
  send(payload?: Payload, options?: { topic?: undefined }): Promise<void>;

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
   * Answers the peer's requests: those of a topic, or all others. Registering again replaces; `null` removes. A socket's handler for a topic
   * comes before its server's for that topic, then the socket's general one, then the server's general one. A request that none of
   * them takes fails with `SHORTWIRE_ERR_NO_HANDLER` at the caller.
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
  handle(handler: Handler<unknown, Payload | void, UDSocket<Service, OwnService>> | null): this;

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

  /** Keeps the process alive while it is connected: the default. */
  ref(): this;
  /** Lets the process exit although it is connected. */
  unref(): this;

  /** Counters. */
  stats(): SocketStats;

  /** `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

// ------------------------------------------------------------------------------------------------------------------ server

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
    connectionListener?: (socket: UDSocket<ClientService, Service>, hello: undefined) => void
  );
  constructor(
    connectionListener: (socket: UDSocket<ClientService, Service>, hello: undefined) => void
  );

  /** The connected sockets, by id. A client that connects again is a new socket with a new id. */
  readonly sockets: ReadonlyMap<string, UDSocket<ClientService, Service>>;
  /** Whether it can be connected to. */
  readonly listening: boolean;
  /** The options with their defaults. */
  readonly options: Readonly<
    Required<Omit<ServerOptions, 'silentProtocol' | 'generateId'>> &
      Pick<ServerOptions, 'silentProtocol' | 'generateId'>
  >;

  /**
   * Listens; resolves when it can be connected to. The file of a server that died is taken over, that of one that lives never. With a
   * callback, a failure is an `error` event as well, and the promise may be left alone.
   *
   * @throws (rejects) Node's codes (`EADDRINUSE`, `EACCES`, `ENOENT`, `ENAMETOOLONG`, …), `SHORTWIRE_ERR_INVALID_ARG`,
   *   `_UNSUPPORTED` (TCP, TLS)
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

  /** Where it listens, as the error messages have it; null if it doesn't. */
  address(): string | null;

  /** Keeps the process alive while it listens: the default. */
  ref(): this;
  /** Lets the process exit although it listens. */
  unref(): this;

  /** Counters. */
  stats(): ServerStats;

  /** `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}
