// Options and endpoints.

import { OutgoingFile } from './file.js';
import { Peer } from './facts.js';
import { Payload } from './payload.js';
import { UDSocket } from './socket.js';

/** How payloads are encoded: see {@link ConnectionOptions.encoding}. */
export type Encoding = 'json' | 'msgpack' | 'raw';

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
   * How many streams a peer may have open here, `iterate` included, 0 to 1,000,000. One more fails with `SHORTWIRE_ERR_OVERFLOW`
   * at the peer. Each may hold as much as its window until it is read.
   * @default 1024
   */
  maxStreams?: number;
  /**
   * How many files may come beside one payload, 0 to 10,000. A call or message with more fails with `SHORTWIRE_ERR_OVERFLOW`.
   * @default 64
   */
  maxFiles?: number;
  /**
   * How many bytes of a stream may be on their way here or wait to be read, 64 KiB to 1 GiB: its window. Every stream begins with 64 KiB,
   * and grows to this when it is first read. Too low makes streams wait for the other side's credit; too high is memory.
   * @default 524_288
   */
  streamWindowBytes?: number;
  /**
   * How many patterns of topics can be subscribed to on a connection, 1 to 1,000,000. Our own `subscribe` rejects with
   * `SHORTWIRE_ERR_OVERFLOW` beyond it; a peer that wants more than this end allows loses its connection.
   * @default 10_000
   */
  maxSubscriptions?: number;
  /**
   * How long a peer may take to introduce itself and, on a server, `authorize` to decide on it, in ms; before that, over TCP, how long
   * connecting and the handshake of TLS may take. 0: for ever.
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
   * Left out: 30,000 over TCP, and never elsewhere: on one machine the kernel reports a dead peer at once, and only one that hangs
   * needs to be asked. Formats without pings (jftp's) ask nobody.
   */
  heartbeatMs?: number;
  /**
   * How long a peer may take no byte of what waits for it, in ms; then the connection ends with `SHORTWIRE_ERR_TIMEOUT`. 0: for ever,
   * which suits peers that pause. Where peers aren't trusted, a minute keeps those that never read from holding memory.
   * @default 0
   */
  stallTimeoutMs?: number;
  /**
   * Compresses everything that is sent, in one context for the whole connection. Only if both sides have it; `ready` tells. The connection
   * runs in a task then, so `driver: 'inline'` throws. Don't mix secrets with what strangers can choose: see `docs/compression.md`.
   * `level`: from 1, fast, to 9, small; 6 unless said otherwise.
   * @default false
   */
  compress?: boolean | { readonly level?: number };
  /**
   * How payloads are encoded. `'msgpack'`: in MessagePack, by way of the package msgpackr, which must be installed; it carries what JSON
   * can't (`Date`, `BigInt`, `Map`, `Set`, `undefined`, typed arrays, nested bytes). Both sides must have it; otherwise JSON travels, and
   * what JSON would change rejects with `SHORTWIRE_ERR_SERIALIZE`. `'raw'`: not at all; payloads are `Buffer`s or `Uint8Array`s, and
   * what arrives is a `Buffer`.
   * @default 'json'
   */
  encoding?: Encoding;
  /**
   * How many digits the lengths of jftp's newest generation have, 1 to 15; its `encoderOptions.headerSize`. Both sides must be told.
   * Fewer make the largest message smaller.
   * @default 7
   */
  jftpHeaderDigits?: number;
  /**
   * Where connections run. `'inline'`: in the event loop of this thread, which is the fast way. `'task'`: on a thread of the core's.
   * `'auto'`: inline wherever the runtime allows it (Node does) and nothing is compressed, else a task. Even inline ones do TLS handshakes
   * and messages of 256 KiB or more in a task. Behaviour is the same.
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
  /**
   * Called for each request and message that doesn't bring a `traceparent` of its own: what it returns travels along, as W3C Trace
   * Context has it, and the other end finds it as `context.traceparent` or `info.traceparent`. `undefined`: nothing travels. Dialects
   * other than `'shortwire'` leave it out. See `docs/observability.md`.
   *
   * ```js
   * new UDSocket({ traceparent: () => tracer.active()?.traceparent });
   * ```
   * @default none
   */
  traceparent?: () => string | undefined;
  /**
   * Whether the stack of what a handler of this end throws travels too, as `error.remote.stack`. It tells the peer about the code and
   * the paths of this end: for development, and among those who trust each other. Dialects other than `'shortwire'` leave it out.
   * @default false
   */
  sendStacks?: boolean;
}

