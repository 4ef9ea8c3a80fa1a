// Each API test runs once per driver: the two are different programs behind one interface.
//
// Must not know: what is tested.

'use strict';

/** `auto` is one of the two, chosen by the platform, so it needs no run of its own. */
const DRIVERS = /** @type {const} */ (['inline', 'task']);

/** @param {(driver: 'inline' | 'task') => void} define */
function forEachDriver(define) {
  for (const driver of DRIVERS) define(driver);
}

module.exports = { DRIVERS, forEachDriver };
