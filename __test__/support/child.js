// Scripts in processes of their own: what they print, how they end, how long they linger.
//
// Must not know: what the scripts do.

'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');

/** Far more than any script takes; it ends what hangs, so that the test fails with what was printed. */
const DEADLINE_MS = 60_000;

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, lines: string[], durationMs: number, lingeredMs: number }} Outcome */

/**
 * @typedef {object} Settings
 * @property {string[]} [nodeArgs] before the script
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {number} [deadlineMs]
 * @property {import('node:child_process').StdioOptions} [stdio]
 */

class Child {
  #began = performance.now();
  #spoke = this.#began;
  /** @type {string[]} */
  #lines = [];
  #read = 0;
  #stdout = '';
  #stderr = '';
  /** Wakes whoever waits for a line. @type {() => void} */
  #wake = () => {};
  #over = false;

  /**
   * @param {string} script
   * @param {string[]} args
   * @param {Settings} settings
   */
  constructor(script, args, settings) {
    const { nodeArgs = [], env = process.env, cwd, deadlineMs = DEADLINE_MS, stdio } = settings;
    this.process = spawn(process.execPath, [...nodeArgs, script, ...args], {
      cwd,
      env: { ...env, NODE_TEST_CONTEXT: undefined },
      stdio: stdio ?? ['pipe', 'pipe', 'pipe']
    });
    const { stdout, stderr } = this.process;
    stderr?.setEncoding('utf8').on('data', (text) => (this.#stderr += text));
    stdout?.setEncoding('utf8').on('data', (text) => {
      this.#spoke = performance.now();
      this.#stdout += text;
    });
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#lines.push(line);
        this.#wake();
      });
    }
    // A script that has gone meanwhile says so by its exit code.
    this.process.stdin?.on('error', () => {});
    const deadline = setTimeout(() => this.process.kill('SIGKILL'), deadlineMs);
    let exitedAt = 0;
    this.process.on('exit', () => (exitedAt = performance.now()));
    /** How it ended. @type {Promise<Outcome>} */
    this.ended = once(this.process, 'close').then(([code, signal]) => {
      clearTimeout(deadline);
      this.#over = true;
      this.#wake();
      return {
        code,
        signal,
        stdout: this.#stdout,
        stderr: this.#stderr,
        lines: this.#lines,
        durationMs: exitedAt - this.#began,
        // From its last word to its end.
        lingeredMs: Math.max(0, exitedAt - this.#spoke)
      };
    });
  }

  get pid() {
    return /** @type {number} */ (this.process.pid);
  }

  /** The next line it prints. @returns {Promise<string>} */
  async line() {
    while (this.#read === this.#lines.length) {
      assert.ok(
        !this.#over,
        `the script has ended, having printed\n${this.#stdout}${this.#stderr}`
      );
      await new Promise((/** @type {(value: void) => void} */ resolve) => (this.#wake = resolve));
    }
    return this.#lines[this.#read++];
  }

  /** @param {string} line what it must print next */
  async says(line) {
    assert.equal(await this.line(), line, this.#stderr);
  }

  /** @param {string} line for its standard input */
  tell(line) {
    this.process.stdin?.write(`${line}\n`);
  }

  /** @param {NodeJS.Signals} signal */
  kill(signal) {
    this.process.kill(signal);
  }
}

/**
 * Starts a script, to talk with it.
 *
 * @param {{ after: (done: () => unknown) => void }} test
 * @param {string} script
 * @param {string[]} [args]
 * @param {Settings} [settings]
 */
function start(test, script, args = [], settings = {}) {
  const child = new Child(script, args, settings);
  test.after(() => {
    child.kill('SIGKILL');
    return child.ended;
  });
  return child;
}

/**
 * Runs a script to its end.
 *
 * @param {string} script
 * @param {string[]} [args]
 * @param {Settings} [settings]
 */
function run(script, args = [], settings = {}) {
  return new Child(script, args, settings).ended;
}

/**
 * It ended by itself, with this exit code, and had nothing to complain about.
 *
 * @param {Outcome} outcome
 * @param {number} [code]
 */
function assertQuiet(outcome, code = 0) {
  const { signal, stderr } = outcome;
  assert.deepEqual({ code: outcome.code, signal, stderr }, { code, signal: null, stderr: '' });
}

module.exports = { assertQuiet, run, start };
