// Streams on the wire: ours against the specification, and peers that don't keep to it.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { event, until } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { deferred } = require('../support/record.js');
const { Capability, Flag, Kind, frame, request } = require('../support/wire.js');

const WINDOW = 64 * 1024;
const HEADER = 16;
const capabilities = Capability.STREAMS;

/** @type {(id: number, topic?: string) => Buffer} */
const open = (id, topic = 'hold') => frame(Kind.OPEN, { id, topic });
/** @type {(id: number, length: number) => Buffer} */
const data = (id, length) =>
  frame(Kind.DATA, { id, flags: Flag.BYTES, body: Buffer.alloc(length) });
/** @type {(id: number) => Buffer} */
const end = (id) => frame(Kind.END, { id });
/** @type {(id: number) => Buffer} */
const reset = (id) => frame(Kind.RESET, { id, flags: Flag.BYTES, body: '\x03gone' });
/** @type {(id: number, bytes: number) => Buffer} */
function credit(id, bytes) {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(bytes);
  return frame(Kind.CREDIT, { id, flags: Flag.DEADLINE, body });
}

forEachDriver((driver) => {
  /** A server that holds streams, echoes them, or answers calls. @type {(t: any, options?: object) => Promise<any>} */
  const serve = async (t, options) => {
    const { server, path } = await listen(t, { driver, ...options });
    const held = deferred();
    server.handle('hold', (_, { stream }) => held.resolve(stream));
    server.handle('read', (_, { stream }) => void stream.resume().end());
    server.handle('count', async function* () {
      for (let n = 0; ; n++) yield n;
    });
    server.handle('call', () => 'answered');
    const raw = await RawPeer.greet(t, path, { capabilities });
    return { server, path, raw, held: held.promise };
  };

  test(`a whole stream, frame by frame (${driver})`, async (t) => {
    const { raw, held } = await serve(t);
    raw.write(open(1), data(1, 5), end(1));
    const stream = await held;
    let read = 0;
    for await (const chunk of stream) read += chunk.length;
    assert.equal(read, 5);
    stream.end('abc');
    const [answer, last] = await raw.frames(2);
    assert.deepEqual(
      [answer.kind, answer.flags, answer.id, String(answer.body)],
      [Kind.DATA, Flag.BYTES, 1n, 'abc']
    );
    assert.deepEqual([last.kind, last.id, last.body.length], [Kind.END, 1n, 0]);
  });

  test(`no more than the window is sent until credit comes (${driver})`, async (t) => {
    const { raw, held } = await serve(t);
    raw.write(open(1));
    const stream = await held;
    stream.end(Buffer.alloc(3 * WINDOW));
    const first = await raw.frame();
    assert.equal(first.body.length, WINDOW - HEADER);
    raw.write(request(9, '1', 'call'));
    assert.equal((await raw.frame()).kind, Kind.RESPONSE);
    raw.write(credit(1, 4 * WINDOW));
    let come = first.body.length;
    while (come < 3 * WINDOW) come += (await raw.frame()).body.length;
    assert.equal((await raw.frame()).kind, Kind.END);
  });

  test(`credit is given back as the handler reads (${driver})`, async (t) => {
    const { raw } = await serve(t);
    raw.write(open(1, 'read'), data(1, WINDOW - HEADER));
    const [ended, more] = await raw.frames(2);
    assert.deepEqual([ended.kind, more.kind, more.flags], [Kind.END, Kind.CREDIT, Flag.DEADLINE]);
  });

  test(`a reset tells the handler, and one of its own is late (${driver})`, async (t) => {
    const { raw, held } = await serve(t);
    raw.write(open(1));
    const failed = event(await held, 'error');
    raw.write(reset(1), data(1, 5), credit(1, 5), end(1), reset(1));
    const [error] = await failed;
    assert.deepEqual([error.code, error.message], ['SHORTWIRE_ERR_ABORTED', 'Gone']);
    raw.write(request(9, '1', 'call'));
    assert.equal((await raw.frame()).kind, Kind.RESPONSE);
  });

  test(`nobody handles its topic (${driver})`, async (t) => {
    const { raw } = await serve(t);
    raw.write(open(1, 'nope'));
    const refused = await raw.frame();
    assert.deepEqual([refused.kind, refused.id, refused.errorKind], [Kind.RESET, 1n, 6]);
  });

  test(`a flood of streams is refused one by one (${driver})`, async (t) => {
    const { server, raw } = await serve(t, { maxStreams: 10 });
    const flood = Array.from({ length: 1000 }, (_, at) => open(2 * at + 1, 'hold'));
    raw.write(...flood);
    for (let at = 10; at < 1000; at++) {
      const refused = await raw.frame();
      assert.deepEqual([refused.kind, refused.errorKind], [Kind.RESET, 7]);
    }
    raw.write(request(9, '1', 'call'));
    assert.equal((await raw.frame()).kind, Kind.RESPONSE);
    const [socket] = server.sockets.values();
    assert.deepEqual([socket.stats().streams, socket.stats().streamsRefused], [10, 990]);
  });

  test(`opening and resetting without end holds nothing (${driver})`, async (t) => {
    const { server, raw } = await serve(t);
    for (let round = 0; round < 20; round++) {
      const frames = [];
      for (let at = 0; at < 500; at++) {
        const id = (round * 500 + at) * 2 + 1;
        frames.push(open(id, 'count'), reset(id));
      }
      raw.write(...frames);
    }
    await until(() => server.sockets.size === 1, 'the peer is there');
    const [socket] = server.sockets.values();
    await until(() => socket.stats().streamsIn === 10_000, 'all were opened');
    await until(() => socket.stats().streams === 0, 'none is open');
  });

  test(`a peer that leaves in the middle leaves no stream behind (${driver})`, async (t) => {
    const { raw, held } = await serve(t);
    raw.write(open(1), data(1, 5));
    const stream = await held;
    const failed = event(stream, 'error');
    raw.socket.destroy();
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_DISCONNECTED');
  });

  test(`a peer that ends its half of the socket in the middle ends its streams (${driver})`, async (t) => {
    const { raw, held } = await serve(t);
    raw.write(open(1), data(1, 5));
    const stream = await held;
    stream.write('more');
    const failed = event(stream, 'error');
    raw.socket.end();
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_DISCONNECTED');
    await raw.ended();
  });

  /** What no peer may do. @type {[string, Buffer[]][]} */
  const offences = [
    ['data for a stream that never was', [data(1, 1)]],
    ['data for a stream of ours that never was', [data(2, 1)]],
    ['credit for a stream that never was', [credit(1, 1)]],
    ['an id of the wrong parity', [open(2)]],
    ['the id 0', [open(0)]],
    ['an id that was there before', [open(1), reset(1), open(1)]],
    ['an id that is open', [open(1), open(1)]],
    ['an id below the last', [open(5), open(3)]],
    ['more than the window', [open(1), data(1, WINDOW - HEADER), data(1, 0)]],
    ['a second end', [open(1), end(1), end(1)]],
    ['data after the end', [open(1), end(1), data(1, 1)]],
    ['a value among bytes', [open(1), frame(Kind.DATA, { id: 1, flags: Flag.JSON, body: '1' })]],
    ['more credit than can be', [open(1), credit(1, 0xffffffff)]],
    [
      'an end that is cut',
      [open(1), frame(Kind.END, { id: 1, flags: Flag.MORE, body: data(1, 2000) })]
    ]
  ];
  for (const [what, frames] of offences) {
    test(`${what} ends the connection (${driver})`, async (t) => {
      const { server, raw } = await serve(t);
      const failed = event(server, 'error');
      raw.write(...frames);
      assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
      await raw.ended();
    });
  }

  test(`without the capability, the frames of streams are unknown (${driver})`, async (t) => {
    const { server, path } = await serve(t);
    const raw = await RawPeer.greet(t, path);
    const failed = event(server, 'error');
    raw.write(open(1));
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
  });

  test(`overdrafts of many streams are an offence together (${driver})`, async (t) => {
    const { server, raw } = await serve(t, { maxFrameBytes: 1 << 20 });
    const failed = event(server, 'error');
    // The settings stand before the topic, which the helper doesn't know: it is written as one.
    const opening = (/** @type {number} */ id) => {
      const bytes = frame(Kind.OPEN, { id, flags: Flag.DEADLINE, body: '\x01\0\0\0hold' });
      bytes.writeUInt16LE(4, 2);
      return bytes;
    };
    const body = `"${'x'.repeat(1_000_000)}"`;
    const value = (/** @type {number} */ id) => frame(Kind.DATA, { id, flags: Flag.JSON, body });
    await raw.pour([opening(1), opening(3), value(1), value(3)]);
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
  });
});
