// Subscriptions that can't be: no patterns, too many, of peers that break the rules or know nothing of them.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { crowd, note, settled } = require('../support/crowd.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer, RawServer } = require('../support/raw-peer.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

forEachDriver((driver) => {
  for (const pattern of ['', 7, undefined, 'a*', 'a.**.b', '**.a', 'x'.repeat(1025)]) {
    test(`${String(pattern).slice(0, 8) || 'nothing'} is no pattern (${driver})`, async () => {
      const socket = new UDSocket({ driver });
      for (const action of ['subscribe', 'unsubscribe']) {
        await assert.rejects(socket[action](pattern), { code: 'SHORTWIRE_ERR_INVALID_ARG' });
      }
    });
  }

  test(`there is an end to subscriptions, on this side first (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver, socket: { maxSubscriptions: 2 } });
    await socket.subscribe('a');
    await socket.subscribe('b');
    await assert.rejects(socket.subscribe('c'), { code: 'SHORTWIRE_ERR_OVERFLOW' });
    await socket.unsubscribe('a');
    await socket.subscribe('c');
    const other = new UDSocket({ driver });
    const forms = Array.from({ length: 64 }, (_, n) =>
      (n + 64).toString(2).replaceAll('1', '*').split('').join('.')
    );
    for (const form of forms) await other.subscribe(form);
    await assert.rejects(other.subscribe('**'), { code: 'SHORTWIRE_ERR_OVERFLOW' });
    await other.subscribe(forms[3].replaceAll('0', '1'));
  });

  test(`a peer that takes no subscriptions rejects them (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const connected = socket.connect(path);
    await server.greeted();
    await connected;
    await assert.rejects(socket.subscribe('a'), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
    await socket.unsubscribe('a');
  });

  test(`a subscription resolves although its connection is lost (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const connected = socket.connect(path);
    const peer = await server.greeted({ capabilities: Capability.TOPICS });
    await connected;
    const subscribed = socket.subscribe('a');
    const { kind, topic } = await peer.frame();
    assert.deepEqual([kind, topic], [Kind.SUBSCRIBE, 'a']);
    peer.socket.destroy();
    await within(subscribed, 'the subscription');
  });

  test(`subscriptions are told again after a reconnection, with what changed meanwhile (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const reconnect = { minDelayMs: 1, maxDelayMs: 20 };
    const socket = await connect(t, path, { driver, reconnect });
    const heard = note(socket);
    for (const pattern of ['kept.*', 'gone', 'late']) await socket.subscribe(pattern);
    await socket.unsubscribe('late');
    const lost = event(socket, 'reconnecting');
    await server.close({ timeoutMs: 0, allowReconnect: true });
    await lost;
    await socket.unsubscribe('gone');
    await socket.subscribe('new');

    const ready = event(socket, 'ready');
    await server.start(path);
    const [{ reconnected }] = await ready;
    await until(() => server.sockets.size === 1, 'it is back');
    const counts = [];
    for (const topic of ['kept.a', 'gone', 'new', 'late', '']) {
      counts.push(await server.broadcast(1, { topic }));
    }
    await socket.ping();
    assert.deepEqual([reconnected, counts], [true, [1, 0, 1, 0, 1]]);
    assert.deepEqual(heard, ['kept.a 1', 'new 1', ' 1']);
  });

  for (const [what, frames, capabilities] of [
    ['subscribes to too much', ['a', 'b', 'c', 'd'], Capability.TOPICS],
    ['subscribes to what is no pattern', ['a*'], Capability.TOPICS],
    ['subscribes to nothing', [''], Capability.TOPICS],
    ['never said that it knows topics', ['a'], 0]
  ]) {
    test(`a peer that ${what} is at fault (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver, maxSubscriptions: 3 });
      const fault = event(server, 'error');
      const peer = await RawPeer.greet(t, path, { capabilities });
      peer.write(...frames.map((topic) => frame(Kind.SUBSCRIBE, { topic })));
      assert.equal((await fault)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
      await peer.ended();
    });
  }

  test(`a flood of subscriptions costs the others nothing (${driver})`, async (t) => {
    const { server, path, sockets, heard } = await crowd(t, driver, 1);
    const peer = await RawPeer.greet(t, path, { capabilities: Capability.TOPICS });
    await until(() => server.sockets.size === 2, 'it is there');
    const patterns = Array.from({ length: 10_000 }, (_, n) => `a.${n}.*`);
    peer.write(...patterns.map((topic) => frame(Kind.SUBSCRIBE, { topic })));
    const churn = [Kind.UNSUBSCRIBE, Kind.SUBSCRIBE].map((kind) => frame(kind, { topic: 'a.1.*' }));
    peer.write(...Array.from({ length: 20_000 }, (_, n) => churn[n % 2]));
    peer.write(frame(Kind.PING, { id: 9 }));
    assert.equal((await peer.frame()).kind, Kind.PONG);
    const began = performance.now();
    for (let n = 0; n < 500; n++) await server.broadcast(n, { topic: 'b.c.d' });
    assert.equal(await server.broadcast('for both', { topic: 'a.77.x' }), 2);
    assert.ok(performance.now() - began < 5000, 'broadcasts take long');
    const { kind, flags, topic, json } = await peer.frame();
    assert.deepEqual([kind, flags, topic, json], [Kind.EVENT, Flag.JSON, 'a.77.x', 'for both']);
    await settled(sockets);
    assert.equal(heard[0].length, 501);
  });
});
