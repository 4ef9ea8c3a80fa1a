// Processes that should end by themselves, or should not.

'use strict';

const { play, say, sayWhetherHeld } = require('./scenario.js');

play({
  async clientClosed({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    say(await socket.rpc('hello'));
    await socket.close();
    say('closed');
  },

  async clientClosedByPeer({ newSocket, path }) {
    const socket = newSocket();
    socket.on('close', () => say('closed'));
    await socket.connect(path);
    await socket.rpc('close').catch(() => {});
  },

  async clientDestroyed({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    const call = socket.rpc('never');
    socket.destroy();
    say(await call.catch((error) => error.code));
  },

  async clientClosedWithDistantDeadline({ newSocket, path }) {
    const socket = newSocket({ timeoutMs: 60_000 });
    await socket.connect(path);
    say(await socket.rpc('hello'));
    await socket.close();
    say('closed');
  },

  async serverClosed({ newServer, path }) {
    const server = newServer();
    await server.start(path);
    await server.close();
    say('closed');
  },

  async serverClosedWithClients({ newServer, path }) {
    const server = newServer();
    server.handle(() => {
      server.close().then(() => say('closed'));
      return 'closing';
    });
    await server.start(path);
    say('listening');
  },

  async serverServes({ newServer, path }) {
    const server = newServer();
    server.handle((/** @type {string} */ payload) => payload.toUpperCase());
    await server.start(path);
    say('listening');
  },

  async serverHolds({ newServer, path }) {
    await newServer().start(path);
    sayWhetherHeld();
  },

  async serverUnreferenced({ newServer, path }) {
    const server = newServer();
    await server.start(path);
    server.unref();
    sayWhetherHeld();
    say('unreferenced');
  },

  async serverUnreferencedBeforeStart({ newServer, path }) {
    const server = newServer().unref();
    await server.start(path);
    sayWhetherHeld();
    say('listening');
  },

  async serverReferencedAgain({ newServer, path }) {
    const server = newServer();
    await server.start(path);
    server.unref().ref();
    sayWhetherHeld();
  },

  async serverUnreferencedWithClient({ newServer, path }) {
    const server = newServer();
    server.on('connection', () => {
      server.unref();
      sayWhetherHeld();
    });
    await server.start(path);
    say('listening');
  },

  async serverFailedToStart({ newServer, path }) {
    const error = await newServer()
      .start(path)
      .catch((/** @type {any} */ failure) => failure);
    say(error.code);
  },

  serverNeverStarted({ newServer }) {
    newServer().handle(() => {});
    say('made');
  },

  async clientHolds({ newSocket, path }) {
    await newSocket().connect(path);
    sayWhetherHeld();
  },

  async clientUnreferenced({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    socket.unref();
    sayWhetherHeld();
    say('unreferenced');
  },

  async clientUnreferencedBeforeConnect({ newSocket, path }) {
    const socket = newSocket().unref();
    await socket.connect(path);
    sayWhetherHeld();
    say('connected');
  },

  async clientReferencedAgain({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    socket.unref().ref();
    sayWhetherHeld();
  },

  async clientUnreferencedWithCall({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    socket.unref();
    socket.rpc('never').then(say, (error) => say(error.code));
    sayWhetherHeld();
    say('asked');
  },

  async clientUnreferencedAfterLargeCall({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    const { length } = await socket.rpc('x'.repeat(1 << 20));
    socket.unref();
    sayWhetherHeld();
    say(length);
  },

  clientNeverConnected({ newSocket }) {
    newSocket();
    say('made');
  },

  async clientNeverConnectedWithCall({ newSocket }) {
    const error = await newSocket()
      .rpc('nobody', { timeoutMs: 200 })
      .catch((/** @type {any} */ failure) => failure);
    say(error.code, error.maybeDelivered);
  },

  async clientNeverConnectedWithCallUnreferenced({ newSocket }) {
    newSocket()
      .unref()
      .rpc('nobody', { timeoutMs: 20_000 })
      .catch(() => {});
    say('asked');
  },

  async clientFailedToConnect({ newSocket, path }) {
    const error = await newSocket()
      .connect(path)
      .catch((/** @type {any} */ failure) => failure);
    say(error.code);
  },

  async clientFailedToConnectWithCall({ newSocket, path }) {
    const socket = newSocket();
    const call = socket.rpc('queued').catch((error) => error);
    const error = await socket.connect(path).catch((/** @type {any} */ failure) => failure);
    say(error.code, (await call).code, (await call).maybeDelivered);
  },

  async clientAborted({ newSocket, path }) {
    const controller = new AbortController();
    const connected = newSocket().connect(path, { signal: controller.signal });
    controller.abort();
    say(
      await connected.then(
        () => 'connected',
        (error) => error.name
      )
    );
  }
});
