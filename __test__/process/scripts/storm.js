// Starts and terminates many worker threads, and says what is left of them.
//
//   node --expose-gc storm.js <role> <driver> <path> <workers> <payload bytes>

'use strict';

const { readdirSync, readFileSync, readlinkSync } = require('node:fs');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');

const { play, say } = require('./scenario.js');

/** Workers at a time: two keep two cores busy, the others are starting or ending meanwhile. */
const AT_ONCE = 4;
/** How long a worker goes on after it has said that it is ready. */
const MOST_MS = 10;
/** Those from which on the process should not grow any more. */
const WARM_UP = 12;
const DEADLINE_MS = 20_000;

/** @type {Record<string, (scene: import('./scenario.js').Scene) => unknown>} */
const roles = {};
const ROLES = ['server', 'client', 'clients', 'loading', 'connecting', 'listening', 'pair'];
for (const role of ROLES) {
  roles[role] = (scene) => storm(role, scene);
}
play(roles);

/**
 * @param {string} role
 * @param {import('./scenario.js').Scene} scene
 */
async function storm(role, { newServer, newSocket, driver, path, rest }) {
  const [workers, size] = [Number(rest[0]), Number(rest[1])];
  const server = newServer();
  server.handle((/** @type {string} */ payload) =>
    payload === 'never' ? new Promise(() => {}) : payload
  );
  await server.start(path);

  let started = 0;
  let limit = 0;
  /** @type {Set<string>} */
  const failures = new Set();
  const data = { role, driver, path: role === 'server' ? '' : path, size };

  /** One worker after the other, until all have been. */
  const keepGoing = async () => {
    while (started < limit) {
      const own = { ...data, path: role === 'server' ? `${path}-${started}` : path };
      started++;
      await one(own);
    }
  };

  /** @param {typeof data} own */
  const one = async (own) => {
    const worker = new Worker(join(__dirname, 'worker.js'), { workerData: own });
    worker.on('error', (error) => failures.add(error.message));
    const ended = new Promise((resolve) => worker.on('exit', resolve));
    await Promise.race([ended, new Promise((resolve) => worker.once('message', resolve))]);
    /** @type {Promise<unknown>[]} */
    const calls = [];
    if (role === 'server') {
      const socket = newSocket({ timeoutMs: 0 });
      await socket.connect(own.path);
      const large = 'x'.repeat(size);
      for (let i = 0; i < 8; i++) calls.push(socket.rpc(large), socket.rpc('never'));
      calls.push(socket.ping());
      await calls.at(-1);
    }
    // In the middle of whatever it is doing then.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MOST_MS));
    const settled = Promise.allSettled(calls);
    worker.terminate();
    await ended;
    // Each settles: a call that hangs would keep the storm from ending.
    for (const { status, reason } of /** @type {any[]} */ (await settled)) {
      if (status === 'rejected' && reason.code !== 'SHORTWIRE_ERR_DISCONNECTED') {
        failures.add(reason.code);
      }
    }
  };

  const all = async (/** @type {number} */ count) => {
    limit = started + count;
    await Promise.all(Array.from({ length: AT_ONCE }, keepGoing));
  };
  // The core's own threads close what an ended environment leaves to them.
  const { sockets } = measure();
  const settle = () => until(() => server.sockets.size === 0 && measure().sockets === sockets);
  await all(WARM_UP);
  await settle();
  const before = await measureCollected();
  await all(workers);
  await settle();
  const after = await measureCollected();
  await server.close();
  const folder = join(path, '..');
  await until(() => readdirSync(folder).length === 0);
  say(JSON.stringify({ before, after, failures: [...failures], left: readdirSync(folder) }));
}

/** What a collection would free is not what workers have left behind. */
async function measureCollected() {
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    /** @type {any} */ (globalThis).gc();
  }
  return measure();
}

function measure() {
  const descriptors = readdirSync('/proc/self/fd');
  const sockets = descriptors.filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  });
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    descriptors: descriptors.length,
    sockets: sockets.length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]),
    rssBytes: process.memoryUsage.rss()
  };
}

/** @param {() => boolean} condition */
async function until(condition) {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
