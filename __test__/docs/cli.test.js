// The examples of docs/cli.md, run in their order by a shell: what they print is what the page says. `…` stands for anything.

'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} = require('node:fs');
const { tmpdir } = require('node:os');
const { delimiter, join } = require('node:path');
const { test } = require('node:test');

const { TOOL, startTool } = require('../support/cli.js');

const page = readFileSync(join(__dirname, '../../docs/cli.md'), 'utf8');

/** Commands and what they print, standard error included. */
function examples() {
  return [...page.matchAll(/```console\n(.*?)```/gs)].flatMap(([, block]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command, ...lines] = text.trimEnd().split('\n');
        return { command, lines };
      })
  );
}

/**
 * @param {string[]} lines with `…` for the rest of a line, or for any lines
 * @returns {RegExp}
 */
function pattern(lines) {
  const parts = lines.map((line) => {
    if (line === '…' || line === '  …') return '(?:.*\\n)*?';
    return `${line.split('…').map(escape).join('.*')}\\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

test('the examples print what the page says', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'shortwire-cli-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [, name, source] of page.matchAll(/```js\n\/\/ (\S+\.mjs)\n(.*?)```/gs)) {
    writeFileSync(join(cwd, name), source);
  }
  symlinkSync(TOOL, join(cwd, 'shortwire'));
  chmodSync(TOOL, 0o755);
  symlinkSync(process.execPath, join(cwd, 'node'));
  const env = { ...process.env, PATH: `${cwd}${delimiter}${process.env.PATH}`, NO_COLOR: '1' };

  let status = 0;
  const all = examples();
  assert.ok(all.length > 10);
  for (const { command, lines } of all) {
    if (command.endsWith('&')) {
      const args = command.slice('shortwire '.length, -' &'.length).split(' ');
      await startTool(t, args, { cwd, env }).stderrSays(pattern(lines));
      continue;
    }
    const { stdout, status: code } = spawnSync(
      'bash',
      ['-c', `(exit ${status}); { ${command}\n} 2>&1`],
      { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }
    );
    assert.match(stdout, pattern(lines), command);
    status = code ?? -1;
  }
});
