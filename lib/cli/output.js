/**
 * Where words go: results to standard output, everything else to standard error. Must not know:
 * commands.
 */
'use strict';

const { ExitCode } = require('./failure.js');

const ESC = '\u001b[';
/** Colours: numbers of the terminal's. */
const RED = 31;
const DIM = 2;
const BOLD = 1;
/** From one count to the next. */
const TALLY_MS = 250;

class Output {
  #stdout;
  #stderr;
  /** What stands in the line of progress now. */
  #progress = '';
  /** When it was last counted. */
  #tallied = performance.now();
  /** @type {Promise<void> | undefined} */
  #draining;

  /**
   * @param {NodeJS.WriteStream} stdout
   * @param {NodeJS.WriteStream} stderr
   */
  constructor(stdout, stderr) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    // As for a program that SIGPIPE ends: nobody reads on, so there is nothing to say and nobody to say it to.
    stdout.on('error', (error) => leave(error));
    stderr.on('error', (error) => leave(error));
  }

  /** Whether a person looks at the results. */
  get isForPeople() {
    return this.#stdout.isTTY === true;
  }

  /** Whether progress is shown. */
  get showsProgress() {
    return this.#stderr.isTTY === true && process.env.TERM !== 'dumb';
  }

  /**
   * A result; resolves when there is room for more.
   * @param {string | Uint8Array} data
   * @returns {Promise<void>}
   */
  async write(data) {
    this.clearProgress();
    if (!this.#stdout.write(data)) await this.drained();
  }

  /** Whether its reader is slower than what is written. */
  get isFull() {
    return this.#stdout.writableNeedDrain;
  }

  /** Resolves when there is room again. @returns {Promise<void>} */
  drained() {
    if (!this.isFull) return Promise.resolve();
    // One for all who wait: not everybody looks at the promise.
    return (this.#draining ??= new Promise((resolve) =>
      this.#stdout.once('drain', () => {
        this.#draining = undefined;
        resolve();
      })
    ));
  }

  /**
   * A result in a line of its own.
   * @param {string} line
   */
  line(line) {
    return this.write(`${line}\n`);
  }

  /**
   * Takes the place of what `redraw` has written before.
   * @param {string} text of several lines
   * @param {number} before lines that are there
   */
  redraw(text, before) {
    const up = before > 0 ? `${ESC}${before}A${ESC}0J` : '';
    return this.write(`${up}${text}\n`);
  }

  /**
   * Something beside the results.
   * @param {string} line
   */
  note(line) {
    this.clearProgress();
    this.#stderr.write(`${line}\n`);
  }

  /**
   * One changing line, for people who wait.
   * @param {string} line
   */
  progress(line) {
    if (!this.showsProgress) return;
    const columns = this.#stderr.columns ?? 80;
    this.#progress = line.slice(0, columns - 1);
    this.#stderr.write(`\r${ESC}2K${this.#progress}`);
  }

  /**
   * How many are done, told no more often than one can read it.
   * @param {number} done
   * @param {string} what
   */
  tally(done, what) {
    if (!this.showsProgress) return;
    const now = performance.now();
    if (now - this.#tallied < TALLY_MS) return;
    this.#tallied = now;
    this.progress(`${done.toLocaleString('en')} ${what}`);
  }

  clearProgress() {
    if (this.#progress === '') return;
    this.#progress = '';
    this.#stderr.write(`\r${ESC}2K`);
  }

  /**
   * @param {string} command
   * @param {import('./failure.js').Failure} failure
   */
  failure(command, failure) {
    const { code, message, hint, remote } = failure;
    const name = command === '' ? 'shortwire' : `shortwire ${command}`;
    const what = code === 'USAGE' ? message : `${code}: ${message}`;
    this.note(`${this.#paint(RED, `${name}:`)} ${printable(what)}`);
    if (remote !== undefined && Object.keys(remote).length > 0) {
      this.note(`  ${printable(JSON.stringify(remote))}`);
    }
    if (hint !== undefined) {
      for (const line of hint.split('\n')) this.note(this.#paint(DIM, `  ${printable(line)}`));
    }
    if (failure.exitCode === ExitCode.INTERNAL && failure.stack) this.note(failure.stack);
  }

  /** @param {string} text for standard output */
  bold(text) {
    return this.isForPeople && hasColours() ? `${ESC}${BOLD}m${text}${ESC}0m` : text;
  }

  /**
   * @param {number} colour
   * @param {string} text for standard error
   */
  #paint(colour, text) {
    return this.#stderr.isTTY && hasColours() ? `${ESC}${colour}m${text}${ESC}0m` : text;
  }

  /** Resolves when what was written has left. @returns {Promise<void>} */
  flushed() {
    this.clearProgress();
    return new Promise((resolve) => this.#stdout.write('', () => resolve()));
  }
}

/** https://no-color.org: set and not empty. */
function hasColours() {
  return !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

/**
 * A peer's words must not move the cursor of the terminal that shows them.
 * @param {string} text
 */
function printable(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

/**
 * @param {NodeJS.ErrnoException} error
 * @returns {never}
 */
function leave(error) {
  process.exit(error.code === 'EPIPE' ? ExitCode.NO_READER : ExitCode.INTERNAL);
}

exports.Output = Output;
