// The package as users get it: packed, installed without network, scripts or compiler, and put to its main use.

'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync, readFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, posix } = require('node:path');
const { after, before, describe, it } = require('node:test');

const { installOffline, packRelease, platformName, root } = require('../support/npm.js');

/** How each module system gets at the two classes. */
const HEADS = {
  cjs: "const { UDSocket, UDSocketServer } = require('shortwire');",
  mjs: "import UDSocket, { UDSocketServer } from 'shortwire';"
};

const SERVER = `
async function main() {
  const server = new UDSocketServer();
  server.on('connection', socket => socket.handle(payload => ({ echo: payload, pid: process.pid })));
  await server.start(process.argv[2]);
  console.log('listening');
  process.stdin.once('end', () => server.close()).resume();
}
main();`;

const CLIENT = `
async function main() {
  const socket = new UDSocket();
  await socket.connect(process.argv[2]);
  console.log(JSON.stringify(await socket.rpc({ anything: 'Hello from client!' })));
  await socket.close();
}
main();`;

/** What the README shows of the workshop; it is read on the repository's page, too. */
const OF_THE_REPOSITORY = /^(?:benchmark\/|CONTRIBUTING\.md$)/;

describe('a packed release', () => {
  const directory = mkdtempSync(join(tmpdir(), 'shortwire-tarball-'));
  /** @type {Awaited<ReturnType<typeof packRelease>>} */
  let release;

  before(async () => {
    release = await packRelease(directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('holds what is needed at run time and nothing of the workshop', () => {
    for (const file of [
      'index.js',
      'index.mjs',
      'index.d.ts',
      'index.d.mts',
      'types/socket.d.ts',
      'binding.js'
    ]) {
      assert.ok(release.files.includes(file), `${file} is missing`);
    }
    assert.ok(release.files.includes('lib/compat/jftp.js'), 'the façade is missing');
    assert.ok(release.files.includes('bin/shortwire.js'), 'the command is missing');
    const strays = release.files.filter(
      (file) =>
        !/^(?:bin|lib|docs|examples|types)\/|^(?:index|binding)\.|^(?:LICENSE|[A-Z]+\.md|package\.json)$/.test(
          file
        )
    );
    assert.deepEqual(strays, []);
  });

  it('holds what its pages link to', () => {
    const pages = release.files.filter((file) => file.endsWith('.md'));
    assert.ok(pages.length > 20);
    const links = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8');
      const targets = text.matchAll(/\]\((?!https?:|#)([^)\s#]+)/g);
      return [...targets].map(([, to]) => ({ page, to: posix.join(posix.dirname(page), to) }));
    });
    const broken = links.filter(
      ({ page, to }) =>
        !release.files.some((file) => file === to || file.startsWith(`${to}/`)) &&
        !(page === 'README.md' && OF_THE_REPOSITORY.test(to))
    );
    assert.deepEqual(broken, []);
  });

  describe('with its platform package', () => {
    /** @type {ReturnType<typeof installOffline>} */
    let project;

    before(() => {
      project = installOffline(makeFolder('complete'), [release.main, release.platform]);
    });

    for (const kind of /** @type {const} */ (['cjs', 'mjs'])) {
      it(`answers a call between two processes (${kind})`, async () => {
        const { directory: cwd, env } = project;
        writeFileSync(join(cwd, `server.${kind}`), HEADS[kind] + SERVER);
        writeFileSync(join(cwd, `client.${kind}`), HEADS[kind] + CLIENT);
        const path = join(cwd, `${kind}.sock`);
        const server = spawn(process.execPath, [`server.${kind}`, path], {
          cwd,
          env,
          stdio: ['pipe', 'pipe', 'inherit']
        });
        const gone = once(server, 'exit');
        await Promise.race([once(server.stdout, 'data'), gone]);
        const client = spawnSync(process.execPath, [`client.${kind}`, path], {
          cwd,
          env,
          encoding: 'utf8',
          timeout: 30_000
        });
        server.stdin.end();
        assert.equal(client.stderr, '');
        assert.deepEqual(JSON.parse(client.stdout), {
          echo: { anything: 'Hello from client!' },
          pid: server.pid
        });
        assert.deepEqual(await gone, [0, null]);
      });
    }

    it('brings a command that serves and calls', async () => {
      const { directory: cwd, env } = project;
      const command = join(cwd, 'node_modules/.bin/shortwire');
      const server = spawn(command, ['serve', './cli.sock', '--verbose'], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'pipe']
      });
      const gone = once(server, 'exit');
      await Promise.race([once(server.stderr, 'data'), gone]);
      const call = spawnSync(command, ['call', './cli.sock', '{"a":1}'], {
        cwd,
        env,
        encoding: 'utf8',
        timeout: 30_000
      });
      server.kill('SIGINT');
      assert.deepEqual([call.status, call.stdout, call.stderr], [0, '{"a":1}\n', '']);
      assert.deepEqual(await gone, [130, null]);
    });

    it('lets every entry of the exports map be loaded', () => {
      const { stderr } = runIn(
        project,
        `require('shortwire/compat/jftp'); require('shortwire/package.json');`
      );
      assert.equal(stderr, '');
    });
  });

  it('without its platform package names what is missing and how to get it', async () => {
    const project = installOffline(makeFolder('incomplete'), [release.main]);
    const { status, stderr } = runIn(project, `require('shortwire');`);
    assert.equal(status, 1);
    assert.ok(stderr.includes(`@shortwire/binding-${await platformName()}`), stderr);
    assert.match(stderr, /install again with optional dependencies/);
    assert.match(stderr, /--omit=optional/);
  });

  /** @param {string} name */
  function makeFolder(name) {
    const folder = join(directory, name);
    mkdirSync(folder);
    return folder;
  }
});

/**
 * @param {ReturnType<typeof installOffline>} project
 * @param {string} code
 */
function runIn({ directory, env }, code) {
  return spawnSync(process.execPath, ['-e', code], { cwd: directory, env, encoding: 'utf8' });
}
