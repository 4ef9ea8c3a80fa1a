/**
 * `shortwire`: finds the command, runs it, and ends the process with its exit code. Must not know:
 * what a command does.
 */
'use strict';

const { version } = require('../../package.json');
const { readArguments } = require('./arguments.js');
const { ExitCode, failureOf, usage } = require('./failure.js');
const { helpOf, overview } = require('./help.js');
const { Interrupt } = require('./interrupt.js');
const { nearest } = require('./nearest.js');
const { Output } = require('./output.js');

/**
 * Required when asked for: most runs need one of them. In the order of the help.
 * @type {Record<string, () => import('./arguments.js').Command>}
 */
const COMMANDS = {
  call: () => require('./call.js').command,
  send: () => require('./send.js').command,
  listen: () => require('./listen.js').command,
  serve: () => require('./serve.js').command,
  ping: () => require('./ping.js').command,
  stats: () => require('./stats.js').command,
  bench: () => require('./bench.js').command
};

/** @param {string[]} args */
async function main(args) {
  const output = new Output(process.stdout, process.stderr);
  const interrupt = new Interrupt();
  let exitCode;
  let name = '';
  try {
    name = Object.hasOwn(COMMANDS, args[0] ?? '') ? args[0] : '';
    exitCode = name === '' ? await general(args, output) : await run(name, args, output, interrupt);
  } catch (error) {
    const failure = failureOf(error);
    exitCode = failure.exitCode;
    // Who pressed Ctrl-C knows that.
    if (interrupt.exitCode === undefined) output.failure(name, failure);
  }
  await output.flushed();
  // A module of the user's, or an input that nobody ends, must not keep it alive.
  process.exit(interrupt.exitCode ?? exitCode);
}

/**
 * @param {string} name
 * @param {string[]} args
 * @param {Output} output
 * @param {Interrupt} interrupt
 * @returns {Promise<number>}
 */
async function run(name, args, output, interrupt) {
  const command = COMMANDS[name]();
  const { positionals, values, help } = readArguments(command, args.slice(1));
  if (help) {
    await output.line(helpOf(command));
    return ExitCode.OK;
  }
  const input = { positionals, values, output, interrupt, stdin: process.stdin };
  return (await command.run(input)) ?? ExitCode.OK;
}

/**
 * What is no command.
 * @param {string[]} args
 * @param {Output} output
 * @returns {Promise<number>}
 */
async function general([first, second], output) {
  if (first === '--version' || first === '-v' || first === '-V') {
    await output.line(version);
    return ExitCode.OK;
  }
  if (first === 'help' && second !== undefined) {
    if (!Object.hasOwn(COMMANDS, second)) throw unknown(second);
    await output.line(helpOf(COMMANDS[second]()));
    return ExitCode.OK;
  }
  const help = overview(Object.values(COMMANDS).map((load) => load()));
  if (first === 'help' || first === '--help' || first === '-h') {
    await output.line(help);
    return ExitCode.OK;
  }
  if (first === undefined) {
    output.note(help);
    return ExitCode.USAGE;
  }
  throw unknown(first);
}

/** @param {string} word */
function unknown(word) {
  if (word.startsWith('-')) {
    return usage(`${word} comes before a command`, 'Options follow the command: see --help.');
  }
  if (/[/@]|\.sock$/.test(word)) {
    return usage(`'${word}' is no command`, `Did you mean: shortwire call ${word}`);
  }
  const meant = nearest(word, Object.keys(COMMANDS));
  return usage(
    `'${word}' is no command`,
    meant === undefined
      ? `Commands are ${Object.keys(COMMANDS).join(', ')}.`
      : `Did you mean ${meant}?`
  );
}

exports.main = main;
