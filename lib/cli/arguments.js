/**
 * The arguments of a command: its own table of options, read by `node:util` parseArgs, with a helpful
 * word for each mistake. Must not know: what an option does.
 */
'use strict';

const { parseArgs } = require('node:util');

const { nearest } = require('./nearest.js');
const { usage } = require('./failure.js');

/**
 * @typedef {object} Option
 * @property {string} help one line
 * @property {string} [value] what its value is called; without one it is a switch
 * @property {string} [short] one letter
 * @property {boolean} [multiple]
 * @property {import('./values.js').Reader} [read] makes the value of its text
 * @property {any} [fallback] the default
 */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} summary one line
 * @property {string} usage its positional arguments
 * @property {string[]} about paragraphs
 * @property {[least: number, most: number]} positionals how many
 * @property {Record<string, Option>} options its own, and those it shares with others
 * @property {[line: string, what: string][]} examples
 * @property {(input: Input) => Promise<number | void>} run resolves to an exit code
 */

/**
 * @typedef {object} Input
 * @property {string[]} positionals
 * @property {Record<string, any>} values of options, with defaults
 * @property {import('./output.js').Output} output
 * @property {import('./interrupt.js').Interrupt} interrupt
 * @property {NodeJS.ReadStream} stdin
 */

/** @type {Option} */
const HELP = { short: 'h', help: 'show this help' };

/**
 * @param {Command} command
 * @param {string[]} args
 * @returns {{ positionals: string[], values: Record<string, any>, help: boolean }}
 */
function readArguments(command, args) {
  const options = { ...command.options, help: HELP };
  const { tokens } = parseArgs({
    args,
    options: parseArgsOptions(options),
    allowPositionals: true,
    strict: false,
    tokens: true
  });
  /** @type {string[]} */
  const positionals = [];
  /** @type {Record<string, any>} */
  const values = {};
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option') take(options, values, token);
  }
  // Somebody who asks for help has not finished writing.
  if (values.help === true) return { positionals, values, help: true };
  for (const [name, { fallback }] of Object.entries(options)) values[name] ??= fallback;
  countPositionals(command, positionals);
  return { positionals, values, help: false };
}

/**
 * @param {Record<string, Option>} options
 * @returns {import('node:util').ParseArgsConfig['options']}
 */
function parseArgsOptions(options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short, multiple }]) => [
      name,
      {
        type:
          value === undefined ? /** @type {const} */ ('boolean') : /** @type {const} */ ('string'),
        ...(short !== undefined && { short }),
        ...(multiple && { multiple })
      }
    ])
  );
}

/**
 * @param {Record<string, Option>} options
 * @param {Record<string, any>} values
 * @param {{ name: string, rawName: string, value?: string }} token
 */
function take(options, values, { name, rawName, value }) {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) throw unknownOption(rawName, Object.keys(options));
  if (option.value === undefined) {
    if (value !== undefined) throw usage(`${rawName} takes no value`);
    values[name] = true;
    return;
  }
  if (value === undefined || (value === '' && option.read !== undefined)) {
    throw usage(`${rawName} needs a value: ${rawName} <${option.value}>`);
  }
  const read = option.read === undefined ? value : option.read(value, `--${name}`);
  if (option.multiple) (values[name] ??= []).push(read);
  else values[name] = read;
}

/**
 * @param {string} rawName
 * @param {string[]} names
 */
function unknownOption(rawName, names) {
  if (/^-\d/.test(rawName)) {
    return usage(
      `${rawName} is taken for an option`,
      'A payload that begins with a dash comes after two dashes: -- -5'
    );
  }
  const meant = nearest(rawName.replace(/^-+/, ''), names);
  const hint = meant === undefined ? 'See --help.' : `Did you mean --${meant}? See --help.`;
  return usage(`Unknown option ${rawName}`, hint);
}

/**
 * @param {Command} command
 * @param {string[]} positionals
 */
function countPositionals({ name, usage: wanted, positionals: [least, most] }, positionals) {
  if (positionals.length < least) {
    throw usage(
      `Something is missing: shortwire ${name} ${wanted}`,
      `See shortwire ${name} --help.`
    );
  }
  if (least > 0 && /^\s*[[{"]/.test(positionals[0])) {
    throw usage(
      `The endpoint comes first, and this is none: ${positionals[0]}`,
      `shortwire ${name} ${wanted}`
    );
  }
  if (positionals.length <= most) return;
  const extra = positionals.slice(most - 1);
  const split = most > 1 && /^[[{"]/.test(extra[0]);
  throw usage(
    `Too many arguments: ${positionals.slice(most).join(' ')}`,
    split
      ? `The shell has split the payload. Put single quotes around it: '${extra.join(' ')}'`
      : `shortwire ${name} ${wanted}`
  );
}

exports.HELP = HELP;
exports.readArguments = readArguments;
