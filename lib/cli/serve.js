/**
 * `shortwire serve`: a server that echoes, or answers with the handlers of a module.
 */
'use strict';

const { UDSocketServer } = require('../../index.js');
const { connectionOptions, socketOptions } = require('./connection.js');
const { explainStart } = require('./diagnosis.js');
const { shownAddress } = require('./endpoint.js');
const { servedBy } = require('./handlers-module.js');
const { jsonLine } = require('./rendering.js');
const { listeningEndpoint, secureServerOptions } = require('./secure.js');
const { duration, octal } = require('./values.js');

const { compress, driver, encoding, 'max-frame': maxFrame } = connectionOptions;

/** @type {import('./arguments.js').Command} */
const command = {
  name: 'serve',
  summary: "echo, or answer with a module's handlers",
  usage: '<endpoint> [module]',
  about: [
    "Without a module, each request is answered with its payload. A module's default export (module.exports in CommonJS) is a function (payload, context) for all requests, or an object of topic and function; the topic * is for all others. An export named authorize (hello, peer) decides who may come in.",
    'The endpoint systemd, or systemd:name, is the socket that systemd has handed to this process. The socket file itself is made with mode 600, unless --mode says otherwise.',
    'Ctrl-C or SIGTERM lets what is under way finish; twice, it ends at once.'
  ],
  positionals: [1, 2],
  options: {
    verbose: { short: 'v', help: 'print what happens, one line of JSON each' },
    'allow-stats': { help: 'let shortwire stats look at it' },
    mode: { value: 'octal', help: 'permissions of the socket file (600)', read: octal },
    drain: {
      value: 'duration',
      help: 'how long requests may take to finish at the end (5s)',
      read: duration,
      fallback: 5000
    },
    'max-frame': maxFrame,
    encoding,
    compress,
    driver,
    ...secureServerOptions
  },
  examples: [
    ['shortwire serve /tmp/app.sock --verbose', 'an echo that shows what it is asked'],
    ['shortwire serve /tmp/app.sock ./handlers.mjs --allow-stats', 'a small service'],
    [
      'shortwire serve tls://[::]:4000 ./handlers.mjs --cert cert.pem --key key.pem --ca clients.pem',
      'for other machines, and only those with a certificate'
    ]
  ],
  run
};

/** @param {import('./arguments.js').Input} input */
async function run({ interrupt, output, positionals, values }) {
  const [endpoint, module] = positionals;
  const { handlers, authorize } = module === undefined ? ECHO : await servedBy(module);
  const server = new UDSocketServer({
    ...socketOptions(values),
    mode: values.mode,
    allowStats: values['allow-stats'] === true,
    authorize
  });
  if (values.verbose === true) watch(server, (event) => void output.line(jsonLine(event)));
  for (const [topic, handler] of Object.entries(handlers)) {
    if (topic === '*') server.handle(handler);
    else server.handle(topic, handler);
  }
  try {
    await server.start(listeningEndpoint(endpoint, values));
  } catch (error) {
    throw explainStart(error, endpoint);
  }
  try {
    output.note(`listening on ${shownAddress(server.address()) || endpoint}; Ctrl-C ends it`);
    await new Promise((_, reject) => {
      server.on('error', (error, socket) => {
        if (socket === undefined) reject(error);
      });
      interrupt.happened.catch(reject);
    });
  } finally {
    output.progress('finishing what is under way');
    await server.close({ timeoutMs: values.drain });
  }
}

/** @type {import('./handlers-module.js').Served} */
const ECHO = { handlers: { '*': (payload) => payload }, authorize: undefined };

/**
 * Tells of everything that happens.
 * @param {InstanceType<typeof UDSocketServer>} server
 * @param {(event: object) => void} tell
 */
function watch(server, tell) {
  server.use(async (payload, { socket, topic, id }, next) => {
    const about = { client: socket.id, request: id };
    tell({ event: 'request', ...about, topic, payload });
    const began = performance.now();
    const ms = () => Math.round((performance.now() - began) * 1000) / 1000;
    try {
      const answer = await next();
      tell({ event: 'answer', ...about, ms: ms() });
      return answer;
    } catch (error) {
      const { code, message } = /** @type {any} */ (error ?? {});
      tell({ event: 'failure', ...about, ms: ms(), code, message: message ?? String(error) });
      throw error;
    }
  });
  // Without its hello, which may be a secret.
  server.on('connection', ({ id, protocol, peer }) =>
    tell({ event: 'connection', client: id, protocol, peer })
  );
  server.on('message', (payload, socket, { topic }) =>
    tell({ event: 'message', client: socket.id, topic, payload })
  );
  server.on('disconnect', (socket, reason) =>
    tell({ event: 'disconnect', client: socket.id, reason })
  );
  server.on('refused', (reason, peer) => tell({ event: 'refused', reason, peer }));
  server.on('error', (error, socket) => {
    if (socket !== undefined) {
      const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
      tell({ event: 'error', client: socket.id, code, message });
    }
  });
}

exports.command = command;
