// Handlers, middleware, and what they get beside the payload.

import { Payload } from './payload.js';
import { UDSocket } from './socket.js';
import { OutgoingFile, UDFile } from './file.js';
import { UDStream } from './stream.js';

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
  /** Where in a distributed trace the caller says that it belongs, as W3C's `traceparent`. Not checked by anybody: it is the peer's word. */
  readonly traceparent: string | undefined;
  /**
   * The stream that the other side has opened with `stream`; `undefined` for a call. Whoever takes it answers by it: what the handler
   * returns then is not looked at, and what it throws resets the stream. A handler that leaves it alone answers with an async
   * iterable, whose values go into the stream, or with one value.
   */
  readonly stream: UDStream<Socket> | undefined;
  /** What has come beside the payload. */
  readonly files: readonly UDFile[];
  /** Whether somebody still waits for an answer. */
  readonly expectsReply: boolean;
  /**
   * Answers now, before the handler returns; what it returns later is ignored then. Rejects with `SHORTWIRE_ERR_CLOSED` if the
   * request has been answered or nobody waits any more; with files, with `SHORTWIRE_ERR_UNSUPPORTED` if the caller hasn't said
   * `answerFiles` or sent some itself.
   */
  reply(value?: unknown, options?: { files?: readonly OutgoingFile[] }): Promise<void>;
}

/** What a listener of `message` gets beside the payload. */
export interface MessageInfo<Socket = UDSocket> {
  /** The connection that the message came over. */
  readonly socket: Socket;
  /** What the message is about; `''` for none. */
  readonly topic: string;
  /** Where in a distributed trace the sender says that it belongs, as W3C's `traceparent`. */
  readonly traceparent: string | undefined;
  /** What has come beside the payload. */
  readonly files: readonly UDFile[];
  /** Never: a message is one way. */
  readonly expectsReply: false;
}

/**
 * Answers requests: returns the answer or a promise of it, or an async iterable for those who `iterate`, or throws. What it throws reaches the caller as
 * `SHORTWIRE_ERR_REMOTE`, with `name`, `message`, `code` and `data` of the error under `error.remote`, and its stack only with `sendStacks`.
 */
export type Handler<
  Received = unknown,
  Answer = Payload | void | AsyncIterable<unknown>,
  Socket = UDSocket
> = (payload: Received, context: Context<Socket>) => Answer | PromiseLike<Answer>;

/**
 * Stands around handlers. `next()` runs the rest of the chain and gives back what that answers, mostly a promise; `next(payload)`
 * gives it another payload. It may answer itself, throw, or measure. Calling `next` twice throws.
 */
export type Middleware<Socket = UDSocket> = (
  payload: unknown,
  context: Context<Socket>,
  next: (payload?: unknown) => unknown
) => unknown;
