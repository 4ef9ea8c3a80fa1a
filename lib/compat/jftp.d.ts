import { Server, Socket } from 'node:net';

/** Options of a socket, and of the sockets that a server accepts. */
export interface UDSocketOptions {
  /** How long a call may take, in ms. Default 5000. As in jftp, 0 is no way to say "for ever": it is over at once. */
  timeoutMs?: number;
  encoderOptions?: {
    /** How many digits the length in front of each message has: 1 to 15, default 7. Both sides must be told. */
    headerSize?: number;
  };
  /** Of `net.Socket`'s options, `signal` is kept: it destroys the socket. `fd`, `handle` and `onread` throw. */
  socketOptions?: { signal?: AbortSignal; [option: string]: unknown };

  /** Which generation a client speaks: of 1.6.2 and later (default), of 1.5.3, or of 1.0.0 to 1.5.2. A server accepts all. */
  protocol?: 'jftp' | 'jftp-1.5' | 'jftp-1.0';
  /** Where the connection runs; see `UDSocket` of shortwire. */
  driver?: 'auto' | 'inline' | 'task';
  /** The most that the event loop may spin after activity, in µs. Default 50; 0 never spins. */
  busyPollUs?: number;
  /** The largest message, in bytes, in both directions. Default 16 MiB; a header of 7 digits can't announce 10,000,000. */
  maxFrameBytes?: number;
  /** A peer that stops in the middle of a message for this long is cut off, in ms. Default 30,000. */
  frameTimeoutMs?: number;
  /** Bytes that may wait to be sent. Default 64 MiB; past it a call is rejected. */
  maxQueuedBytes?: number;
  /** Messages that may wait to be sent. Default 100,000. */
  maxQueuedMessages?: number;
  /** Requests that a peer may have open here. Default 65,536. */
  maxInFlight?: number;
  /** Bytes of these. Default 64 MiB. */
  maxInFlightBytes?: number;
}

/** Options of a server: those of its sockets, and some of its own. */
export interface UDSocketServerOptions extends Omit<UDSocketOptions, 'protocol'> {
  /** Rights of the socket file. Default 0o600. */
  mode?: number;
  /** Connections that may wait to be accepted. Default 511. */
  backlog?: number;
  /** Connections at once. Default 10,000; the `maxConnections` property can lower it at any time. */
  maxConnections?: number;
  /** Connections at once of one user. Default 10,000. */
  maxConnectionsPerUid?: number;
}

/** Makes the JSON text of a whole message, `[id, data]`. */
export type Serializer = (message: [id: number, data: unknown]) => string;

/** Answers requests: returns a value or a promise, or throws. */
export type Handler = (data: any, socket: UDSocket) => unknown;

/**
 * One end of a connection.
 *
 * ```js
 * const socket = new UDSocket();
 * socket.connect('./my.sock');
 * const answer = await socket.rpc({ anything: 'Hello from client!' });
 * ```
 */
export class UDSocket extends Socket {
  constructor(options?: UDSocketOptions);
  /** How long each further call may take, in ms. */
  timeoutMs: number;
  /** What makes the text of outgoing messages; see `schema`. */
  serializer: Serializer;
  /** What answers the peer's requests; see `handle`. */
  handler: Handler | undefined;
  /**
   * Asks, and resolves to the answer. May be called before `connect`: the call waits.
   *
   * Rejects with the handler's error as it came (`{ message, code? }` of an `Error`, an object as it is; an
   * `Error` with the text of anything else), with `Error('RPC timeout')`, or, when the connection is lost, with an error that
   * has a `code`. Throws at once when the socket is closed, and when `data` can't be encoded.
   */
  rpc(data?: unknown): Promise<any>;
  /** Answers the peer's requests; the last function given counts. Useful on a server's sockets only. */
  handle(handler: Handler): void;
  /** Uses this for all further outgoing messages. */
  schema(serializer: Serializer): this;
  /** Throws: the bytes of a jftp connection are frames. Use `rpc`. */
  write(...args: any[]): never;
}

/**
 * Listens, and answers who comes.
 *
 * ```js
 * const server = new UDSocketServer();
 * server.on('connection', (socket) => socket.handle((message) => ({ got: message })));
 * server.start('./my.sock', () => console.log('listening'));
 * ```
 */
export class UDSocketServer extends Server {
  constructor(
    clientOptions?: UDSocketServerOptions,
    connectionListener?: (socket: UDSocket) => void
  );
  /** As it was up to jftp 1.5.1. */
  constructor(
    connectionListener: (socket: UDSocket) => void,
    clientOptions?: UDSocketServerOptions
  );
  /** Listens at this path; the socket of a dead server is replaced, nothing else is. What fails is an `error` event. */
  start(path: string, callback?: () => void): void;

  on(event: 'connection', listener: (socket: UDSocket) => void): this;
  on(event: 'close' | 'listening', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: string, listener: (...args: any[]) => void): this;
  once(event: 'connection', listener: (socket: UDSocket) => void): this;
  once(event: 'close' | 'listening', listener: () => void): this;
  once(event: 'error', listener: (error: Error) => void): this;
  once(event: string, listener: (...args: any[]) => void): this;
  addListener(event: 'connection', listener: (socket: UDSocket) => void): this;
  addListener(event: 'close' | 'listening', listener: () => void): this;
  addListener(event: 'error', listener: (error: Error) => void): this;
  addListener(event: string, listener: (...args: any[]) => void): this;
}

/**
 * A serializer for messages with this JSON schema of their data, by the package fast-json-stringify, which must be
 * installed beside this one.
 */
export function createSerializer(schema: object): Serializer;

export default UDSocket;
