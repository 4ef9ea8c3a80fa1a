// What the tool says about itself, and to those who mistype it. No server is needed for any of it.

'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { version } = require('../../package.json');
const { tool } = require('../support/cli.js');

const COMMANDS = ['call', 'send', 'listen', 'serve', 'ping', 'stats', 'bench'];

describe('help', () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    it(`of everything, by ${args.join(' ')}`, async (t) => {
      const { code, stdout, stderr } = await tool(t, args);
      assert.deepEqual([code, stderr], [0, '']);
      for (const command of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
      assert.match(stdout, /Exit codes: 0 done/);
    });
  }

  it('goes to standard error when nothing is asked for', async (t) => {
    const { code, stdout, stderr } = await tool(t, []);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /Usage: shortwire <command>/);
  });

  for (const command of COMMANDS) {
    it(`of ${command}: usage, each option, examples`, async (t) => {
      const { code, stdout, stderr } = await tool(t, [command, '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^Usage: shortwire ${command} <endpoint>`, 'm'));
      const { options } = require(`../../lib/cli/${command}.js`).command;
      for (const name of Object.keys(options)) assert.match(stdout, new RegExp(`--${name}\\b`));
      assert.match(stdout, new RegExp(`Examples:\\n.*shortwire ${command} `, 's'));
      assert.equal((await tool(t, ['help', command])).stdout, stdout);
    });

    it(`of ${command} comes before complaints about what is missing`, async (t) => {
      const { code } = await tool(t, [command, '-h']);
      assert.equal(code, 0);
    });
  }

  it('fits on a terminal', async (t) => {
    for (const command of COMMANDS) {
      const { lines } = await tool(t, ['help', command]);
      const long = lines.filter((line) => line.length > 120);
      assert.deepEqual(long, []);
    }
  });

  it('has the exit codes that the tool uses and the documentation explains', async (t) => {
    const { ExitCode } = require('../../lib/cli/failure.js');
    const documented = [
      ...readFileSync(join(__dirname, '../../docs/cli.md'), 'utf8').matchAll(/^\| (\d+) \|/gm)
    ].map(([, number]) => Number(number));
    assert.deepEqual(documented, Object.values(ExitCode));
    const { stdout } = await tool(t, ['--help']);
    for (const number of documented) assert.match(stdout, new RegExp(`\\b${number} `));
  });
});

for (const args of [['--version'], ['-v']]) {
  it(`tells its version, by ${args[0]}`, async (t) => {
    const { code, stdout } = await tool(t, args);
    assert.deepEqual([code, stdout], [0, `${version}\n`]);
  });
}

/** Arguments, and what the answer must have in it. */
const MISTAKES = /** @type {[string, string[], RegExp][]} */ ([
  ['a mistyped command', ['cal', '/tmp/x'], /'cal' is no command\n.*Did you mean call\?/],
  ['two letters swapped', ['blench', '/tmp/x'], /Did you mean bench\?/],
  ['an unknown command', ['frobnicate'], /Commands are call, send/],
  ['no command', ['/tmp/app.sock', '1'], /Did you mean: shortwire call \/tmp\/app\.sock/],
  ['an option before the command', ['--topic', 'x', 'call'], /--topic comes before a command/],
  ['help for an unknown command', ['help', 'sned'], /Did you mean send\?/],
  ['no endpoint', ['call'], /Something is missing: shortwire call <endpoint> \[payload\]/],
  ['a mistyped option', ['call', '/tmp/x', '--topci', 'a'], /--topci\n.*Did you mean --topic\?/],
  ['an option of another command', ['ping', '/tmp/x', '--rate', '5'], /Unknown option --rate/],
  ['an option without its value', ['call', '/tmp/x', '--topic'], /--topic needs a value/],
  ['a value for a switch', ['stats', '/tmp/x', '--json=yes'], /--json takes no value/],
  [
    'a duration in words',
    ['call', '/tmp/x', '-t', 'soon'],
    /--timeout takes a duration, not 'soon'/
  ],
  ['a duration beyond all timers', ['call', '/tmp/x', '-t', '9999h'], /takes a duration/],
  ['a number out of range', ['call', '/tmp/x', '-c', '0'], /--concurrency takes an integer from 1/],
  ['a rate of nothing', ['bench', '/tmp/x', '-r', '0'], /--rate takes a number above 0/],
  ['a size in words', ['call', '/tmp/x', '--max-frame', 'big'], /--max-frame takes a size/],
  ['permissions that are none', ['serve', '/tmp/x', '--mode', '888'], /permissions in octal/],
  ['an unknown protocol', ['ping', '/tmp/x', '--protocol', 'http'], /--protocol takes one of/],
  ['payload and endpoint swapped', ['call', '{"a":1}', '/tmp/x'], /The endpoint comes first/],
  [
    'a payload that the shell has split',
    ['call', '/tmp/x', '{a:', '1}'],
    /split the payload\. Put single quotes around it: '\{a: 1\}'/
  ],
  ['a word for a payload', ['call', '/tmp/x', 'hello'], /quotes inside of the shell's: '"hello"'/],
  [
    'quotes that the shell has taken',
    ['call', '/tmp/x', '{a:1}'],
    /Has the shell taken the quotes/
  ],
  ['single quotes in JSON', ['call', '/tmp/x', "{'a':'b'}"], /double quotes: '\{"a":"b"\}'/],
  ['a comma too many', ['call', '/tmp/x', '{"a":1,}'], /no comma after the last item/],
  ['an empty payload', ['call', '/tmp/x', ''], /It is empty/],
  ['a negative number as payload', ['call', '/tmp/x', '-5'], /comes after two dashes: -- -5/],
  ['no module', ['serve', '/tmp/x', './missing.mjs'], /There is no module/]
]);

describe('a mistake gets a helpful line and the exit code 2', () => {
  for (const [name, args, words] of MISTAKES) {
    it(name, async (t) => {
      const { code, stdout, stderr } = await tool(t, args);
      assert.match(stderr, words);
      assert.match(stderr, /^shortwire/);
      assert.deepEqual([code, stdout], [2, '']);
    });
  }
});
