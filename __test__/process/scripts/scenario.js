// What the scripts beside it have in common: one file holds several scenarios, and its arguments
// choose one, the driver, and where to listen or to connect.
//
// Must not know: what happens in them.

'use strict';

const shortwire = require('../../..');

/**
 * @typedef {object} Scene
 * @property {'inline' | 'task'} driver
 * @property {string} path
 * @property {string[]} rest further arguments
 * @property {(options?: object) => import('../../..').UDSocket} newSocket with the driver
 * @property {(options?: object) => import('../../..').UDSocketServer} newServer with the driver
 */

/** @param {Record<string, (scene: Scene) => unknown>} scenarios */
function play(scenarios) {
  const [name, driver, path, ...rest] = process.argv.slice(2);
  const scene = /** @type {Scene} */ ({
    driver,
    path,
    rest,
    // A script whose peer has gone is to end, not to wait for its return.
    newSocket: (options) => new shortwire.UDSocket({ driver, reconnect: false, ...options }),
    newServer: (options) => new shortwire.UDSocketServer({ driver, ...options })
  });
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`There is no scenario ${name}`);
  return scenario(scene);
}

/** @param {...unknown} words */
function say(...words) {
  process.stdout.write(`${words.join(' ')}\n`);
}

/**
 * Says 'held' and leaves if something else keeps the process alive: the timer itself doesn't.
 */
function sayWhetherHeld() {
  setTimeout(() => {
    say('held');
    process.exit(0);
  }, HELD_MS).unref();
}

/** An idle process that nothing holds ends at once, so this is long enough to tell. */
const HELD_MS = 300;

module.exports = { play, say, sayWhetherHeld };
