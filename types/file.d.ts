// Files beside payloads.

/// <reference types="node" />

import { Readable } from 'node:stream';

/**
 * A file to send: one of `path`, `buffer` or `stream`.
 *
 * ```js
 * await socket.call('photos.add', { album: 7 }, { files: [{ path: '/home/ada/cat.jpg' }] });
 * ```
 */
export interface OutgoingFile {
  /** What it is called at the other end. Of a `path` the last part, unless it is given. */
  name?: string;
  /** Opened and measured before anything is sent; what is appended to it meanwhile is not sent. */
  path?: string;
  /** Read while it is sent: to be left as it is until then. */
  buffer?: Uint8Array;
  /** With its `size`. */
  stream?: Readable;
  /** In bytes; exactly so many are sent. */
  size?: number;
  /** Called while it is sent. */
  progress?: (sentBytes: number, size: number) => void;
}

/**
 * A file that has come: its bytes, which flow when they are read. Given up if nobody has begun to read it when its handler has settled.
 * Emits `progress` with `receivedBytes` and `size`.
 */
export interface UDFile extends Readable {
  /** As its sender calls it: any text, not to be trusted as a path. */
  readonly name: string;
  /** In bytes; no more and no fewer come. As large as its sender likes: look before saving it. */
  readonly size: number;
  /** Bytes that have come so far. */
  readonly receivedBytes: number;
  /**
   * Writes it into a directory; resolves to its path there. Refuses names that are more than a name, and never follows a link. What
   * has been written of a file that fails is removed.
   *
   * @throws (rejects) `SHORTWIRE_ERR_INVALID_ARG` (the name), `_CLOSED` (it has been read, or given up), Node's codes (`EEXIST`, `ENOENT`, `ENOSPC`, …), what the file fails with
   */
  saveTo(directory: string, options?: SaveOptions): Promise<string>;
}

/** Of `saveTo`. */
export interface SaveOptions {
  /** In place of the sender's name; held to the same. */
  name?: string;
  /**
   * Replaces a file that is there, once the new one is whole.
   * @default false
   */
  overwrite?: boolean;
}

/** Of `sendFile`. */
export interface SendFileOptions<Topic extends string = string> {
  /** What it is called at the other end; the path's last part unless it is given. */
  name?: string;
  topic?: Topic;
  signal?: AbortSignal;
}

/** What `rpc` and `call` resolve to with `answerFiles`. */
export interface AnswerWithFiles<Answer = unknown> {
  readonly value: Answer;
  readonly files: readonly UDFile[];
}
