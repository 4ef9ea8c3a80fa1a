// How payloads and values of streams, and of calls with files, travel in other encodings than JSON.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

/** What JSON can't carry, or what `raw` can. */
const VALUES = {
  msgpack: { at: new Date(0), map: new Map([[1, 2n]]), set: new Set(['a']), none: [undefined] },
  raw: Buffer.from([0, 255, 34])
};

forEachDriver((driver) => {
  for (const [encoding, value] of Object.entries(VALUES)) {
    const about = `(${encoding}, ${driver})`;
    /** Both ends, in both orders. @param {any} t */
    const ends = async (t) => {
      const options = { encoding };
      const { socket, peer } = await pair(t, { driver, server: options, socket: options });
      return [
        [socket, peer],
        [peer, socket]
      ];
    };

    test(`values of streams keep what they are ${about}`, async (t) => {
      for (const [one, other] of await ends(t)) {
        other.handle('echo', (payload, { stream }) => {
          assert.deepEqual(payload, value);
          stream.pipe(stream);
        });
        other.handle('parts', async function* (payload) {
          yield payload;
          yield value;
        });
        const stream = one.stream(value, { topic: 'echo', objectMode: true });
        stream.end(value);
        assert.deepEqual(await within(stream.toArray(), 'the echo'), [value]);
        const parts = [];
        for await (const part of one.iterate(value, { topic: 'parts' })) parts.push(part);
        assert.deepEqual(parts, [value, value]);
      }
    });

    test(`payloads beside files keep what they are ${about}`, async (t) => {
      for (const [one, other] of await ends(t)) {
        const buffer = Buffer.from('bytes');
        other.handle('back', async (payload, context) => {
          const [file] = context.files;
          const bytes = Buffer.concat(await file.toArray());
          await context.reply(payload, { files: [{ name: file.name, buffer: bytes }] });
        });
        const told = deferred();
        other.on('message', (payload, { files }) => told.resolve([payload, files[0].name]));
        const files = [{ name: 'f', buffer }];
        const answer = await one.rpc(value, { topic: 'back', files, answerFiles: true });
        assert.deepEqual(answer.value, value);
        assert.deepEqual(Buffer.concat(await answer.files[0].toArray()), buffer);
        await one.send(value, { files });
        assert.deepEqual(await told.promise, [value, 'f']);
      }
    });
  }

  test(`with a peer that has JSON alone, what it can't carry fails its stream (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver, socket: { encoding: 'msgpack' } });
    peer.handle(async function* (payload) {
      yield payload;
    });
    assert.deepEqual(await socket.iterate([1]).next(), { value: [1], done: false });
    const expected = { code: 'SHORTWIRE_ERR_SERIALIZE' };
    await assert.rejects(socket.iterate(new Date()).next(), expected);
    await assert.rejects(socket.rpc(new Date(), { files: [] }), expected);
    assert.equal(socket.status, 'ready');
  });
});
