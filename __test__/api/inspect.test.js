// What sockets and servers show of themselves.

'use strict';

const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const { test } = require('node:test');

const { ShortwireError, UDSocket, UDSocketServer } = require('../../index.js');
const { pair } = require('../support/pair.js');

test('a socket shows who it is and where it stands', async (t) => {
  const { socket } = await pair(t);
  assert.match(
    inspect(socket).replaceAll(/\s+/g, ' '),
    /^UDSocket \{ id: '[0-9a-f]{32}', status: 'ready', protocol: 'shortwire', pending: 0 \}$/
  );
});

test('a server shows where it listens and how many are there', async (t) => {
  const { server, path } = await pair(t);
  assert.equal(
    inspect(server).replaceAll(/\s+/g, ' '),
    `UDSocketServer { address: '${path}', status: 'listening', sockets: 1 }`
  );
});

test('a class of the user’s own shows its own name', () => {
  class Users extends UDSocket {}
  assert.match(inspect(new Users()), /^Users \{/);
});

test('an error shows its code', () => {
  assert.throws(
    () => new UDSocketServer({ colour: 1 }),
    (error) =>
      error instanceof ShortwireError && inspect(error).includes('SHORTWIRE_ERR_INVALID_ARG')
  );
});

test('nothing internal is a property by name', () => {
  const events = ['_events', '_eventsCount', '_maxListeners', 'domain'];
  const own = (object) =>
    Object.getOwnPropertyNames(object).filter((name) => !events.includes(name));
  assert.deepEqual(own(new UDSocket()).sort(), ['auth', 'data', 'server']);
  assert.deepEqual(own(new UDSocketServer()), []);
  assert.deepEqual(Object.getOwnPropertyNames(UDSocket).sort(), ['length', 'name', 'prototype']);
});
