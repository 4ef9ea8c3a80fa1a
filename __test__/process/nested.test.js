// One connection's business done while another's is being delivered: what comes of it must arrive,
// whichever of the two the application is being called about.

'use strict';

const assert = require('node:assert/strict');
const { it } = require('node:test');

const { UDSocket, UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { forEachDriver } = require('../support/drivers.js');

forEachDriver((driver) => {
  it(`destroying a socket in another's message listener fails its calls (${driver})`, async (t) => {
    const { first, second } = await meet(t);
    const call = second.rpc('never').catch((/** @type {any} */ error) => error.code);
    first.on('message', () => second.destroy());
    await first.rpc('message me');
    assert.equal(await call, 'SHORTWIRE_ERR_CLOSED');
  });

  it(`closing a socket in another's message listener comes to an end (${driver})`, async (t) => {
    const { first, second } = await meet(t);
    const closed = new Promise((resolve) => {
      first.on('message', () => resolve(second.close()));
    });
    await first.rpc('message me');
    await closed;
    assert.equal(second.status, 'closed');
  });

  it(`a call that is refused in another's continuation rejects (${driver})`, async (t) => {
    const { first } = await meet(t);
    const second = new UDSocket({ driver, maxQueuedMessages: 1 });
    t.after(() => second.destroy());
    second.rpc('fills the queue').catch(() => {});
    const codes = new Promise((resolve) => {
      first.on('message', () => resolve(second.rpc('too much').catch((error) => error.code)));
    });
    await first.rpc('message me');
    assert.equal(await codes, 'SHORTWIRE_ERR_OVERFLOW');
  });

  it(`each of many sockets closed in one listener ends (${driver})`, async (t) => {
    const { first, path } = await meet(t);
    const others = Array.from({ length: 20 }, () => new UDSocket({ driver }));
    await Promise.all(others.map((socket) => socket.connect(path)));
    const closed = new Promise((resolve) => {
      first.on('message', () => resolve(Promise.all(others.map((socket) => socket.close()))));
    });
    await first.rpc('message me');
    await closed;
    assert.ok(others.every((socket) => socket.status === 'closed'));
  });

  /** @param {import('node:test').TestContext} t two sockets of one server */
  async function meet(t) {
    const path = socketPath(t);
    const server = new UDSocketServer({ driver });
    server.handle((/** @type {unknown} */ payload, /** @type {any} */ { socket }) => {
      if (payload === 'never') return new Promise(() => {});
      socket.send('here you are');
      return undefined;
    });
    await server.start(path);
    t.after(() => server.close({ timeoutMs: 10 }));
    const [first, second] = [new UDSocket({ driver }), new UDSocket({ driver })];
    await Promise.all([first.connect(path), second.connect(path)]);
    t.after(() => first.destroy());
    t.after(() => second.destroy());
    return { first, second, path };
  }
});
