// What descriptors a process has, and which of them its children get.

'use strict';

const { spawnSync } = require('node:child_process');
const { readdirSync, readFileSync, readlinkSync } = require('node:fs');

const { play, say } = require('./scenario.js');

/** Flags of `open` by their octal digits in /proc. */
const CLOEXEC = 0o2000000;

/** Of this process: those that a program it becomes would inherit, standard streams aside. */
function inheritable() {
  return readdirSync('/proc/self/fdinfo').filter((fd) => {
    if (Number(fd) <= 2) return false;
    try {
      const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
      return (Number.parseInt(flags ?? '0', 8) & CLOEXEC) === 0;
    } catch {
      return false;
    }
  });
}

/** Of a child: what it has beside its standard streams, and the directory it lists. */
function inherited() {
  const list = `
    const { readdirSync, readlinkSync } = require('node:fs');
    for (const fd of readdirSync('/proc/self/fd')) {
      try { console.log(fd, readlinkSync('/proc/self/fd/' + fd)); } catch {}
    }`;
  const { stdout } = spawnSync(process.execPath, ['-e', list], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => /^(?:[3-9]|\d\d+) socket:/.test(line));
}

const sockets = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;

play({
  async inherited({ newServer, newSocket, path }) {
    const before = inheritable();
    const server = newServer();
    server.handle((/** @type {unknown} */ payload) => payload);
    await server.start(path);
    const connected = newSocket();
    await connected.connect(path);
    await connected.rpc('hello');
    // One on its way through a task.
    const busy = newSocket();
    await busy.connect(path);
    const large = busy.rpc('x'.repeat(1 << 22));
    say('inheritable', inheritable().filter((fd) => !before.includes(fd)).length);
    say('inherited', inherited().length);
    await large;
    await Promise.all([connected.close(), busy.close()]);
    await server.close();
  },

  /** Nothing stays open of what is over, whichever way it ended. */
  async kept({ newServer, newSocket, path }) {
    const server = newServer();
    server.handle((/** @type {unknown} */ payload) => payload);
    await server.start(path);
    const before = sockets();
    for (let round = 0; round < 5; round++) {
      const several = Array.from({ length: 20 }, () => newSocket());
      await Promise.all(several.map((socket) => socket.connect(path)));
      const calls = several.map((socket, at) =>
        socket.rpc('x'.repeat(at % 4 === 0 ? 1 << 19 : 10)).catch(() => {})
      );
      for (const socket of several.slice(10)) socket.destroy();
      await Promise.all(calls);
      await Promise.all(several.map((socket) => socket.close()));
      await Promise.allSettled(several.map((socket) => socket.connect(`${path}-nobody`)));
    }
    const deadline = performance.now() + 10_000;
    while (sockets() !== before && performance.now() < deadline) await new Promise(setImmediate);
    say('kept', sockets() - before);
    await server.close();
  }
});
