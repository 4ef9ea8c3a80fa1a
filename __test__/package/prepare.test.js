// What `npm install` does in a clone: builds when it has to, and says how to go on when it can't.

'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, beforeEach, describe, it } = require('node:test');

const { root } = require('../support/npm.js');

/** As much of a clone as the script looks at. */
const PARTS = ['package.json', 'scripts', 'Cargo.toml'];

describe('prepare', () => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'shortwire-prepare-'));
  const emptyPath = join(directory, 'bin');
  fs.mkdirSync(emptyPath);
  let count = 0;
  /** @type {string} */
  let clone;

  beforeEach(() => {
    clone = join(directory, `clone-${(count += 1)}`);
    for (const part of PARTS) {
      fs.cpSync(join(root, part), join(clone, part), { recursive: true });
    }
    fs.mkdirSync(join(clone, 'src'));
    fs.writeFileSync(join(clone, 'src/lib.rs'), '');
  });
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  it('fails without a Rust compiler and names the ways out', () => {
    fs.symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    const { status, stderr } = prepare();
    assert.equal(status, 1);
    assert.match(stderr, /no Rust compiler was found/);
    assert.match(stderr, /install Rust/);
    assert.match(stderr, /npm install shortwire/);
  });

  it('fails without the build tool and names the way out', () => {
    const { status, stderr } = prepare();
    assert.equal(status, 1);
    assert.match(stderr, /npm ci --include=dev/);
  });

  it('does nothing when the addon is newer than its sources, and needs no compiler for that', async () => {
    await writeBuild();
    const { status, stdout } = prepare();
    assert.equal(status, 0);
    assert.match(stdout, /up to date/);
  });

  it('tells why the addon is stale', async () => {
    const { staleReason } = await import('../../scripts/support/addon.mjs');
    assert.match(String(staleReason(clone)), /no addon yet/);
    await writeBuild();
    assert.equal(staleReason(clone), undefined);
    const later = new Date(Date.now() + 60_000);
    fs.utimesSync(join(clone, 'src/lib.rs'), later, later);
    assert.equal(staleReason(clone), `${join('src', 'lib.rs')} is newer than the addon`);
    await writeBuild('0.0.1', later);
    assert.match(String(staleReason(clone)), /another version/);
  });

  /** Runs it with a PATH on which there is nothing. */
  function prepare() {
    const env = { ...process.env, PATH: emptyPath };
    return spawnSync(process.execPath, ['scripts/prepare.mjs'], {
      cwd: clone,
      env,
      encoding: 'utf8'
    });
  }

  /**
   * Writes what a build leaves behind.
   *
   * @param {string} version
   * @param {Date} time
   */
  async function writeBuild(
    version = require('../../package.json').version,
    time = new Date(Date.now() + 10_000)
  ) {
    const { addonPath } = await import('../../scripts/support/addon.mjs');
    fs.writeFileSync(join(clone, 'binding.js'), `expected('${version}')`);
    fs.writeFileSync(join(clone, 'binding.d.ts'), '');
    fs.writeFileSync(addonPath(clone), '');
    fs.utimesSync(addonPath(clone), time, time);
  }
});
