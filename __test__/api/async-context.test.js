// AsyncLocalStorage: who calls keeps its context, handlers have that in which they were given, and nobody
// gets another's.

'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { event } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');
const { duplexPair } = require('../support/duplex.js');
const { listen, pair } = require('../support/pair.js');

const storage = new AsyncLocalStorage();

forEachDriver((driver) => {
  test(`the caller's context is there when the answer is (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((payload) => payload);
    const one = (n) =>
      storage.run(n, async () => {
        await socket.rpc(n);
        const after = [storage.getStore()];
        await socket.rpc(n).then(() => after.push(storage.getStore()));
        await socket.call('t', 10n).catch(() => after.push(storage.getStore()));
        await socket.send(n);
        after.push(storage.getStore());
        await socket.ping();
        after.push(storage.getStore());
        return after;
      });
    const seen = await Promise.all([one(1), one(2)]);
    assert.deepEqual(seen, [Array(5).fill(1), Array(5).fill(2)]);
  });

  test(`that of connect and start is there afterwards (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const seen = await storage.run('mine', async () => {
      await socket.connect(path);
      return storage.getStore();
    });
    assert.equal(seen, 'mine');
  });

  test(`a callback has that of its call (${driver})`, async (t) => {
    const { path } = await listen(t, { driver });
    const socket = new UDSocket({ driver });
    t.after(() => socket.destroy());
    const seen = await new Promise((resolve) => {
      storage.run('mine', () => socket.connect(path, () => resolve(storage.getStore())));
    });
    assert.equal(seen, 'mine');
  });

  test(`a handler has no caller's context, whoever in its process calls (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const seen = new Set();
    peer.handle(() => {
      seen.add(storage.getStore());
    });
    peer.on('message', () => seen.add(storage.getStore()));
    await storage.run('of the caller', async () => {
      for (let n = 0; n < 20; n++)
        await Promise.all([socket.rpc(n), socket.rpc(n), socket.send(n)]);
      await socket.ping();
    });
    assert.deepEqual(seen, new Set([undefined]));
  });

  test(`a handler may have one of its own, to the end (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.use((payload, context, next) => storage.run(context.topic, () => next(payload)));
    peer.handle(async () => {
      await new Promise(setImmediate);
      return storage.getStore();
    });
    assert.deepEqual(await Promise.all([socket.call('a', 1), socket.call('b', 1)]), ['a', 'b']);
  });

  test(`many callers at both ends keep theirs, and nobody gets another's (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const strangers = new Set();
    // Each handler answers in a context of its own, and asks back from within it.
    for (const [end, name] of [
      [peer, 'server'],
      [socket, 'client']
    ]) {
      end.on('message', () => strangers.add(storage.getStore()));
      end.handle('echo', async (n) => {
        strangers.add(storage.getStore());
        await new Promise(setImmediate);
        strangers.add(storage.getStore());
        return n;
      });
      end.handle('ask back', (n, context) => {
        strangers.add(storage.getStore());
        return storage.run(`${name} ${n}`, async () => {
          await context.socket.call('echo', n);
          await context.socket.notify('heard', n);
          return storage.getStore();
        });
      });
    }
    const caller = (end, name, other) => (n) =>
      storage.run(`${name} calls ${n}`, async () => {
        const answer = await end.call('ask back', n);
        await Promise.all([end.call('echo', n), end.send(n), end.ping()]);
        return (
          [answer, storage.getStore()].join() === [`${other} ${n}`, `${name} calls ${n}`].join()
        );
      });
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    const kept = await Promise.all([
      ...numbers.map(caller(socket, 'client', 'server')),
      ...numbers.map(caller(peer, 'server', 'client'))
    ]);
    assert.ok(kept.every(Boolean));
    assert.deepEqual(strangers, new Set([undefined]));
  });

  test(`a stream in this process brings nobody's context across (${driver})`, async (t) => {
    const server = new UDSocketServer({ driver });
    const socket = new UDSocket({ driver });
    t.after(() => Promise.all([socket.destroy(), server.close({ timeoutMs: 0 })]));
    const seen = new Set();
    const look = () => void seen.add(storage.getStore());
    server.handle(look);
    server.on('message', look);
    const [here, there] = duplexPair();
    await Promise.all([server.attach(there), socket.attach(here)]);
    const calls = Array.from({ length: 20 }, (_, n) =>
      storage.run(n, () => Promise.all([socket.rpc(n), socket.send(n), socket.ping()]))
    );
    await Promise.all(calls);
    assert.deepEqual(seen, new Set([undefined]));
  });

  test(`the end of a connection belongs to nobody, whoever ends it (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const seen = [];
    for (const end of [peer, socket]) {
      for (const name of ['disconnect', 'close']) end.on(name, () => seen.push(storage.getStore()));
    }
    const gone = event(peer, 'close');
    await storage.run('mine', async () => {
      await socket.close();
      assert.equal(storage.getStore(), 'mine');
    });
    await gone;
    assert.deepEqual(seen, Array(4).fill(undefined));
  });

  test(`it is there after an abort, too (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => new Promise(() => {}));
    const controller = new AbortController();
    const seen = await storage.run('mine', async () => {
      const call = socket.rpc(1, { signal: controller.signal });
      queueMicrotask(() => controller.abort());
      await call.catch(() => {});
      return storage.getStore();
    });
    assert.equal(seen, 'mine');
  });

  test(`each handler has the context in which it was given (${driver})`, async (t) => {
    const { peer, server, socket } = await pair(t, { driver });
    const look = async () => {
      const before = storage.getStore();
      await new Promise(setImmediate);
      return [before, storage.getStore()];
    };
    storage.run('of the server', () => server.handle(look));
    storage.run('of its topic', () => server.handle('topic', look));
    storage.run('of its socket', () => peer.handle('own', look));
    storage.run('of the client', () => socket.handle(look));
    const ask = (end, topic) => storage.run('of a caller', () => end.rpc(1, { topic }));
    const asked = [ask(socket), ask(socket, 'topic'), ask(socket, 'own'), ask(peer)];
    const stores = ['of the server', 'of its topic', 'of its socket', 'of the client'];
    assert.deepEqual(
      await Promise.all(asked),
      stores.map((store) => [store, store])
    );
  });

  test(`middleware runs in its handler's, or in its own if there is none (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const seen = [];
    const look = (_payload, _context, next) => {
      seen.push(storage.getStore());
      return next?.();
    };
    storage.run('of the outer', () => server.use(look));
    storage.run('of the inner', () => peer.use(look));
    storage.run('of the handler', () => peer.handle('t', look));
    await socket.call('t', 1);
    await socket.call('nobody', 1).catch(() => {});
    const [handler, outer] = ['of the handler', 'of the outer'];
    assert.deepEqual(seen, [handler, handler, handler, outer, outer]);
  });

  test(`what middleware opens is the handler's, wherever that was given (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    server.use((_payload, { topic }, next) => storage.run(`for ${topic}`, next));
    storage.run('elsewhere', () => server.handle(() => storage.getStore()));
    assert.deepEqual(await Promise.all([socket.call('a', 1), socket.call('b', 1)]), [
      'for a',
      'for b'
    ]);
  });

  test(`a generator has its handler's, from its first part to its end (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    let tellEnd;
    const ended = new Promise((resolve) => (tellEnd = resolve));
    async function* parts() {
      try {
        for (;;) {
          yield storage.getStore();
          await new Promise(setImmediate);
        }
      } finally {
        tellEnd(storage.getStore());
      }
    }
    storage.run('given', () => server.handle('now', parts));
    storage.run('given', () => server.handle('later', async () => parts()));
    server.use((_payload, { topic }, next) =>
      topic === 'later' ? storage.run('opened', next) : next()
    );
    for (const [topic, store] of [
      ['now', 'given'],
      ['later', 'opened']
    ]) {
      const iteration = storage.run('of the caller', () => socket.iterate(1, { topic }));
      const seen = [];
      for (let n = 0; n < 3; n++) seen.push((await iteration.next()).value);
      assert.deepEqual(seen, Array(3).fill(store));
      if (topic === 'now') {
        await iteration.return();
        assert.equal(await ended, store);
      }
    }
  });

  test(`a handler of a stream has the same while it reads (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    const handler = async (_payload, { stream }) => {
      const seen = [storage.getStore()];
      for await (const _ of stream) seen.push(storage.getStore());
      stream.end(JSON.stringify(seen));
    };
    storage.run('given', () => server.handle(handler));
    const stream = storage.run('of the caller', () => socket.stream(null));
    stream.end('some bytes');
    const [answer] = await stream.toArray();
    assert.deepEqual(new Set(JSON.parse(answer)), new Set(['given']));
  });

  test(`files beside a call change nothing (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    storage.run('given', () => server.handle(() => storage.getStore()));
    const files = [{ path: __filename }];
    assert.equal(await storage.run('of the caller', () => socket.rpc(1, { files })), 'given');
  });

  test(`listeners have the context in which their end was made (${driver})`, async (t) => {
    const seen = [];
    const look = (name) => () => {
      seen.push([name, storage.getStore()]);
      return true;
    };
    const server = storage.run('of the server', () => {
      return new UDSocketServer({ driver, authorize: look('authorize') });
    });
    t.after(() => server.close({ timeoutMs: 0 }));
    const path = socketPath(t);
    await server.start(path);
    server.on('connection', (socket) => {
      look('connection')();
      socket.on('message', look('message at the socket'));
    });
    server.on('message', look('message at the server'));
    const client = storage.run('of the client', () => new UDSocket({ driver }));
    t.after(() => client.destroy());
    client.on('ready', look('ready'));
    client.on('message', look('message at the client'));
    await storage.run('of a caller', async () => {
      await client.connect(path);
      await client.send(1);
      await client.ping();
      const [peer] = server.sockets.values();
      await peer.send(1);
      await peer.ping();
    });
    const of = (end) => new Set(seen.filter(([, store]) => store === end).map(([name]) => name));
    const served = ['authorize', 'connection', 'message at the socket', 'message at the server'];
    assert.deepEqual(of('of the server'), new Set(served));
    assert.deepEqual(of('of the client'), new Set(['ready', 'message at the client']));
    assert.equal(seen.length, 6);
  });

  test(`what a pause has kept is nobody's who resumes (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.pause();
    const heard = event(peer, 'message');
    const seen = new Set();
    peer.on('message', () => seen.add(storage.getStore()));
    await socket.send(1);
    await socket.ping();
    storage.run('of who resumes', () => peer.resume());
    await heard;
    assert.deepEqual(seen, new Set([undefined]));
  });
});
