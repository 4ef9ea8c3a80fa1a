// A thousand clients whose server is restarted, with and without a goodbye: all of them come back in time, none of their calls is
// lost, and they don't come back all at once.

'use strict';

const assert = require('node:assert/strict');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocket } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { within } = require('../support/deadline.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/restart.js');
const CLIENTS = 1000;
const AT_ONCE = 50;
/** From the moment when the new server listens. */
const DEADLINE_MS = 10_000;
const WINDOW_MS = 100;
const MOST_IN_A_WINDOW = CLIENTS / 4;

/** How the old server ends. @type {[string, (server: import('node:child_process').ChildProcess) => unknown][]} */
const ENDS = [
  ['killed', (server) => server.kill('SIGKILL')],
  ['closed', (server) => server.send({ close: true })]
];

forEachDriver((driver) => {
  describe(`${CLIENTS} clients of a restarted server (${driver})`, () => {
    for (const [how, end] of ENDS) {
      it(`that was ${how} all come back, and not all at once`, async (t) => {
        const path = socketPath(t);
        const first = await serve(t, driver, path);
        const sockets = Array.from({ length: CLIENTS }, () => new UDSocket({ driver }));
        t.after(() => sockets.forEach((socket) => socket.destroy()));
        for (let at = 0; at < CLIENTS; at += AT_ONCE) {
          await Promise.all(sockets.slice(at, at + AT_ONCE).map((socket) => socket.connect(path)));
        }

        const gone = once(first, 'exit');
        const lost = Promise.all(sockets.map((socket) => once(socket, 'reconnecting')));
        end(first);
        await within(Promise.all([gone, lost]), 'the end of the first server');
        const calls = sockets.map((socket, at) => socket.rpc(at, { timeoutMs: 0 }));
        const second = await serve(t, driver, path);
        const back = within(answerOf(second, { count: CLIENTS }), 'all are back', DEADLINE_MS);
        const { arrivals } = await back;
        assert.deepEqual(
          await Promise.all(calls),
          sockets.map((_, at) => at)
        );
        const most = mostWithin(arrivals, WINDOW_MS);
        t.diagnostic(
          `${Math.round(arrivals.at(-1) - arrivals[0])} ms, at most ${most} in ${WINDOW_MS} ms`
        );
        assert.ok(most <= MOST_IN_A_WINDOW, `${most} came within ${WINDOW_MS} ms`);
      });
    }
  });
});

/**
 * A server in a process of its own, which listens.
 *
 * @param {import('node:test').TestContext} t
 * @param {string} driver
 * @param {string} path
 */
async function serve(t, driver, path) {
  const server = fork(SCRIPT, ['serve', driver, path]);
  t.after(() => server.kill('SIGKILL'));
  await within(once(server, 'message'), 'a server that listens');
  return server;
}

/**
 * @param {import('node:child_process').ChildProcess} server
 * @param {object} question
 * @returns {Promise<any>}
 */
async function answerOf(server, question) {
  const answered = once(server, 'message');
  server.send(question);
  const [answer] = await answered;
  return answer;
}

/**
 * The most of them that lie in any window of this width.
 *
 * @param {number[]} times ascending
 * @param {number} width
 */
function mostWithin(times, width) {
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to] - times[from] >= width) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
