/**
 * Installs the pinned peers into this folder when they are missing or of other versions. No install script
 * of any of them is run: those with native parts ship them ready.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;

function readVersion(name) {
  try {
    const path = join(HERE, 'node_modules', name, 'package.json');
    return JSON.parse(readFileSync(path, 'utf8')).version;
  } catch {
    return undefined;
  }
}

/** Makes the installed versions those of package.json. */
export function ensureInstalled() {
  const { dependencies } = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'));
  const stale = Object.entries(dependencies).filter(
    ([name, wanted]) => readVersion(name) !== wanted
  );
  if (stale.length === 0) return;

  console.error(`installing the peers: ${stale.map(([name]) => name).join(', ')}`);
  const command = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { npm_execpath: npmPath } = process.env;
  const result = npmPath
    ? spawnSync(process.execPath, [npmPath, ...command], { cwd: HERE, stdio: 'inherit' })
    : spawnSync('npm', command, { cwd: HERE, stdio: 'inherit' });
  if (result.status !== 0) {
    throw new Error(
      'the peers could not be installed: run `npm ci --ignore-scripts` in benchmark/'
    );
  }
}
