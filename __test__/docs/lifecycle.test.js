// docs/lifecycle.md has one table of how connections end. Here every row of it happens, in both drivers, and is compared.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const net = require('node:net');
const { join } = require('node:path');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');
const { socketPath } = require('../support/address.js');
const { forEachDriver } = require('../support/drivers.js');
const { nextEvent } = require('../support/events.js');

const EVENTS = ['status', 'connect', 'goaway', 'error', 'disconnect', 'reconnecting', 'close'];
/** Attempts without a pause worth mentioning. */
const SOON = { minDelayMs: 1, maxDelayMs: 1 };

/** How the cause of each row comes about. Each begins with a socket that has a call pending. */
const CAUSES = {
  'own `close()`, the answers come in time': async ({ ready }) => {
    const { socket, server } = await ready('answered');
    const closed = socket.close();
    server.answer();
    await closed;
  },
  'own `close()`, its `timeoutMs` is over': async ({ ready }) => {
    const { socket } = await ready('never');
    await socket.close({ timeoutMs: 20 });
  },
  'own `close()` while connecting': async ({ connect, serve }) => {
    const { socket } = connect(await serve());
    await socket.close();
  },
  "the peer's goodbye, it answers in time": async ({ ready }) => {
    const { server } = await ready('answered');
    void server.accepted.close();
    server.answer();
  },
  "the peer's goodbye, its `timeoutMs` is over": async ({ ready }) => {
    const { server } = await ready('never');
    await server.accepted.close({ timeoutMs: 20 });
  },
  "the server's goodbye, from `server.close()`": async ({ ready }) => {
    const { server } = await ready('answered');
    void server.close();
    server.answer();
  },
  "the server's goodbye, with `allowReconnect: false`": async ({ ready }) => {
    const { server } = await ready('answered');
    void server.close({ allowReconnect: false });
    server.answer();
  },
  'the connection is lost': async ({ ready }) => {
    const { server } = await ready('never');
    server.accepted.destroy();
  },
  'the connection is lost, with `reconnect: false`': async ({ ready, withOptions }) => {
    withOptions({ reconnect: false });
    const { server } = await ready('never');
    server.accepted.destroy();
  },
  'own `close()` while reconnecting': async ({ away }) => {
    const { socket } = await away();
    await socket.close();
  },
  'own `destroy()` while reconnecting': async ({ away }) => {
    const { socket } = await away();
    socket.destroy();
  },
  'refused when it comes back': async ({ away, withOptions, serve }) => {
    // Long enough for the next server to be there.
    withOptions({ reconnect: { minDelayMs: 500, jitter: 'none' } });
    const { path, awaited } = await away();
    await serve({ authorize: () => false }, path);
    await awaited;
  },
  'it gives up: `maxAttempts` attempts have failed': async ({ away, withOptions }) => {
    withOptions({ reconnect: { ...SOON, maxAttempts: 1 } });
    await away();
  },
  "refused: the server's `authorize` says no": async ({ connect, serve }) => {
    connect(await serve({ authorize: () => false }));
  },
  'refused: the server has too many connections': async ({ connect, serve, another }) => {
    const path = await serve({ maxConnections: 1 });
    await another(path);
    connect(path);
  },
  "refused: the server doesn't accept this protocol": async ({ connect, serve }) => {
    connect(await serve({ protocols: ['jftp'] }));
  },
  'the peer breaks the protocol while connecting': async ({ connect, stranger }) => {
    connect(await stranger((client) => client.write('HTTP/1.1 400 Bad Request\r\n\r\n')));
  },
  'the peer breaks the protocol': async ({ ready }) => {
    const { server } = await ready('never', 'through a proxy');
    // A frame of a kind that there is not.
    server.interject(Buffer.from([0x7f, ...Array(15).fill(0)]));
  },
  'nobody is there, with `retry`': async ({ connect, path }) => {
    connect(path(), { retry: { ...SOON, maxAttempts: 1 } });
  },
  'nobody is there': async ({ connect, path }) => {
    connect(path());
  },
  'the signal of `connect` fires': async ({ connect, serve }) => {
    const controller = new AbortController();
    connect(await serve(), { signal: controller.signal });
    controller.abort();
  },
  'own `destroy()`': async ({ ready }) => {
    const { socket } = await ready('never');
    socket.destroy();
  },
  'own `destroy(error)`': async ({ ready }) => {
    const { socket } = await ready('never');
    socket.destroy(new Error('enough'));
  }
};

const rows = readTable(join(__dirname, '../../docs/lifecycle.md'));

test('every row of the table has its scenario, and every scenario its row', () => {
  assert.deepEqual(rows.map(({ cause }) => cause).sort(), Object.keys(CAUSES).sort());
});

