// Large texts of every kind of character, both ways: they take other roads than small ones.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { forEachDriver } = require('../support/drivers.js');
const { listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

const UNITS = 400_000;

/** @param {string} part */
const long = (part) => part.repeat(Math.ceil(UNITS / part.length));

const TEXTS = {
  ASCII: long('all of it is ASCII '),
  'Latin-1': long('Größe über allem '),
  'one emoji in much ASCII': `${long('plain ')}🚀`,
  Cyrillic: long('привет мир '),
  'all widths mixed': long('a é ю 套 🚀 "\\ '),
  'unpaired surrogates': long('\ud83d x \ude80')
};

forEachDriver((driver) => {
  describe(`large texts, ${driver}`, () => {
    for (const [name, text] of Object.entries(TEXTS)) {
      test(`${name} arrives as it was sent, in both directions`, async (t) => {
        const { server, socket, peer } = await pair(t, { driver });
        const echo = (/** @type {any} */ payload) => payload;
        server.handle(echo);
        socket.handle(echo);
        const payload = { text, after: 1 };
        assert.deepEqual(await socket.rpc(payload), payload);
        assert.deepEqual(await peer.rpc(payload), payload);
      });
    }

    test('topics of any length and script stay what they are', async (t) => {
      const { server, socket } = await pair(t, { driver });
      for (const topic of ['a', 'ab', 'ü', 'темы', '🚀', 'x🚀']) {
        server.handle(topic, (payload, context) => [context.topic, payload]);
        const answer = await socket.rpc(TEXTS.Cyrillic, { topic });
        assert.deepEqual(answer, [topic, TEXTS.Cyrillic]);
      }
    });

    test('one that waits for its turn arrives, too', async (t) => {
      const { server, socket } = await pair(t, { driver, server: { maxInFlight: 1 } });
      server.handle((payload) => payload.length);
      const calls = [TEXTS.Cyrillic, TEXTS.ASCII, TEXTS.Cyrillic].map((text) => socket.rpc(text));
      const lengths = [TEXTS.Cyrillic, TEXTS.ASCII, TEXTS.Cyrillic].map((text) => text.length);
      assert.deepEqual(await Promise.all(calls), lengths);
    });

    for (const [name, capabilities, flags] of /** @type {[string, number, number][]} */ ([
      ['a peer that reads UTF-16 gets it', Capability.WIDE, Flag.JSON | Flag.WIDE],
      ['a peer that reads only UTF-8 gets that', 0, Flag.JSON]
    ])) {
      test(name, async (t) => {
        const { server, path } = await listen(t, { driver });
        server.handle(() => TEXTS.Cyrillic);
        const raw = await RawPeer.greet(t, path, { capabilities });
        raw.write(frame(Kind.REQUEST, { id: 1, flags: Flag.JSON, body: '1' }));
        const answer = await raw.frame();
        assert.equal(answer.flags, flags);
        const encoding = (flags & Flag.WIDE) === 0 ? 'utf8' : 'utf16le';
        assert.equal(JSON.parse(answer.body.toString(encoding)), TEXTS.Cyrillic);
      });
    }
  });
});
