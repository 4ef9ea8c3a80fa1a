// Errors and their codes.

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
  | 'SHORTWIRE_ERR_INTERNAL'
  | 'SHORTWIRE_ERR_TLS';

/** What a handler threw, as far as it travels. */
export interface RemoteError {
  /** The error's class, mostly. */
  name?: string;
  message: string;
  code?: string | number;
  /** The error's own `data`; of a thrown value that is no error, the value. */
  data?: unknown;
  /** Only if the handler's end has set `sendStacks`. */
  stack?: string;
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
  /** Of calls and messages. False: it certainly never reached the peer, or nobody looked at it there, so repeating is safe. */
  readonly maybeDelivered?: boolean;
  /** Of `SHORTWIRE_ERR_REMOTE`: the handler's error. Its message is that of this error too. */
  readonly remote?: RemoteError;
}
