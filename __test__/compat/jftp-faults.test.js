// The seventeen faults of the original, one test each at least: here they are none.

'use strict';

const assert = require('node:assert/strict');
const { lstatSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const { UDSocketServer } = require('shortwire/compat/jftp');

const { socketPath } = require('../support/address.js');
const { run, start } = require('../support/child.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { connectJftp, listenJftp } = require('../support/jftp.js');
const { connect, serve } = require('../support/jftp-pair.js');

const SCRIPTS = join(__dirname, '../fixtures/jftp');
/** What the original's timeout was; nothing may wait for it. */
const FIVE_SECONDS = 5000;

forEachDriver((driver) => {
  test(`1: a client that leaves during its call does not end the server (${driver})`, async (t) => {
    const path = socketPath(t);
    const server = start(t, join(SCRIPTS, 'serve-slowly.js'), [path, driver]);
    await server.says('listening');
    const leaver = await connectJftp(t, path);
    leaver.say(1, 'slow');
    await server.says('working');
    leaver.socket.destroy();
    await server.says('worked');
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc('still there'), 'still there');
  });

  const broken = [
    ['2', '0000003{x}'],
    ['2', '0000004null'],
    ['2', '00000015'],
    ['2', '0000000'],
    ['2', '0000002[]'],
    ['2', '0000007{"0":1}'],
    ['4', '10000000[1,2]'],
    ['5', '-------abcdef'],
    ['5', '0x00005[1,2]'],
    ['5', '\x00\x00\x00\x05\xff\xff\xff\xff\xff']
  ];
  for (const [fault, bytes] of broken) {
    const shown = JSON.stringify(bytes);
    test(`${fault}: the bytes ${shown} hurt nobody else (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, (data) => data);
      const socket = await connect(t, path, { driver });
      const peer = await connectJftp(t, path);
      peer.write(Buffer.from(bytes, 'latin1'));
      peer.socket.end();
      await peer.ended;
      assert.equal(await socket.rpc('still there'), 'still there');
    });
  }

  for (const bytes of ['0000003{x}', '0000004null', '00000015', '0000000']) {
    test(`2: an answer of ${bytes} does not end the client (${driver})`, async (t) => {
      const path = socketPath(t);
      const next = await listenJftp(t, path);
      const socket = await connect(t, path, { driver });
      const peer = await next();
      const answered = socket.rpc('x');
      const [id] = await peer.message();
      peer.write(bytes);
      peer.say(id, 'good');
      assert.equal(await answered, 'good');
    });
  }

  test(`2: an answer that is cut off fails its call alone (${driver})`, async (t) => {
    const path = socketPath(t);
    const next = await listenJftp(t, path);
    const socket = await connect(t, path, { driver });
    const peer = await next();
    const [spoilt, good] = [socket.rpc('a'), socket.rpc('b')];
    const [[first], [second]] = [await peer.message(), await peer.message()];
    const body = `[${first},{"a":}]`;
    peer.write(String(body.length).padStart(7, '0') + body);
    peer.say(second, 'good');
    await assert.rejects(spoilt, { code: 'SHORTWIRE_ERR_SERIALIZE' });
    assert.equal(await good, 'good');
  });

  test(`3: large payloads of digits arrive whole (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    const zeros = '0'.repeat(300_000);
    assert.equal(await socket.rpc(zeros), zeros);
  });

  test(`3: payloads cut anywhere arrive whole (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data.length);
    const peer = await connectJftp(t, path);
    const body = JSON.stringify([7, Array.from({ length: 40_000 }, (_, index) => index % 10)]);
    const bytes = Buffer.from(String(body.length).padStart(7, '0') + body);
    for (let at = 0; at < bytes.length; at += 1000) peer.write(bytes.subarray(at, at + 1000));
    assert.deepEqual(await peer.message(), [7, 40_000]);
  });

  test(`4: a message too long for its header fails alone (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const socket = await connect(t, path, { driver });
    await assert.rejects(socket.rpc('x'.repeat(10_000_000)), { code: 'SHORTWIRE_ERR_TOO_LARGE' });
    assert.equal(await socket.rpc('next'), 'next');
  });

  test(`4: an answer too long for its header fails alone (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => 'x'.repeat(data));
    const socket = await connect(t, path, { driver });
    const error = await socket.rpc(10_000_000).catch((reason) => reason);
    assert.equal(error.code, 'SHORTWIRE_ERR_TOO_LARGE');
    assert.equal(await socket.rpc(3), 'xxx');
  });

  test(`5: a header of minus signs does not stop a server without a handler (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const peer = await connectJftp(t, path);
    const [socket] = await accepted;
    const failed = event(socket, 'error');
    peer.write('-------abcdef');
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_PROTOCOL');
  });

  for (const [name, value] of /** @type {[string, () => any][]} */ ([
    ['a cycle', cycle],
    ['a BigInt', () => 1n]
  ])) {
    test(`6: an answer with ${name} fails its call alone (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, (data) => (data === 'bad' ? value() : data));
      const socket = await connect(t, path, { driver });
      const error = await socket.rpc('bad').catch((reason) => reason);
      assert.match(error.message, /circular|BigInt/);
      assert.equal(await socket.rpc('good'), 'good');
    });

    test(`6: an error with ${name} fails its call alone (${driver})`, async (t) => {
      const { path } = await serve(t, { driver }, (data) => {
        if (data === 'bad') throw { value: value() };
        return data;
      });
      const socket = await connect(t, path, { driver });
      await assert.rejects(socket.rpc('bad'), (error) => typeof error === 'object');
      assert.equal(await socket.rpc('good'), 'good');
    });
  }

  test(`7: with a schema, an error keeps its message and code (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver }, () => {
      throw Object.assign(new Error('nope'), { code: 'EFOO' });
    });
    server.on('connection', (socket) => {
      socket.schema(() => {
        throw new Error('Item at 1 does not match schema definition.');
      });
    });
    const socket = await connect(t, path, { driver });
    const error = await socket.rpc({ any: 'type' }).catch((reason) => reason);
    assert.deepEqual(error, { code: 'EFOO', message: 'nope' });
  });

  test(`8: the process ends when it has nothing left to do (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const outcome = await run(join(SCRIPTS, 'call-and-end.js'), [path, driver]);
    assert.deepEqual([outcome.code, outcome.lines, outcome.stderr], [0, ['hello'], '']);
    assert.ok(outcome.lingeredMs < FIVE_SECONDS / 2, `lingered ${outcome.lingeredMs} ms`);
  });

  test(`9: a call that timed out leaves nothing behind (${driver})`, async (t) => {
    const path = socketPath(t);
    const next = await listenJftp(t, path);
    const socket = await connect(t, path, { driver, timeoutMs: 20 });
    const peer = await next();
    await assert.rejects(socket.rpc('slow'), { message: 'RPC timeout' });
    const [late] = await peer.message();
    socket.timeoutMs = 5000;
    const answered = socket.rpc('quick');
    const [id] = await peer.message();
    peer.say(late, 'late');
    peer.say(id, 'in time');
    assert.equal(await answered, 'in time');
  });

  for (const how of /** @type {const} */ (['end', 'destroy'])) {
    test(`10: calls are rejected at once when the peer's ${how} comes (${driver})`, async (t) => {
      const path = socketPath(t);
      const next = await listenJftp(t, path);
      const socket = await connect(t, path, { driver, timeoutMs: 60_000 });
      const peer = await next();
      const pending = socket.rpc('x');
      await peer.message();
      peer.socket[how]();
      await assert.rejects(pending, { code: 'SHORTWIRE_ERR_DISCONNECTED' });
    });
  }

  test(`10: calls are rejected at once by destroy() (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => new Promise(() => {}));
    const socket = await connect(t, path, { driver, timeoutMs: 60_000 });
    const pending = socket.rpc('x');
    socket.destroy();
    await assert.rejects(pending, { code: 'SHORTWIRE_ERR_CLOSED' });
  });

  test(`11: a large payload in small pieces is not copied again for each (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data.length);
    const peer = await connectJftp(t, path);
    const body = JSON.stringify([1, 'x'.repeat(4_000_000)]);
    const bytes = Buffer.from(String(body.length).padStart(7, '0') + body);
    const before = process.cpuUsage();
    for (let at = 0; at < bytes.length; at += 512) peer.write(bytes.subarray(at, at + 512));
    assert.deepEqual(await peer.message(), [1, 4_000_000]);
    const { user, system } = process.cpuUsage(before);
    // 8,000 pieces of 4 MB copied each time would be 16 GB: several seconds.
    assert.ok(user + system < 2_000_000, `${user + system} µs`);
  });

  test(`12: a server cannot call its client, and says so (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver });
    const accepted = event(server, 'connection');
    const socket = await connect(t, path, { driver });
    const [theirs] = await accepted;
    const asked = new Promise((/** @type {(answer: (value: string) => void) => void} */ ask) => {
      theirs.handle(() => new Promise((resolve) => ask(resolve)));
    });
    const pending = socket.rpc('mine');
    const answer = await asked;
    await assert.rejects(theirs.rpc('theirs'), { code: 'SHORTWIRE_ERR_UNSUPPORTED' });
    answer('the answer');
    // In the original it got "theirs".
    assert.equal(await pending, 'the answer');
  });

  test(`13: start does not delete a file (${driver})`, async (t) => {
    const path = socketPath(t);
    writeFileSync(path, 'precious');
    const server = new UDSocketServer({ driver });
    server.start(path);
    const [error] = await event(server, 'error');
    assert.equal(error.code, 'EADDRINUSE');
    assert.equal(readFileSync(path, 'utf8'), 'precious');
  });

  test(`13: start does not take a live server's path (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, () => 'the first');
    const second = new UDSocketServer({ driver });
    second.start(path);
    assert.equal((await event(second, 'error'))[0].code, 'EADDRINUSE');
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc(1), 'the first');
  });

  test(`13: closing does not remove the path of a successor (${driver})`, async (t) => {
    const path = socketPath(t);
    const first = await serve(t, { driver }, () => 'the first', path);
    unlinkSync(path);
    await serve(t, { driver }, () => 'the second', path);
    const closed = event(first.server, 'close');
    first.server.close();
    await closed;
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc(1), 'the second');
  });

  test(`13: start takes over the path of a server that was killed (${driver})`, async (t) => {
    const path = socketPath(t);
    const dead = start(t, join(SCRIPTS, 'serve-slowly.js'), [path, driver]);
    await dead.says('listening');
    dead.kill('SIGKILL');
    await dead.ended;
    await serve(t, { driver }, () => 'the heir', path);
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc(1), 'the heir');
  });

  for (const id of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    test(`14: an answer with the id "${id}" is ignored (${driver})`, async (t) => {
      const path = socketPath(t);
      const next = await listenJftp(t, path);
      const socket = await connect(t, path, { driver });
      const peer = await next();
      const answered = socket.rpc('x');
      const [asked] = await peer.message();
      peer.say(id, 'wrong');
      peer.say(asked, 'right');
      assert.equal(await answered, 'right');
    });
  }

  test(`15: what a slow peer leaves waiting is bounded (${driver})`, async (t) => {
    const path = socketPath(t);
    const next = await listenJftp(t, path);
    const socket = await connect(t, path, { driver, maxQueuedBytes: 1024 * 1024 });
    (await next()).socket.pause();
    const calls = Array.from({ length: 200 }, () => socket.rpc('x'.repeat(100_000)));
    const reasons = calls.map((call) => call.catch((/** @type {any} */ error) => error.code));
    assert.equal(await Promise.race(reasons), 'SHORTWIRE_ERR_OVERFLOW');
    assert.ok(socket.bufferSize < 4 * 1024 * 1024, `${socket.bufferSize} bytes wait`);
    socket.destroy();
    await Promise.all(reasons);
  });

  test(`16: start leaves a dangling symlink alone, and says so (${driver})`, async (t) => {
    const path = socketPath(t);
    symlinkSync(`${path}-nowhere`, path);
    const server = new UDSocketServer({ driver });
    server.start(path);
    const [error] = await event(server, 'error');
    assert.equal(error.code, 'EADDRINUSE');
    assert.ok(lstatSync(path).isSymbolicLink());
  });

  test(`17: a claimed length costs nothing until its bytes come (${driver})`, async (t) => {
    const { path } = await serve(t, { driver }, (data) => data);
    const before = process.memoryUsage().rss;
    const peers = [];
    for (let count = 0; count < 50; count++) {
      const peer = await connectJftp(t, path);
      peer.write('9999999[1,"');
      peers.push(peer);
    }
    const socket = await connect(t, path, { driver });
    assert.equal(await socket.rpc('x'), 'x');
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 50 * 1024 * 1024, `${grown} bytes for 50 connections`);
  });

  test(`17: a peer that stops within a message is cut off (${driver})`, async (t) => {
    const { path } = await serve(t, { driver, frameTimeoutMs: 30 }, (data) => data);
    const peer = await connectJftp(t, path);
    peer.write('9999999[1,"');
    await peer.ended;
  });

  test(`17: a length over the limit ends its connection (${driver})`, async (t) => {
    const { server, path } = await serve(t, { driver, maxFrameBytes: 2048 }, (data) => data);
    const accepted = event(server, 'connection');
    const peer = await connectJftp(t, path);
    const [socket] = await accepted;
    const failed = event(socket, 'error');
    peer.write('0002049');
    assert.equal((await failed)[0].code, 'SHORTWIRE_ERR_TOO_LARGE');
  });
});

function cycle() {
  /** @type {any} */
  const value = {};
  value.self = value;
  return value;
}