/** Options of a socket that connects. */
export interface SocketOptions extends ConnectionOptions {
  /**
   * What it speaks.
   * @default 'shortwire'
   */
  protocol?: Protocol;
  /**
   * Whether and when a lost connection is dialled again; `false` for never. What had been sent rejects with
   * `SHORTWIRE_ERR_DISCONNECTED`, what had not waits for the next connection. `docs/reconnection.md` tells more.
   * @default { minDelayMs: 100, maxDelayMs: 5000, factor: 2, jitter: 'full', maxAttempts: Infinity }
   */
  reconnect?: ReconnectPolicy | false;
  /**
   * The same for the first connection, from `connect` on. `connect` rejects when `maxAttempts` more have failed.
   * @default false: `connect` fails at once
   */
  retry?: ReconnectPolicy | false;
}

/** When to try again. What is left out has its default. */
export interface ReconnectPolicy {
  /**
   * The least delay before an attempt, in ms, from 1 on. Too low, and a server that is down is asked without a rest.
   * @default 100
   */
  minDelayMs?: number;
  /**
   * The most, in ms; and how long a connection must have lasted for the count of attempts to begin anew.
   * @default 5000
   */
  maxDelayMs?: number;
  /**
   * By how much the longest delay grows with each attempt, from 1 to 100. It begins with eight times `minDelayMs`.
   * @default 2
   */
  factor?: number;
  /**
   * `'full'`: the delay lies anywhere between `minDelayMs` and the longest, so that many clients don't come back together. `'none'`:
   * `minDelayMs`, grown by `factor` with each attempt.
   * @default 'full'
   */
  jitter?: 'full' | 'none';
  /**
   * How many attempts in a row may fail before it gives up with `SHORTWIRE_ERR_DISCONNECTED`.
   * @default Infinity
   */
  maxAttempts?: number;
}

/** Options of a server, and of the sockets that it accepts. */
export interface ServerOptions extends ConnectionOptions {
  /**
   * Connections at once. One more is told so and closed (`SHORTWIRE_ERR_REFUSED` at the client), and `refused` is emitted.
   * @default 10_000
   */
  maxConnections?: number;
  /**
   * Connections at once of one user id. Unix sockets only.
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
   * What peers may speak; their first bytes decide. `'jftp'` means all its generations here. A peer that speaks something else is refused; if it
   * is shortwire, it learns why: `SHORTWIRE_ERR_REFUSED`.
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
   * Answers requests of the topic `$shortwire.stats` with a `StatsReport`, to whoever can connect; `shortwire stats` shows it.
   * The answer goes through the middleware as any other, which can refuse. Numbers only: nothing of payloads, topics or peers.
   * @default false
   */
  allowStats?: boolean;
  /**
   * Makes the `id` of each accepted socket. Two that are connected must not have the same.
   * @default 128 random bits in hexadecimal
   */
  generateId?: () => string;
  /**
   * Decides on each peer before `connection`: `hello` is what it gave to `connect` (`undefined` from a peer whose dialect has none). What
   * it answers is kept as `socket.auth` if it is truthy; a falsy answer, a throw or a rejection refuses the peer, which is told the
   * error's message. Nothing else of the peer's is looked at meanwhile; `handshakeTimeoutMs` is the end of the patience.
   *
   * ```js
   * new UDSocketServer({ authorize: async (hello, peer) => peer.uid === process.getuid() && (await users.byToken(hello?.token)) });
   * ```
   * @default none: whoever can connect is let in
   */
  authorize?: (hello: unknown, peer: Peer) => unknown;
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
  /**
   * Where in a distributed trace the call belongs, `'00-<trace id>-<parent id>-<flags>'`: the handler has it as
   * `context.traceparent`. One that W3C Trace Context doesn't allow rejects with `SHORTWIRE_ERR_INVALID_ARG`.
   * @default what the socket's `traceparent` returns
   */
  traceparent?: string;
  /**
   * Files beside the payload: the handler has them as `context.files`. Their way is part of the time that `timeoutMs` limits: give a long one more, or 0.
   */
  files?: readonly OutgoingFile[];
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
  /** See {@link CallOptions.traceparent}; listeners have it as `info.traceparent`. */
  traceparent?: string;
  /** Files beside the payload: listeners have them as `info.files`. Then it resolves when they have been read, or given up. */
  files?: readonly OutgoingFile[];
}

