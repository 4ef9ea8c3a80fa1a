// Starting other programs from the scripts: with our own streams, or with the output kept for a report.
//
// Must not know what is run or why.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, where every command runs unless told otherwise. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** npm is a .cmd file on Windows, which can't be started without a shell. */
const needsShell = (/** @type {string} */ command) =>
  process.platform === 'win32' && (command === 'npm' || command === 'npx');

/**
 * Runs a program with our own streams.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code; 1 when a signal ended it
 */
export async function run(command, args, { cwd = root, env = process.env } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: 'inherit', shell: needsShell(command) });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

/**
 * Runs a program and keeps what it prints.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function capture(command, args, { cwd = root, env = process.env } = {}) {
  const child = spawn(command, args, { cwd, env, shell: needsShell(command) });
  child.stdin.end();
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  const [code] = await once(child, 'close').catch((error) => {
    chunks.push(Buffer.from(`${command}: ${error.message}\n`));
    return [127];
  });
  return { code: code ?? 1, output: Buffer.concat(chunks).toString() };
}

/**
 * Is this program there, and does it answer?
 *
 * @param {string} command
 * @param {string[]} [args]
 */
export function available(command, args = ['--version']) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'ignore',
    shell: needsShell(command)
  });
  return status === 0;
}
