/**
 * A worker process as seen from the runner: start it, tell it something and await its answer, with a
 * deadline, and with its last words when it dies. Knows no library and no scenario.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';

const WORKER = join(import.meta.dirname, 'worker.mjs');
const ROOT = join(import.meta.dirname, '..');
const KEPT_STDERR_CHARS = 4000;

/** Every worker that runs, so that an interrupted benchmark leaves none behind. @type {Set<Child>} */
const alive = new Set();

export function killAllChildren() {
  for (const child of alive) child.kill();
}

/**
 * The errors in what a dying process printed, without stacks and without paths of this machine: it ends up
 * in a published result.
 *
 * @param {string} stderr
 */
export function lastWords(stderr) {
  const errors = stderr.match(/\b\w*Error(?: \[\w+\])?: .*/g) ?? [];
  const text = errors.length > 0 ? errors.join(' ← ') : stderr.trim().split('\n').at(-1);
  return (text || 'without a word').replaceAll(ROOT, '.');
}

export class Child {
  #process;
  #stderr = '';
  #deadlineMs;
  #exited;

  /**
   * @param {object} job the first message
   * @param {{ nodePath: string, cpus?: string, deadlineMs: number }} options `cpus` as taskset takes them
   */
  constructor(job, { nodePath, cpus, deadlineMs }) {
    const pinned = cpus !== undefined;
    this.#process = fork(WORKER, [], {
      execPath: pinned ? 'taskset' : nodePath,
      execArgv: [...(pinned ? ['-c', cpus, nodePath] : []), '--expose-gc'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    });
    this.#deadlineMs = deadlineMs;
    this.role = job.role;
    this.#process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR_CHARS);
    });
    this.#exited = new Promise((resolve) => {
      // `close` comes after stderr has been read to its end, `exit` may not.
      this.#process.once('close', resolve);
    });
    this.#process.on('error', (error) => (this.#stderr += String(error)));
    alive.add(this);
    this.#process.send(job);
  }

  /** taskset replaces itself by Node, so this is the worker's own. */
  get pid() {
    return /** @type {number} */ (this.#process.pid);
  }

  /**
   * Awaits the next message of this type.
   *
   * @param {string} type
   * @returns {Promise<any>}
   */
  next(type) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#process.off('message', onMessage);
        settle(value);
      };
      const onMessage = (message) => {
        if (message.type === type) finish(resolve, message);
      };
      const timer = setTimeout(
        () => finish(reject, new Error(`${this.role}: no "${type}" in ${this.#deadlineMs} ms`)),
        this.#deadlineMs
      );
      this.#process.on('message', onMessage);
      this.#exited.then(() =>
        finish(reject, new Error(`${this.role} exited: ${lastWords(this.#stderr)}`))
      );
    });
  }

  /** @param {string} type @param {string} answerType @param {object} [more] @returns {Promise<any>} */
  ask(type, answerType, more) {
    const answer = this.next(answerType);
    this.#process.send({ type, ...more });
    return answer;
  }

  kill() {
    this.#process.kill('SIGKILL');
  }

  /** Ends the process and waits until it is gone, so that it doesn't disturb the next sample. */
  async end() {
    this.kill();
    await this.#exited;
    alive.delete(this);
  }
}
