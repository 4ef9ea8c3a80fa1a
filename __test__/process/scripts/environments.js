// Several environments in one process: threads, copies of the package, forked processes.

'use strict';

const { fork } = require('node:child_process');
const cluster = require('node:cluster');
const { readdirSync } = require('node:fs');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');

const { play, say } = require('./scenario.js');

/**
 * @param {string} role
 * @param {object} data
 */
function work(role, data) {
  const worker = new Worker(join(__dirname, 'worker.js'), { workerData: { role, ...data } });
  return {
    worker,
    next: () => new Promise((resolve) => worker.once('message', resolve)),
    ended: new Promise((resolve) => worker.once('exit', resolve))
  };
}

const echo = (/** @type {unknown} */ payload) => payload;

play({
  /** The main thread and a worker, each serving the other. */
  async mainAndWorker({ newServer, newSocket, driver, path }) {
    const server = newServer();
    server.handle((/** @type {number} */ number) => number * 2);
    await server.start(path);
    const serving = work('serving', { driver, path: `${path}-worker` });
    await serving.next();
    const asking = work('asking', { driver, path });
    const socket = newSocket();
    await socket.connect(`${path}-worker`);
    const [{ answers }, { asked, threadId }] = await Promise.all([asking.next(), socket.rpc('me')]);
    say(answers.join(), asked, threadId === serving.worker.threadId);
    await socket.close();
    serving.worker.postMessage('end');
    await Promise.all([serving.ended, asking.ended]);
    await server.close();
  },

  /** Two workers; the main thread has never loaded the package's sockets. */
  async workerAndWorker({ driver, path }) {
    const serving = work('serving', { driver, path });
    await serving.next();
    const asking = [1, 2].map(() => work('asking', { driver, path }));
    const told = await Promise.all(asking.map(({ next }) => next()));
    const servedBy = told.flatMap(({ answers }) =>
      answers.map((/** @type {any} */ a) => a.threadId)
    );
    say(servedBy.length, new Set(servedBy).size);
    serving.worker.postMessage('end');
    say(await serving.ended, ...(await Promise.all(asking.map(({ ended }) => ended))));
  },

  async politeWorker({ newServer, driver, path }) {
    const server = newServer();
    server.handle(echo);
    await server.start(path);
    say(await work('polite', { driver, path }).ended);
    await server.close();
  },

  /** A worker that leaves its thread inside a handler. */
  async exitingWorker({ newServer, driver, path }) {
    const server = newServer();
    const lost = new Promise((resolve) =>
      server.handle((/** @type {unknown} */ _, /** @type {any} */ { socket }) => {
        resolve(socket.rpc('leave').catch((/** @type {any} */ error) => error.code));
        return new Promise(() => {});
      })
    );
    await server.start(path);
    say(await work('exits', { driver, path }).ended, await lost);
    await server.close();
  },

  /** A worker in which a listener throws. */
  async throwingWorker({ newServer, driver, path }) {
    const server = newServer();
    server.handle((/** @type {unknown} */ _, /** @type {any} */ { socket }) => {
      socket.send('here');
      return new Promise(() => {});
    });
    await server.start(path);
    const { worker, ended } = work('throws', { driver, path });
    worker.on('error', (error) => say(error.message));
    say(await ended);
    await server.close();
  },

  /** Everything of the package that is cached is loaded again, the addon as well. */
  async loadedTwice({ driver, path }) {
    const first = require('../../..');
    for (const file of Object.keys(require.cache)) {
      if (!file.includes('node_modules') && !file.includes('__test__')) delete require.cache[file];
    }
    const second = require('../../..');
    const copies = [first, second];
    const servers = copies.map(({ UDSocketServer }) => new UDSocketServer({ driver }));
    servers.forEach((server, at) => server.handle((/** @type {string} */ name) => `${name}${at}`));
    await Promise.all(servers.map((server, at) => server.start(`${path}-${at}`)));
    const answers = copies.map(async ({ UDSocket }, at) => {
      const socket = new UDSocket({ driver });
      await socket.connect(`${path}-${1 - at}`);
      const answer = await socket.rpc(`from ${at} to `);
      await socket.close();
      return answer;
    });
    say(first.UDSocket !== second.UDSocket, ...(await Promise.all(answers)));
    await Promise.all(servers.map((server) => server.close()));
  },

  async bothModuleSystems() {
    const { UDSocket, UDSocketServer } = require('../../..');
    // @ts-ignore: a default export and names
    const imported = await import('../../../index.mjs');
    say(imported.default === UDSocket, imported.UDSocketServer === UDSocketServer);
  },

  /** Forked processes, with a channel of Node's own beside ours. */
  async forks({ newServer, driver, path }) {
    const server = newServer();
    server.handle(echo);
    await server.start(path);
    const children = [1, 2, 3].map(() => fork(__filename, ['forked', driver, path]));
    const told = children.map((child) => new Promise((resolve) => child.once('message', resolve)));
    const codes = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    say(...(await Promise.all(told)), ...(await Promise.all(codes)));
    await server.close();
  },

  async forked({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    process.send?.(await socket.rpc('forked'));
    await socket.close();
    process.disconnect();
  },

  /** The workers of a cluster: Node shares its own listeners among them, and ours not. */
  async cluster({ newServer, newSocket, path }) {
    if (cluster.isPrimary) {
      const server = newServer();
      server.handle(echo);
      await server.start(path);
      const workers = [1, 2].map(() => cluster.fork());
      const told = workers.map(
        (worker) => new Promise((resolve) => worker.once('message', resolve))
      );
      const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
      say(...(await Promise.all(told)).sort(), ...(await Promise.all(ended)));
      await server.close();
      return;
    }
    const socket = newSocket();
    await socket.connect(path);
    const answer = await socket.rpc('clustered');
    const taken = await newServer()
      .start(path)
      .catch((/** @type {any} */ error) => error.code);
    process.send?.(`${answer}-${taken}`);
    await socket.close();
    process.disconnect();
  },

  /** Threads of the process, before and after much has happened. */
  async threads({ newServer, newSocket, path }) {
    const rounds = [];
    for (let round = 0; round < 3; round++) {
      const server = newServer();
      server.handle(echo);
      await server.start(path);
      const sockets = Array.from({ length: 50 }, () => newSocket());
      await Promise.all(sockets.map((socket) => socket.connect(path)));
      await Promise.all(sockets.map((socket) => socket.rpc('x'.repeat(200_000))));
      rounds.push(readdirSync('/proc/self/task').length);
      await Promise.all(sockets.map((socket) => socket.close()));
      await server.close();
    }
    say(new Set(rounds).size);
  }
});
