/**
 * What `--help` prints, from the tables of the commands.
 */
'use strict';

const { HELP } = require('./arguments.js');
const { columns } = require('./table.js');

/** Lines of prose are broken at this width. */
const WIDTH = 88;

const EXIT_CODES = `Exit codes: 0 done, 1 the server answered with an error, 2 wrong arguments, 3 nothing to connect to,
4 timeout, 5 connection lost, 6 refused, 7 can't be sent, 70 internal, 130 Ctrl-C, 141 output closed, 143 SIGTERM.`;

/**
 * @param {import('./arguments.js').Command} command
 * @returns {string}
 */
function helpOf({ name, summary, usage, about, options, examples }) {
  const rows = Object.entries({ ...options, help: HELP }).map(([long, option]) => {
    const letter = option.short === undefined ? '    ' : `-${option.short}, `;
    const value = option.value === undefined ? '' : ` <${option.value}>`;
    return [`${letter}--${long}${value}`, option.help];
  });
  return [
    `shortwire ${name}: ${summary}`,
    `Usage: shortwire ${name} ${usage} [options]`,
    ...about.map((paragraph) => wrapped(paragraph)),
    `Options:\n${columns(rows, { indent: '  ' })}`,
    `Examples:\n${examples.map(([line, what]) => `  ${line}\n      ${what}`).join('\n')}`,
    EXIT_CODES
  ].join('\n\n');
}

/**
 * @param {{ name: string, summary: string }[]} commands
 * @returns {string}
 */
function overview(commands) {
  return [
    'shortwire: talk to shortwire servers from the command line',
    'Usage: shortwire <command> [arguments] [options]',
    `Commands:\n${columns(
      commands.map(({ name, summary }) => [name, summary]),
      { indent: '  ' }
    )}`,
    `An endpoint is a path (/tmp/app.sock), a name in Linux' abstract namespace (@app), a port of this
machine (7000), tcp://host:port, tls://host:port, or fd:3, an inherited descriptor.`,
    `JSON goes in and out, one value a line: results on standard output, everything else on standard error.`,
    `Examples:
  shortwire serve /tmp/app.sock
  shortwire call /tmp/app.sock '{"anything": "Hello"}'
  shortwire bench /tmp/app.sock --rate 5000 --duration 10s`,
    EXIT_CODES,
    'shortwire <command> --help tells more about a command, shortwire --version which version this is.'
  ].join('\n\n');
}

/** @param {string} paragraph */
function wrapped(paragraph) {
  const lines = [''];
  for (const word of paragraph.split(' ')) {
    const line = lines[lines.length - 1];
    if (line !== '' && line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

exports.helpOf = helpOf;
exports.overview = overview;
