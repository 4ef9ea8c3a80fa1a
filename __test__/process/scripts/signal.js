// Processes that are sent signals, or send themselves one.

'use strict';

const { readSync, writeSync } = require('node:fs');

const { play, say } = require('./scenario.js');

/** What the parent says next, while nothing else runs here. */
function listenBlocking() {
  return readSync(0, Buffer.alloc(64));
}

play({
  /** SIGTERM: finish what is open, refuse what is new, end. */
  async drain({ newServer, path }) {
    const server = newServer();
    /** @type {((answer: string) => void) | undefined} */
    let answer;
    server.handle('slow', () => {
      say('asked');
      return new Promise((resolve) => (answer = resolve));
    });
    server.handle(() => 'fine');
    process.on('SIGTERM', async () => {
      say('draining');
      await server.close({ reason: 'maintenance' });
      process.stdin.unref();
      say('closed');
    });
    process.stdin.on('data', () => answer?.('finished'));
    await server.start(path);
    say('listening');
  },

  /** SIGTERM with calls that never end: cut after a while. */
  async drainInVain({ newServer, path }) {
    const server = newServer();
    server.handle(() => {
      say('asked');
      return new Promise(() => {});
    });
    process.on('SIGTERM', async () => {
      await server.close({ timeoutMs: 50 });
      say('closed');
    });
    await server.start(path);
    say('listening');
  },

  /** Serves, and never answers some. */
  async serve({ newServer, path }) {
    const server = newServer({ maxInFlight: 10 });
    server.handle('never', () => new Promise(() => {}));
    server.handle((/** @type {unknown} */ payload) => payload);
    await server.start(path);
    say('listening');
  },

  /** Asks, and answers nothing. */
  async ask({ newSocket, path }) {
    const socket = newSocket();
    socket.handle(() => {
      say('asked');
      return new Promise(() => {});
    });
    await socket.connect(path);
    socket.rpc('never', { timeoutMs: 0 }).catch(() => {});
  },

  /** Asks for large things all the time. */
  async askForMuch({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    const large = 'x'.repeat(1 << 20);
    for (;;) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => socket.rpc(large)));
      say(answers.length);
    }
  },

  /** Says something and is gone, with unread bytes in its socket. */
  async lastWords({ newServer, path }) {
    const server = newServer();
    server.handle((/** @type {unknown} */ _, /** @type {any} */ { socket }) => {
      setImmediate(() => {
        writeSync(1, 'blocked\n');
        listenBlocking();
        // Long enough to leave at once.
        socket.send('last words'.padEnd(20_000));
        process.kill(process.pid, 'SIGKILL');
      });
      return new Promise(() => {});
    });
    await server.start(path);
    say('listening');
  }
});
