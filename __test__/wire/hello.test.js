// The introduction on the wire: what our server makes of any client's, our socket of any server's.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { record } = require('../support/record.js');
const { RawPeer, RawServer } = require('../support/raw-peer.js');
const { Capability, Flag, Kind, frame, preface, request } = require('../support/wire.js');

const WITH_HELLO = { capabilities: Capability.HELLO };
const PROTOCOL = 'SHORTWIRE_ERR_PROTOCOL';

const hello = (json = '') => frame(Kind.HELLO, { flags: json && Flag.JSON, body: json });
const welcome = (id = 'a-1') => frame(Kind.WELCOME, { topic: id });
const refused = (reason) => frame(Kind.REFUSED, { flags: Flag.BYTES, body: reason });

/** What a client must not send before it is let in. */
const TOO_EARLY = [
  ['a request', request(1, '1')],
  ['a message', frame(Kind.EVENT, { flags: Flag.JSON, body: '1' })],
  ['an answer', frame(Kind.RESPONSE, { id: 1, flags: Flag.JSON, body: '1' })],
  ['a cancel', frame(Kind.CANCEL, { id: 1 })],
  ['a welcome', welcome()],
  ['a refusal', refused('you')],
  ['the head of a large request', frame(Kind.REQUEST, { flags: Flag.JSON, length: 1 << 20 })],
  ['a hello over the limit', frame(Kind.HELLO, { flags: Flag.BYTES, length: 65_537 })],
  [
    'a hello that is not UTF-8',
    frame(Kind.HELLO, { flags: Flag.JSON, body: Buffer.from('22ff22', 'hex') })
  ]
];

/** What a server must not send before it has let the client in. */
const IMPOLITE = [
  ['a request', request(1, '1')],
  ['a hello of its own', hello()],
  ['a message', frame(Kind.EVENT, { flags: Flag.JSON, body: '1' })]
];

