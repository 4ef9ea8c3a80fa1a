// The garbage collector takes what is over, and leaves alone what still works.

'use strict';

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { UDSocketServer } = require('../..');
const { socketPath } = require('../support/address.js');
const { assertQuiet, run } = require('../support/child.js');
const { forEachDriver } = require('../support/drivers.js');

const SCRIPT = join(__dirname, 'scripts/garbage.js');

forEachDriver((driver) => {
  describe(`the garbage collector (${driver})`, () => {
    for (const [scenario, what, lines] of /** @type {const} */ ([
      ['neverConnected', 'takes sockets that were never connected', ['0']],
      [
        'neverConnectedWithSettledCalls',
        'takes sockets that were never connected and whose calls have settled',
        ['0']
      ],
      ['failedToConnect', 'takes sockets that could not connect', ['0']],
      ['closed', 'takes closed sockets', ['0']],
      ['destroyed', 'takes destroyed sockets', ['0']],
      ['accepted', "takes a server's sockets that are closed", ['0']],
      ['closedServers', 'takes closed servers', ['0']],
      ['payloads', 'takes payloads', ['0']],
      ['largeTexts', 'takes large texts before they pile up', ['bounded', 'bounded']],
      ['connectedSocket', 'leaves a connected socket that nobody holds', ['here you are']],
      ['listeningServer', 'leaves a listening server that nobody holds', ['closing']]
    ])) {
      it(what, async (t) => {
        const path = socketPath(t);
        const server = new UDSocketServer({ driver });
        server.handle(async (/** @type {unknown} */ payload, /** @type {any} */ { socket }) => {
          if (payload === 'never') return new Promise(() => {});
          if (payload !== 'call me, then message me') return payload;
          socket.send(`${await socket.rpc('are you there?')} you are`);
          return undefined;
        });
        await server.start(path);
        t.after(() => server.close({ timeoutMs: 10 }));
        const outcome = await run(SCRIPT, [scenario, driver, path], { nodeArgs: ['--expose-gc'] });
        assertQuiet(outcome);
        // The last promise that was made may stay until the next one is.
        const said = outcome.lines.map((line) => (line === '1' ? '0' : line));
        assert.deepEqual(said, lines);
      });
    }
  });
});
