// A server, somebody who behaves, and room for somebody who doesn't.
//
// Must not know: what the one who doesn't behave does.

'use strict';

const assert = require('node:assert/strict');

const { UDSocket, UDSocketServer } = require('../../index.js');

const { socketPath } = require('./address.js');
const { event } = require('./deadline.js');

/**
 * @param {{ after: (done: () => any) => void }} test
 * @param {Record<string, unknown>} options of the server
 */
async function arena(test, options) {
  const path = socketPath(test);
  const server = new UDSocketServer(options);
  /** What the handler was asked, by whoever isn't the bystander. @type {any[]} */
  const asked = [];
  server.handle((payload, context) => {
    asked.push(payload);
    return { payload, topic: context.topic };
  });
  server.handle('bystander', (payload) => payload);
  await server.start(path);
  test.after(() => server.close({ timeoutMs: 0 }));

  const friend = new UDSocket({ driver: options.driver });
  await friend.connect(path);
  test.after(() => friend.destroy());

  /** Others are served as ever, before, while and after. */
  const othersAreServed = async () => {
    const questions = [1, 'é🌍', { a: ['],['] }];
    const answers = questions.map((question) => friend.call('bystander', question));
    assert.deepEqual(await Promise.all(answers), questions);
  };
  await othersAreServed();

  /** The code of the next fault of a peer. */
  const fault = async () => {
    const [error] = await event(server, 'error');
    return error.code;
  };
  return { server, path, asked, othersAreServed, fault };
}

/**
 * How much more memory the process holds after `work` than before it, in MiB.
 *
 * @param {() => Promise<unknown>} work
 */
async function growth(work) {
  const before = process.memoryUsage().rss;
  await work();
  return (process.memoryUsage().rss - before) / (1 << 20);
}

module.exports = { arena, growth };
