// The command-line tool in a process of its own.
//
// Must not know: what it is asked to do.

'use strict';

const { join } = require('node:path');

const { start } = require('./child.js');
const { within } = require('./deadline.js');

const TOOL = join(__dirname, '../../bin/shortwire.js');

/** @typedef {{ after: (done: () => unknown) => void }} Test */
/** @typedef {import('./child.js').Outcome} Outcome */

/**
 * Starts it, to talk with it. Its standard input stays open; `stderrSays` waits for what is beside the results, and resolves to its match.
 *
 * @param {Test} test
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [settings]
 */
function startTool(test, args, settings) {
  const child = start(test, TOOL, args, settings);
  let said = '';
  let look = () => {};
  child.process.stderr.on('data', (text) => {
    said += text;
    look();
  });
  const stderrSays = (/** @type {RegExp} */ words) =>
    within(
      new Promise((/** @type {(match: RegExpExecArray) => void} */ resolve) => {
        look = () => {
          const match = words.exec(said);
          if (match !== null) resolve(match);
        };
        look();
      }),
      `${words} on standard error`
    );
  return Object.assign(child, { stderrSays });
}

/**
 * Runs it to its end with this as its whole standard input.
 *
 * @param {Test} test
 * @param {string[]} args
 * @param {{ input?: string | Uint8Array, cwd?: string, env?: NodeJS.ProcessEnv }} [settings]
 * @returns {Promise<Outcome>}
 */
function tool(test, args, { input = '', ...settings } = {}) {
  const child = start(test, TOOL, args, settings);
  child.process.stdin.end(input);
  return child.ended;
}

/**
 * What a program that reads its output gets: a value a line.
 *
 * @param {Outcome} outcome
 */
function values({ lines }) {
  return lines.map((line) => JSON.parse(line));
}

module.exports = { TOOL, startTool, tool, values };
