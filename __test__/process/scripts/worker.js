// What runs in worker threads that are terminated, or not: `workerData` says what.
//
// Says 'ready' to its parent when it is in the middle of it.

'use strict';

const { parentPort, threadId, workerData } = require('node:worker_threads');

const { role, driver, path, size = 16 } = workerData;
const ready = () => parentPort?.postMessage('ready');
// Before the addon is there.
if (role === 'loading') ready();

const { UDSocket, UDSocketServer } = require('../../..');

const payload = 'x'.repeat(size);

/** @type {Record<string, () => unknown>} */
const roles = {
  /** Serves; its parent calls. */
  async server() {
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {string} */ asked) =>
      asked === 'never' ? new Promise(() => {}) : asked
    );
    await server.start(path);
    ready();
  },

  /** Calls its parent, which answers some. */
  async client() {
    const socket = new UDSocket({ driver });
    await socket.connect(path);
    for (let i = 0; i < 8; i++) {
      socket.rpc('never').catch(() => {});
      ask(socket);
    }
    await socket.ping();
    ready();
  },

  /** Has several connections, all of them busy. */
  async clients() {
    const sockets = Array.from({ length: 4 }, () => new UDSocket({ driver }));
    await Promise.all(sockets.map((socket) => socket.connect(path)));
    for (const socket of sockets) ask(socket);
    ready();
  },

  loading() {
    new UDSocketServer({ driver }).start(`${path}-${threadId}`).catch(() => {});
  },

  connecting() {
    for (let i = 0; i < 4; i++) new UDSocket({ driver }).connect(path).catch(() => {});
    ready();
  },

  listening() {
    new UDSocketServer({ driver }).start(`${path}-${threadId}`).catch(() => {});
    ready();
  },

  /** Both ends in one thread. */
  async pair() {
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {unknown} */ asked) => asked);
    await server.start(`${path}-${threadId}`);
    const socket = new UDSocket({ driver });
    await socket.connect(`${path}-${threadId}`);
    ask(socket);
    ready();
  },

  /** Comes to an end by itself. */
  async polite() {
    const socket = new UDSocket({ driver });
    await socket.connect(path);
    await socket.rpc(payload);
    await socket.close();
  },

  /** Leaves the thread, in a handler of its own socket. */
  async exits() {
    const socket = new UDSocket({ driver });
    socket.handle(() => process.exit(7));
    await socket.connect(path);
    socket.rpc('call me back').catch(() => {});
  },

  /** Throws in a listener. */
  async throws() {
    const socket = new UDSocket({ driver });
    socket.on('message', () => {
      throw new Error('boom');
    });
    await socket.connect(path);
    socket.rpc('message me').catch(() => {});
  },

  /** Answers its parent until it is told to end. */
  async serving() {
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {unknown} */ asked) => ({ asked, threadId }));
    await server.start(path);
    parentPort?.once('message', () => server.close());
    ready();
  },

  /** Asks whoever is there and says what it was told. */
  async asking() {
    const socket = new UDSocket({ driver });
    await socket.connect(path);
    const answers = await Promise.all([1, 2, 3].map((number) => socket.rpc(number)));
    await socket.close();
    parentPort?.postMessage({ answers, threadId });
  }
};

/** @param {UDSocket} socket keeps it busy for as long as it lives */
function ask(socket) {
  socket.rpc(payload).then(
    () => ask(socket),
    () => {}
  );
}

roles[role]();
