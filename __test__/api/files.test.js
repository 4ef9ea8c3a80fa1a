// Files beside payloads: in calls, messages and answers, and where they may be saved.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { join } = require('node:path');
const { tmpdir } = require('node:os');
const { Readable } = require('node:stream');
const { test } = require('node:test');

const { until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

/** @param {any} t */
function folder(t) {
  const path = fs.mkdtempSync(join(tmpdir(), 'shortwire-files-'));
  t.after(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

/** @param {AsyncIterable<any>} file */
async function bytesOf(file) {
  const parts = [];
  for await (const part of file) parts.push(part);
  return Buffer.concat(parts);
}

const LARGE = Buffer.alloc(1_500_000, 'a file, ');

forEachDriver((driver) => {
  test(`files come with a call, whatever they are made of, in both directions (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const path = join(folder(t), 'on-disk.txt');
    fs.writeFileSync(path, LARGE);
    const files = () => [
      { path },
      { name: 'memory', buffer: LARGE },
      { name: 'stream', stream: Readable.from([LARGE.subarray(0, 9)]), size: 9 },
      { name: 'empty', buffer: Buffer.alloc(0) }
    ];
    for (const [one, other] of [
      [socket, peer],
      [peer, socket]
    ]) {
      other.handle('up', async (payload, context) => {
        const come = [];
        for (const file of context.files) {
          come.push([
            file.name,
            file.size,
            (await bytesOf(file)).equals(LARGE.subarray(0, file.size))
          ]);
        }
        return { payload, come };
      });
      const answer = await within(one.rpc({ a: 1 }, { topic: 'up', files: files() }), 'the answer');
      assert.deepEqual(answer.payload, { a: 1 });
      assert.deepEqual(answer.come, [
        ['on-disk.txt', LARGE.length, true],
        ['memory', LARGE.length, true],
        ['stream', 9, true],
        ['empty', 0, true]
      ]);
      await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
    }
  });

  test(`files come with a message, and send waits until they have left (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const come = deferred();
    peer.on('message:here', async (payload, { files, topic }) => {
      come.resolve([payload, topic, files[0].name, (await bytesOf(files[0])).length]);
    });
    await within(
      socket.send('look', { topic: 'here', files: [{ name: 'n', buffer: LARGE }] }),
      'the end'
    );
    assert.deepEqual(await come.promise, ['look', 'here', 'n', LARGE.length]);
  });

  test(`sendFile sends one by itself (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const path = join(folder(t), 'note.txt');
    fs.writeFileSync(path, 'hello');
    const come = deferred();
    peer.on('message', async (_, { files: [file] }) => {
      come.resolve([file.name, String(await bytesOf(file))]);
    });
    await socket.sendFile(path, { name: 'renamed.txt' });
    assert.deepEqual(await come.promise, ['renamed.txt', 'hello']);
  });

  test(`an answer has files for those who ask for them (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle('down', (_, context) =>
      context.reply('here', { files: [{ name: 'big', buffer: LARGE }] })
    );
    const { value, files } = await socket.rpc(1, { topic: 'down', answerFiles: true });
    assert.equal(value, 'here');
    assert.ok((await bytesOf(files[0])).equals(LARGE));
    await assert.rejects(socket.call('down', 1), { code: 'SHORTWIRE_ERR_REMOTE' });
  });

  test(`files that nobody reads are given up when the handler has settled (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    peer.handle((_, { files }) => files.length);
    peer.on('message', () => {});
    const files = [
      { name: 'a', buffer: LARGE },
      { name: 'b', buffer: LARGE }
    ];
    assert.equal(await socket.rpc(1, { files }), 2);
    await within(socket.send(1, { files }), 'the end of the message');
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
  });

  test(`progress is told on both sides (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    let received = 0;
    let sent = 0;
    peer.handle(async (_, { files: [file] }) => {
      file.on('progress', (/** @type {number} */ bytes) => (received = bytes));
      await bytesOf(file);
    });
    const progress = (/** @type {number} */ bytes) => (sent = bytes);
    await socket.rpc(1, { files: [{ name: 'f', buffer: LARGE, progress }] });
    assert.deepEqual([received, sent], [LARGE.length, LARGE.length]);
  });

  test(`saveTo writes into the directory (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    peer.handle(({ overwrite, name }, { files: [file] }) =>
      file.saveTo(directory, { overwrite, name })
    );
    const save = (/** @type {string} */ text, options = {}) =>
      socket.rpc(options, { files: [{ name: 'a.txt', buffer: Buffer.from(text) }] });
    const path = join(directory, 'a.txt');
    assert.equal(await save('one'), path);
    await assert.rejects(save('two'), (error) => error.remote.code === 'EEXIST');
    assert.equal(fs.readFileSync(path, 'utf8'), 'one');
    await save('three', { overwrite: true });
    assert.equal(fs.readFileSync(path, 'utf8'), 'three');
    await save('four', { name: 'b.txt' });
    assert.deepEqual(fs.readdirSync(directory).sort(), ['a.txt', 'b.txt']);
  });

  test(`saveTo may outlive the handler and the listener that call it (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    const saved = [deferred(), deferred()];
    peer.on('message', (_, { files: [file] }) => saved[0].resolve(file.saveTo(directory)));
    peer.handle((_, { files: [file] }) => void saved[1].resolve(file.saveTo(directory)));
    await socket.send(1, { files: [{ name: '0', buffer: LARGE }] });
    await socket.rpc(1, { files: [{ name: '1', buffer: LARGE }] });
    for (const [index, { promise }] of saved.entries()) {
      assert.equal(await within(promise, 'the file'), join(directory, String(index)));
      assert.equal(fs.statSync(join(directory, String(index))).size, LARGE.length);
    }
  });

  test(`saveTo never follows a link (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const [directory, outside] = [folder(t), folder(t)];
    const target = join(outside, 'secret');
    fs.writeFileSync(target, 'untouched');
    for (const name of ['there', 'dangling']) {
      fs.symlinkSync(name === 'there' ? target : join(outside, 'new'), join(directory, name));
    }
    peer.handle((overwrite, { files: [file] }) => file.saveTo(directory, { overwrite }));
    for (const name of ['there', 'dangling']) {
      const files = [{ name, buffer: Buffer.from('evil') }];
      await assert.rejects(socket.rpc(false, { files }), /EEXIST/);
      await socket.rpc(true, { files });
      assert.ok(fs.lstatSync(join(directory, name)).isFile());
    }
    assert.equal(fs.readFileSync(target, 'utf8'), 'untouched');
    assert.deepEqual(fs.readdirSync(outside), ['secret']);
  });

  test(`saveTo refuses names that are more than a name (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    peer.handle((_, { files: [file] }) => file.saveTo(directory));
    const names = ['..', '.', '../up', '/etc/passwd', 'a/b', 'a\\b', 'nul\0byte', 'line\nbreak'];
    names.push('C:evil', 'con', 'NUL.txt', 'com1', 'lpt¹.log', 'dot.', 'space ', 'x'.repeat(256));
    for (const name of names) {
      const call = socket.rpc(1, { files: [{ name, buffer: Buffer.from('x') }] });
      await assert.rejects(call, ({ remote }) => remote.code === 'SHORTWIRE_ERR_INVALID_ARG', name);
    }
    assert.deepEqual(fs.readdirSync(directory), []);
  });

  test(`a file of another size than announced fails, and leaves nothing (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    const failed = deferred();
    peer.handle(async (_, { files: [file] }) => {
      await file.saveTo(directory).catch(failed.resolve);
    });
    for (const size of [5, 50]) {
      const stream = Readable.from([Buffer.alloc(10)]);
      await assert.rejects(socket.rpc(1, { files: [{ name: 'f', stream, size }] }), {
        code: 'SHORTWIRE_ERR_INVALID_ARG'
      });
    }
    assert.ok(await within(failed.promise, 'the failure'));
    await until(() => fs.readdirSync(directory).length === 0, 'nothing is left');
  });

  test(`a connection that ends within a file leaves nothing (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    const failed = deferred();
    peer.handle(async (_, { files: [file] }) => {
      file.once('progress', () => socket.destroy());
      await file.saveTo(directory).catch(failed.resolve);
    });
    const call = socket.rpc(1, { files: [{ name: 'f', buffer: Buffer.alloc(20_000_000) }] });
    await assert.rejects(call, /DISCONNECTED|ended|closed/i);
    assert.equal((await within(failed.promise, 'the failure')).code, 'SHORTWIRE_ERR_DISCONNECTED');
    await until(() => fs.readdirSync(directory).length === 0, 'nothing is left');
  });

  test(`a call with files has its socket's time limit, unless it has its own (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver, socket: { timeoutMs: 50 } });
    const files = [{ name: 'f', buffer: Buffer.alloc(1) }];
    const late = deferred();
    peer.handle('never', () => new Promise(() => {}));
    peer.handle('late', () => late.promise);
    const slow = socket.rpc(1, { topic: 'late', files, timeoutMs: 0 });
    await assert.rejects(socket.rpc(1, { topic: 'never', files }), {
      code: 'SHORTWIRE_ERR_TIMEOUT'
    });
    late.resolve('here');
    assert.equal(await slow, 'here');
  });

  test(`a signal that fires while files are opened sends nothing (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const path = join(folder(t), 'f');
    fs.writeFileSync(path, LARGE);
    let calls = 0;
    peer.handle(() => ++calls);
    const controller = new AbortController();
    const call = socket.rpc(1, { files: [{ path }], signal: controller.signal });
    controller.abort();
    await assert.rejects(call, { code: 'SHORTWIRE_ERR_ABORTED', maybeDelivered: false });
    assert.equal(await socket.rpc(1, { files: [{ path }] }), 1);
  });

  test(`sendFile stops when its signal fires (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const path = join(folder(t), 'f');
    fs.writeFileSync(path, LARGE);
    const controller = new AbortController();
    peer.on('message', (_, { files: [file] }) => {
      file.once('data', () => {
        file.pause();
        controller.abort();
      });
    });
    await assert.rejects(socket.sendFile(path, { signal: controller.signal }), {
      code: 'SHORTWIRE_ERR_ABORTED',
      maybeDelivered: true
    });
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
  });

  test(`a payload that can't be encoded leaves no stream (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const files = [{ name: 'f', buffer: LARGE }];
    const expected = { code: 'SHORTWIRE_ERR_SERIALIZE' };
    await assert.rejects(socket.send(1n, { files }), expected);
    await assert.rejects(socket.rpc(1n, { files }), expected);
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
  });

  test(`a traceparent travels with files (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const told = deferred();
    peer.handle('t', (_, context) => [context.topic, context.traceparent]);
    peer.on('message:t', (_, info) => told.resolve([info.topic, info.traceparent]));
    assert.deepEqual(await socket.rpc(1, { topic: 't', files: [], traceparent }), [
      't',
      traceparent
    ]);
    await socket.send(1, { topic: 't', files: [], traceparent });
    assert.deepEqual(await told.promise, ['t', traceparent]);
  });

  test(`an answer to a connection that has ended goes nowhere (${driver})`, async (t) => {
    const reconnect = { minDelayMs: 1, maxDelayMs: 1 };
    for (const ask of [
      async (/** @type {any} */ from) => (await from.rpc(1, { answerFiles: true })).value,
      async (/** @type {any} */ from) => (await from.iterate(1).next()).value
    ]) {
      const { server, socket, peer } = await pair(t, { driver, socket: { reconnect } });
      const asked = [deferred(), deferred()];
      const answers = [deferred(), deferred()];
      let calls = 0;
      socket.handle(() => {
        asked[calls].resolve();
        return answers[calls++].promise;
      });
      const lost = assert.rejects(ask(peer), { code: 'SHORTWIRE_ERR_DISCONNECTED' });
      await within(asked[0].promise, 'the first call');
      const again = once(server, 'connection');
      peer.destroy();
      await lost;
      const answer = ask((await within(again, 'the next connection'))[0]);
      await within(asked[1].promise, 'the second call');
      answers[0].resolve('old');
      answers[1].resolve('new');
      assert.equal(await within(answer, 'the answer'), 'new');
    }
  });

  test(`too many files are refused, and calls end as others do (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver, server: { maxFiles: 2 } });
    const few = [{ name: 'f', buffer: Buffer.alloc(1) }];
    const many = [...few, ...few, ...few];
    await assert.rejects(socket.rpc(1, { files: many }), { code: 'SHORTWIRE_ERR_OVERFLOW' });
    await assert.rejects(socket.rpc(1, { files: few }), { code: 'SHORTWIRE_ERR_NO_HANDLER' });
    peer.handle('never', () => new Promise(() => {}));
    const never = { topic: 'never', files: few };
    await assert.rejects(socket.rpc(1, { ...never, timeoutMs: 50 }), {
      code: 'SHORTWIRE_ERR_TIMEOUT'
    });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(socket.rpc(1, { ...never, signal }), { code: 'SHORTWIRE_ERR_ABORTED' });
    peer.handle('throws', () => {
      throw new RangeError('no');
    });
    await assert.rejects(socket.rpc(1, { topic: 'throws', files: few }), { message: 'no' });
    await assert.rejects(socket.rpc(1, { files: [{ path: '/there/is/no/such' }] }), {
      code: 'ENOENT'
    });
    for (const wrong of [{}, { path: 1, buffer: 2 }, { name: 'x', stream: Readable.from([]) }]) {
      await assert.rejects(socket.rpc(1, { files: [wrong] }), /INVALID_ARG|must be|files/);
    }
    await until(() => peer.stats().streams === 0, 'no stream is open');
  });
});
