// Processes in which something throws.

'use strict';

const { play, say } = require('./scenario.js');

const boom = () => {
  throw new Error('boom');
};
const boomLater = async () => {
  await Promise.resolve();
  boom();
};

/** Tells of everything that nobody caught, and goes on. */
function watch() {
  process.on('uncaughtException', (error) => say('uncaught', error.message));
  process.on('unhandledRejection', (/** @type {any} */ error) =>
    say('unhandled', error.code ?? error.message)
  );
}

/**
 * A server that ends when told to, and otherwise answers `fine`.
 *
 * @param {import('./scenario.js').Scene} scene
 * @param {(server: any) => void} prepare
 */
async function serve({ newServer, path }, prepare) {
  watch();
  const server = newServer();
  server.handle(() => 'fine');
  server.handle('end', () => {
    server.close({ timeoutMs: 100 });
  });
  prepare(server);
  await server.start(path);
  say('listening');
}

/**
 * A server whose listener throws at the second of three messages.
 *
 * @param {import('./scenario.js').Scene} scene
 * @param {(server: any, listener: (payload: unknown) => void) => void} listen
 */
function throwAtTwo(scene, listen) {
  return serve(scene, (server) =>
    listen(server, (payload) => {
      say('got', payload);
      if (payload === 2) boom();
    })
  );
}

play({
  handler: (scene) => serve(scene, (server) => server.handle('throw', boom)),
  asyncHandler: (scene) => serve(scene, (server) => server.handle('throw', boomLater)),
  middleware: (scene) =>
    serve(scene, (server) =>
      server.use((/** @type {any} */ _, /** @type {any} */ { topic }, /** @type {any} */ next) =>
        topic === 'throw' ? boom() : next()
      )
    ),
  asyncMiddleware: (scene) =>
    serve(scene, (server) =>
      server.use((/** @type {any} */ _, /** @type {any} */ { topic }, /** @type {any} */ next) =>
        topic === 'throw' ? boomLater() : next()
      )
    ),
  rejectsForNobody: (scene) =>
    serve(scene, (server) =>
      server.handle('throw', (/** @type {any} */ _, /** @type {any} */ { signal }) => {
        say('asked');
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            say('abandoned');
            reject(new Error('boom'));
          });
        });
      })
    ),

  serverMessage: (scene) => throwAtTwo(scene, (server, listener) => server.on('message', listener)),
  serverTopic: (scene) => throwAtTwo(scene, (server, listener) => server.on('message:n', listener)),
  socketMessage: (scene) =>
    throwAtTwo(scene, (server, listener) =>
      server.on('connection', (/** @type {any} */ socket) => socket.on('message', listener))
    ),

  connection: (scene) => serve(scene, (server) => server.on('connection', boom)),
  disconnect: (scene) => serve(scene, (server) => server.on('disconnect', boom)),
  socketClose: (scene) =>
    serve(scene, (server) =>
      server.on('connection', (/** @type {any} */ socket) => socket.on('close', boom))
    ),
  abortListener: (scene) =>
    serve(scene, (server) =>
      server.handle('throw', (/** @type {any} */ _, /** @type {any} */ { signal }) => {
        signal.addEventListener('abort', boom);
        return new Promise(() => {});
      })
    ),

  async unwatched({ newServer, path }) {
    const server = newServer();
    server.on('message', boom);
    await server.start(path);
    say('listening');
  },

  async rpcUnhandled({ newSocket, path }) {
    watch();
    const socket = newSocket();
    await socket.connect(path);
    socket.rpc('refuse');
    await socket.rpc('hello');
    await socket.close();
  },

  async rpcUnhandledUnwatched({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    socket.rpc('refuse');
  },

  async rpcHandledLate({ newSocket, path }) {
    watch();
    const socket = newSocket();
    await socket.connect(path);
    const call = socket.rpc('never', { timeoutMs: 20 });
    await call.catch(() => {});
    await call.catch((error) => say(error.code));
    await socket.close({ timeoutMs: 0 });
  },

  async thenThrows({ newSocket, path }) {
    watch();
    const socket = newSocket();
    await socket.connect(path);
    socket.rpc('hello').then(boom);
    say(await socket.rpc('hello'));
    await socket.close();
  },

  async sendIgnored({ newSocket, path }) {
    watch();
    const socket = newSocket();
    socket.send('not connected');
    await socket.connect(path);
    await socket.close();
    socket.send('closed');
  },

  async droppedListener({ newSocket }) {
    watch();
    const socket = newSocket();
    socket.on('dropped', boom);
    socket.send('not connected');
  },

  async readyListener({ newSocket, path }) {
    watch();
    const socket = newSocket();
    socket.on('connect', boom).on('ready', boom).on('status', boom);
    await socket.connect(path);
    say(await socket.rpc('hello'));
    socket.removeAllListeners('status');
    await socket.close();
  },

  connectCallback({ newSocket, path }) {
    watch();
    const socket = newSocket();
    socket.connect(path, () => {
      socket.close();
      boom();
    });
  },

  connectFailureUnheard({ newSocket, path }) {
    newSocket().connect(`${path}-nobody`, () => say('connected'));
  },

  startCallback({ newServer, path }) {
    watch();
    const server = newServer();
    server.start(`${path}-own`, () => {
      server.close();
      boom();
    });
  },

  startFailureUnheard({ newServer, path }) {
    newServer().start(path, () => say('listening'));
  }
});
