// Streams, and calls and messages with files, that come to a socket which has paused.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');

/** Everything that comes. @param {AsyncIterable<any>} stream */
async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const file = (text) => ({ name: 'file', buffer: Buffer.from(text) });

forEachDriver((driver) => {
  /** The end that speaks and the one that pauses, in both directions. @param {any} t */
  async function directions(t) {
    const { peer, socket } = await pair(t, { driver });
    return [
      { from: socket, to: peer },
      { from: peer, to: socket }
    ];
  }

  test(`streams wait for the end of a pause, in order with all else (${driver})`, async (t) => {
    for (const { from, to } of await directions(t)) {
      const heard = [];
      to.on('message', (payload) => heard.push(payload));
      to.handle('up', async (payload, { stream }) => {
        heard.push(payload);
        heard.push(Buffer.concat(await all(stream)).toString());
        stream.end();
      });
      to.handle('down', async function* (payload) {
        heard.push(payload);
        yield* [1, 2];
      });
      to.pause();
      await from.send('first');
      const up = from.stream('second', { topic: 'up' });
      up.end('bytes');
      const values = all(from.iterate('third', { topic: 'down' }));
      await from.send('fourth');
      await until(() => to.stats().heldMessages === 4, 'four are held');
      await until(() => to.stats().heldBytes > 4 * 8, 'and what came in the stream');
      assert.deepEqual(heard, []);
      to.resume();
      assert.deepEqual(await within(values, 'the values'), [1, 2]);
      await within(all(up), 'the end');
      assert.deepEqual(heard, ['first', 'second', 'third', 'fourth', 'bytes']);
      // A task tells its numbers after its turn.
      await until(() => to.stats().streams === 0, 'both streams are over');
      const { heldMessages, heldBytes } = to.stats();
      assert.deepEqual([heldMessages, heldBytes], [0, 0]);
    }
  });

  test(`calls and messages with files wait, and their files with them (${driver})`, async (t) => {
    for (const { from, to } of await directions(t)) {
      const heard = [];
      const read = async (payload, files) => {
        for (const part of files) heard.push([payload, String(Buffer.concat(await all(part)))]);
      };
      to.on('message', (payload, info) => void read(payload, info.files));
      to.handle('up', async (payload, { files }) => {
        await read(payload, files);
        return 'read';
      });
      to.pause();
      const sent = from.send('message', { files: [file('one')] });
      const answer = from.rpc('call', { topic: 'up', files: [file('two')] });
      await until(() => to.stats().heldMessages === 2, 'both are held');
      await from.ping();
      assert.deepEqual(heard, []);
      to.resume();
      assert.equal(await within(answer, 'the answer'), 'read');
      await within(sent, 'the message');
      assert.deepEqual(heard.sort(), [
        ['call', 'two'],
        ['message', 'one']
      ]);
    }
  });

  test(`a handler that has paused its socket still reads its files (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const large = Buffer.alloc(3 << 20, 'x');
    let read = 0;
    peer.on('message', async (_payload, { files }) => {
      peer.pause();
      for await (const part of files[0]) read += part.length;
      peer.resume();
    });
    const sent = [1, 2].map((n) => socket.send(n, { files: [{ name: 'f', buffer: large }] }));
    await within(Promise.all(sent), 'both');
    await until(() => read === 2 * large.length, 'all of both');
  });

  test(`a stream that its opener resets while it is held reaches no handler (${driver})`, async (t) => {
    for (const { from, to } of await directions(t)) {
      const opened = [];
      to.handle('up', (payload, { stream }) => {
        opened.push(payload);
        stream.resume().end();
      });
      to.pause();
      const taken = from.stream('reset', { topic: 'up' });
      taken.on('error', () => {});
      const other = from.stream('kept', { topic: 'up' });
      await until(() => to.stats().heldMessages === 2, 'both are held');
      taken.destroy(new Error('changed my mind'));
      await until(() => to.stats().heldMessages === 1, 'one is left');
      to.resume();
      other.end();
      await within(all(other), 'the other');
      assert.deepEqual(opened, ['kept']);
    }
  });

  test(`a peer that floods a paused socket with streams is read no further (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let read = 0;
    peer.handle('up', async (_payload, { stream }) => {
      for await (const part of stream) read += part.length;
      stream.end();
    });
    peer.pause();
    const part = Buffer.alloc(48 * 1024);
    const streams = Array.from({ length: 200 }, () => socket.stream(null, { topic: 'up' }));
    for (const stream of streams) stream.resume().end(part);
    await until(() => peer.stats().heldBytes >= 1 << 20, 'about a megabyte');
    let before = -1;
    await until(() => before === (before = peer.stats().bytesIn), 'the end of reading');
    const { heldBytes, undeliveredBytes } = peer.stats();
    assert.ok(heldBytes + undeliveredBytes < 2 << 20, `${heldBytes} + ${undeliveredBytes}`);
    peer.resume();
    await until(() => peer.stats().streams === 0, 'the end of all');
    await until(() => streams.every((stream) => stream.closed), 'that it is heard of');
    assert.equal(read, streams.length * part.length);
  });

  test(`held streams end with their connection (${driver})`, async (t) => {
    for (const { from, to } of await directions(t)) {
      if (from.status === 'closed') continue;
      const opened = [];
      to.handle('up', (payload) => void opened.push(payload));
      to.on('message', (payload) => opened.push(payload));
      to.pause();
      from.stream('stream', { topic: 'up' }).on('error', () => {});
      from.send('message');
      await until(() => to.stats().heldMessages === 2, 'both are held');
      from.destroy();
      await until(() => to.status !== 'ready', 'the end');
      to.resume();
      await until(() => opened.length > 0, 'the message');
      assert.deepEqual(opened, ['message']);
      to.destroy();
    }
  });

  test(`closing ends the pause for streams, too (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('down', async function* () {
      yield* [1, 2, 3];
    });
    peer.pause();
    const values = all(socket.iterate(null, { topic: 'down' }));
    await until(() => peer.stats().heldMessages === 1, 'it is held');
    const closed = peer.close();
    assert.deepEqual(await within(values, 'the values'), [1, 2, 3]);
    await within(closed, 'the end');
  });

  test(`traced values that are put together already count as their text (${driver})`, async (t) => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { peer, socket } = await pair(t, { driver });
    const values = Array.from({ length: 150 }, (_, n) => n);
    const row = (/** @type {number} */ id) => ({ id, name: `row ${id}`, values });
    const send = async (/** @type {number} */ count) => {
      for (let id = 100; id < 100 + count; id++) await socket.send(row(id), { traceparent });
      await socket.ping();
    };
    // Until they are known to look alike.
    await send(60);
    peer.pause();
    await send(20);
    await until(() => peer.stats().heldMessages === 20, 'they are held');
    assert.equal(peer.stats().heldBytes, 20 * Buffer.byteLength(JSON.stringify(row(100))));
  });
});
