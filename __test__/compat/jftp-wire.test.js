// The façade's bytes: exactly those of jftp, in each generation, on both sides.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket } = require('shortwire/compat/jftp');

const { socketPath } = require('../support/address.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { GENERATIONS, PROTOCOLS, connectJftp, frame, listenJftp } = require('../support/jftp.js');
const { serve } = require('../support/jftp-pair.js');

const PID = process.pid;

/** Handlers that give what was captured. @param {any} data */
function captured(data) {
  if (data === 'throw') throw new Error('bad thing');
  if (data === 'throwcode') throw Object.assign(new Error('nope'), { code: 'EFOO' });
  if (data === 'throwstr') throw 'plain string';
  if (data === 'throwobj') throw { why: 'obj' };
  if (data === 'thrownull') throw null;
  if (data === 'undefined') return undefined;
  if (data === 'number') return 42;
  return { echo: data };
}

/** What a server of generation D was seen to answer. */
const CAPTURED_D = [
  ['0000024[8853,{"hello":"world"}]', '0000033[8853,{"echo":{"hello":"world"}}]'],
  ['0000014[8854,"throw"]', '0000038[8854,"throw",{"message":"bad thing"}]'],
  ['0000018[8855,"throwcode"]', '0000051[8855,"throwcode",{"code":"EFOO","message":"nope"}]'],
  ['0000017[8856,"throwstr"]', '0000032[8856,"throwstr","plain string"]'],
  ['0000017[8857,"throwobj"]', '0000031[8857,"throwobj",{"why":"obj"}]'],
  ['0000018[8858,"thrownull"]', '0000023[8858,"thrownull",null]'],
  ['0000018[8860,"undefined"]', '0000011[8860,null]'],
  ['0000015[8863,"number"]', '0000009[8863,42]'],
  ['0000011[8866,null]', '0000020[8866,{"echo":null}]'],
  ['0000015[8865,"é🌍"]', '0000024[8865,{"echo":"é🌍"}]'],
  // Ids are the client's business.
  ['0000012["text","a"]', '0000021["text",{"echo":"a"}]']
];

/** A client's first frames. @type {Record<import('../support/jftp.js').Generation, (data: string) => string[]>} */
const REQUESTS = {
  A: (data) => [`{"id":"${PID}-0","data":${data}}`, `{"id":"${PID}-1","data":${data}}`],
  B: (data) => [`[${PID},${data}]`, `[${PID + 1},${data}]`],
  D: (data) => [`[${PID},${data}]`, `[${PID + 1},${data}]`]
};

forEachDriver((driver) => {
  for (const generation of GENERATIONS) {
    const protocol = /** @type {any} */ (PROTOCOLS[generation]);
    /** @param {import('node:test').TestContext} t */
    const meet = async (t) => {
      const path = socketPath(t);
      const next = await listenJftp(t, path, generation);
      const socket = new UDSocket({ driver, protocol });
      t.after(() => void socket.destroy());
      socket.connect(path);
      return { socket, peer: await next() };
    };
    const [first, second] = REQUESTS[generation]('{"hello":"world"}');

    test(`a client of ${protocol} sends these bytes (${driver})`, async (t) => {
      const { socket, peer } = await meet(t);
      socket.rpc({ hello: 'world' }).catch(() => {});
      await peer.hears(frame(generation, first));
    });

    test(`a client of ${protocol} counts its ids up (${driver})`, async (t) => {
      const { socket, peer } = await meet(t);
      socket.rpc({ hello: 'world' }).catch(() => {});
      socket.rpc({ hello: 'world' }).catch(() => {});
      await peer.hears(Buffer.concat([frame(generation, first), frame(generation, second)]));
    });

    test(`a client of ${protocol} counts the bytes of its text (${driver})`, async (t) => {
      const { socket, peer } = await meet(t);
      socket.rpc('é🌍').catch(() => {});
      await peer.hears(frame(generation, REQUESTS[generation]('"é🌍"')[0]));
    });

    test(`a client of ${protocol} sends undefined as JSON has it (${driver})`, async (t) => {
      const { socket, peer } = await meet(t);
      socket.rpc(undefined).catch(() => {});
      const bare = generation === 'A' ? `{"id":"${PID}-0"}` : `[${PID},null]`;
      await peer.hears(frame(generation, bare));
    });

    test(`a client of ${protocol} understands answers and failures (${driver})`, async (t) => {
      const { socket, peer } = await meet(t);
      const ids = generation === 'A' ? [`${PID}-0`, `${PID}-1`] : [PID, PID + 1];
      const calls = [socket.rpc('one'), socket.rpc('two')];
      await peer.message();
      await peer.message();
      peer.say(ids[1], 'two', { message: 'no' });
      peer.say(ids[0], 'uno');
      await assert.rejects(calls[1], (error) => {
        assert.deepEqual(error, { message: 'no' });
        return true;
      });
      assert.equal(await calls[0], 'uno');
    });

    test(`a server answers a client of ${protocol} in its own tongue (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, captured);
      const peer = await connectJftp(t, path, generation);
      const [ask, answer] =
        generation === 'A'
          ? ['{"id":"9-0","data":"x"}', '{"id":"9-0","data":{"echo":"x"}}']
          : ['[9,"x"]', '[9,{"echo":"x"}]'];
      peer.write(frame(generation, ask));
      await peer.hears(frame(generation, answer));
    });

    test(`a server tells a client of ${protocol} of a failure (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, captured);
      const peer = await connectJftp(t, path, generation);
      const [ask, answer] =
        generation === 'A'
          ? [
              '{"id":"9-0","data":"throw"}',
              '{"id":"9-0","data":"throw","error":{"message":"bad thing"}}'
            ]
          : ['[9,"throw"]', '[9,"throw",{"message":"bad thing"}]'];
      peer.write(frame(generation, ask));
      await peer.hears(frame(generation, answer));
    });

    test(`a server hears of a client of ${protocol} that stays silent (${driver})`, async (t) => {
      const { server, path } = await serve(t, { driver }, (data) => data);
      const accepted = event(server, 'connection');
      const peer = await connectJftp(t, path, generation);
      await accepted;
      // Only now does it say what it speaks.
      const text = generation === 'A' ? '{"id":"9-0","data":"late"}' : '[9,"late"]';
      peer.write(frame(generation, text));
      await peer.hears(frame(generation, text));
    });
  }

  for (const [ask, answer] of CAPTURED_D) {
    test(`a server answers ${ask} with ${answer} (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, captured);
      const peer = await connectJftp(t, path);
      peer.write(ask);
      await peer.hears(answer);
    });
  }

  test(`a server answers calls that come in one write (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const peer = await connectJftp(t, path);
    const frames = '0000010[8869,"a"]0000010[8870,"b"]0000010[8871,"c"]';
    peer.write(frames);
    await peer.hears(frames);
  });

  test(`a server answers calls that come byte by byte (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const peer = await connectJftp(t, path);
    const bytes = Buffer.from('0000015[8865,"é🌍"]');
    for (const byte of bytes) peer.write(Buffer.from([byte]));
    await peer.hears(bytes);
  });

  test(`a header of four digits looks like this (${driver})`, async (t) => {
    const options = { driver, encoderOptions: { headerSize: 4 } };
    const { path } = await serve(t, options, (data) => data);
    const peer = await connectJftp(t, path);
    peer.write('0005[1,4]');
    await peer.hears('0005[1,4]');
  });

  test(`a client puts four digits too (${driver})`, async (t) => {
    const path = socketPath(t);
    const next = await listenJftp(t, path);
    const socket = new UDSocket({ driver, encoderOptions: { headerSize: 4 } });
    t.after(() => void socket.destroy());
    socket.connect(path);
    socket.rpc(4).catch(() => {});
    await (await next()).hears(frame('D', `[${PID},4]`, 4));
  });

  test(`the largest message of seven digits passes (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data.length);
    const socket = new UDSocket({ driver });
    t.after(() => void socket.destroy());
    socket.connect(path);
    const length = 9_999_999 - `[${PID},""]`.length;
    assert.equal(await socket.rpc('x'.repeat(length)), length);
  });
});
