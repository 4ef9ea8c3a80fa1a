// The events of a connection's end, in order, for each cause.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawServer } = require('../support/raw-peer.js');
const { record } = require('../support/record.js');
const { frame } = require('../support/wire.js');

const EVENTS = ['status', 'connect', 'ready', 'goaway', 'error', 'disconnect', 'close'];
const ready = ['status connecting', 'connect', 'status ready', 'ready'];

/** A socket that writes down its events, and is connected. */
async function recorded(t, driver, path) {
  // These are about ends; reconnect.test.js is about what is none.
  const socket = new UDSocket({ driver, reconnect: false });
  t.after(() => socket.destroy());
  const seen = record(socket, EVENTS);
  await socket.connect(path);
  await socket.ping();
  assert.deepEqual(seen.splice(0), ready);
  return { socket, seen };
}

/** [cause, what is done to a ready socket, its events, the reason of 'close', the code that its pending call gets] */
const ENDS = [
  [
    'its own close',
    ({ socket }) => socket.close({ timeoutMs: 10, reason: 'bored' }),
    ['status closing', 'status closed', 'disconnect', 'close'],
    'bored',
    'SHORTWIRE_ERR_CLOSED'
  ],
  [
    'its own destroy',
    ({ socket }) => socket.destroy(),
    ['status closed', 'disconnect', 'close'],
    'the socket was closed',
    'SHORTWIRE_ERR_CLOSED'
  ],
  [
    'its own destroy with an error',
    ({ socket }) => socket.destroy(new Error('broken')),
    ['status closed', 'error', 'disconnect', 'close'],
    'broken',
    'SHORTWIRE_ERR_CLOSED'
  ],
  [
    "the peer's goodbye",
    ({ peer }) => peer.close({ timeoutMs: 10, reason: 'maintenance' }),
    ['goaway', 'status closed', 'disconnect', 'close'],
    'maintenance',
    'SHORTWIRE_ERR_CLOSED'
  ],
  [
    "the peer's goodbye without a reason",
    ({ peer }) => peer.close({ timeoutMs: 10 }),
    ['goaway', 'status closed', 'disconnect', 'close'],
    'the peer closed the connection',
    'SHORTWIRE_ERR_CLOSED'
  ],
  [
    "the server's goodbye",
    ({ server }) => server.close({ timeoutMs: 10, reason: 'restart' }),
    ['goaway', 'status closed', 'disconnect', 'close'],
    'restart',
    'SHORTWIRE_ERR_CLOSED'
  ],
  [
    'the loss of the connection',
    ({ peer }) => peer.destroy(),
    ['status closed', 'error', 'disconnect', 'close'],
    'the peer left',
    'SHORTWIRE_ERR_DISCONNECTED'
  ]
];

forEachDriver((driver) => {
  for (const [cause, act, events, reason, code] of ENDS) {
    test(`the events of ${cause} (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver });
      server.handle(() => new Promise(() => {}));
      const { socket, seen } = await recorded(t, driver, path);
      const [peer] = server.sockets.values();
      const call = socket.rpc(1);
      const outcome = assert.rejects(call, { code, maybeDelivered: true });
      await socket.ping();
      const closed = event(socket, 'close');
      act({ server, socket, peer });
      assert.deepEqual(await closed, [reason]);
      await outcome;
      assert.deepEqual(seen, events);
      assert.deepEqual([socket.status, socket.pending], ['closed', 0]);
    });
  }

  test(`the events of a refused connect (${driver})`, async (t) => {
    const socket = new UDSocket({ driver });
    const seen = record(socket, EVENTS);
    await assert.rejects(socket.connect(socketPath(t)));
    assert.deepEqual(seen, ['status connecting', 'status closed', 'close']);
  });

  test(`the events of a peer that speaks something else (${driver})`, async (t) => {
    const path = socketPath(t);
    const listener = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    const seen = record(socket, EVENTS);
    const connected = assert.rejects(socket.connect(path), { code: 'SHORTWIRE_ERR_PROTOCOL' });
    (await listener.accepted()).write('HTTP/1.1 400 Bad Request\r\n\r\n');
    await connected;
    assert.deepEqual(seen, ['status connecting', 'connect', 'status closed', 'close']);
  });

  test(`the events of a peer that breaks the rules later (${driver})`, async (t) => {
    const path = socketPath(t);
    const listener = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver });
    const seen = record(socket, EVENTS);
    const connected = socket.connect(path);
    const raw = await listener.greeted();
    await connected;
    const failed = event(socket, 'error');
    raw.write(frame(0x7f));
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
    assert.deepEqual(seen, [...ready, 'status closed', 'error', 'disconnect', 'close']);
  });

  test(`the server's events of a connection (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const seen = [];
    server.on('connection', (socket, hello) => seen.push(['connection', socket, hello]));
    server.on('disconnect', (socket, reason) => seen.push(['disconnect', socket, reason]));
    server.on('error', (error, socket) => seen.push(['error', error.code, socket]));
    const { socket } = await recorded(t, driver, path);
    const [peer] = server.sockets.values();
    const gone = event(peer, 'close');
    await socket.close({ reason: 'done' });
    await gone;
    assert.deepEqual(seen, [
      ['connection', peer, undefined],
      ['disconnect', peer, 'done']
    ]);
    assert.equal(server.sockets.size, 0);
  });

  test(`a lost connection is an 'error' of the server that nobody has to hear (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const gone = event(server, 'disconnect');
    socket.destroy();
    assert.deepEqual(await gone, [peer, 'the peer left']);

    const next = await connect(t, server.address(), { driver });
    const failed = event(server, 'error');
    next.destroy();
    const [error] = await failed;
    assert.equal(error.code, 'SHORTWIRE_ERR_DISCONNECTED');
  });
});
