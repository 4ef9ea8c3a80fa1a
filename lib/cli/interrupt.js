/**
 * Ctrl-C and SIGTERM: the first lets a command end in good order, the second ends the process. Must
 * not know: commands.
 */
'use strict';

const { ExitCode, Failure } = require('./failure.js');

/** The signals, and the exit code that each gives. */
const SIGNALS = /** @type {const} */ ({
  SIGINT: ExitCode.INTERRUPTED,
  SIGTERM: ExitCode.TERMINATED
});

class Interrupt {
  #controller = new AbortController();
  /** The signal that has come. @type {keyof typeof SIGNALS | undefined} */
  name;
  /** Rejects when a signal comes, and never settles otherwise. @type {Promise<never>} */
  happened;

  constructor() {
    this.happened = new Promise((_, reject) => {
      for (const name of /** @type {(keyof typeof SIGNALS)[]} */ (Object.keys(SIGNALS))) {
        process.on(name, () => {
          if (this.name !== undefined) process.exit(SIGNALS[name]);
          this.name = name;
          const reason = new Failure(SIGNALS[name], name, 'interrupted');
          this.#controller.abort(reason);
          reject(reason);
        });
      }
    });
    // Not every command waits for it.
    this.happened.catch(() => {});
  }

  /** Fires with the first. */
  get signal() {
    return this.#controller.signal;
  }

  /** What the process ends with; undefined if nothing has come. */
  get exitCode() {
    return this.name === undefined ? undefined : SIGNALS[this.name];
  }

  /**
   * Waits, no longer than until a signal comes.
   * @template T
   * @param {Promise<T>} promise
   * @returns {Promise<T>}
   */
  orInterrupted(promise) {
    return Promise.race([promise, this.happened]);
  }
}

exports.Interrupt = Interrupt;
