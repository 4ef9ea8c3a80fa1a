// Who answers a request, and what stands around it.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { deferred } = require('../support/record.js');

forEachDriver((driver) => {
  test(`socket before server, topic before general (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const ask = () => socket.call('t', 1);
    server.handle(() => 'server, general');
    const answers = [await ask()];
    peer.handle(() => 'socket, general');
    answers.push(await ask());
    server.handle('t', () => 'server, topic');
    answers.push(await ask());
    peer.handle('t', () => 'socket, topic');
    answers.push(await ask());
    assert.deepEqual(answers, [
      'server, general',
      'socket, general',
      'server, topic',
      'socket, topic'
    ]);
  });

  test(`registering again replaces, null takes away (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle(() => 'general').handle('t', () => 1);
    peer.handle('t', () => 2);
    const answers = [await socket.call('t', 0)];
    peer.handle('t', null);
    answers.push(await socket.call('t', 0));
    peer.handle(null);
    await assert.rejects(socket.call('t', 0), { code: 'SHORTWIRE_ERR_NO_HANDLER' });
    assert.deepEqual(answers, [2, 'general']);
  });

  test(`topics that objects have by birth are topics like others (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    await assert.rejects(socket.call('constructor', 0), { code: 'SHORTWIRE_ERR_NO_HANDLER' });
    peer.handle('__proto__', () => 'mine');
    assert.equal(await socket.call('__proto__', 0), 'mine');
  });

  test(`a wrong handler throws at once and is named (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    for (const target of [server, socket]) {
      const code = 'SHORTWIRE_ERR_INVALID_ARG';
      assert.throws(() => target.handle(7), { code, message: /^handler / });
      assert.throws(() => target.handle('t', 7), { code, message: /^handler / });
      assert.throws(() => target.handle('t', undefined), { code, message: /^handler / });
      assert.throws(() => target.handle('', () => 1), { code, message: /^topic / });
      assert.throws(() => target.use(7), { code, message: /^middleware / });
    }
  });

  test(`the context says what a request is about (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    let seen;
    peer.handle((_, context) => {
      seen = context;
      const { topic, id, expectsReply, signal } = context;
      return {
        socket: context.socket === peer,
        topic,
        id: typeof id,
        expectsReply,
        aborted: signal.aborted,
        left: context.deadline - Date.now() > 2000
      };
    });
    const answer = await socket.call('some.topic', 1, { timeoutMs: 3000 });
    assert.deepEqual(answer, {
      socket: true,
      topic: 'some.topic',
      id: 'number',
      expectsReply: true,
      aborted: false,
      left: true
    });
    assert.equal(seen.expectsReply, false);
  });

  test(`a call that waits for ever has no deadline (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.handle((_, context) => String(context.deadline));
    assert.equal(await socket.rpc(1, { timeoutMs: 0 }), 'undefined');
  });

  test(`context.reply answers before the handler is done (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const { promise, resolve } = deferred();
    peer.handle(async (_, context) => {
      await context.reply('early');
      resolve(await context.reply('again').catch((error) => error.code));
      return 'late';
    });
    assert.equal(await socket.rpc(1), 'early');
    assert.equal(await promise, 'SHORTWIRE_ERR_CLOSED');
  });

  test(`the ids of open requests differ (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    const ids = [];
    const { promise, resolve } = deferred();
    peer.handle((_, context) => {
      ids.push(context.id);
      if (ids.length === 3) resolve();
      return promise;
    });
    await Promise.all([socket.rpc(1), socket.rpc(2), socket.rpc(3)]);
    assert.equal(new Set(ids).size, 3);
  });

  test(`middleware of the server is around that of the socket (${driver})`, async (t) => {
    const { server, peer, socket } = await pair(t, { driver });
    const steps = [];
    const step = (name) => async (_payload, _context, next) => {
      steps.push(`${name} in`);
      const answer = await next();
      steps.push(`${name} out`);
      return answer;
    };
    peer.use(step('socket'));
    server.use(step('server 1')).use(step('server 2'));
    peer.handle(() => {
      steps.push('handler');
      return 'x';
    });
    assert.equal(await socket.rpc(1), 'x');
    assert.deepEqual(steps, [
      'server 1 in',
      'server 2 in',
      'socket in',
      'handler',
      'socket out',
      'server 2 out',
      'server 1 out'
    ]);
  });

  test(`middleware may change the payload and the answer (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.use((payload, _context, next) => `<${next(payload + 1)}>`);
    peer.use((_payload, _context, next) => next());
    peer.handle((payload) => payload * 10);
    assert.equal(await socket.rpc(1), '<20>');
  });

  test(`middleware may hand on undefined (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.use((_payload, _context, next) => next(undefined));
    peer.handle((payload) => String(payload));
    assert.equal(await socket.rpc(1), 'undefined');
  });

  test(`middleware may answer by itself, where nobody handles (${driver})`, async (t) => {
    const { server, socket } = await pair(t, { driver });
    server.use((payload, context, next) => (context.topic === 'health' ? 'ok' : next(payload)));
    assert.equal(await socket.call('health', 1), 'ok');
    await assert.rejects(socket.call('other', 1), { code: 'SHORTWIRE_ERR_NO_HANDLER' });
  });

  for (const [how, middleware] of [
    [
      'throws',
      () => {
        throw Object.assign(new Error('no'), { code: 'E_DENIED' });
      }
    ],
    ['rejects', async () => Promise.reject(Object.assign(new Error('no'), { code: 'E_DENIED' }))]
  ]) {
    test(`middleware that ${how} fails the call, and the handler never runs (${driver})`, async (t) => {
      const { peer, socket } = await pair(t, { driver });
      let ran = false;
      peer.use(middleware).handle(() => (ran = true));
      await assert.rejects(socket.rpc(1), (error) => error.remote.code === 'E_DENIED');
      assert.equal(ran, false);
    });
  }

  test(`middleware sees what the handler throws (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    peer.use(async (_payload, _context, next) => {
      try {
        return await next();
      } catch (error) {
        return `caught ${error.message}`;
      }
    });
    peer.handle(async () => {
      throw new Error('it');
    });
    assert.equal(await socket.rpc(1), 'caught it');
  });

  test(`next twice is a mistake, told to the caller (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    let runs = 0;
    peer.use(async (_payload, _context, next) => {
      await next();
      return next();
    });
    peer.handle(() => ++runs);
    await assert.rejects(socket.rpc(1), { message: /next\(\) was called twice/ });
    assert.equal(runs, 1);
  });

  test(`middleware of a connecting socket is around its server's calls (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    socket.use((payload, _context, next) => next(payload + 1)).handle((payload) => payload * 2);
    assert.equal(await peer.rpc(1), 4);
  });

  test(`a handler may call back over the same socket (${driver})`, async (t) => {
    const { peer, socket } = await pair(t, { driver });
    socket.handle(() => 'the client');
    peer.handle(async (_payload, context) => `hello ${await context.socket.rpc('who?')}`);
    assert.equal(await socket.rpc(1), 'hello the client');
  });
});