forEachDriver((driver) => {
  for (const { cause, events, connecting, pending, again } of rows) {
    test(`${driver}: ${cause}`, async (t) => {
      const stage = new Stage(t, driver);
      const ended = stage.until(events.endsWith('`reconnecting`') ? 'reconnecting' : 'close');
      await CAUSES[cause](stage);
      await ended;
      const outcome = {
        events: stage.events.join(' '),
        connecting: await stage.connecting,
        pending: await stage.call,
        again: stage.events.includes('`reconnecting`') ? 'yes' : 'no'
      };
      assert.deepEqual(outcome, { events, connecting, pending, again });
    });
  }
});

/** A socket under observation, and what can be done with it. */
class Stage {
  /** @type {string[]} */
  events = [];
  /** What `connect` got: a code, or nothing to mention. @type {Promise<string>} */
  connecting = Promise.resolve('');
  /** What the pending call got. @type {Promise<string> | undefined} */
  call;
  #test;
  #driver;
  #seen = () => {};

  constructor(t, driver) {
    this.#test = t;
    this.#driver = driver;
    this.withOptions({});
  }

  /** The socket has these, instead of the defaults. */
  withOptions = (options) => {
    this.socket = new UDSocket({ driver: this.#driver, ...options });
    this.#test.after(() => this.socket.destroy());
    for (const name of EVENTS) {
      this.socket.on(name, (value) => {
        this.events.push(name === 'status' ? `\`status(${value})\`` : `\`${name}\``);
        this.#seen(name);
      });
    }
  };

  /** The first event of this name since the cause began. */
  until = (name) =>
    new Promise((resolve) => {
      this.#seen = (seen) => seen === name && resolve();
    });

  path = () => socketPath(this.#test);

  serve = async (options, path) => (await this.#listen(options, path)).path;

  /** The socket has lost its server and waits to try again, with a call that waits as well. */
  away = async () => {
    const server = await this.#listen();
    await this.socket.connect(server.path);
    this.events.length = 0;
    const reconnecting = nextEvent(this.socket, 'reconnecting');
    await server.close();
    await reconnecting;
    this.events.length = 0;
    this.call = outcomeOf(this.socket.rpc('question', { timeoutMs: 0 }));
    return { socket: this.socket, path: server.path, awaited: nextEvent(this.socket, 'close') };
  };

  /** The socket connects, with a call already waiting. */
  connect = (path, options) => {
    this.call = outcomeOf(this.socket.rpc('question'));
    this.connecting = this.socket.connect(path, options).then(
      () => '',
      ({ code }) => `\`${code}\``
    );
    return this;
  };

  /** The socket is connected, and the handler of its call at work. */
  ready = async (_fate, proxied) => {
    const server = await this.#listen();
    const proxy = proxied && (await this.#proxy(server.path));
    await this.socket.connect(proxy?.path ?? server.path);
    this.events.length = 0;
    this.call = outcomeOf(this.socket.rpc('question', { timeoutMs: 0 }));
    await server.asked;
    server.interject = proxy?.interject;
    return { socket: this.socket, server };
  };

  another = async (path) => {
    const socket = new UDSocket({ driver: this.#driver });
    this.#test.after(() => socket.destroy());
    await socket.connect(path);
  };

  /** A server that speaks something else. */
  stranger = async (onClient) => {
    const path = this.path();
    const server = net.createServer((client) => {
      client.on('error', () => client.destroy());
      onClient(client);
    });
    server.listen(path);
    this.#test.after(() => server.close());
    await once(server, 'listening');
    return path;
  };

  async #listen(options, path = this.path()) {
    const server = new UDSocketServer({ driver: this.#driver, ...options });
    const told = { path, asked: undefined, accepted: undefined };
    told.close = (given) => server.close(given);
    told.asked = new Promise((resolve) => {
      server.handle(() => {
        resolve();
        return new Promise((answer) => (told.answer = () => answer('answer')));
      });
    });
    server.on('connection', (accepted) => (told.accepted = accepted));
    server.on('error', () => {});
    this.#test.after(() => server.close({ timeoutMs: 0 }));
    await server.start(path);
    return told;
  }

  async #proxy(target) {
    let interject;
    const path = await this.stranger((client) => {
      const upstream = net.connect(target);
      upstream.on('error', () => client.destroy());
      client.on('close', () => upstream.destroy());
      client.pipe(upstream).pipe(client);
      interject = (bytes) => client.write(bytes);
    });
    return { path, interject: (bytes) => interject(bytes) };
  }
}

async function outcomeOf(call) {
  try {
    await call;
    return 'their answers';
  } catch ({ code, maybeDelivered }) {
    return `\`${code}\` \`${maybeDelivered}\``;
  }
}

/** The rows of the table whose first heading is "cause". */
function readTable(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith('| cause |')) + 2;
  const end = lines.findIndex((line, at) => at >= start && !line.startsWith('|'));
  return lines.slice(start, end).map((line) => {
    const [cause, events, connecting, pending, again] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return { cause, events, connecting, pending, again };
  });
}
