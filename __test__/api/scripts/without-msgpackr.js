// A process in which msgpackr is not installed.

'use strict';

const Module = /** @type {any} */ (require('node:module'));

const load = Module._load;
Module._load = (/** @type {string} */ name, /** @type {any[]} */ ...rest) => {
  if (name !== 'msgpackr') return load.call(Module, name, ...rest);
  throw Object.assign(new Error('not here'), { code: 'MODULE_NOT_FOUND' });
};

const { UDSocket, UDSocketServer } = require('../../../index.js');

console.log(new UDSocket().encoding, new UDSocketServer({ encoding: 'raw' }).listening);
for (const Class of [UDSocket, UDSocketServer]) {
  try {
    console.log(new Class({ encoding: 'msgpack' }));
  } catch (/** @type {any} */ error) {
    console.log(error.code, error.message);
  }
}
