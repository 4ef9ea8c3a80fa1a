// Subscriptions and broadcasts: who gets what, who doesn't, and what it costs the others.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { crowd, note, settled } = require('../support/crowd.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { duplexPair } = require('../support/duplex.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');

const MIB = 1024 * 1024;

forEachDriver((driver) => {
  test(`a broadcast reaches everybody, and resolves to how many (${driver})`, async (t) => {
    const { server, sockets, heard } = await crowd(t, driver, 3);
    assert.equal(await server.broadcast({ a: 'é🌍' }), 3);
    assert.equal(await server.broadcast([1], { topic: 'größe.x' }), 3);
    await settled(sockets);
    for (const list of heard) assert.deepEqual(list, [' {"a":"é🌍"}', 'größe.x [1]']);
  });

  test(`undefined, bytes and large payloads arrive as what they are (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 2);
    const heard = sockets.map((socket) => {
      const list = [];
      socket.on('message', (payload) => list.push(payload));
      return list;
    });
    const large = { text: 'é'.repeat(MIB) };
    const bytes = Buffer.from('raw');
    await server.broadcast(undefined);
    const sent = server.broadcast(bytes, { topic: 't' });
    bytes.fill(0);
    assert.equal(await sent, 2);
    await server.broadcast(large);
    await server.broadcast('after');
    await until(() => heard.every((list) => list.length === 4), 'all have arrived');
    for (const list of heard) {
      assert.deepEqual(list, [undefined, Buffer.from('raw'), large, 'after']);
    }
  });

  test(`sockets hear the topics that they subscribed to (${driver})`, async (t) => {
    const { server, sockets, heard } = await crowd(t, driver, 4);
    const [one, two, three] = sockets;
    await one.subscribe('a.b');
    await two.subscribe('a.*');
    await three.subscribe('a.**');
    await three.subscribe('*.z');
    const counts = [];
    for (const topic of ['a.b', 'a.c', 'a.b.c', 'b.z', 'a', '']) {
      counts.push(await server.broadcast(1, { topic }));
    }
    await settled(sockets);
    assert.deepEqual(counts, [4, 3, 2, 2, 1, 4]);
    assert.deepEqual(heard, [
      ['a.b 1', ' 1'],
      ['a.b 1', 'a.c 1', ' 1'],
      ['a.b 1', 'a.c 1', 'a.b.c 1', 'b.z 1', ' 1'],
      ['a.b 1', 'a.c 1', 'a.b.c 1', 'b.z 1', 'a 1', ' 1']
    ]);
  });

  test(`after the last unsubscribe no topic is heard; what is sent to the socket alone is (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const heard = note(socket);
    await socket.unsubscribe('never');
    assert.equal(await server.broadcast(1, { topic: 'a' }), 1);
    await socket.subscribe('a');
    await socket.subscribe('a');
    assert.equal(await server.broadcast(2, { topic: 'b' }), 0);
    await socket.unsubscribe('a');
    assert.equal(await server.broadcast(3, { topic: 'a' }), 0);
    assert.equal(await server.broadcast(4), 1);
    await peer.notify('a', 5);
    await socket.ping();
    assert.deepEqual(heard, ['a 1', ' 4', 'a 5']);
  });

  test(`subscriptions from before connect hold from the first message on, and on the next connection (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    await socket.subscribe('kept.*');
    await socket.subscribe('gone');
    const counts = [];
    server.handle(async () => {
      counts.push(await server.broadcast(1, { topic: 'kept.x' }));
      counts.push(await server.broadcast(2, { topic: 'gone' }));
    });
    // It waits for the connection, and comes right behind the subscriptions.
    const first = socket.rpc('go');
    await socket.connect(path);
    await first;
    assert.deepEqual(counts.splice(0), [1, 1]);

    await socket.close();
    await socket.unsubscribe('gone');
    const second = socket.connect(path);
    await Promise.all([second, second.then(() => socket.rpc('go'))]);
    assert.deepEqual(counts.splice(0), [1, 0]);

    await socket.unsubscribe('kept.*');
    await socket.close();
    await socket.connect(path);
    await socket.rpc('go');
    assert.deepEqual(counts, [0, 0]);
  });

  for (const [what, options] of [
    ['', {}],
    [
      ' that decides who comes in',
      { authorize: () => new Promise((resolve) => setImmediate(resolve, true)) }
    ]
  ]) {
    test(`a server${what} knows the subscriptions before it tells of the connection (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver, ...options });
      const counts = [];
      server.on('connection', async () => {
        counts.push(await server.broadcast(1, { topic: 'a.b' }));
        counts.push(await server.broadcast(2, { topic: 'b' }));
      });
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      const heard = note(socket);
      await socket.subscribe('a.*');
      await socket.connect(path, { hello: 'me' });
      await until(() => counts.length === 2, 'the broadcasts');
      await socket.ping();
      assert.deepEqual([counts, heard], [[1, 0], ['a.b 1']]);
    });
  }

  test(`subscribing while connecting counts too (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const connected = socket.connect(path);
    await socket.subscribe('a');
    await connected;
    await socket.ping();
    assert.deepEqual(
      [await server.broadcast(1, { topic: 'a' }), await server.broadcast(1, { topic: 'b' })],
      [1, 0]
    );
  });

  test(`where and except leave sockets out (${driver})`, async (t) => {
    const { server, sockets, heard } = await crowd(t, driver, 4);
    const peers = [...server.sockets.values()];
    peers.forEach((peer, n) => (peer.data = n));
    const where = (socket) => socket.data % 2 === 1;
    assert.equal(await server.broadcast('odd', { where }), 2);
    assert.equal(await server.broadcast('but one', { except: peers[1] }), 3);
    assert.equal(await server.broadcast('but two', { except: [peers[1], peers[2]] }), 2);
    assert.equal(await server.broadcast('but all', { except: server.sockets.values() }), 0);
    assert.equal(await server.broadcast('one', { where, except: new Set([peers[1]]) }), 1);
    await settled(sockets);
    const count = (word) =>
      heard.map((list) => list.filter((line) => line === ` "${word}"`).length);
    assert.deepEqual(count('odd'), [0, 1, 0, 1]);
    assert.deepEqual(count('but one'), [1, 0, 1, 1]);
    assert.deepEqual(count('but two'), [1, 0, 0, 1]);
    assert.deepEqual(count('one'), [0, 0, 0, 1]);
  });

  test(`broadcasts keep their order, among themselves and with messages and calls (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const heard = [];
    socket.on('message', (payload) => heard.push(payload));
    socket.handle((payload) => void heard.push(payload));
    for (let n = 0; n < 600; n += 3) {
      server.broadcast(n);
      peer.send(n + 1);
      peer.rpc(n + 2).catch(() => {});
    }
    await socket.ping();
    assert.deepEqual(
      heard,
      Array.from({ length: 600 }, (_, n) => n)
    );
  });

  test(`a receiver that stops reading delays nobody, and its memory is bounded (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver, maxQueuedBytes: 4 * MIB });
    const deaf = await RawPeer.greet(t, path);
    deaf.stopReading();
    const slow =
      (await until(() => server.sockets.size === 1, 'it is there'),
      [...server.sockets.values()][0]);
    const socket = await connect(t, path, { driver });
    await until(() => server.sockets.size === 2, 'both are there');
    const dropped = [];
    server.on('dropped', (who, info) => dropped.push([who, info]));
    let heard = 0;
    socket.on('message', () => heard++);
    const payload = 'x'.repeat(64 * 1024);
    const before = process.memoryUsage().rss;
    let sent = 0;
    while (dropped.length < 20) {
      const counts = await server.broadcast(payload, { topic: 't' });
      assert.ok(counts >= 1);
      sent++;
      await until(() => heard === sent, 'the other has it');
      assert.ok(sent < 1000, 'nothing was ever dropped');
    }
    for (const [who, { reason, topic, payload: lost, error }] of dropped) {
      assert.equal(who, slow);
      assert.deepEqual([reason, topic, lost === payload], ['SHORTWIRE_ERR_OVERFLOW', 't', true]);
      assert.deepEqual([error.code, error.maybeDelivered], [reason, false]);
    }
    assert.ok(slow.queuedBytes <= 4 * MIB, `${slow.queuedBytes} bytes wait`);
    assert.deepEqual(
      [slow.stats().dropped, server.stats().dropped, socket.stats().dropped],
      [dropped.length, dropped.length, 0]
    );
    const grown = (process.memoryUsage().rss - before) / MIB;
    assert.ok(grown < 100, `${grown} MiB`);
    // When it reads again, it is told everything that was queued, and there is room.
    const drained = event(slow, 'drain');
    deaf.readOn();
    await drained;
    assert.equal(await server.broadcast('again'), 2);
  });

  test(`what a receiver can't take is dropped for that one alone (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    await connect(t, path, { driver, maxFrameBytes: 2048 });
    const large = await connect(t, path, { driver });
    await until(() => server.sockets.size === 2, 'both are there');
    const [small] = server.sockets.values();
    const dropped = event(server, 'dropped');
    const heard = event(large, 'message');
    const payload = 'x'.repeat(4096);
    await server.broadcast(payload, { topic: 't' });
    const [who, info] = await dropped;
    assert.deepEqual(
      [who === small, info.reason, info.topic, info.payload === payload],
      [true, 'SHORTWIRE_ERR_TOO_LARGE', 't', true]
    );
    assert.equal((await heard)[0], payload);
  });

  test(`sockets that leave while it is sent don't matter (${driver})`, async (t) => {
    const { server, sockets } = await crowd(t, driver, 10);
    sockets.forEach((socket, n) => n % 2 === 0 && socket.destroy());
    for (let n = 0; n < 50; n++) {
      assert.ok((await server.broadcast(n)) >= 5);
      await new Promise(setImmediate);
    }
    await until(() => server.sockets.size === 5, 'they have gone');
    assert.equal(await server.broadcast('end'), 5);
  });

  test(`a closing socket gets nothing, and nobody is told (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    socket.handle(() => new Promise(() => {}));
    const call = peer.rpc(1).catch(() => {});
    server.on('dropped', () => assert.fail('dropped'));
    const closed = peer.close({ timeoutMs: 50 });
    assert.equal(await server.broadcast(1), 0);
    await Promise.all([closed, call]);
    assert.equal(await server.broadcast(1), 0);
  });

  test(`attached and jftp sockets are among the receivers, as far as they can hear (${driver})`, async (t) => {
    const { server, path, sockets, heard } = await crowd(t, driver, 1);
    const [here, there] = duplexPair();
    const attached = new UDSocket();
    t.after(() => attached.destroy());
    const lines = note(attached);
    await Promise.all([attached.attach(here), server.attach(there)]);
    const jftp = await connect(t, path, { driver, protocol: 'jftp' });
    server.handle((payload) => payload);
    assert.equal(await jftp.rpc(1), 1);
    assert.equal(server.sockets.size, 3);
    server.on('dropped', () => assert.fail('dropped'));
    assert.equal(await server.broadcast('hello', { topic: 'a' }), 2);
    await attached.subscribe('b');
    assert.equal(await server.broadcast('again', { topic: 'a' }), 1);
    await settled([...sockets, attached]);
    assert.deepEqual([heard[0], lines], [['a "hello"', 'a "again"'], ['a "hello"']]);
    await assert.rejects(jftp.subscribe('a'), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
  });

  for (const [what, payload, options, code] of [
    ["that can't be encoded", 10n, {}, 'SHORTWIRE_ERR_SERIALIZE'],
    ['that is too large', 'x'.repeat(2000), {}, 'SHORTWIRE_ERR_TOO_LARGE'],
    ['with an unknown option', 1, { to: [] }, 'SHORTWIRE_ERR_INVALID_ARG'],
    ['with a wrong topic', 1, { topic: 7 }, 'SHORTWIRE_ERR_INVALID_ARG'],
    ['with a wrong predicate', 1, { where: true }, 'SHORTWIRE_ERR_INVALID_ARG'],
    ['with wrong exceptions', 1, { except: 'all' }, 'SHORTWIRE_ERR_INVALID_ARG'],
    ['whose topic is too long', 1, { topic: 'x'.repeat(70_000) }, 'SHORTWIRE_ERR_TOO_LARGE']
  ]) {
    test(`a broadcast ${what} rejects, and nobody gets it (${driver})`, async (t) => {
      const { server, sockets, heard } = await crowd(t, driver, 1, { maxFrameBytes: 1024 });
      await assert.rejects(server.broadcast(payload, options), { code });
      await settled(sockets);
      assert.deepEqual(heard, [[]]);
    });
  }

  test(`a predicate that throws rejects, and nobody gets it (${driver})`, async (t) => {
    const { server, sockets, heard } = await crowd(t, driver, 2);
    let asked = 0;
    const where = () => {
      if (++asked === 2) throw new RangeError('no');
      return true;
    };
    await assert.rejects(server.broadcast(1, { where }), RangeError);
    await settled(sockets);
    assert.deepEqual(heard, [[], []]);
  });

  test(`a predicate may broadcast itself (${driver})`, async (t) => {
    const { server, sockets, heard } = await crowd(t, driver, 2);
    const where = () => server.broadcast('inner') && true;
    assert.equal(await server.broadcast('outer', { where }), 2);
    await settled(sockets);
    assert.deepEqual(heard[0], [' "inner"', ' "inner"', ' "outer"']);
  });
});
