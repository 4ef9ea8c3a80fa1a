// Frames that break the format in one place: the connection ends by name, what came before it counts.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { arena } = require('../support/arena.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Flag, Kind, frame, preface, request, response } = require('../support/wire.js');

const PROTOCOL = 'SHORTWIRE_ERR_PROTOCOL';
const TOO_LARGE = 'SHORTWIRE_ERR_TOO_LARGE';
const KIB = Buffer.alloc(1024, 0x61);

/** A request of which more is to come. @type {(id: number, body: Buffer) => Buffer} */
const piece = (id, body) => frame(Kind.REQUEST, { id, flags: Flag.BYTES | Flag.MORE, body });
const range = (/** @type {number} */ count) => Array.from({ length: count }, (_, at) => at);

/** @type {[name: string, frames: Buffer[], code: string][]} */
const OFFENCES = [
  ['a kind that is not known', [frame(0x7f)], PROTOCOL],
  ['kind 0', [frame(0)], PROTOCOL],
  ['a kind that is kept for streams', [frame(0x10, { id: 1 })], PROTOCOL],
  [
    'a reserved flag',
    [frame(Kind.REQUEST, { id: 1, flags: Flag.JSON | 0x80, body: '1' })],
    PROTOCOL
  ],
  ['a second preface', [preface()], TOO_LARGE],
  [
    'a topic longer than the frame',
    [Buffer.from('0101ffff0200000001000000000000003131', 'hex')],
    PROTOCOL
  ],
  [
    'a control frame that is cut',
    [frame(Kind.CANCEL, { id: 1, flags: Flag.MORE, body: KIB })],
    PROTOCOL
  ],
  [
    'a control frame that is too long',
    [frame(Kind.PING, { id: 1, body: Buffer.alloc(1025) })],
    PROTOCOL
  ],
  ['a flood of tiny pieces', range(100).map(() => piece(1, Buffer.from('x'))), PROTOCOL],
  ['more unfinished messages than are allowed', range(65).map((id) => piece(id, KIB)), PROTOCOL],
  [
    'unfinished messages larger than one may be',
    range(33).map((id) => piece(id, Buffer.alloc(8192))),
    TOO_LARGE
  ],
  [
    'pieces that are larger together than one may be',
    range(33).map(() => piece(1, Buffer.alloc(8192))),
    TOO_LARGE
  ],
  [
    'a topic in a later piece',
    [piece(1, KIB), frame(Kind.REQUEST, { id: 1, topic: 't' })],
    PROTOCOL
  ]
];

forEachDriver((driver) => {
  describe(`A frame that breaks the format, ${driver}`, () => {
    for (const [name, frames, code] of OFFENCES) {
      test(`${name}: ${code}, and what came before is answered`, async (t) => {
        const { path, asked, othersAreServed, fault } = await arena(t, {
          driver,
          maxFrameBytes: 1 << 18
        });
        const faulted = fault();
        const peer = await RawPeer.greet(t, path);
        peer.write(request(0, '"before"'), ...frames);
        assert.equal(await faulted, code);
        await peer.ended();
        assert.deepEqual(asked, ['before']);
        await othersAreServed();
      });
    }
  });

  /** What comes back of a request behind these frames. @type {(t: any, ...frames: Buffer[]) => Promise<any>} */
  const answerBehind = async (t, ...frames) => {
    const { path } = await arena(t, { driver });
    const peer = await RawPeer.greet(t, path);
    peer.write(...frames, request(7, '"behind"'));
    const answer = await peer.frame();
    assert.equal(answer.id, 7n);
    return answer.json.payload;
  };

  describe(`A frame that only looks odd, ${driver}`, () => {
    test('of an unknown kind that may be ignored is ignored', async (t) => {
      const odd = frame(0x90, { id: 7, flags: 0xff, topic: 'what', body: 'ever' });
      assert.equal(await answerBehind(t, odd), 'behind');
    });

    test('that cancels what was never asked is ignored', async (t) => {
      const cancels = range(1000).map((id) => frame(Kind.CANCEL, { id: id + 5 }));
      assert.equal(await answerBehind(t, ...cancels), 'behind');
    });

    test('that answers what was never asked is ignored', async (t) => {
      const answers = [
        response(0, '1'),
        response(2n ** 64n - 1n, '1'),
        frame(Kind.PONG, { id: 3 })
      ];
      assert.equal(await answerBehind(t, ...answers), 'behind');
    });

    test('that says goodbye in the middle is no reason not to answer', async (t) => {
      assert.equal(
        await answerBehind(t, frame(Kind.GOAWAY, { flags: Flag.BYTES, body: 'bye' })),
        'behind'
      );
    });

    test('with bytes where there should be none does not shift its neighbours', async (t) => {
      const { path, asked } = await arena(t, { driver });
      const peer = await RawPeer.greet(t, path);
      const none = frame(Kind.REQUEST, { id: 1, body: Buffer.from([0xff, 0xe2, 0x82]) });
      peer.write(request(0, '"é"'), none, request(2, '"é"'), request(3, '"🌍"'));
      await peer.frames(4);
      assert.deepEqual(asked, ['é', undefined, 'é', '🌍']);
    });

    test('with an encoding that was not agreed on fails alone', async (t) => {
      const { path } = await arena(t, { driver });
      const peer = await RawPeer.greet(t, path);
      const packed = frame(Kind.REQUEST, {
        id: 1,
        flags: Flag.MESSAGE_PACK,
        body: Buffer.from('81a16101', 'hex')
      });
      peer.write(packed, request(2, '2'));
      const [failed, answered] = await peer.frames(2);
      assert.deepEqual([failed.kind, failed.errorKind], [Kind.ERROR, 9]);
      assert.equal(answered.json.payload, 2);
    });

    test('cut into pieces, with others between them, is put together', async (t) => {
      const { path } = await arena(t, { driver });
      const peer = await RawPeer.greet(t, path);
      const first = frame(Kind.REQUEST, {
        id: 1,
        flags: Flag.JSON | Flag.MORE,
        topic: 't',
        body: `"${'é'.repeat(600)}`
      });
      const last = frame(Kind.REQUEST, { id: 1, flags: Flag.JSON, body: '"' });
      peer.write(first, request(2, '2'), frame(Kind.PING, { id: 9 }), last);
      const frames = await peer.frames(3);
      const whole = frames.find(({ id }) => id === 1n);
      assert.deepEqual(whole?.json, { payload: 'é'.repeat(600), topic: 't' });
    });
  });
});
