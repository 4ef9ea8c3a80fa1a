// Processes that leave in the middle of something, with `process.exit(7)`.

'use strict';

const { once } = require('node:events');

const { play, say } = require('./scenario.js');

const leave = () => process.exit(7);
const LARGE = 'x'.repeat(1 << 20);

play({
  async withCallsOfItsOwn({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    for (let i = 0; i < 100; i++) socket.rpc({ never: i }).catch(() => say('rejected'));
    leave();
  },

  async withCallsThatHaveLeft({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    for (let i = 0; i < 100; i++) socket.rpc('never').catch(() => say('rejected'));
    await socket.ping();
    leave();
  },

  async withLargeCalls({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    for (let i = 0; i < 16; i++) socket.rpc(LARGE).then(leave, () => say('rejected'));
  },

  async inAContinuation({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    for (let i = 0; i < 10; i++) socket.rpc('never').catch(() => say('rejected'));
    await socket.rpc('hello');
    leave();
  },

  async inARejection({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    await socket.rpc('never', { timeoutMs: 20 }).catch(leave);
  },

  async inAMessageListener({ newSocket, path }) {
    const socket = newSocket();
    socket.on('message', leave);
    await socket.connect(path);
    socket.rpc('never').catch(() => say('rejected'));
    await socket.rpc('message me');
  },

  async inACloseListener({ newSocket, path }) {
    const socket = newSocket();
    socket.on('close', leave);
    await socket.connect(path);
    socket.rpc('never').catch(() => {});
    await socket.close({ timeoutMs: 10 });
  },

  async whileConnecting({ newSocket, path }) {
    newSocket().connect(path);
    setImmediate(leave);
  },

  async whileStarting({ newServer, path }) {
    newServer()
      .start(path)
      .then(() => say('listening'));
    leave();
  },

  async whileClosing({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    socket.rpc('never').catch(() => {});
    socket.close().then(() => say('closed'));
    leave();
  },

  async withRequestsOpen({ newServer, path }) {
    const server = newServer();
    let open = 0;
    server.handle(() => {
      if (++open === 100) setImmediate(leave);
      return new Promise(() => {});
    });
    await server.start(path);
    say('listening');
  },

  async inAHandler({ newServer, path }) {
    const server = newServer();
    server.handle(leave);
    await server.start(path);
    say('listening');
  },

  async inAnAsyncHandler({ newServer, path }) {
    const server = newServer();
    server.handle(async () => {
      await Promise.resolve();
      leave();
    });
    await server.start(path);
    say('listening');
  },

  async inMiddleware({ newServer, path }) {
    const server = newServer();
    server.use(leave).handle(() => say('handled'));
    await server.start(path);
    say('listening');
  },

  async inAConnectionListener({ newServer, path }) {
    const server = newServer();
    server.on('connection', leave);
    await server.start(path);
    say('listening');
  },

  async withLargeAnswers({ newServer, path }) {
    const server = newServer();
    let asked = 0;
    server.handle(() => {
      // With answers under way, and requests to come.
      if (++asked === 50) leave();
      return LARGE;
    });
    await server.start(path);
    say('listening');
  },

  async withExitHandlers({ newServer, newSocket, path }) {
    const server = newServer();
    server.handle(() => 'fine');
    await server.start(path);
    const socket = newSocket();
    await socket.connect(path);
    await socket.rpc('hello');
    process.on('exit', () => {
      socket.rpc(LARGE).catch(() => {});
      socket.rpc('small').catch(() => {});
      socket.send('message');
      socket.ping().catch(() => {});
      socket.stats();
      socket.ref().unref();
      socket.close();
      newSocket()
        .rpc('queued')
        .catch(() => {});
      newSocket()
        .connect(path)
        .catch(() => {});
      newServer()
        .start(`${path}2`)
        .catch(() => {});
      server.close();
      socket.destroy();
      say('left');
    });
    leave();
  },

  async withExitHandlersAfterClosing({ newSocket, path }) {
    const socket = newSocket();
    await socket.connect(path);
    process.on('exit', () => {
      socket.rpc('late').catch(() => {});
      socket.send('late');
      say(socket.status);
    });
    await socket.close();
    process.exitCode = 7;
  },

  async inTheMiddleOfALoad({ newServer, newSocket, path }) {
    const server = newServer();
    server.handle((/** @type {unknown} */ payload) => payload);
    await server.start(path);
    const socket = newSocket();
    await socket.connect(path);
    let answers = 0;
    const ask = () => {
      const large = answers % 50 === 0;
      socket.rpc(large ? LARGE : 'small').then(() => {
        if (++answers === 300) leave();
        ask();
      });
    };
    for (let i = 0; i < 32; i++) ask();
    await once(server, 'close');
  }
});
