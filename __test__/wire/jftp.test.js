// jftp through a socket: the vectors' bytes to our server, and ours against the vectors.

'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');

const { socketPath } = require('../support/address.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { RawPeer, RawServer } = require('../support/raw-peer.js');
const { deliveries, vectors } = require('../support/vectors.js');

/** The least that the option `maxFrameBytes` takes. */
const LEAST_FRAME_BYTES = 1024;

const VECTORS = vectors('jftp');
/** Widths of headers other than the default are no option of our server: nothing negotiates them. */
const FOR_A_SERVER = VECTORS.filter(
  ({ role, headerDigits, maxFrameBytes = LEAST_FRAME_BYTES }) =>
    role === 'server' && headerDigits === undefined && maxFrameBytes >= LEAST_FRAME_BYTES
);

/** @type {(generation: string, body: string) => Buffer} */
function framed(generation, body) {
  const text = Buffer.from(body);
  if (generation === 'D')
    return Buffer.concat([Buffer.from(`${text.length}`.padStart(7, '0')), text]);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(text.length);
  return Buffer.concat([header, text]);
}

/** @type {(generation: string, id: number | string, data: string) => Buffer} */
const request = (generation, id, data) =>
  framed(generation, generation === 'A' ? `{"id":${id},"data":${data}}` : `[${id},${data}]`);

/** @type {(generation: string, name: string) => Buffer} */
const bytesOf = (generation, name) => {
  const vector = VECTORS.find((vector) => vector.name === name && vector.generation === generation);
  assert.ok(vector, `a vector of ${generation} named ${name}`);
  return vector.bytes;
};

forEachDriver((driver) => {
  /** @type {(t: any, handler: any, options?: object) => Promise<any>} */
  const listen = async (t, handler, options) => {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver, ...options });
    server.handle(handler);
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 0 }));
    return { server, path };
  };

  describe(`jftp's vectors to our server, ${driver}`, () => {
    for (const {
      name,
      generation = '',
      bytes,
      messages,
      error,
      incomplete,
      maxFrameBytes
    } of FOR_A_SERVER) {
      test(`${generation}: ${name}`, async (t) => {
        /** @type {any[]} */
        const heard = [];
        const handler = (/** @type {any} */ payload, /** @type {any} */ { topic }) => {
          if (payload === 'sentinel') return 'seen';
          heard.push({ kind: 'request', topic, payload });
        };
        const { server, path } = await listen(t, handler, maxFrameBytes && { maxFrameBytes });
        const faulted = event(server, 'error');
        faulted.catch(() => {});
        const gone = event(server, 'disconnect');
        gone.catch(() => {});
        const peer = await RawPeer.connect(t, path);
        // Which generation it is, is settled before the vector begins.
        const sentinel = request(generation, 99_999, '"sentinel"');
        const seen = framed(
          generation,
          generation === 'A' ? '{"id":99999,"data":"seen"}' : '[99999,"seen"]'
        );
        peer.write(sentinel);
        assert.deepEqual(await peer.take(seen.length), seen);
        peer.write(bytes);
        if (error !== undefined) {
          assert.equal((await faulted)[0].code, error);
        } else if (incomplete !== undefined) {
          peer.socket.end();
          await gone;
        } else {
          peer.write(sentinel);
          let all = Buffer.alloc(0);
          while (!all.includes(seen)) all = Buffer.concat([all, await peer.take(1)]);
        }
        assert.deepEqual(heard, deliveries(messages));
      });
    }
  });

  describe(`Our server's bytes against jftp's vectors, ${driver}`, () => {
    for (const generation of ['A', 'B', 'D']) {
      test(`${generation}: its answer`, async (t) => {
        const { path } = await listen(t, (/** @type {any} */ echo) => ({ echo }));
        const peer = await RawPeer.connect(t, path);
        peer.write(bytesOf(generation, 'a request'));
        const expected = bytesOf(generation, 'its answer');
        assert.deepEqual((await peer.take(expected.length)).toString(), expected.toString());
      });
    }

    /** @type {[generation: string, name: string, asked: [number, string], handler: () => any][]} */
    const OUTCOMES = [
      ['D', 'an answer with a number', [8863, '1'], () => 42],
      ['D', 'an answer of undefined', [8860, '1'], () => undefined],
      [
        'D',
        'a thrown Error',
        [8854, '"throw"'],
        () => {
          throw new Error('bad thing');
        }
      ],
      [
        'D',
        'a thrown Error with a code',
        [8855, '"throwcode"'],
        () => {
          throw Object.assign(new Error('nope'), { code: 'EFOO' });
        }
      ],
      [
        'D',
        'a thrown string',
        [8856, '"throwstr"'],
        () => {
          throw 'plain string';
        }
      ],
      [
        'D',
        'a thrown object',
        [8857, '"throwobj"'],
        () => {
          throw { why: 'obj' };
        }
      ],
      ['D', 'non-ASCII text: the length counts bytes', [8865, '1'], () => 'é🌍'],
      [
        'B',
        'a thrown Error with a code',
        [8855, '"throwcode"'],
        () => {
          throw Object.assign(new Error('nope'), { code: 'EFOO' });
        }
      ]
    ];
    for (const [generation, name, [id, data], handler] of OUTCOMES) {
      test(`${generation}: ${name}`, async (t) => {
        const { path } = await listen(t, handler);
        const peer = await RawPeer.connect(t, path);
        peer.write(request(generation, id, data));
        const expected = bytesOf(generation, name);
        assert.equal((await peer.take(expected.length)).toString(), expected.toString());
      });
    }
  });

  describe(`Our socket's bytes as jftp's, ${driver}`, () => {
    /** @type {[protocol: string, generation: string][]} */
    const SPOKEN = [
      ['jftp-1.0', 'A'],
      ['jftp-1.5', 'B'],
      ['jftp', 'D']
    ];
    for (const [protocol, generation] of SPOKEN) {
      test(`${protocol}: calls are numbered from the process id up, and answered by number`, async (t) => {
        const path = socketPath(t);
        const server = await RawServer.listen(t, path);
        const socket = new UDSocket({ driver, protocol });
        t.after(() => socket.destroy());
        await socket.connect(path);
        const peer = await server.accepted();
        const calls = [socket.rpc({ hello: 'é' }), socket.rpc([2])];
        const { pid } = process;
        const ids = generation === 'A' ? [`"${pid}-0"`, `"${pid}-1"`] : [pid, pid + 1];
        const expected = Buffer.concat([
          request(generation, ids[0], '{"hello":"é"}'),
          request(generation, ids[1], '[2]')
        ]);
        assert.equal((await peer.take(expected.length)).toString(), expected.toString());
        peer.write(request(generation, ids[1], '"second"'), request(generation, ids[0], '"first"'));
        assert.deepEqual(await Promise.all(calls), ['first', 'second']);
      });
    }
  });
});
