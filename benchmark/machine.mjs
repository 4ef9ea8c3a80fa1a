/**
 * Where and with what a result was measured: processor, kernel, Node, commit. No names of machines and no
 * paths: a result is published.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { join } from 'node:path';

/** @param {string} root of a checkout @returns {{ commit?: string, dirty?: boolean }} */
export function describeCheckout(root) {
  const git = (...args) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: 'pipe' });
  try {
    const commit = git('rev-parse', 'HEAD').trim();
    // Results are written while measuring, so they don't make a checkout differ from its commit.
    const changed = git('status', '--porcelain', '--', '.', ':!benchmark/results');
    return { commit, dirty: changed.trim() !== '' };
  } catch {
    return {};
  }
}

export function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    arch: os.arch(),
    loadBefore: Number(os.loadavg()[0].toFixed(2))
  };
}

export const checkoutRoot = join(import.meta.dirname, '..');
