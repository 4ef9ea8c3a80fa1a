// A server that says when its clients came, for a test that restarts it. Its parent talks to it by messages.
//
//   fork restart.js <driver> <path>
//
//   ◄── { listening: true }      ──► { count: n }  ◄── { arrivals: [ms, …] } once n are connected
//                                ──► { close: true }  and it ends

'use strict';

const { play } = require('./scenario.js');

play({
  /** @param {import('./scenario.js').Scene} scene */
  async serve({ newServer, path }) {
    const server = newServer({ backlog: 4096 });
    server.handle((/** @type {unknown} */ payload) => payload);
    /** @type {number[]} */
    const arrivals = [];
    let awaited = Infinity;
    const tell = () => {
      if (arrivals.length < awaited) return;
      awaited = Infinity;
      process.send?.({ arrivals });
    };
    server.on('connection', () => {
      arrivals.push(performance.now());
      tell();
    });
    process.on('message', (/** @type {any} */ message) => {
      if (message.close) {
        void server.close({ timeoutMs: 1000 });
        process.disconnect();
        return;
      }
      awaited = message.count;
      tell();
    });
    await server.start(path);
    process.send?.({ listening: true });
  }
});
