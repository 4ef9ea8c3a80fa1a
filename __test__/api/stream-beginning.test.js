// Streams that listeners open just when a connection comes or goes, on sockets that have had none before and on others.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('../../index.js');
const { event, until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen } = require('../support/pair.js');

forEachDriver((driver) => {
  for (const before of [false, true]) {
    const whose = before ? 'with streams before' : 'without any before';

    test(`what waits goes out first, then what listeners open, then what they ask: ${whose} (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver });
      const heard = [];
      server.handle((payload) => {
        heard.push(payload);
        return payload;
      });
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      const expected = [];
      const say = (payload) => {
        expected.push(payload);
        return socket
          .iterate(payload)
          .next()
          .catch(() => {});
      };
      if (before) say('waits');
      let asked;
      socket.on('status', (status) => {
        if (status !== 'ready') return;
        say('opened');
        expected.push('asked');
        asked = socket.rpc('asked');
      });
      await socket.connect(path);
      assert.equal(await within(asked, 'an answer'), 'asked');
      await until(() => heard.length === expected.length, 'all is heard');
      assert.deepEqual(heard, expected);
    });

    test(`what is opened while the connection ends, ends with it: ${whose} (${driver})`, async (t) => {
      const { server, path } = await listen(t, { driver });
      server.handle('values', async function* () {
        yield 1;
      });
      const accepted = event(server, 'connection');
      const socket = new UDSocket({ driver });
      t.after(() => socket.destroy());
      /** @type {any} */
      let late;
      let working = false;
      socket.handle(
        (_payload, { signal }) =>
          new Promise(() => {
            working = true;
            signal.addEventListener('abort', () => {
              late = event(socket.stream(null, { topic: 'values', objectMode: true }), 'error');
            });
          })
      );
      await socket.connect(path);
      if (before) assert.deepEqual(await all(socket), [1]);
      const [peer] = await accepted;
      const unanswered = assert.rejects(peer.rpc(null));
      await until(() => working, 'the handler works');
      socket.destroy();
      await until(() => late !== undefined, 'the signal fires');
      assert.equal((await late)[0].code, 'SHORTWIRE_ERR_DISCONNECTED');
      await unanswered;
      // The next connection's streams wait for it as ever.
      const connected = socket.connect(path);
      assert.deepEqual(await within(all(socket), 'the values'), [1]);
      await connected;
    });
  }
});

/** @param {any} socket */
async function all(socket) {
  const values = [];
  for await (const value of socket.iterate(null, { topic: 'values' })) values.push(value);
  return values;
}
