// Streams beside the calls.

/// <reference types="node" />

import { Duplex } from 'node:stream';

import type { CallOptions } from './options.js';
import { UDSocket } from './socket.js';

/**
 * A two-way stream over a connection: Node's `Duplex`, with everything that belongs to one. `end()` ends this direction alone; `destroy()`
 * ends both, and the other side's stream fails with the error that was given here. Reading it to the end in a `for await` loop
 * leaves the other direction open, unlike Node's own streams.
 */
export interface UDStream<Socket = UDSocket<any, any>> extends Duplex {
  /** The connection it runs over. */
  readonly socket: Socket;
  /** What it is about; `''` for none. */
  readonly topic: string;
}

/** Of `stream`. */
export interface StreamOptions<Topic extends string = string> {
  /** Chooses the handler on the other side. */
  topic?: Topic;
  /**
   * The stream carries values, each as a call's payload would travel, instead of bytes. `null` can't pass, since Node takes it for
   * the end.
   * @default false
   */
  objectMode?: boolean;
  /** Takes the stream back on both sides when it fires: it fails with `SHORTWIRE_ERR_ABORTED` and the signal's reason as its cause. */
  signal?: AbortSignal;
  /** See {@link CallOptions.traceparent}. */
  traceparent?: string;
}

/** Of `iterate`. */
export interface IterateOptions<Topic extends string = string> {
  /** Chooses the handler on the other side. */
  topic?: Topic;
  /**
   * How long to wait for each part, the first too, in ms, once it is asked for. 0: for ever, since whoever watches something may wait long; the
   * socket's own `timeoutMs` doesn't count here.
   * @default 0
   */
  timeoutMs?: number;
  /** Takes it back on both sides when it fires: the next part rejects with `SHORTWIRE_ERR_ABORTED`. */
  signal?: AbortSignal;
  /** See {@link CallOptions.traceparent}. */
  traceparent?: string;
}
