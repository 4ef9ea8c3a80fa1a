// A server that isn't what it seems, and the socket that connected to it.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { UDSocket } = require('../../index.js');

const { socketPath } = require('../support/address.js');
const { growth } = require('../support/arena.js');
const { event, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawServer } = require('../support/raw-peer.js');
const { Flag, Kind, frame, preface, request, response } = require('../support/wire.js');

const PROTOCOL = 'SHORTWIRE_ERR_PROTOCOL';
const TOO_LARGE = 'SHORTWIRE_ERR_TOO_LARGE';
const LEVELS = 100_000;

/** What a rejected promise says. @type {(promise: Promise<any>) => Promise<any>} */
const failure = (promise) =>
  within(promise, 'a failure').then(
    (value) => assert.fail(`it succeeded: ${JSON.stringify(value)}`),
    (error) => error
  );

/** @type {[name: string, bytes: Buffer | string, code: string][]} */
const IMPOSTORS = [
  ['random bytes', Buffer.alloc(500, 0x5b), PROTOCOL],
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', PROTOCOL],
  ['a TLS alert', Buffer.from('15030300020228', 'hex'), PROTOCOL],
  ['jftp', '0000005[7,8]', PROTOCOL],
  ['a later version', preface({ newest: 9, oldest: 8 }), 'SHORTWIRE_ERR_UNSUPPORTED']
];

/** @type {[name: string, bytes: Buffer, code: string][]} */
const OFFENCES = [
  ['a header that announces 4 GiB', frame(Kind.RESPONSE, { id: 1, length: 0xffffffff }), TOO_LARGE],
  ['a frame over the limit', frame(Kind.RESPONSE, { id: 1, length: 65_537 }), TOO_LARGE],
  ['a kind that is not known', frame(0x7f), PROTOCOL],
  ['a reserved flag', frame(Kind.RESPONSE, { flags: 0x80 }), PROTOCOL],
  ['a second preface', preface(), TOO_LARGE],
  [
    'tiny pieces',
    frame(Kind.RESPONSE, { id: 1, flags: Flag.JSON | Flag.MORE, body: '1' }),
    PROTOCOL
  ]
];

/** @type {[name: string, text: string | Buffer][]} */
const ANSWERS = [
  ['1],[2', '1],[2'],
  ['1,2', '1,2'],
  ['1]', '1]'],
  ['a string without an end', '"a'],
  ['nothing at all', ''],
  ['bytes that are not UTF-8', Buffer.from('22ff22', 'hex')],
  ['100,000 levels of nesting', '['.repeat(LEVELS) + ']'.repeat(LEVELS)]
];