forEachDriver((driver) => {
  const listen = async (t, options) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver, ...options });
    server.handle((payload) => payload);
    t.after(() => server.close({ timeoutMs: 0 }));
    await server.start(path);
    return { server, path };
  };
  const dial = async (t, options) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const connected = socket.connect(path, options);
    connected.catch(() => {});
    const peer = await server.greeted(WITH_HELLO);
    return { socket, peer, connected };
  };

  describe(`A client's introduction to our server, ${driver}`, () => {
    test('is answered with a welcome that has the id', async (t) => {
      const { server, path } = await listen(t, { generateId: () => 'n-1' });
      const met = event(server, 'connection');
      const peer = await RawPeer.greet(t, path, WITH_HELLO);
      peer.write(hello('{"token":"t"}'));
      const { kind, topic, id, flags, body } = await peer.frame();
      assert.deepEqual(
        { kind, topic, id, flags, length: body.length },
        { kind: Kind.WELCOME, topic: 'n-1', id: 0n, flags: 0, length: 0 }
      );
      assert.deepEqual((await met)[1], { token: 't' });
    });

    test('is refused with a reason, and then nothing more is heard', async (t) => {
      const authorize = () => Promise.reject(new Error('bad token'));
      const { path } = await listen(t, { authorize });
      const peer = await RawPeer.greet(t, path, WITH_HELLO);
      peer.write(hello());
      const { kind, body } = await peer.frame();
      assert.deepEqual([kind, body.toString()], [Kind.REFUSED, 'bad token']);
      await peer.ended();
    });

    for (const [name, bytes] of TOO_EARLY) {
      test(`must not be preceded by ${name}`, async (t) => {
        const { server, path } = await listen(t);
        const heard = record(server, ['connection', 'message']);
        const failed = event(server, 'error');
        const peer = await RawPeer.greet(t, path, WITH_HELLO);
        peer.write(bytes);
        assert.equal((await failed)[0].code, PROTOCOL);
        await peer.ended();
        assert.deepEqual(heard, []);
      });
    }

    test('comes once', async (t) => {
      const { server, path } = await listen(t);
      const failed = event(server, 'error');
      const peer = await RawPeer.greet(t, path, WITH_HELLO);
      peer.write(hello(), hello());
      assert.equal((await failed)[0].code, PROTOCOL);
    });

    test('that is not JSON is refused', async (t) => {
      const { path } = await listen(t);
      const peer = await RawPeer.greet(t, path, WITH_HELLO);
      peer.write(hello('{"token"'));
      const { kind, body } = await peer.frame();
      assert.deepEqual([kind, body.toString()], [Kind.REFUSED, 'The hello is not valid JSON']);
    });

    test('leaves pings answered', async (t) => {
      const { path } = await listen(t);
      const peer = await RawPeer.greet(t, path, WITH_HELLO);
      peer.write(frame(Kind.PING, { id: 9 }), hello());
      assert.deepEqual(
        (await peer.frames(2)).map(({ kind }) => kind),
        [Kind.PONG, Kind.WELCOME]
      );
    });

    test('is not needed from a peer that has none', async (t) => {
      const { path } = await listen(t);
      const peer = await RawPeer.greet(t, path);
      peer.write(request(1, '"asked"'));
      assert.equal((await peer.frame()).json, 'asked');
    });

    test('waits for a decision, and a peer that says more is not read on', async (t) => {
      let decide;
      const authorize = (known) => known ?? new Promise((resolve) => (decide = resolve));
      const { server, path } = await listen(t, { authorize });
      server.handle((payload) => (payload.length < 100 ? payload : undefined));
      const friend = new UDSocket({ driver });
      t.after(() => friend.destroy());
      await friend.connect(path, { hello: 'friend' });
      await until(() => server.sockets.size === 1, 'the friend is in');
      const asked = record(server, ['connection', 'message']);
      const peer = await RawPeer.greet(t, path);
      peer.write(request(1, '"first"'));
      await until(() => decide !== undefined, 'authorize is asked');
      const large = Buffer.concat(
        Array.from({ length: 64 }, (_, at) => request(at + 2, JSON.stringify('x'.repeat(60_000))))
      );
      const poured = peer.pour(Array.from({ length: 8 }, () => large));
      // Others are served meanwhile, often enough for all of it to have been read.
      for (let round = 0; round < 100; round++) await friend.rpc('on');
      assert.ok(peer.socket.writableLength > 1 << 20, 'it is kept waiting');
      assert.deepEqual(asked, []);
      decide(true);
      assert.equal((await peer.frame()).json, 'first');
      await within(poured, 'the rest is read');
    });

    test('not taken, over maxConnections: the reason is told without waiting for a hello', async (t) => {
      const { server, path } = await listen(t, { maxConnections: 1 });
      const first = await RawPeer.greet(t, path);
      await until(() => server.sockets.size === 1, 'the first');
      const second = await RawPeer.greet(t, path, WITH_HELLO);
      const { kind, body } = await second.frame();
      assert.deepEqual(
        [kind, body.toString()],
        [Kind.REFUSED, 'The server has too many connections']
      );
      second.socket.end();
      await second.ended();
      // Those that wouldn't understand it are closed without a word.
      for (const bytes of [preface(), Buffer.from('0000005[7,8]'), Buffer.from('GET / HTTP')]) {
        const other = await RawPeer.connect(t, path);
        other.write(bytes);
        await other.ended();
        assert.equal(other.waiting, 0);
      }
      first.socket.destroy();
    });
  });

  describe(`Our socket's introduction to a server, ${driver}`, () => {
    test('comes after both prefaces, and calls after the welcome', async (t) => {
      const { socket, peer, connected } = await dial(t, { hello: { token: 't' } });
      socket.rpc('question').catch(() => {});
      const said = await peer.frame();
      assert.deepEqual([said.kind, said.json], [Kind.HELLO, { token: 't' }]);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([peer.waiting, socket.status], [0, 'connecting']);
      peer.write(welcome('größe'));
      await connected;
      assert.equal(socket.id, 'größe');
      assert.equal((await peer.frame()).json, 'question');
    });

    test('a welcome without an id leaves it its own', async (t) => {
      const { socket, peer, connected } = await dial(t);
      peer.write(welcome(''));
      await connected;
      assert.match(socket.id, /^[0-9a-f]{32}$/);
    });

    test('a refusal is the reason why connect fails', async (t) => {
      const { peer, connected } = await dial(t);
      peer.write(refused('not you'));
      await assert.rejects(connected, { code: 'SHORTWIRE_ERR_REFUSED', message: 'not you' });
    });

    test('a refusal without words has some', async (t) => {
      const { peer, connected } = await dial(t);
      peer.write(frame(Kind.REFUSED));
      await assert.rejects(connected, { code: 'SHORTWIRE_ERR_REFUSED', message: /refused/ });
    });

    for (const [name, bytes] of IMPOLITE) {
      test(`${name} before the welcome is a violation`, async (t) => {
        const { peer, connected } = await dial(t);
        peer.write(bytes);
        await assert.rejects(connected, { code: PROTOCOL });
      });
    }

    test('a second welcome, or a refusal afterwards, is a violation', async (t) => {
      for (const bytes of [welcome(), refused('late')]) {
        const { socket, peer, connected } = await dial(t);
        const failed = event(socket, 'error');
        peer.write(welcome());
        await connected;
        peer.write(bytes);
        assert.equal((await failed)[0].code, PROTOCOL);
      }
    });

    test('a server that never answers it fails connect after handshakeTimeoutMs', async (t) => {
      const path = socketPath(t);
      const server = await RawServer.listen(t, path);
      const socket = new UDSocket({ driver, handshakeTimeoutMs: 40 });
      const connected = socket.connect(path);
      connected.catch(() => {});
      await server.greeted(WITH_HELLO);
      await assert.rejects(connected, { code: 'SHORTWIRE_ERR_TIMEOUT' });
    });
  });
});
