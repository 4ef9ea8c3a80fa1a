// Packs this package as a release would and installs it elsewhere: without a network, without scripts, without a compiler.
//
// Must not know what the installed package is used for.

'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { delimiter, join } = require('node:path');

const root = join(__dirname, '../..');
const manifest = require('../../package.json');

/** npm's own script, run by this very node, so that a PATH with nothing on it is enough. */
const npmScript = findNpm();

/** This machine as napi names it. */
async function platformName() {
  return (await import('../../scripts/support/addon.mjs')).platformName();
}

/**
 * Runs npm in a directory and returns what it printed.
 *
 * @param {string} directory
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function npm(directory, args, env = process.env) {
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [npmScript, ...args, ...quiet], {
    cwd: directory,
    env: withoutNpmSettings(env),
    encoding: 'utf8'
  });
  assert.equal(status, 0, `npm ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Packs both packages of a release into `directory`. What `napi pre-publish` does to the main one is done here too: it names the
 * platform packages as optional dependencies, all of them, though five can't be had here.
 *
 * @param {string} directory
 * @returns {Promise<{ main: string, platform: string, files: string[] }>} the tarballs, and what is in the main one
 */
async function packRelease(directory) {
  const platform = await platformName();
  const [{ filename, files }] = JSON.parse(npm(root, ['pack', '--json', ...packTo(directory)]));
  execFileSync('tar', ['-xzf', join(directory, filename), '-C', directory]);
  const staged = join(directory, 'package');
  const names = fs.readdirSync(join(root, 'npm'));
  fs.writeFileSync(
    join(staged, 'package.json'),
    JSON.stringify({
      ...manifest,
      optionalDependencies: Object.fromEntries(
        names.map((name) => [`${manifest.napi.packageName}-${name}`, manifest.version])
      )
    })
  );
  const platformFolder = join(directory, platform);
  fs.cpSync(join(root, 'npm', platform), platformFolder, { recursive: true });
  const addon = `${manifest.napi.binaryName}.${platform}.node`;
  fs.copyFileSync(join(root, addon), join(platformFolder, addon));
  const [packedMain] = JSON.parse(npm(staged, ['pack', '--json', ...packTo(directory)]));
  const [packed] = JSON.parse(npm(platformFolder, ['pack', '--json', ...packTo(directory)]));
  return {
    main: join(directory, packedMain.filename),
    platform: join(directory, packed.filename),
    files: files.map((/** @type {{ path: string }} */ { path }) => path).sort()
  };
}

/** @param {string} directory */
function packTo(directory) {
  return ['--ignore-scripts', '--pack-destination', directory];
}

/**
 * An empty project with the tarballs installed, and the environment it was installed with: node on the PATH and nothing else.
 *
 * @param {string} directory
 * @param {string[]} tarballs
 * @returns {{ directory: string, env: NodeJS.ProcessEnv }}
 */
function installOffline(directory, tarballs) {
  const bin = join(directory, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  fs.symlinkSync(process.execPath, join(bin, 'node'));
  fs.writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({ name: 'user', private: true })
  );
  const env = { ...process.env, PATH: bin, NODE_PATH: '' };
  assert.equal(spawnSync('cargo', ['--version'], { env }).error?.name, 'Error', 'cargo is found');
  const cache = join(directory, 'cache');
  npm(directory, ['install', '--offline', '--ignore-scripts', '--cache', cache, ...tarballs], env);
  return { directory, env };
}

/**
 * The environment without what an outer `npm test` put into it: an inner npm would take that for its own settings.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function withoutNpmSettings(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_(?:config|package|lifecycle|command)/i.test(name))
  );
}

function findNpm() {
  if (process.env.npm_execpath?.endsWith('npm-cli.js')) return process.env.npm_execpath;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      const file = fs.realpathSync(join(folder, 'npm'));
      if (fs.readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node')) return file;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error('npm is not on the PATH');
}

module.exports = { installOffline, packRelease, platformName, root };
