// The built addon as a file: its name on this machine, and whether it is newer than what it is built from.
//
// Must not know how it is built.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './run.mjs';

/** What the addon is built from: when one of these is newer, it is stale. */
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'hot.ld', 'rust-toolchain.toml', 'src'];

/** What a build writes beside the addon. */
const GENERATED = ['binding.js', 'binding.d.ts'];

/** This machine as napi names it: `linux-x64-gnu`, `darwin-arm64`, … */
export function platformName() {
  const { platform, arch } = process;
  if (platform !== 'linux')
    return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
  const report = /** @type {any} */ (process.report?.getReport());
  return `linux-${arch}-${report?.header?.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

/**
 * The addon's file name on this machine.
 *
 * @param {string} [directory]
 */
export function addonPath(directory = root) {
  return join(directory, `shortwire.${platformName()}.node`);
}

/**
 * Why the addon must be built, or `undefined` when it is newer than all its sources.
 *
 * @param {string} [directory]
 * @returns {string | undefined}
 */
export function staleReason(directory = root) {
  const built = modified(addonPath(directory));
  if (built === undefined) return 'there is no addon yet';
  for (const file of GENERATED) {
    if (modified(join(directory, file)) === undefined) return `${file} is missing`;
  }
  for (const source of SOURCES) {
    const newer = newerThan(join(directory, source), built);
    if (newer)
      return `${newer.slice(directory.length).replace(/^[\\/]/, '')} is newer than the addon`;
  }
  // The loader carries the package's version.
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (!readFileSync(join(directory, 'binding.js'), 'utf8').includes(`'${version}'`)) {
    return 'binding.js is of another version';
  }
  return undefined;
}

/** @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/**
 * The first file at or below `path` that is newer than `time`.
 *
 * @param {string} path
 * @param {number} time
 * @returns {string | undefined}
 */
function newerThan(path, time) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (!stat.isDirectory()) return stat.mtimeMs > time ? path : undefined;
  for (const entry of readdirSync(path)) {
    const newer = newerThan(join(path, entry), time);
    if (newer) return newer;
  }
  return undefined;
}
