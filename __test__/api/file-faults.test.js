// Files whose names, sizes or senders aren't what they should be.

'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { join } = require('node:path');
const { tmpdir } = require('node:os');
const { Readable } = require('node:stream');
const { finished } = require('node:stream/promises');
const { test } = require('node:test');

const { until, within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { listen, pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { deferred } = require('../support/record.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

/** @param {any} t */
function folder(t) {
  const path = fs.mkdtempSync(join(tmpdir(), 'shortwire-file-faults-'));
  t.after(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

const MIB = 1 << 20;
const GIB = 1 << 30;
const small = (/** @type {string} */ name, text = name) => ({ name, buffer: Buffer.from(text) });

/** Names that are more than a name somewhere, each of another kind. */
const NAMES = [
  '..',
  '.',
  '../up',
  '..\\up',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'a/',
  '\\\\host\\share',
  'C:evil',
  'C:\\evil',
  'file:stream',
  'nul\0byte',
  'end\0',
  'line\nbreak',
  '\x7f',
  'what?',
  'any*',
  '"',
  '<a>',
  'a|b',
  'con',
  'CON',
  'Con.txt',
  'nul .txt',
  'aux',
  'prn.',
  'com1',
  'LPT9.log',
  'lpt¹.log',
  'CONIN$',
  'dot.',
  '...',
  ' ',
  'space ',
  'x'.repeat(256),
  'é'.repeat(128)
];
/** Some that look like it, and are none. */
const HARMLESS = ['.hidden', '..a', 'a..b', 'console', 'com10', 'nullable', ' x', 'x'.repeat(255)];

forEachDriver((driver) => {
  test(`names that are more than a name are refused, harmless ones are not (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    const inside = join(directory, 'inside');
    fs.mkdirSync(inside);
    for (const [one, other] of [
      [socket, peer],
      [peer, socket]
    ]) {
      other.handle((name, { files: [file] }) => file.saveTo(inside, { name, overwrite: true }));
      const refused = ({ remote }) => remote?.code === 'SHORTWIRE_ERR_INVALID_ARG';
      for (const name of NAMES) {
        const shown = JSON.stringify(name);
        await assert.rejects(one.rpc(undefined, { files: [small(name, 'x')] }), refused, shown);
        await assert.rejects(one.rpc(name, { files: [small('fine', 'x')] }), refused, shown);
      }
      await assert.rejects(one.rpc('', { files: [small('fine', 'x')] }), refused);
      for (const name of HARMLESS) {
        assert.equal(await one.rpc(undefined, { files: [small(name)] }), join(inside, name));
      }
      assert.deepEqual(fs.readdirSync(inside).sort(), [...HARMLESS].sort());
      assert.deepEqual(fs.readdirSync(directory), ['inside']);
    }
  });

  test(`a sender must give a name (${driver})`, async (t) => {
    const { socket } = await pair(t, { driver });
    for (const file of [{ buffer: Buffer.alloc(1) }, small('')]) {
      await assert.rejects(socket.rpc(1, { files: [/** @type {any} */ (file)] }), {
        code: 'SHORTWIRE_ERR_INVALID_ARG',
        message: /^files\[\]\.name/
      });
    }
  });

  test(`links and directories of its name are neither followed nor filled (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const [directory, outside] = [folder(t), folder(t)];
    fs.symlinkSync(outside, join(directory, 'link'));
    fs.mkdirSync(join(directory, 'folder'));
    peer.handle((overwrite, { files: [file] }) => file.saveTo(directory, { overwrite }));
    const save = (/** @type {string} */ name, overwrite = false) =>
      socket.rpc(overwrite, { files: [small(name)] });
    for (const name of ['link', 'folder']) await assert.rejects(save(name), /EEXIST/);
    await assert.rejects(save('folder', true), /EISDIR|EEXIST|ENOTEMPTY/);
    await save('link', true);
    assert.ok(fs.lstatSync(join(directory, 'link')).isFile());
    assert.deepEqual(fs.readdirSync(outside), []);
    assert.deepEqual(fs.readdirSync(directory).sort(), ['folder', 'link']);
  });

  test(`where a directory is missing or none, the file is given up (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    fs.writeFileSync(join(directory, 'file'), '');
    peer.handle((where, { files: [file] }) => file.saveTo(where));
    const files = () => [{ name: 'f', buffer: Buffer.alloc(2 * MIB) }];
    for (const [where, code] of [
      [join(directory, 'missing'), 'ENOENT'],
      [join(directory, 'file'), 'ENOTDIR'],
      ['', 'SHORTWIRE_ERR_INVALID_ARG'],
      ['a\0b', 'SHORTWIRE_ERR_INVALID_ARG'],
      [7, 'SHORTWIRE_ERR_INVALID_ARG']
    ]) {
      const call = within(socket.rpc(where, { files: files() }), 'the refusal');
      await assert.rejects(call, ({ remote }) => remote.code === code);
    }
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
  });

  test(`a file is saved once and whole, or not at all (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    const bytes = Buffer.alloc(300_000, 'bytes, ');
    const closed = { code: 'SHORTWIRE_ERR_CLOSED' };
    const later = deferred();
    /** @type {Record<string, (file: any) => unknown>} */
    const handlers = {
      twice: async (file) => {
        await file.saveTo(directory, { name: 'once' });
        await assert.rejects(file.saveTo(directory, { name: 'twice' }), closed);
      },
      together: async (file) => {
        const first = file.saveTo(directory, { name: 'first' });
        await assert.rejects(file.saveTo(directory, { name: 'second' }), closed);
        await first;
      },
      peeked: async (file) => {
        await new Promise((resolve) => file.once('readable', resolve));
        file.read(10);
        await assert.rejects(file.saveTo(directory, { name: 'peeked' }), closed);
        file.destroy();
      },
      read: async (file) => {
        await file.toArray();
        await assert.rejects(file.saveTo(directory, { name: 'read' }), closed);
      },
      forgotten: (file) => void later.resolve(file),
      heard: async (file) => {
        const heard = [];
        file.on('data', (/** @type {Buffer} */ chunk) => heard.push(chunk));
        await file.saveTo(directory, { name: 'heard' });
        assert.ok(Buffer.concat(heard).equals(bytes));
      }
    };
    for (const [topic, handler] of Object.entries(handlers)) {
      peer.handle(topic, (_, { files: [file] }) => handler(file));
      await within(socket.rpc(1, { topic, files: [{ name: topic, buffer: bytes }] }), topic);
    }
    await assert.rejects((await later.promise).saveTo(directory), {
      ...closed,
      message: /given up/
    });
    assert.deepEqual(fs.readdirSync(directory).sort(), ['first', 'heard', 'once']);
    for (const name of fs.readdirSync(directory)) {
      assert.ok(fs.readFileSync(join(directory, name)).equals(bytes), name);
    }
  });

  test(`files of one call may have the same name; the second is refused a place (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const directory = folder(t);
    peer.handle(async (_, { files }) => {
      const saved = await Promise.allSettled(files.map((file) => file.saveTo(directory)));
      return saved.map(({ status, reason }) => reason?.code ?? status).sort();
    });
    const files = [small('same', 'one'), small('same', 'two')];
    assert.deepEqual(await socket.rpc(1, { files }), ['EEXIST', 'fulfilled']);
    assert.match(fs.readFileSync(join(directory, 'same'), 'utf8'), /^(one|two)$/);
  });

  test(`many at once come whole, with progress, beside calls (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const [from, to] = [folder(t), folder(t)];
    const told = new Map();
    const files = Array.from({ length: 40 }, (_, n) => {
      const path = join(from, `${n}.bin`);
      fs.writeFileSync(path, Buffer.alloc(n * 9000, `${n},`));
      const progress = (/** @type {number} */ sent, /** @type {number} */ size) =>
        told.set(n, [sent, size]);
      return { path, progress };
    });
    peer.handle('quick', () => 'answered');
    peer.handle('save', (_, { files }) => Promise.all(files.map((file) => file.saveTo(to))));
    const saved = within(socket.rpc(1, { topic: 'save', files }), 'all files');
    assert.equal(await socket.call('quick'), 'answered');
    assert.equal((await saved).length, 40);
    for (const [n, { path }] of files.entries()) {
      assert.ok(fs.readFileSync(path).equals(fs.readFileSync(join(to, `${n}.bin`))));
      // Nothing is to be told of nothing.
      assert.deepEqual(told.get(n), n === 0 ? undefined : [n * 9000, n * 9000]);
    }
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
  });

  test(`a file that has gone from its folder is sent all the same (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const path = join(folder(t), 'gone');
    fs.writeFileSync(path, Buffer.alloc(4 * MIB));
    peer.handle(async (_, { files: [file] }) => {
      fs.rmSync(path);
      let bytes = 0;
      for await (const chunk of file) bytes += chunk.length;
      return bytes;
    });
    assert.equal(await within(socket.rpc(1, { files: [{ path }] }), 'the answer'), 4 * MIB);
  });

  for (const [what, begins, ends, come] of /** @type {[string, number, number, number][]} */ ([
    ['shrinks', 8 * MIB, MIB, 0],
    ['grows', 2 * MIB, 3 * MIB, 2 * MIB],
    ['is empty and grows', 0, MIB, 0]
  ])) {
    test(`a file that ${what} while it is sent (${driver})`, async (t) => {
      const { socket, peer } = await pair(t, { driver });
      const path = join(folder(t), 'f');
      fs.writeFileSync(path, Buffer.alloc(begins));
      peer.handle(async (_, { files: [file] }) => {
        // Its sender has measured it.
        fs.truncateSync(path, ends);
        let bytes = 0;
        for await (const chunk of file) bytes += chunk.length;
        return bytes;
      });
      const call = within(socket.rpc(1, { files: [{ path }] }), 'the outcome');
      if (ends > begins) assert.equal(await call, come);
      else await assert.rejects(call, { code: 'SHORTWIRE_ERR_INVALID_ARG', message: /only/ });
      await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
    });
  }

  test(`a source that fails fails the call, and the file at the other end (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const failed = deferred();
    peer.handle(async (_, { files: [file] }) => {
      failed.resolve(await finished(file.resume()).catch((error) => error));
    });
    const stream = Readable.from(
      (async function* () {
        yield Buffer.alloc(1000);
        throw new RangeError('unplugged');
      })(),
      { objectMode: false }
    );
    const call = socket.rpc(1, { files: [{ name: 'f', stream, size: 2000 }] });
    await assert.rejects(call, { message: 'unplugged' });
    assert.ok(/** @type {any} */ (await within(failed.promise, 'its failure')).code);
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
  });

  test(`3 GiB are told before they come, and cost nothing unless they are read (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver });
    const path = join(folder(t), 'sparse');
    fs.writeFileSync(path, '');
    fs.truncateSync(path, 3 * GIB);
    const before = process.memoryUsage.rss();
    peer.handle('refuse', (_, { files: [file] }) => file.size);
    peer.handle('some', async (_, { files: [file] }) => {
      for await (const chunk of file) return [file.size, chunk.length > 0];
    });
    assert.equal(await socket.rpc(1, { topic: 'refuse', files: [{ path }] }), 3 * GIB);
    const some = await socket.rpc(1, { topic: 'some', files: [{ path }] });
    assert.deepEqual(some, [3 * GIB, true]);
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
    assert.ok(process.memoryUsage.rss() - before < 128 * MIB);
  });

  test(`more files than there may be streams are refused, and leave none (${driver})`, async (t) => {
    const { socket, peer } = await pair(t, { driver, server: { maxStreams: 3 } });
    peer.handle(async (_, { files }) => {
      for (const file of files) await finished(file.resume());
      return files.length;
    });
    const files = (/** @type {number} */ count) => Array.from({ length: count }, () => small('f'));
    for (const count of [3, 4]) {
      await assert.rejects(within(socket.rpc(1, { files: files(count) }), 'the refusal'), {
        code: 'SHORTWIRE_ERR_OVERFLOW'
      });
    }
    await until(() => socket.stats().streams + peer.stats().streams === 0, 'no stream is open');
    assert.equal(await within(socket.rpc(1, { files: files(2) }), 'the answer'), 2);
  });

  test(`a peer that sends another size than it has told fails its file alone (${driver})`, async (t) => {
    const { server, path } = await listen(t, { driver });
    const directory = folder(t);
    const failed = [deferred(), deferred()];
    server.handle('save', (n, { files: [file] }) =>
      file.saveTo(directory).catch((error) => failed[n].resolve(error))
    );
    const raw = await RawPeer.greet(t, path, { capabilities: Capability.STREAMS });
    const opening = (/** @type {number} */ id, settings, topic, /** @type {any} */ list) => {
      const body = `${String.fromCharCode(settings)}\0\0\0${topic}${JSON.stringify(list)}`;
      const bytes = frame(Kind.OPEN, { id, flags: Flag.DEADLINE | Flag.JSON, body });
      bytes.writeUInt16LE(topic.length, 2);
      return bytes;
    };
    for (const [n, size] of [5, 50].entries()) {
      const id = 1 + 4 * n;
      raw.write(
        opening(id, 3, 'save', [n + 1, [[`f${n}`, size]]]),
        frame(Kind.DATA, { id, flags: Flag.JSON, body: String(n) }),
        frame(Kind.END, { id }),
        opening(id + 2, 8, '', [n + 1, 0]),
        frame(Kind.DATA, { id: id + 2, flags: Flag.BYTES, body: Buffer.alloc(10) }),
        frame(Kind.END, { id: id + 2 })
      );
      const error = await within(failed[n].promise, 'its failure');
      assert.deepEqual(
        [error.code, error.message],
        ['SHORTWIRE_ERR_PROTOCOL', `10 bytes have come of a file of ${size}`]
      );
    }
    assert.deepEqual(fs.readdirSync(directory), []);
    assert.equal(server.sockets.size, 1);
  });
});
