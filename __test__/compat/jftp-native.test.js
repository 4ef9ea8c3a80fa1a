// shortwire's own classes beside jftp's users: its server on one path with all of them, its socket
// at a jftp server. (The original is in no registry, so the server is written by hand from the
// description of its wire.)

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('shortwire');
const { UDSocket: JftpSocket } = require('shortwire/compat/jftp');

const { socketPath } = require('../support/address.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { GENERATIONS, PROTOCOLS, connectJftp, serveJftp } = require('../support/jftp.js');

/** @param {any} data */
function handler(data) {
  if (data === 'throw') throw new Error('bad thing');
  if (data === 'throwstr') throw 'plain string';
  return { echo: data };
}

forEachDriver((driver) => {
  /**
   * @param {import('node:test').TestContext} t
   * @param {object} [options]
   */
  const serve = async (t, options) => {
    const server = new UDSocketServer({ driver, ...options });
    t.after(() => server.close({ timeoutMs: 100 }));
    server.handle(handler);
    const path = socketPath(t);
    await server.start(path);
    return { server, path };
  };

  for (const generation of GENERATIONS) {
    const protocol = PROTOCOLS[generation];
    /** @param {import('node:test').TestContext} t */
    const connect = async (t) => {
      const path = socketPath(t);
      await serveJftp(t, path, generation, handler);
      const socket = new UDSocket({ driver, protocol });
      t.after(() => void socket.destroy());
      await socket.connect(path);
      return socket;
    };

    test(`a socket of ${protocol} calls a jftp server (${driver})`, async (t) => {
      const socket = await connect(t);
      assert.deepEqual(await socket.rpc({ a: 'é🌍' }), { echo: { a: 'é🌍' } });
    });

    test(`a socket of ${protocol} keeps its calls apart (${driver})`, async (t) => {
      const socket = await connect(t);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => socket.rpc(n)));
      assert.deepEqual(
        answers,
        Array.from({ length: 100 }, (_, n) => ({ echo: n }))
      );
    });

    test(`a socket of ${protocol} gets the handler's error (${driver})`, async (t) => {
      const socket = await connect(t);
      await assert.rejects(socket.rpc('throw'), {
        code: 'SHORTWIRE_ERR_REMOTE',
        message: 'bad thing',
        remote: { message: 'bad thing' }
      });
    });

    test(`a socket of ${protocol} gets what else was thrown (${driver})`, async (t) => {
      const socket = await connect(t);
      const error = await socket.rpc('throwstr').catch((reason) => reason);
      assert.deepEqual({ ...error.remote }, { message: 'plain string', data: 'plain string' });
    });

    test(`a socket of ${protocol} says what jftp has no words for (${driver})`, async (t) => {
      const socket = await connect(t);
      const wanted = { code: 'SHORTWIRE_ERR_UNSUPPORTED' };
      await assert.rejects(socket.rpc(1, { topic: 'a' }), wanted);
      await assert.rejects(socket.send(1), wanted);
      await assert.rejects(socket.ping(), wanted);
      assert.deepEqual(await socket.rpc(1), { echo: 1 });
    });

    test(`a server knows a client of ${protocol} by its first bytes (${driver})`, async (t) => {
      const { server, path } = await serve(t);
      const accepted = event(server, 'connection');
      const peer = await connectJftp(t, path, generation);
      peer.say(1, 'x');
      assert.equal((await accepted)[0].protocol, protocol);
    });

    test(`a server that does not accept jftp refuses ${protocol} (${driver})`, async (t) => {
      const { server, path } = await serve(t, { protocols: ['shortwire'] });
      const refused = event(server, 'refused');
      const peer = await connectJftp(t, path, generation);
      peer.say(1, 'x');
      assert.match((await refused)[0], /not accepted/);
      await peer.ended;
    });

    test(`a silent client of ${protocol} is presumed, then heard (${driver})`, async (t) => {
      const { server, path } = await serve(t, { silentProtocol: 'jftp', silentMs: 10 });
      const accepted = event(server, 'connection');
      const peer = await connectJftp(t, path, generation);
      await accepted;
      peer.say(1, 'late');
      const answer = await peer.message();
      assert.deepEqual(generation === 'A' ? answer.data : answer[1], { echo: 'late' });
    });
  }

  test(`one server answers all generations and its own kind at once (${driver})`, async (t) => {
    const { path } = await serve(t);
    const peers = [];
    for (const generation of GENERATIONS) peers.push(await connectJftp(t, path, generation));
    const native = new UDSocket({ driver });
    const facade = new JftpSocket({ driver });
    t.after(() => [native, facade].forEach((socket) => socket.destroy()));
    await native.connect(path);
    facade.connect(path);
    for (const peer of peers) peer.say(1, 'x');
    const calls = [native.rpc('x'), facade.rpc('x')];
    const heard = await Promise.all(peers.map((peer) => peer.message()));
    assert.deepEqual(
      [...heard.map((answer) => answer.data ?? answer[1]), ...(await Promise.all(calls))],
      Array.from({ length: 5 }, () => ({ echo: 'x' }))
    );
  });

  test(`a native client that is slow to speak is not lost to the presumption (${driver})`, async (t) => {
    const { server, path } = await serve(t, { silentProtocol: 'jftp', silentMs: 0 });
    let connections = 0;
    server.on('connection', () => connections++);
    const native = new UDSocket({ driver });
    t.after(() => void native.destroy());
    await native.connect(path);
    assert.deepEqual(await native.rpc('x'), { echo: 'x' });
    const [socket] = server.sockets.values();
    assert.deepEqual([connections, socket.protocol], [1, 'shortwire']);
  });

  test(`a server that stops listening goes on with its sockets (${driver})`, async (t) => {
    const { server, path } = await serve(t);
    const native = new UDSocket({ driver });
    t.after(() => void native.destroy());
    await native.connect(path);
    await server.stop();
    assert.deepEqual([server.listening, await native.rpc('x')], [false, { echo: 'x' }]);
    await assert.rejects(new UDSocket({ driver }).connect(path), { code: 'ENOENT' });
  });
});
