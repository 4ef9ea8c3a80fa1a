// What a handler returns after it has taken a stream: its answer, if it has said nothing into it.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { test } = require('node:test');

const { until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

/** All that comes, until the other side ends. @param {AsyncIterable<any>} stream */
async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

async function sum(_, { stream }) {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes === 5 ? undefined : `${bytes}`;
}

async function* doubled(_, { stream }) {
  for await (const value of stream) yield value * 2;
}

forEachDriver((driver) => {
  for (const opener of /** @type {const} */ (['socket', 'peer'])) {
    const about = `(${driver}, opened by the ${opener})`;

    /** A stream to a handler. */
    const open = async (t, handler, options) => {
      const { socket, peer } = await pair(t, { driver });
      const [one, other] = opener === 'socket' ? [socket, peer] : [peer, socket];
      other.handle(handler);
      return one.stream(null, options);
    };

    test(`nothing, after reading to the end, is the end ${about}`, async (t) => {
      const stream = await open(t, sum);
      stream.end('12345');
      assert.deepEqual(await within(all(stream), 'the end'), []);
    });

    test(`a value, after reading to the end, comes before the end ${about}`, async (t) => {
      const stream = await open(t, sum);
      stream.end('123456');
      assert.equal(`${await within(all(stream), 'the end')}`, '6');
    });

    test(`a value that can't travel resets the stream ${about}`, async (t) => {
      const stream = await open(t, async (_, context) => {
        await all(context.stream);
        return { bytes: 1 };
      });
      stream.end('1');
      await assert.rejects(within(all(stream), 'the error'), { code: 'SHORTWIRE_ERR_REMOTE' });
    });

    test(`a generator reads the stream and answers into it ${about}`, async (t) => {
      const stream = await open(t, doubled, { objectMode: true });
      for (const value of [1, 2, 3]) stream.write(value);
      stream.end();
      assert.deepEqual(await within(all(stream), 'the values'), [2, 4, 6]);
    });

    test(`a generator gets what came while its side was paused ${about}`, async (t) => {
      const { socket, peer } = await pair(t, { driver });
      const [one, other] = opener === 'socket' ? [socket, peer] : [peer, socket];
      other.handle(async function* (_, context) {
        for await (const value of context.stream) yield value * 2;
      });
      other.pause();
      const stream = one.stream(null, { objectMode: true });
      stream.write(4);
      stream.end(5);
      await one.ping();
      await until(() => other.stats().heldMessages === 1, 'the stream is held');
      other.resume();
      assert.deepEqual(await within(all(stream), 'the values'), [8, 10]);
    });

    test(`what is returned for a stream that is gone is given up ${about}`, async (t) => {
      const gone = deferred();
      const stream = await open(t, async (_, context) => {
        await new Promise((resolve) => context.stream.once('close', resolve));
        const source = new PassThrough();
        source.on('close', gone.resolve);
        return source;
      });
      stream.write('a');
      await new Promise((resolve) => setImmediate(resolve));
      stream.destroy();
      await within(gone.promise, 'the source is destroyed');
    });

    test(`a generator that throws resets the stream with its error ${about}`, async (t) => {
      const stream = await open(t, async function* (_, context) {
        for await (const value of context.stream) {
          yield value;
          throw new Error('enough');
        }
      });
      stream.write('a');
      const error = await within(
        all(stream).catch((reason) => reason),
        'the error'
      );
      assert.equal(error.remote.message, 'enough');
    });

    test(`a handler that throws within its loop resets the stream with its error ${about}`, async (t) => {
      const stream = await open(t, async (_, context) => {
        for await (const value of context.stream) throw new Error(`not ${value}`);
      });
      stream.write('a');
      const error = await within(
        all(stream).catch((reason) => reason),
        'the error'
      );
      assert.equal(error.remote.message, 'not a');
    });

    test(`a handler that leaves its loop aborts the stream ${about}`, async (t) => {
      const stream = await open(t, async (_, context) => {
        for await (const value of context.stream) if (value) break;
      });
      stream.write('a');
      await assert.rejects(within(all(stream), 'the error'), { code: 'SHORTWIRE_ERR_ABORTED' });
    });

    test(`a handler that has returned goes on writing ${about}`, async (t) => {
      const stream = await open(t, async (_, { stream: taken }) => {
        setImmediate(() => taken.resume().end('late'));
      });
      stream.end();
      assert.equal(`${await within(all(stream), 'what comes late')}`, 'late');
    });

    test(`what is piped in is the answer, whatever is returned ${about}`, async (t) => {
      const source = new PassThrough();
      const stream = await open(t, async (_, context) => {
        void pipeline(source, context.stream);
        await all(context.stream);
        return 'not this';
      });
      stream.end('x');
      await once(stream, 'finish');
      source.end('this');
      assert.equal(`${await within(all(stream), 'what was piped')}`, 'this');
    });
  }
});
