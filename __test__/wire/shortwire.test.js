// The native format through a socket: the vectors' bytes to our server, and ours against the vectors.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');

const { socketPath } = require('../support/address.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer, RawServer } = require('../support/raw-peer.js');
const { deliveries, vectors } = require('../support/vectors.js');
const {
  CAPABILITIES,
  HEADER_BYTES,
  MAGIC,
  PREFACE_BYTES,
  preface,
  request
} = require('../support/wire.js');

const VECTORS = vectors('shortwire');

/** @param {string} name */
function bytesOf(name) {
  const vector = VECTORS.find((vector) => vector.name === name);
  assert.ok(vector, `a vector named ${name}`);
  return vector.bytes;
}

/** The bytes, but for the id, which is its sender's own choice. @param {Buffer} bytes */
const withoutId = (bytes) => Buffer.from(bytes).fill(0, 8, HEADER_BYTES);

function fail() {
  throw new TypeError('nope');
}

forEachDriver((driver) => {
  /** A server that notes what it hears. @type {(t: any, options?: object) => Promise<any>} */
  const listen = async (t, options) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver, ...options });
    /** @type {any[]} */
    const heard = [];
    server.handle((payload, { topic }) => void heard.push({ kind: 'request', topic, payload }));
    server.handle('sentinel', () => 'seen');
    server.on('message', (payload, _, { topic }) => heard.push({ kind: 'event', topic, payload }));
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 0 }));
    return { server, path, heard };
  };

  describe(`The vectors' bytes to our server, ${driver}`, () => {
    for (const {
      name,
      bytes,
      messages,
      error,
      incomplete,
      preface: begins,
      maxFrameBytes,
      capabilities
    } of VECTORS.filter(({ role }) => role !== 'client')) {
      test(name, async (t) => {
        const { server, path, heard } = await listen(t, maxFrameBytes && { maxFrameBytes });
        const faulted = event(server, 'error');
        faulted.catch(() => {});
        const peer = await RawPeer.connect(t, path);
        peer.write(...(begins ? [] : [preface({ capabilities })]), bytes);
        if (error !== undefined) {
          assert.equal((await faulted)[0].code, error);
        } else if (incomplete !== undefined) {
          peer.socket.end();
          assert.equal((await faulted)[0].code, 'SHORTWIRE_ERR_DISCONNECTED');
        } else {
          const id = 2n ** 63n;
          peer.write(request(id, '1', 'sentinel'));
          await peer.take(PREFACE_BYTES);
          while ((await peer.frame()).id !== id);
        }
        assert.deepEqual(heard, deliveries(messages));
      });
    }
  });

  /** What the server sends for a request. @type {(t: any, handler: any, asked?: string) => Promise<Buffer>} */
  const reply = async (t, handler, asked = 'a request') => {
    const { server, path } = await listen(t);
    server.handle(handler);
    const peer = await RawPeer.greet(t, path);
    peer.write(bytesOf(asked));
    const header = await peer.take(HEADER_BYTES);
    return Buffer.concat([header, await peer.take(header.readUInt32LE(4))]);
  };

  describe(`Our server's bytes against the vectors, ${driver}`, () => {
    test('a preface with the defaults', async (t) => {
      const { path } = await listen(t);
      const peer = await RawPeer.connect(t, path);
      peer.write(preface());
      const expected = preface({ capabilities: CAPABILITIES });
      assert.deepEqual(await peer.take(PREFACE_BYTES), expected);
    });

    for (const [name, answer] of /** @type {[string, any][]} */ ([
      ['a response', { b: 2 }],
      ['a response without a payload', undefined],
      ['a response with raw bytes', Buffer.from('abc')]
    ])) {
      test(name, async (t) => {
        assert.deepEqual(await reply(t, () => answer), bytesOf(name));
      });
    }

    test("an application's error", async (t) => {
      assert.deepEqual(await reply(t, fail), bytesOf("an application's error"));
    });

    test('a pong for a ping', async (t) => {
      const { path } = await listen(t);
      const peer = await RawPeer.greet(t, path);
      const ping = bytesOf('a ping and a pong').subarray(0, HEADER_BYTES);
      peer.write(ping);
      const pong = Buffer.from(ping);
      pong.writeUInt8(7, 0);
      assert.deepEqual(await peer.take(HEADER_BYTES), pong);
    });

    test('a goaway', async (t) => {
      const { server, path } = await listen(t);
      const met = event(server, 'connection');
      const peer = await RawPeer.greet(t, path);
      const [socket] = await met;
      socket.close({ reason: 'shutting down' });
      // The vector's, for good: without `allowReconnect` the peer is to stay away.
      const expected = Buffer.from(bytesOf('a goaway'));
      expected.writeUInt8(2, 8);
      assert.deepEqual(await peer.take(expected.length), expected);
    });
  });

  /** What the socket sends, once connected. @type {(t: any, act: (socket: any) => void, length: number) => Promise<Buffer>} */
  const sent = async (t, act, length) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver, timeoutMs: 0 });
    t.after(() => socket.destroy());
    const connected = socket.connect(path);
    const peer = await server.greeted();
    await connected;
    act(socket);
    return peer.take(length);
  };

  describe(`Our socket's bytes against the vectors, ${driver}`, () => {
    /** @type {[name: string, act: (socket: any) => any][]} */
    const CALLS = [
      ['a request', (socket) => socket.rpc({ a: 1 })],
      ['a request without a payload', (socket) => socket.rpc(undefined)],
      ['a request with a topic', (socket) => socket.rpc({ id: 7 }, { topic: 'users.get' })],
      ['a topic is UTF-8, its length is in bytes', (socket) => socket.call('größe', 'é🌍')],
      ['a request with raw bytes', (socket) => socket.rpc(Buffer.from([0, 255, 1]))],
      ['a request with a deadline', (socket) => socket.rpc(null, { timeoutMs: 5000 })],
      [
        'a request with a deadline and a topic',
        (socket) => socket.call('slow', [], { timeoutMs: 250 })
      ],
      ['an event', (socket) => socket.send('hi')],
      ['an event with a topic and no payload', (socket) => socket.notify('log', undefined)]
    ];
    for (const [name, act] of CALLS) {
      test(name, async (t) => {
        const expected = bytesOf(name);
        const bytes = await sent(t, (socket) => act(socket).catch(() => {}), expected.length);
        assert.deepEqual(withoutId(bytes), withoutId(expected));
      });
    }

    test('a cancel names the request', async (t) => {
      const controller = new AbortController();
      const whole = 2 * HEADER_BYTES;
      const bytes = await sent(
        t,
        (socket) => {
          socket.rpc(undefined, { signal: controller.signal }).catch(() => {});
          setImmediate(() => controller.abort());
        },
        whole
      );
      const cancel = Buffer.from(bytesOf('a cancel'));
      bytes.copy(cancel, 8, 8, HEADER_BYTES);
      assert.deepEqual(bytes.subarray(HEADER_BYTES), cancel);
    });

    test('the preface comes first, before the server has said anything', async (t) => {
      const path = socketPath(t);
      const server = await RawServer.listen(t, path);
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      socket.connect(path).catch(() => {});
      const peer = await server.accepted();
      assert.deepEqual((await peer.take(PREFACE_BYTES)).subarray(0, 8), MAGIC);
    });
  });

  describe(`One listening socket, ${driver}`, () => {
    test('tells everybody by the first bytes, at the same time', async (t) => {
      const { server, path, heard } = await listen(t);
      /** @type {string[]} */
      const protocols = [];
      server.on('connection', ({ protocol }) => protocols.push(protocol));
      const first = [
        Buffer.concat([preface(), request(1, '"native"')]),
        Buffer.from('0000007[1,"D"]'),
        Buffer.from('\0\0\0\x07[1,"B"]', 'latin1'),
        Buffer.from('\0\0\0\x13{"id":"1","data":1}', 'latin1')
      ];
      const peers = await Promise.all(first.map(() => RawPeer.connect(t, path)));
      const longest = Math.max(...first.map(({ length }) => length));
      for (let at = 0; at < longest; at++) {
        for (const [who, peer] of peers.entries()) peer.write(first[who].subarray(at, at + 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => heard.length === 4, 'all four are heard');
      assert.deepEqual(protocols.sort(), ['jftp', 'jftp-1.0', 'jftp-1.5', 'shortwire']);
    });
  });
});
