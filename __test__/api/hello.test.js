// How a connection is introduced and let in: hello, authorize, refusals, and the id that both sides know.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { event, until, within } = require('../support/deadline.js');
const { duplexPair } = require('../support/duplex.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { deferred, record } = require('../support/record.js');

const REFUSED = 'SHORTWIRE_ERR_REFUSED';

/** What `authorize` may do to say no, and what the peer is told. */
const REFUSALS = [
  ['answers false', () => false, /not authorized/],
  ['answers nothing', () => undefined, /not authorized/],
  ['resolves to null', async () => null, /not authorized/],
  [
    'throws',
    () => {
      throw new Error('bad token');
    },
    /^bad token$/
  ],
  ['rejects', () => Promise.reject(new Error('expired')), /^expired$/],
  ['rejects with no error', () => Promise.reject('so what'), /^so what$/],
  ['rejects with nothing', () => Promise.reject(), /not authorized/]
];

/** What may be said as hello. */
const HELLOS = [{ token: 'ä' }, [1, 2], 'text', 7, false, null, Buffer.from([0, 255]), undefined];

forEachDriver((driver) => {
  /** A socket on its way to a path. */
  const dial = (t, path, options) => {
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    return { socket, connected: socket.connect(path, options) };
  };

  for (const hello of HELLOS) {
    test(`hello ${JSON.stringify(hello)} arrives with the connection (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver });
      const met = event(server, 'connection');
      await dial(t, path, { hello }).connected;
      assert.deepEqual((await met)[1], hello);
    });
  }

  test(`both sides have the id that the server gave (${driver})`, async (t) => {
    let n = 0;
    const { socket, peer } = await pair(t, { driver, server: { generateId: () => `n-${++n}` } });
    assert.deepEqual([socket.id, peer.id], ['n-1', 'n-1']);
    const { socket: other, peer: its } = await pair(t, { driver });
    assert.equal(other.id, its.id);
    assert.match(other.id, /^[0-9a-f]{32}$/);
  });

  test(`ready tells the id that the server gave (${driver})`, async (t) => {
    const { path } = await listen(t, { driver, generateId: () => 'größe' });
    const { socket } = dial(t, path);
    const [{ id, reconnected }] = await event(socket, 'ready');
    assert.deepEqual({ id, reconnected }, { id: 'größe', reconnected: false });
  });

  test(`an id that can't be told is the server's own fault (${driver})`, async (t) => {
    for (const id of ['', 'x'.repeat(1025)]) {
      const { server, path } = await listen(t, { driver, generateId: () => id });
      const failed = event(server, 'error');
      await assert.rejects(dial(t, path).connected, { code: 'SHORTWIRE_ERR_DISCONNECTED' });
      assert.match((await failed)[0].message, /generateId/);
    }
  });

  test(`an id is one peer's, also of two that come at once (${driver})`, async (t) => {
    const verdict = deferred();
    const authorize = () => verdict.promise;
    const { server, path } = await listen(t, { driver, authorize, generateId: () => 'same' });
    const heard = record(server, ['connection', 'refused', 'disconnect']);
    const failed = event(server, 'error');
    const dialled = [dial(t, path), dial(t, path)];
    const outcomes = Promise.allSettled(dialled.map(({ connected }) => connected));
    await until(() => server.stats().introducing === 2, 'both are there');
    verdict.resolve(true);
    assert.match((await failed)[0].message, /generateId/);
    const statuses = (await outcomes).map(({ status }) => status);
    await until(() => heard.length === 2, 'both are decided on');
    assert.deepEqual([...statuses].sort(), ['fulfilled', 'rejected']);
    assert.deepEqual([...heard].sort(), ['connection', 'refused']);
    assert.deepEqual([...server.sockets.keys()], ['same']);
    const { accepted, refused } = server.stats();
    assert.deepEqual([accepted, refused], [1, 1]);
  });

  test(`authorize gets hello and peer, and its answer is socket.auth (${driver})`, async (t) => {
    const asked = [];
    const authorize = (...values) => {
      asked.push(values);
      return { user: 'ada' };
    };
    const { server, path } = await listen(t, { driver, authorize });
    server.handle((_, { socket }) => socket.auth.user);
    const { socket, connected } = dial(t, path, { hello: { token: 't' } });
    await connected;
    assert.equal(await socket.rpc(1), 'ada');
    assert.equal(asked.length, 1);
    const [hello, peer] = asked[0];
    assert.deepEqual(hello, { token: 't' });
    if (process.platform === 'linux') assert.equal(peer.pid, process.pid);
    assert.equal(socket.auth, undefined);
  });

  for (const [how, authorize, reason] of REFUSALS) {
    test(`a server whose authorize ${how} refuses (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver, authorize });
      const heard = record(server, ['connection', 'disconnect', 'error']);
      const refused = event(server, 'refused');
      const { socket, connected } = dial(t, path);
      const seen = record(socket, ['status', 'connect', 'ready', 'error', 'disconnect', 'close']);
      const call = socket.rpc(1).catch((error) => error);
      await assert.rejects(connected, { code: REFUSED, message: reason });
      const { code, maybeDelivered } = await call;
      assert.deepEqual({ code, maybeDelivered }, { code: REFUSED, maybeDelivered: false });
      const [told, peer] = await refused;
      assert.match(told, reason);
      if (process.platform === 'linux') assert.equal(peer.pid, process.pid);
      await until(() => socket.status === 'closed', 'the end');
      assert.deepEqual(seen, ['connect', 'status closed', 'close']);
      assert.deepEqual(heard, []);
      const { sockets: _, ...counts } = server.stats();
      assert.deepEqual(counts, {
        connections: 0,
        introducing: 0,
        dropped: 0,
        accepted: 0,
        refused: 1
      });
    });
  }

  test(`a reason of any length reaches the peer, cut (${driver})`, async (t) => {
    const authorize = () => Promise.reject(new Error('é'.repeat(5000)));
    const { path } = await listen(t, { driver, authorize });
    await assert.rejects(dial(t, path).connected, { code: REFUSED, message: /^é{512}$/ });
  });

  test(`nothing is asked or told before authorize has decided (${driver})`, async (t) => {
    const verdict = deferred();
    const { server, path } = await listen(t, { driver, authorize: () => verdict.promise });
    server.handle(() => 'served');
    const heard = record(server, ['connection']);
    const { socket, connected } = dial(t, path);
    const call = socket.rpc(1);
    await event(socket, 'connect');
    assert.deepEqual([socket.status, heard], ['connecting', []]);
    await assert.rejects(socket.send('early'), { maybeDelivered: false });
    await assert.rejects(socket.ping(), { maybeDelivered: false });
    assert.equal(server.sockets.size, 0);
    verdict.resolve(true);
    await connected;
    assert.equal(await call, 'served');
    assert.deepEqual(heard, ['connection']);
  });

  test(`an authorize that never answers is cut after handshakeTimeoutMs (${driver})`, async (t) => {
    const options = { driver, handshakeTimeoutMs: 60, authorize: () => new Promise(() => {}) };
    const { server, path } = await listen(t, options);
    const refused = event(server, 'refused');
    await assert.rejects(dial(t, path).connected, { code: 'SHORTWIRE_ERR_DISCONNECTED' });
    assert.match((await refused)[0], /let the peer in in time/);
  });

  test(`a verdict about a peer that has left is nobody's (${driver})`, async (t) => {
    const verdict = deferred();
    const asked = deferred();
    const authorize = () => {
      asked.resolve();
      return verdict.promise;
    };
    const { server, path } = await listen(t, { driver, authorize });
    const heard = record(server, ['connection', 'refused']);
    const { socket, connected } = dial(t, path);
    const failed = assert.rejects(connected);
    await asked.promise;
    socket.destroy();
    await failed;
    await until(() => heard.length === 1, 'the server knows');
    verdict.resolve(true);
    const next = dial(t, path);
    await next.connected;
    await until(() => heard.length === 2, 'the server knows of the next');
    assert.deepEqual(heard, ['refused', 'connection']);
  });

  test(`a server that closes doesn't wait for authorize (${driver})`, async (t) => {
    const asked = deferred();
    const authorize = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    const { server, path } = await listen(t, { driver, authorize });
    const failed = assert.rejects(dial(t, path).connected, { code: 'SHORTWIRE_ERR_DISCONNECTED' });
    await asked.promise;
    await within(server.close(), 'the end of the server');
    await failed;
  });

  test(`a peer that can't say hello is asked about all the same (${driver})`, async (t) => {
    const verdicts = [false, true];
    const asked = [];
    const authorize = (hello) => {
      asked.push(hello);
      return Promise.resolve(verdicts.shift());
    };
    const { server, path } = await listen(t, { driver, authorize });
    server.handle((payload) => payload);
    const jftp = () => {
      const socket = new UDSocket({ driver, protocol: 'jftp' });
      t.after(() => socket.destroy());
      return socket;
    };
    const first = jftp();
    await first.connect(path);
    await assert.rejects(first.rpc(1));
    const second = jftp();
    await second.connect(path);
    const answers = await Promise.all([second.rpc('a'), second.rpc({ b: 1 })]);
    assert.deepEqual(answers, ['a', { b: 1 }]);
    assert.deepEqual(asked, [undefined, undefined]);
    await assert.rejects(jftp().connect(path, { hello: 1 }), {
      code: 'SHORTWIRE_ERR_UNSUPPORTED',
      message: /hello/
    });
  });

  test(`a silent jftp client is asked about when it is taken for one (${driver})`, async (t) => {
    const asked = [];
    const authorize = (hello) => asked.push(hello);
    const options = { driver, authorize, silentProtocol: 'jftp', silentMs: 0 };
    const { server, path } = await listen(t, options);
    const met = event(server, 'connection');
    const socket = new UDSocket({ driver, protocol: 'jftp' });
    t.after(() => socket.destroy());
    await socket.connect(path);
    await met;
    // It was taken for a speaker of jftp; then it says who it is.
    const native = await connect(t, path, { driver });
    assert.equal(native.status, 'ready');
    await until(() => server.sockets.size === 2, 'both');
    assert.ok(asked.length >= 2);
  });

  test(`a hello that can't be encoded or is too large fails connect alone (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const loop = {};
    loop.self = loop;
    const { socket, connected } = dial(t, path, { hello: loop });
    await assert.rejects(connected, { code: 'SHORTWIRE_ERR_SERIALIZE' });
    assert.equal(socket.status, 'idle');
    const large = dial(t, path, { hello: 'x'.repeat(65_536) });
    await assert.rejects(large.connected, { code: 'SHORTWIRE_ERR_TOO_LARGE' });
    const just = dial(t, path, { hello: 'x'.repeat(65_534) });
    await just.connected;
  });

  test(`authorize holds for attached streams, too (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver, authorize: (hello) => hello === 'me' });
    t.after(() => server.close({ timeoutMs: 0 }));
    const [ours, theirs] = duplexPair();
    const refused = assert.rejects(server.attach(ours), { code: REFUSED });
    const socket = new UDSocket({ driver });
    await assert.rejects(socket.attach(theirs), { code: REFUSED, message: /not authorized/ });
    await refused;
  });
});