/** Options of {@link UDSocketServer.broadcast}. */
export interface BroadcastOptions<Topic extends string = string, Socket = UDSocket> {
  /**
   * What it is about. Sockets get it that are subscribed to it, or have never subscribed to anything.
   * @default '' (for everybody)
   */
  topic?: Topic;
  /** Only the sockets for which it returns something truthy. One that throws makes `broadcast` reject, and nobody gets anything. */
  where?: (socket: Socket) => unknown;
  /** Not these: the one who said it, mostly. */
  except?: Socket | Iterable<Socket>;
  /**
   * See {@link CallOptions.traceparent}.
   * @default what the server's `traceparent` returns
   */
  traceparent?: string;
}

/** Options of {@link UDSocketServer.survey}. */
export interface SurveyOptions<Topic extends string = string, Socket = UDSocket> {
  /**
   * Chooses the handler at each peer.
   * @default '' (the general handlers)
   */
  topic?: Topic;
  /**
   * How long each may take, in ms. 0: for ever.
   * @default the server's `timeoutMs`
   */
  timeoutMs?: number;
  /**
   * As soon as so many have answered, the others are taken back: their entries are rejected with `SHORTWIRE_ERR_ABORTED`, and their
   * handlers' `context.signal` fires.
   * @default Infinity (all)
   */
  quorum?: number;
  /** Takes all open questions back, and rejects the survey with `SHORTWIRE_ERR_ABORTED`. */
  signal?: AbortSignal;
  /** Only the sockets for which it returns something truthy. */
  where?: (socket: Socket) => unknown;
  /**
   * See {@link CallOptions.traceparent}.
   * @default what the server's `traceparent` returns
   */
  traceparent?: string;
}

/** Options of {@link UDSocket.connect}. */
export interface ConnectOptions {
  /**
   * What the server's `authorize` and `connection` get, at most 65,536 bytes when encoded. A dialect without it rejects with
   * `SHORTWIRE_ERR_UNSUPPORTED`.
   */
  hello?: Payload;
  /** @default the socket's `retry` */
  retry?: ReconnectPolicy | false;
  /** Gives up: `connect` rejects with `SHORTWIRE_ERR_ABORTED`. It means nothing once connected. */
  signal?: AbortSignal;
}

/** Options of {@link UDSocket.ping} and {@link UDSocketServer.ping}. */
export interface PingOptions {
  /** @default the `timeoutMs` of the socket or server */
  timeoutMs?: number;
}

/** Options of `close`. */
export interface CloseOptions {
  /**
   * How long what is in flight may take, in ms; then it is cut.
   * @default 5000
   */
  timeoutMs?: number;
  /**
   * Whether the peer may connect again by itself.
   * @default true for a server's `close`, false for that of a socket it has accepted; a connecting socket has nobody to tell
   */
  allowReconnect?: boolean;
  /** Told to the peer, whose `goaway`, `disconnect` and `close` events have it. */
  reason?: string;
}
