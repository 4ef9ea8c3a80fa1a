// Payloads in MessagePack, or in no encoding at all.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { join } = require('node:path');
const { test } = require('node:test');

const { Packr } = require('msgpackr');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { assertQuiet, run } = require('../support/child.js');
const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connect, listen, pair } = require('../support/pair.js');
const { RawPeer, RawServer } = require('../support/raw-peer.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

const MSGPACK = { encoding: 'msgpack' };
const packr = new Packr({ useRecords: false, moreTypes: true });
const SERIALIZE = 9;

const both = (driver, options = MSGPACK) => ({ driver, server: options, socket: options });

/** What JSON can't carry, or changes. */
const VALUES = {
  'a date': new Date(1234567890123),
  'a date before 1970': new Date(-1),
  'a BigInt': -(2n ** 53n),
  'a large BigInt': 2n ** 4000n,
  'a map': new Map([
    ['a', 1],
    [{ key: true }, new Map([[1, new Set([1])]])]
  ]),
  'a map in a set in an object': { set: new Set([new Map([[1, 2]])]), date: new Date(0) },
  'a set': new Set(['a', { b: 1 }]),
  'undefined in an array': [1, undefined, 3],
  'an undefined property': { a: undefined },
  'not a number': [NaN, Infinity, -Infinity],
  'typed arrays': [new Float64Array([1.5, -2]), new Int16Array([1, 2]), new BigInt64Array([5n])],
  'an ArrayBuffer': { buffer: new Uint8Array([1, 2, 3]).buffer },
  'nested bytes': { bytes: Buffer.from([0, 255]) },
  text: ['', 'ä', '日本', '🚀', 'x'.repeat(300), 'é'.repeat(70_000)],
  'what JSON has, too': { a: [1, 2.5, -3, 1e300, true, null, 'x'], b: {}, c: [] },
  'many properties': Object.fromEntries(Array.from({ length: 70_000 }, (_, n) => [`n${n}`, n])),
  null: null,
  'a text alone': 'text',
  'a number alone': 7
};

forEachDriver((driver) => {
  for (const [name, value] of Object.entries(VALUES)) {
    test(`${name} arrives as it was sent, in calls, answers and messages (${driver})`, async (t) => {
      const { peer, socket } = await pair(t, both(driver));
      for (const [from, to] of [
        [socket, peer],
        [peer, socket]
      ]) {
        to.handle((payload) => {
          assert.deepStrictEqual(payload, value);
          return payload;
        });
        assert.deepStrictEqual(await from.rpc(value, { topic: 'any' }), value);
        const heard = event(to, 'message');
        await from.send(value);
        assert.deepStrictEqual((await heard)[0], value);
      }
    });
  }

  test(`both sides say what was agreed (${driver})`, async (t) => {
    const table = [
      ['msgpack', 'msgpack', 'msgpack', 'msgpack'],
      ['msgpack', 'json', 'json', 'json'],
      ['json', 'msgpack', 'json', 'json'],
      ['raw', 'msgpack', 'raw', 'json'],
      ['raw', 'raw', 'raw', 'raw']
    ];
    for (const [ours, theirs, here, there] of table) {
      const { path, server } = await listen(t, { driver, encoding: theirs });
      const socket = new UDSocket({ driver, encoding: ours });
      t.after(() => socket.destroy());
      const ready = event(socket, 'ready');
      const connected = event(server, 'connection');
      await socket.connect(path);
      const [peer] = await connected;
      assert.deepEqual(
        [(await ready)[0].encoding, socket.encoding, peer.encoding],
        [here, here, there],
        `${ours} and ${theirs}`
      );
    }
  });

  test(`bytes at the top stay bytes, and nothing stays nothing (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, both(driver));
    peer.handle((payload) => payload);
    assert.deepEqual(await socket.rpc(Buffer.from('ab')), Buffer.from('ab'));
    assert.equal(await socket.rpc(undefined), undefined);
  });

  test(`without agreement JSON travels, and what it would change rejects (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: MSGPACK });
    peer.handle((payload) => payload);
    assert.deepEqual(await socket.rpc({ a: [1, 'x'], u: undefined }), { a: [1, 'x'] });
    for (const [value, what] of [
      [1n, 'a BigInt'],
      [{ at: new Date() }, 'a Date'],
      [[new Map()], 'a Map'],
      [new Set(), 'a Set'],
      [{ bytes: Buffer.from('a') }, 'bytes'],
      [[NaN], 'NaN'],
      [[undefined], 'undefined']
    ]) {
      const why = `The payload can't be encoded: JSON can't carry ${what}, and the peer doesn't read MessagePack`;
      await assert.rejects(socket.rpc(value), {
        code: 'SHORTWIRE_ERR_SERIALIZE',
        maybeDelivered: false,
        message: why
      });
    }
    assert.equal(await socket.rpc('the next'), 'the next');
  });

  test(`calls made before the connection find out what the peer reads (${driver})`, async (t) => {
    for (const [options, outcome] of [
      [MSGPACK, 'fulfilled'],
      [{}, 'rejected']
    ]) {
      const { path, server } = await listen(t, { driver, ...options });
      server.handle((payload) => payload);
      const socket = new UDSocket({ driver, ...MSGPACK });
      t.after(() => socket.destroy());
      const calls = [socket.rpc({ plain: 1 }), socket.rpc(5n)];
      await socket.connect(path);
      const [plain, big] = await Promise.allSettled(calls);
      assert.deepEqual(plain.value, { plain: 1 });
      assert.equal(big.status, outcome);
      if (outcome === 'rejected') assert.equal(big.reason.code, 'SHORTWIRE_ERR_SERIALIZE');
      else assert.equal(big.value, 5n);
    }
  });

  test(`what can't be packed rejects that call alone (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, both(driver));
    peer.handle((payload) => payload);
    /** @type {any} */
    const cycle = { map: new Map() };
    cycle.map.set('cycle', cycle);
    let deep = 1;
    for (let n = 0; n < 513; n++) deep = [deep];
    for (const value of [cycle, deep, Symbol('a'), [/a/], new Error('a'), 2n ** 9000n]) {
      await assert.rejects(socket.rpc(value), {
        code: 'SHORTWIRE_ERR_SERIALIZE',
        maybeDelivered: false
      });
    }
    peer.handle(() => /a/);
    await assert.rejects(socket.rpc(1), { code: 'SHORTWIRE_ERR_SERIALIZE' });
    peer.handle(() => 1n);
    assert.equal(await socket.rpc(1), 1n);
  });

  test(`a handler's error is told in JSON (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, both(driver));
    peer.handle(() => {
      throw Object.assign(new RangeError('no'), { code: 'NO', data: { id: 1 } });
    });
    await assert.rejects(socket.rpc(1n), (error) => {
      assert.deepEqual(
        [error.code, error.remote.name, error.remote.code, error.remote.data],
        ['SHORTWIRE_ERR_REMOTE', 'RangeError', 'NO', { id: 1 }]
      );
      return true;
    });
  });

  test(`raw: both sides get bytes, whatever they are (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, both(driver, { encoding: 'raw' }));
    peer.handle((payload) => Buffer.concat([payload, Buffer.from('!')]));
    assert.deepEqual(await socket.rpc(Buffer.from('raw')), Buffer.from('raw!'));
    for (const value of ['text', 1, null, { a: 1 }]) {
      await assert.rejects(socket.rpc(value), { code: 'SHORTWIRE_ERR_SERIALIZE' });
    }
    peer.handle(() => 'not bytes');
    await assert.rejects(socket.rpc(Buffer.alloc(1)), { code: 'SHORTWIRE_ERR_SERIALIZE' });
    peer.handle((payload) => payload);
    assert.equal(await socket.rpc(undefined), undefined);
  });

  test(`raw: JSON of a peer comes as its bytes, errors as errors (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: { encoding: 'raw' } });
    peer.handle('json', (payload) => ({ got: payload.toString() }));
    peer.handle('fails', () => {
      throw new Error('no');
    });
    const answer = await socket.call('json', Buffer.from('x'));
    assert.deepEqual(answer, Buffer.from('{"got":"x"}'));
    await assert.rejects(socket.call('fails', Buffer.from('x')), {
      code: 'SHORTWIRE_ERR_REMOTE',
      message: 'no'
    });
    const heard = event(socket, 'message');
    await peer.send('日本'.repeat(100_000));
    assert.equal((await heard)[0].toString(), JSON.stringify('日本'.repeat(100_000)));
  });

  test(`streams of values carry them as well (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, both(driver));
    const parts = [new Date(1), 5n, new Map([[1, new Set([2])]]), 'text', 'x'.repeat(300_000)];
    peer.handle(async function* (payload) {
      assert.deepEqual(payload, new Set(['asked']));
      yield* parts;
    });
    const got = [];
    for await (const part of socket.iterate(new Set(['asked']))) got.push(part);
    assert.deepEqual(got, parts);
    await assert.rejects(
      async () => {
        for await (const part of socket.iterate(/a/)) got.push(part);
      },
      { code: 'SHORTWIRE_ERR_SERIALIZE' }
    );
  });

  test(`jftp has neither: JSON goes on (${driver})`, async (t) => {
    const { path, server } = await listen(t, { driver, ...MSGPACK });
    server.handle((payload) => payload);
    const socket = new UDSocket({ driver, protocol: 'jftp', ...MSGPACK });
    t.after(() => socket.destroy());
    await socket.connect(path);
    assert.deepEqual(await socket.rpc({ a: 1 }), { a: 1 });
    assert.equal(socket.encoding, 'json');
    await assert.rejects(socket.rpc({ a: new Date() }), { code: 'SHORTWIRE_ERR_SERIALIZE' });
  });

  test(`hostile MessagePack fails alone and reaches nobody (${driver})`, async (t) => {
    const { path, server } = await listen(t, { driver, ...MSGPACK });
    let asked = 0;
    server.handle(() => ++asked);
    const raw = await RawPeer.greet(t, path, { capabilities: Capability.MESSAGE_PACK });
    const deep = Buffer.alloc(513, 0x91);
    const HOSTILE = [
      Buffer.concat([deep, Buffer.from([1])]),
      'dfffffffff',
      'ddffffffff',
      'c6ffffffff00',
      'dbffffffff61',
      'c1',
      '',
      '0101',
      '92',
      'a2c328',
      // A regular expression, an error, a pointer, a record, a joined string, a type of nobody's.
      'd4780092a178a0',
      'd4650093a0a0c0',
      'd67000000001',
      'd472409191a16101',
      'd66200000000',
      'd40100',
      // A set and a map of something else than an array; half an entry.
      'd4730001',
      'd46d0001',
      'd46d009101',
      // A BigInt of no bytes and of too many, elements cut in half, elements of no kind.
      'c70042',
      Buffer.concat([Buffer.from('c8040142', 'hex'), Buffer.alloc(1025)]),
      'c7047403000000',
      'c702746300'
    ];
    for (const [id, given] of HOSTILE.entries()) {
      const body = typeof given === 'string' ? Buffer.from(given, 'hex') : given;
      raw.write(frame(Kind.REQUEST, { id, flags: Flag.MESSAGE_PACK, body }));
      const answer = await raw.frame();
      assert.deepEqual(
        [answer.kind, answer.id, answer.errorKind],
        [Kind.ERROR, BigInt(id), SERIALIZE],
        body.subarray(0, 20).toString('hex')
      );
    }
    assert.equal(asked, 0);
    raw.write(
      frame(Kind.REQUEST, { id: 99, flags: Flag.MESSAGE_PACK, body: packr.pack({ a: 1 }) })
    );
    assert.equal((await raw.frame()).kind, Kind.RESPONSE);
  });

  test(`a payload's properties change nobody's prototype (${driver})`, async (t) => {
    const { path, server } = await listen(t, { driver, ...MSGPACK });
    const asked = once(server, 'message');
    const raw = await RawPeer.greet(t, path, { capabilities: Capability.MESSAGE_PACK });
    // {"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}
    const inner = Buffer.concat([Buffer.from([0x81]), packr.pack('polluted'), Buffer.from([0xc3])]);
    const nested = Buffer.concat([Buffer.from([0x81]), packr.pack('prototype'), inner]);
    const body = Buffer.concat([
      Buffer.from([0x82]),
      packr.pack('__proto__'),
      inner,
      packr.pack('constructor'),
      nested
    ]);
    raw.write(frame(Kind.EVENT, { flags: Flag.MESSAGE_PACK, body }));
    const [payload] = await asked;
    assert.equal(/** @type {any} */ ({}).polluted, undefined);
    assert.equal(payload.polluted, undefined);
    assert.equal(Object.getPrototypeOf(payload), Object.prototype);
  });

  test(`an answer in MessagePack that is not valid fails its call alone (${driver})`, async (t) => {
    const path = socketPath(t);
    const listener = await RawServer.listen(t, path);
    const socket = new UDSocket({ driver, ...MSGPACK });
    t.after(() => socket.destroy());
    const connected = socket.connect(path);
    const raw = await listener.greeted({ capabilities: Capability.MESSAGE_PACK });
    await connected;
    const failing = socket.rpc(1);
    const { id } = await raw.frame();
    raw.write(
      frame(Kind.RESPONSE, { id, flags: Flag.MESSAGE_PACK, body: Buffer.from('dd', 'hex') })
    );
    await assert.rejects(failing, { code: 'SHORTWIRE_ERR_SERIALIZE', maybeDelivered: true });
    assert.equal(socket.status, 'ready');
  });

  test(`broadcasts and surveys go to all who can read them (${driver})`, async (t) => {
    const { server, socket, peer, path } = await pair(t, both(driver));
    const other = await connect(t, path, { driver });
    await until(() => server.sockets.size === 2, 'two sockets');
    const dropped = [];
    server.on('dropped', (at, { reason }) => dropped.push([at === peer, reason]));
    const heard = [];
    socket.on('message', (payload) => heard.push(['packs', payload]));
    other.on('message', (payload) => heard.push(['plain', payload]));
    assert.equal(await server.broadcast({ plain: 1 }), 2);
    await server.broadcast(new Set([1]));
    await until(() => heard.length === 3, 'three messages');
    assert.deepEqual(
      heard.filter(([who]) => who === 'packs').map(([, payload]) => payload),
      [{ plain: 1 }, new Set([1])]
    );
    await until(() => dropped.length === 1, 'one that was not sent');
    assert.deepEqual(dropped, [[false, 'SHORTWIRE_ERR_SERIALIZE']]);
    socket.handle((payload) => payload);
    other.handle((payload) => payload);
    const entries = await server.survey(5n);
    const of = (who) => entries.find((entry) => (entry.socket === peer) === who);
    assert.equal(of(true).value, 5n);
    assert.equal(of(false).reason.code, 'SHORTWIRE_ERR_SERIALIZE');
  });

  test(`a peer that hasn't agreed is sent no MessagePack, even from the queue (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver, socket: MSGPACK });
    const heard = [];
    peer.on('message', (payload) => heard.push(payload));
    await assert.rejects(socket.send(new Map()), { code: 'SHORTWIRE_ERR_SERIALIZE' });
    await socket.send('fine');
    await until(() => heard.length === 1, 'the second');
    assert.deepEqual(heard, ['fine']);
  });
});

test('schema() is for JSON', () => {
  for (const encoding of ['msgpack', 'raw']) {
    assert.throws(() => new UDSocket({ encoding }).schema(JSON.stringify), {
      code: 'SHORTWIRE_ERR_UNSUPPORTED'
    });
  }
});

test('without msgpackr only those who ask for it hear of it', async () => {
  const outcome = await run(join(__dirname, 'scripts/without-msgpackr.js'));
  assertQuiet(outcome);
  const line =
    "SHORTWIRE_ERR_UNSUPPORTED encoding: 'msgpack' needs the package msgpackr: npm install msgpackr";
  assert.deepEqual(outcome.lines, ['json false', line, line]);
});

test('other users of msgpackr in the process keep what they have', () => {
  assert.ok(new UDSocketServer(MSGPACK));
  const theirs = new Packr();
  const map = new Map([[1, 2]]);
  assert.deepEqual(theirs.unpack(theirs.pack({ map })), { map });
});
