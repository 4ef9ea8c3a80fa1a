// One-way messages, pings.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');

forEachDriver((driver) => {
  test(`a message reaches its listeners, in both directions (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    for (const [from, to] of [
      [socket, peer],
      [peer, socket]
    ]) {
      const heard = event(to, 'message');
      await from.send({ a: 1 });
      const [payload, info] = await heard;
      const { topic, expectsReply } = info;
      assert.deepEqual(
        { payload, socket: info.socket === to, topic, expectsReply },
        { payload: { a: 1 }, socket: true, topic: '', expectsReply: false }
      );
    }
  });

  test(`a topic's listeners hear it, and the general ones too (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const heard = [];
    peer.on('message', (payload, info) => heard.push(['socket', payload, info.topic]));
    peer.on('message:log', (payload) => heard.push(['socket:log', payload]));
    peer.on('message:other', () => heard.push('never'));
    server.on('message', (payload, from, info) =>
      heard.push(['server', payload, from === peer, info.topic])
    );
    server.on('message:log', (payload, from) => heard.push(['server:log', payload, from === peer]));
    await socket.notify('log', 'line');
    await socket.ping();
    assert.deepEqual(heard, [
      ['socket', 'line', 'log'],
      ['socket:log', 'line'],
      ['server', 'line', true, 'log'],
      ['server:log', 'line', true]
    ]);
  });

  test(`messages keep their order, among themselves and with calls (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const heard = [];
    peer.on('message', (payload) => heard.push(payload));
    peer.handle((payload) => heard.push(payload));
    for (let n = 0; n < 500; n += 2) {
      socket.send(n);
      socket.rpc(n + 1).catch(() => {});
    }
    // A ping would tell that the peer's core has them, not that all of them were handed over.
    await until(() => heard.length === 500, 'all of them');
    assert.deepEqual(
      heard,
      Array.from({ length: 500 }, (_, n) => n)
    );
  });

  test(`bytes and undefined travel as what they are (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const heard = [];
    peer.on('message', (payload) => heard.push(payload));
    await socket.send(Buffer.from('raw'));
    await socket.send(undefined);
    await socket.ping();
    assert.deepEqual(heard, [Buffer.from('raw'), undefined]);
  });

  test(`an ignored failure is no unhandled rejection, but a 'dropped' event and a count (${driver})`, async (t) => {
    const rejections = [];
    const note = (error) => rejections.push(error);
    process.on('unhandledRejection', note);
    t.after(() => process.off('unhandledRejection', note));
    const socket = new UDSocket({ driver });
    const dropped = event(socket, 'dropped');
    socket.send('lost', { topic: 't' });
    const [info] = await dropped;
    await new Promise(setImmediate);
    const { reason, topic, payload, error } = info;
    assert.deepEqual(
      { reason, topic, payload, error: error.code, rejections, count: socket.stats().dropped },
      {
        reason: 'SHORTWIRE_ERR_DISCONNECTED',
        topic: 't',
        payload: 'lost',
        error: 'SHORTWIRE_ERR_DISCONNECTED',
        rejections: [],
        count: 1
      }
    );
  });

  test(`the server is told what its sockets dropped (${driver})`, async (t) => {
    const { server, peer } = await pair(t, { driver });
    const dropped = event(server, 'dropped');
    peer.send(10n);
    const [socket, info] = await dropped;
    assert.deepEqual([socket, info.reason], [peer, 'SHORTWIRE_ERR_SERIALIZE']);
  });

  for (const [what, send, code] of [
    ['before connect', () => new UDSocket({ driver }).send(1), 'SHORTWIRE_ERR_DISCONNECTED'],
    ['without a topic', () => new UDSocket({ driver }).notify('', 1), 'SHORTWIRE_ERR_INVALID_ARG'],
    [
      'with files that are none',
      () => new UDSocket({ driver }).send(1, { files: 1 }),
      'SHORTWIRE_ERR_INVALID_ARG'
    ],
    [
      'with an unknown option',
      () => new UDSocket({ driver }).send(1, { to: 'x' }),
      'SHORTWIRE_ERR_INVALID_ARG'
    ]
  ]) {
    test(`a message ${what} rejects (${driver})`, async () => {
      await assert.rejects(send(), { code });
    });
  }

  test(`a message after close rejects (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    await socket.close();
    await assert.rejects(socket.send(1), { code: 'SHORTWIRE_ERR_CLOSED', maybeDelivered: false });
  });

  test(`ping measures the round trip (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    for (const end of [socket, peer]) {
      const ms = await end.ping({ timeoutMs: 1000 });
      assert.ok(ms > 0 && ms < 1000, String(ms));
    }
  });

  test(`ping before connect, or with a wrong option, rejects (${driver})`, async () => {
    const socket = new UDSocket({ driver });
    await assert.rejects(socket.ping(), { code: 'SHORTWIRE_ERR_DISCONNECTED' });
    await assert.rejects(socket.ping({ timeoutMs: 'x' }), {
      code: 'SHORTWIRE_ERR_INVALID_ARG',
      message: /^timeoutMs /
    });
  });
});
