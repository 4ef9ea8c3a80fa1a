// Streams between processes: what they hold in memory, and what a killed peer leaves behind.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { test } = require('node:test');

const { socketPath } = require('../support/address.js');
const { start } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/stream.js');
const MEGABYTES = 256;
/**
 * What neither side may grow by, however much passes. V8 lets 32 MB of young buffers be garbage, and 64 MB
 * since Node 24: a file that is piped into nothing makes a process grow by 43 and by 82 MB.
 */
const MAX_GROWN_MB = Number.parseFloat(process.versions.v8) < 13 ? 56 : 100;

forEachDriver((driver) => {
  test(`${MEGABYTES} MiB through a stream don't stay in memory (${driver})`, async (t) => {
    const path = socketPath(t);
    const receiver = start(t, SCRIPT, ['receive', path, driver]);
    await receiver.says('listening');
    const sender = start(t, SCRIPT, ['send', path, driver, String(MEGABYTES)]);
    const received = JSON.parse(await sender.line());
    const sent = JSON.parse(await sender.line());
    assert.equal(received.bytes, MEGABYTES << 20);
    for (const { grownMb } of [received, sent]) assert.ok(grownMb < MAX_GROWN_MB, `${grownMb} MB`);
  });

  for (const victim of /** @type {const} */ (['receive', 'hold'])) {
    test(`the stream of a killed peer fails at once: ${victim} (${driver})`, async (t) => {
      const path = socketPath(t);
      const receive = start(t, SCRIPT, ['receive', path, driver]);
      await receive.says('listening');
      const hold = start(t, SCRIPT, ['hold', path, driver]);
      await Promise.all([hold.says('sending'), receive.says('held')]);
      const sides = { receive, hold };
      sides[victim].kill('SIGKILL');
      await sides[victim === 'hold' ? 'receive' : 'hold'].says('SHORTWIRE_ERR_DISCONNECTED');
    });
  }
});
