// What the garbage collector may take and what not. Needs --expose-gc.

'use strict';

const { once } = require('node:events');

const { play, say } = require('./scenario.js');

const COUNT = 20;
/** Large enough to be handed to V8 as they are. */
const TEXT_UNITS = 1 << 20;
const TEXTS = 300;
/** Of which V8 may let so many bytes be garbage: it looks at 64 MiB of what it is told, and that is half. */
const MOST_BYTES = 160 << 20;
/** Collections, with the loop turning between them, until something that can go has gone. */
const ROUNDS = 50;

/**
 * Says how many of the things that `make` has made, and dropped, are still there.
 *
 * @param {() => Promise<object[]> | object[]} make
 */
async function sayWhatIsLeft(make) {
  /** @type {WeakRef<object>[]} */
  const weak = (await make()).map((thing) => new WeakRef(thing));
  for (let round = 0; round < ROUNDS && weak.some((ref) => ref.deref()); round++) await collect();
  say(weak.filter((ref) => ref.deref() !== undefined).length);
}

async function collect() {
  await new Promise(setImmediate);
  /** @type {any} */ (globalThis).gc();
}

/** @param {() => any} make */
const several = (make) => Array.from({ length: COUNT }, make);

play({
  neverConnected: ({ newSocket }) => sayWhatIsLeft(() => several(() => newSocket())),

  neverConnectedWithSettledCalls: ({ newSocket }) =>
    sayWhatIsLeft(async () => {
      const sockets = several(() => newSocket());
      await Promise.allSettled(sockets.map((socket) => socket.rpc('nobody', { timeoutMs: 1 })));
      return sockets;
    }),

  /** Nobody collects here but V8 itself, which must know how much there is. */
  largeTexts: async ({ newSocket, path }) => {
    const socket = newSocket();
    await socket.connect(path);
    for (const character of ['x', 'ж']) {
      const text = character.repeat(TEXT_UNITS);
      let [most, asked] = [0, 0];
      const ask = async () => {
        while (asked++ < TEXTS) {
          await socket.rpc(text);
          most = Math.max(most, process.memoryUsage().external);
        }
      };
      await Promise.all([ask(), ask(), ask(), ask()]);
      say(most < MOST_BYTES ? 'bounded' : most);
    }
    await socket.close();
  },

  failedToConnect: ({ newSocket, path }) =>
    sayWhatIsLeft(async () => {
      const sockets = several(() => newSocket());
      await Promise.allSettled(sockets.map((socket) => socket.connect(`${path}-nobody`)));
      return sockets;
    }),

  closed: ({ newSocket, path }) =>
    sayWhatIsLeft(async () => {
      const sockets = several(() => newSocket());
      for (const socket of sockets) {
        socket.handle(() => socket);
        socket.on('message', () => socket);
      }
      await Promise.all(sockets.map((socket) => socket.connect(path)));
      await Promise.all(sockets.map((socket) => socket.rpc('hello')));
      await Promise.all(sockets.map((socket) => socket.close()));
      return sockets;
    }),

  destroyed: ({ newSocket, path }) =>
    sayWhatIsLeft(async () => {
      const sockets = several(() => newSocket());
      await Promise.all(sockets.map((socket) => socket.connect(path)));
      const calls = sockets.map((socket) => socket.rpc('never'));
      for (const socket of sockets) socket.destroy();
      await Promise.allSettled(calls);
      return sockets;
    }),

  accepted: ({ newServer, newSocket, path }) =>
    sayWhatIsLeft(async () => {
      const server = newServer();
      server.handle(() => 'fine');
      /** @type {object[]} */
      const accepted = [];
      server.on('connection', (/** @type {object} */ socket) => accepted.push(socket));
      await server.start(`${path}-own`);
      const sockets = several(() => newSocket());
      await Promise.all(sockets.map((socket) => socket.connect(`${path}-own`)));
      await Promise.all(sockets.map((socket) => socket.rpc('hello')));
      await Promise.all(sockets.map((socket) => socket.close()));
      await server.close();
      return accepted.splice(0);
    }),

  closedServers: ({ newServer, path }) =>
    sayWhatIsLeft(async () => {
      const servers = several(() => newServer());
      await Promise.all(servers.map((server, at) => server.start(`${path}-${at}`)));
      await Promise.all(servers.map((server) => server.close()));
      return servers;
    }),

  payloads: ({ newSocket, path }) =>
    sayWhatIsLeft(async () => {
      const socket = newSocket();
      await socket.connect(path);
      const payloads = several(() => ({ some: 'object' }));
      const answers = await Promise.all(payloads.map((payload) => socket.rpc(payload)));
      await socket.close();
      return [...payloads, ...answers];
    }),

  /** Nobody has it, but it is connected: it goes on. */
  async connectedSocket({ newSocket, path }) {
    await (async () => {
      const socket = newSocket();
      socket.on('message', (message) => {
        say(message);
        socket.close();
      });
      socket.handle(async () => {
        for (let i = 0; i < 10; i++) await collect();
        return 'here';
      });
      await socket.connect(path);
      socket.rpc('call me, then message me').catch(() => {});
    })();
    for (let i = 0; i < 10; i++) await collect();
    await once(process, 'beforeExit');
  },

  async listeningServer({ newServer, newSocket, path }) {
    await (async () => {
      const server = newServer();
      server.handle('close', () => {
        setImmediate(() => server.close());
        return 'closing';
      });
      await server.start(`${path}-own`);
    })();
    for (let i = 0; i < 10; i++) await collect();
    const socket = newSocket();
    await socket.connect(`${path}-own`);
    say(await socket.call('close', null));
  }
});