forEachDriver((driver) => {
  /** A socket on its way to a raw server. @type {(t: any, options?: object) => Promise<any>} */
  const dial = async (t, options) => {
    const path = socketPath(t);
    const server = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver, reconnect: false, ...options });
    t.after(() => socket.destroy());
    const connected = socket.connect(path);
    connected.catch(() => {});
    return { server, socket, connected };
  };
  /** A socket that is connected, and its raw peer. @type {(t: any, options?: object) => Promise<any>} */
  const meet = async (t, options) => {
    const { server, socket, connected } = await dial(t, options);
    const peer = await server.greeted();
    await connected;
    return { socket, peer };
  };

  describe(`A server that isn't one, ${driver}`, () => {
    for (const [name, bytes, code] of IMPOSTORS) {
      test(`${name}: connect and the calls that wait fail with ${code}`, async (t) => {
        const { server, socket, connected } = await dial(t);
        const call = failure(socket.rpc(1));
        (await server.accepted()).write(bytes);
        assert.equal((await failure(connected)).code, code);
        const { maybeDelivered } = await call;
        assert.equal(maybeDelivered, false);
      });
    }

    test('that closes at once: connect fails as disconnected', async (t) => {
      const { server, connected } = await dial(t);
      (await server.accepted()).socket.destroy();
      assert.equal((await failure(connected)).code, 'SHORTWIRE_ERR_DISCONNECTED');
    });

    test('that says nothing: connect fails after handshakeTimeoutMs', async (t) => {
      const { connected } = await dial(t, { handshakeTimeoutMs: 40 });
      assert.equal((await failure(connected)).code, 'SHORTWIRE_ERR_TIMEOUT');
    });
  });

  describe(`A server that breaks the format, ${driver}`, () => {
    for (const [name, bytes, code] of OFFENCES) {
      test(`${name}: the connection ends with ${code}, and calls fail with it`, async (t) => {
        const { socket, peer } = await meet(t, { maxFrameBytes: 65_536 });
        const errors = event(socket, 'error');
        const call = failure(socket.rpc(1));
        await peer.frame();
        peer.write(bytes);
        const [error] = await errors;
        assert.equal(error.code, code);
        assert.equal((await call).code, code);
        await peer.ended();
      });
    }

    test('and stops within a frame: the connection ends after frameTimeoutMs', async (t) => {
      const { socket, peer } = await meet(t, { frameTimeoutMs: 40 });
      const errors = event(socket, 'error');
      peer.write(response(1, '123').subarray(0, 17));
      assert.equal((await errors)[0].code, 'SHORTWIRE_ERR_TIMEOUT');
    });

    test('and leaves within a frame: calls fail, and may have been delivered', async (t) => {
      const { socket, peer } = await meet(t);
      const call = failure(socket.rpc(1));
      const asked = await peer.frame();
      peer.write(response(asked.id, '"half"').subarray(0, 19));
      peer.socket.end();
      const { code, maybeDelivered } = await call;
      assert.deepEqual(
        { code, maybeDelivered },
        { code: 'SHORTWIRE_ERR_DISCONNECTED', maybeDelivered: true }
      );
    });

    test('with nobody listening to errors harms only itself', async (t) => {
      const { socket, peer } = await meet(t);
      peer.write(frame(0x7f));
      await event(socket, 'close');
      assert.equal(socket.status, 'closed');
    });
  });

  describe(`An answer that isn't one, ${driver}`, () => {
    for (const [name, text] of ANSWERS) {
      test(`${name}: only its call fails`, async (t) => {
        const { socket, peer } = await meet(t);
        const calls = [socket.rpc('a'), socket.rpc('b'), socket.rpc('c')];
        const outcomes = Promise.allSettled(calls);
        const [a, b, c] = await peer.frames(3);
        peer.write(response(a.id, '"é"'), response(b.id, text), response(c.id, '"🌍"'));
        const [first, second, third] = /** @type {any[]} */ (
          await within(outcomes, 'three outcomes')
        );
        assert.deepEqual([first.value, third.value], ['é', '🌍']);
        assert.equal(second.reason.code, 'SHORTWIRE_ERR_SERIALIZE');
      });
    }

    test('to an id never asked for is counted and ignored', async (t) => {
      const { socket, peer } = await meet(t);
      const call = socket.rpc(1);
      const { id } = await peer.frame();
      peer.write(
        response(id + 1n, '"wrong"'),
        response(0, '"wrong"'),
        response(2n ** 64n - 1n, '"wrong"')
      );
      peer.write(
        frame(Kind.ERROR, { id: 77, flags: Flag.JSON, body: '{}' }),
        response(id, '"right"')
      );
      assert.equal(await call, 'right');
      assert.equal(socket.stats().lateResponses, 4);
    });

    test('that comes twice settles nobody else', async (t) => {
      const { socket, peer } = await meet(t);
      const first = socket.rpc(1);
      const asked = await peer.frame();
      peer.write(response(asked.id, '"first"'));
      assert.equal(await first, 'first');
      const second = socket.rpc(2);
      const again = await peer.frame();
      peer.write(response(asked.id, '"first again"'), response(again.id, '"second"'));
      assert.equal(await second, 'second');
      assert.equal(socket.stats().lateResponses, 1);
    });

    test('that crosses the abort of its call settles nobody else', async (t) => {
      const { socket, peer } = await meet(t);
      for (let round = 0; round < 20; round++) {
        const controller = new AbortController();
        const first = socket.rpc('first', { signal: controller.signal });
        const asked = await peer.frame();
        peer.write(response(asked.id, '"first"'));
        controller.abort();
        const second = socket.rpc('second');
        first.catch(() => {});
        let next = await peer.frame();
        while (next.kind !== Kind.REQUEST) next = await peer.frame();
        peer.write(response(next.id, '"second"'));
        assert.equal(await second, 'second');
      }
    });

    test('in an encoding that was not agreed on fails its call', async (t) => {
      const { socket, peer } = await meet(t);
      const call = failure(socket.rpc(1));
      const { id } = await peer.frame();
      peer.write(frame(Kind.RESPONSE, { id, flags: Flag.MESSAGE_PACK, body: Buffer.from([1]) }));
      assert.equal((await call).code, 'SHORTWIRE_ERR_SERIALIZE');
    });

    test('with an error that has names every object has stays data', async (t) => {
      const { socket, peer } = await meet(t);
      const call = failure(socket.rpc(1));
      const { id } = await peer.frame();
      const body = '{"message":"no","code":"X","__proto__":{"polluted":1},"constructor":1}';
      peer.write(frame(Kind.ERROR, { id, flags: Flag.JSON, body }));
      const error = await call;
      assert.equal(error.code, 'SHORTWIRE_ERR_REMOTE');
      assert.equal(/** @type {any} */ ({}).polluted, undefined);
      assert.equal(error.remote.code, 'X');
    });

    test('with an error of a kind that is not known fails its call', async (t) => {
      const { socket, peer } = await meet(t);
      const call = failure(socket.rpc(1));
      const { id } = await peer.frame();
      peer.write(
        frame(Kind.ERROR, { id, flags: Flag.BYTES, body: Buffer.from('\u00c8later', 'latin1') })
      );
      const { code, message } = await call;
      assert.match(code, /^SHORTWIRE_ERR_/);
      assert.match(message, /later/i);
    });
  });

  describe(`A server that wants too much, ${driver}`, () => {
    test('requests without a handler are refused, and own calls go on', async (t) => {
      const { socket, peer } = await meet(t);
      const call = socket.rpc(1);
      const { id } = await peer.frame();
      peer.write(
        ...Array.from({ length: 2000 }, (_, at) => request(at, '1')),
        response(id, '"done"')
      );
      assert.equal(await call, 'done');
      const refused = await peer.frames(2000);
      assert.ok(refused.every((/** @type {any} */ { kind }) => kind === Kind.ERROR));
    });

    test('a goodbye in the middle: what is asked is answered, what is new fails', async (t) => {
      const { socket, peer } = await meet(t);
      const open = socket.rpc(1);
      const { id } = await peer.frame();
      peer.write(frame(Kind.GOAWAY, { flags: Flag.BYTES, body: 'enough' }));
      const [reason] = await event(socket, 'goaway');
      assert.equal(reason, 'enough');
      const { maybeDelivered } = await failure(socket.rpc(2));
      assert.equal(maybeDelivered, false);
      peer.write(response(id, '"still"'));
      assert.equal(await open, 'still');
    });

    test('a flood of pings while a call is open and nobody reads: the call is answered or fails', async (t) => {
      const { socket, peer } = await meet(t, { timeoutMs: 2000 });
      const outcome = Promise.allSettled([socket.rpc(1)]);
      const { id } = await peer.frame();
      peer.stopReading();
      const pings = Buffer.concat(
        Array.from({ length: 4096 }, (_, at) => frame(Kind.PING, { id: at }))
      );
      const mebibytes = await growth(async () => {
        await peer.pour(Array.from({ length: 50 }, () => pings));
        peer.write(response(id, '1'));
        await within(outcome, 'the outcome');
      });
      assert.ok(mebibytes < 200, `${mebibytes} MiB more`);
    });

    test('a limit of no open requests: calls wait, and time out', async (t) => {
      const { server, socket } = await dial(t);
      await server.greeted({ maxInFlight: 0 });
      const { code, maybeDelivered } = await failure(socket.rpc(1, { timeoutMs: 40 }));
      assert.deepEqual(
        { code, maybeDelivered },
        { code: 'SHORTWIRE_ERR_TIMEOUT', maybeDelivered: false }
      );
    });

    test('a limit on messages: a larger call fails alone', async (t) => {
      const { server, socket } = await dial(t);
      const peer = await server.greeted({ maxFrameBytes: 1000 });
      const large = failure(socket.rpc('x'.repeat(1001)));
      const small = socket.rpc('small');
      const { id } = await peer.frame();
      peer.write(response(id, '"fine"'));
      assert.equal((await large).code, TOO_LARGE);
      assert.equal(await small, 'fine');
    });
  });
});
