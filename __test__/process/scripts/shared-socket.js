// Serves a socket that somebody else has bound: `node shared-socket.js <role> <driver>`.

'use strict';

const { spawnSync } = require('node:child_process');
const { fstatSync } = require('node:fs');
const { Worker, isMainThread, threadId, workerData } = require('node:worker_threads');

const { UDSocket, UDSocketServer, bind, listenFds } = require('../../..');

/** @param {...unknown} words */
const say = (...words) => console.log(words.join(' '));

/**
 * A server that says who it is.
 *
 * @param {string} driver
 * @param {string | number} name
 */
function serverOf(driver, name) {
  const server = new UDSocketServer({ driver });
  server.handle(() => name);
  return server;
}

const roles = {
  /** One of several processes, with the socket as descriptor 3; until its standard input ends. */
  async process(driver) {
    const server = serverOf(driver, process.pid);
    await server.start({ fd: 3 });
    say('serving', server.address());
    for await (const _ of process.stdin);
    await server.close();
  },

  /** A process that a service manager has started. */
  async activated(driver) {
    say(listenFds().map(({ fd, name }) => `${fd}=${name}`));
    const server = serverOf(driver, 'activated');
    for (const systemd of [true, 'nobody', 'twin']) {
      const refused = await server.start({ systemd }).catch((error) => error);
      say(refused.code);
    }
    await server.start({ systemd: 'api' });
    say('serving', server.address());
    await server.stop();
    await server.start({ systemd: 'api' });
    const admin = serverOf(driver, 'admin');
    await admin.start(listenFds()[1]);
    say('serving', admin.address());
    const child = spawnSync(process.execPath, [__filename, 'inherits', driver], {
      stdio: ['ignore', 'pipe', 'inherit']
    });
    say(String(child.stdout).trim());
    for await (const _ of process.stdin);
    await Promise.all([server.close(), admin.close()]);
  },

  /** A child of such a process: the environment is its parent's, the sockets are not there. */
  async inherits() {
    const sockets = [3, 4, 5, 6, 7, 8, 9, 10].filter((fd) => {
      try {
        return fstatSync(fd).isSocket();
      } catch {
        return false;
      }
    });
    const refused = await new UDSocketServer().start({ systemd: true }).catch((error) => error);
    say('inherited', listenFds().length, sockets.length, refused.code);
  },

  /** Threads of this process at one socket, which the main thread has bound. */
  async threads(driver, path) {
    const listener = await bind(path);
    const start = () => {
      const worker = new Worker(__filename, {
        argv: ['thread', driver],
        workerData: { fd: listener.fd }
      });
      const told = new Promise((resolve) => worker.once('message', resolve));
      return { worker, told };
    };
    const ask = async () => {
      const socket = new UDSocket({ driver });
      await socket.connect(path);
      const name = await socket.rpc('who?');
      await socket.close();
      return name;
    };
    const [first, second] = [start(), start()];
    const [one, other] = await Promise.all([first.told, second.told]);
    const seen = new Set();
    while (seen.size < 2) seen.add(await ask());
    say(seen.has(one) && seen.has(other));
    await first.worker.terminate();
    say((await ask()) === other, (await ask()) === other);
    second.worker.postMessage('close');
    await new Promise((resolve) => second.worker.once('exit', resolve));
    await listener.close();
    say(listener.fd, listener.address());
  },

  async thread(driver) {
    const { parentPort } = require('node:worker_threads');
    const server = serverOf(driver, threadId);
    await server.start({ fd: workerData.fd, shared: true });
    parentPort?.postMessage(threadId);
    parentPort?.once('message', () => server.close());
  }
};

const [role, driver, path] = process.argv.slice(2);
if (isMainThread || role === 'thread') roles[role](driver, path);
