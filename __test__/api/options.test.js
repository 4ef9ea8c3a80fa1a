// Options: what there is, what it is by default, and how a wrong one is told.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { UDSocket, UDSocketServer } = require('../../index.js');

const MIB = 1024 * 1024;

/** [option, on, default]: the table that users are given. */
const DEFAULTS = [
  ['timeoutMs', 'both', 5000],
  ['maxFrameBytes', 'both', 16 * MIB],
  ['maxQueuedBytes', 'both', 64 * MIB],
  ['maxQueuedMessages', 'both', 100_000],
  ['maxInFlight', 'both', 65_536],
  ['maxInFlightBytes', 'both', 64 * MIB],
  ['maxStreams', 'both', 1024],
  ['maxFiles', 'both', 64],
  ['streamWindowBytes', 'both', 512 * 1024],
  ['maxSubscriptions', 'both', 10_000],
  ['handshakeTimeoutMs', 'both', 10_000],
  ['frameTimeoutMs', 'both', 30_000],
  ['heartbeatMs', 'both', undefined],
  ['stallTimeoutMs', 'both', 0],
  ['compress', 'both', false],
  ['encoding', 'both', 'json'],
  ['driver', 'both', 'auto'],
  ['busyPollUs', 'both', 50],
  ['traceparent', 'both', undefined],
  ['sendStacks', 'both', false],
  ['jftpHeaderDigits', 'both', 7],
  ['protocol', 'socket', 'shortwire'],
  ['maxConnections', 'server', 10_000],
  ['maxConnectionsPerUid', 'server', 10_000],
  ['mode', 'server', 0o600],
  ['backlog', 'server', 511],
  ['protocols', 'server', ['shortwire', 'jftp']],
  ['silentProtocol', 'server', undefined],
  ['silentMs', 'server', 50],
  ['allowStats', 'server', false],
  ['generateId', 'server', undefined],
  ['authorize', 'server', undefined],
  [
    'reconnect',
    'socket',
    { minDelayMs: 100, maxDelayMs: 5000, factor: 2, jitter: 'full', maxAttempts: Infinity }
  ],
  ['retry', 'socket', false]
];

/** [option, on, a value that is allowed] */
const ALLOWED = [
  ['timeoutMs', 'both', 0],
  ['maxFrameBytes', 'both', 1024],
  ['maxQueuedBytes', 'both', 1],
  ['maxQueuedMessages', 'both', 1],
  ['maxInFlight', 'both', 1],
  ['maxInFlightBytes', 'both', 1],
  ['maxSubscriptions', 'both', 1],
  ['handshakeTimeoutMs', 'both', 0],
  ['frameTimeoutMs', 'both', 0],
  ['heartbeatMs', 'both', 30_000],
  ['stallTimeoutMs', 'both', 60_000],
  ['compress', 'both', true],
  ['compress', 'both', { level: 9 }],
  ['encoding', 'both', 'msgpack'],
  ['encoding', 'both', 'raw'],
  ['driver', 'both', 'inline'],
  ['driver', 'both', 'task'],
  ['busyPollUs', 'both', 0],
  ['traceparent', 'both', Math.random],
  ['sendStacks', 'both', true],
  ['jftpHeaderDigits', 'both', 4],
  ['protocol', 'socket', 'jftp'],
  ['protocol', 'socket', 'jftp-1.5'],
  ['protocol', 'socket', 'jftp-1.0'],
  ['maxConnections', 'server', 1],
  ['maxConnectionsPerUid', 'server', 1],
  ['mode', 'server', 0o660],
  ['backlog', 'server', 1],
  ['protocols', 'server', ['jftp']],
  ['silentProtocol', 'server', 'jftp'],
  ['silentMs', 'server', 0],
  ['allowStats', 'server', true],
  ['reconnect', 'socket', false],
  ['retry', 'socket', { minDelayMs: 1, maxDelayMs: 1, factor: 1, jitter: 'none', maxAttempts: 1 }]
];

/** [option, on, values that are not] */
const WRONG = [
  ['timeoutMs', 'both', [-1, 1.5, NaN, Infinity, '5000', null, 2 ** 31]],
  ['maxFrameBytes', 'both', [0, 1023, -1, 2 ** 30, '1', null]],
  ['maxQueuedBytes', 'both', [0, -1, 0.5, Infinity, '1', null]],
  ['maxQueuedMessages', 'both', [0, 900_001, '1', null]],
  ['maxInFlight', 'both', [0, 1_000_001, '1', null]],
  ['maxInFlightBytes', 'both', [0, 2 ** 31, '1', null]],
  ['handshakeTimeoutMs', 'both', [-1, '1', null]],
  ['frameTimeoutMs', 'both', [-1, '1', null]],
  ['heartbeatMs', 'both', [-1, '1', true, null]],
  ['compress', 'both', [1, 'deflate', null, [], { level: 0 }, { level: 10 }, { window: 1 }]],
  ['encoding', 'both', ['cbor', true, null]],
  ['driver', 'both', ['INLINE', '', 1, null]],
  ['traceparent', 'both', ['00-…', true, null]],
  ['sendStacks', 'both', [1, 'yes', null]],
  ['busyPollUs', 'both', [-1, 1_000_001, '1', null]],
  ['jftpHeaderDigits', 'both', [0, 16, '7', null]],
  ['protocol', 'socket', ['http', '', 1, null]],
  ['maxConnections', 'server', [0, '1', null]],
  ['maxConnectionsPerUid', 'server', [0, '1', null]],
  ['mode', 'server', [-1, 0o1000, '0600', null]],
  ['backlog', 'server', [0, 65_536, '1', null]],
  ['protocols', 'server', [[], ['http'], 'jftp', null]],
  ['silentProtocol', 'server', ['shortwire', 'http', null]],
  ['silentMs', 'server', [-1, '1', null]],
  ['allowStats', 'server', [1, 'yes', null]],
  ['generateId', 'server', ['uuid', 1, null]],
  ['authorize', 'server', ['yes', true, {}, null]],
  ['reconnect', 'socket', [true, null, 1, []]],
  ['retry', 'socket', [true, null, 'yes', []]]
];

const MAKERS = [
  ['socket', (options) => new UDSocket(options)],
  ['server', (options) => new UDSocketServer(options)]
];

for (const [kind, make] of MAKERS) {
  const mine = (table) => table.filter(([, on]) => on === kind || on === 'both');

  test(`the defaults of a ${kind} are those of the table, and there are no others`, () => {
    const expected = Object.fromEntries(mine(DEFAULTS).map(([name, , value]) => [name, value]));
    assert.deepEqual({ ...make().options }, expected);
  });

  test(`every option of a ${kind} is kept as given`, () => {
    for (const [name, , value] of mine(ALLOWED)) {
      assert.deepEqual(make({ [name]: value }).options[name], value, name);
    }
  });

  for (const [name, , values] of mine(WRONG)) {
    test(`a wrong ${name} of a ${kind} throws at once and is named`, () => {
      for (const value of values) {
        assert.throws(() => make({ [name]: value }), {
          name: 'ShortwireError',
          code: 'SHORTWIRE_ERR_INVALID_ARG',
          message: new RegExp(`^${name} must be `)
        });
      }
    });
  }

  test(`an unknown option of a ${kind} throws at once and is named`, () => {
    for (const name of ['colour', 'timeout', 'constructor', '__proto__']) {
      const given = JSON.parse(`{"${name}":1}`);
      assert.throws(() => make(given), {
        code: 'SHORTWIRE_ERR_INVALID_ARG',
        message: new RegExp(`^Unknown option ${name}: there are .*\\btimeoutMs, `)
      });
    }
  });

  test(`the other kind's options are unknown to a ${kind}`, () => {
    for (const [name, on, value] of ALLOWED) {
      if (on !== 'both' && on !== kind) {
        assert.throws(() => make({ [name]: value }), {
          message: new RegExp(`^Unknown option ${name}: `)
        });
      }
    }
  });

  test(`options of a ${kind} that are no object throw`, () => {
    for (const value of [null, 7, 'x', []]) {
      assert.throws(() => make(value), { code: 'SHORTWIRE_ERR_INVALID_ARG', message: /^options / });
    }
  });

  test(`undefined is as good as left out, for a ${kind}`, () => {
    for (const [name, , value] of mine(DEFAULTS)) {
      assert.deepEqual(make({ [name]: undefined }).options[name], value);
    }
  });

  test(`the options of a ${kind} can't be changed afterwards`, () => {
    const { options } = make();
    assert.throws(() => (options.timeoutMs = 1), TypeError);
    if (kind === 'server') assert.throws(() => options.protocols.push('x'), TypeError);
  });
}

test('a connection listener that is none throws', () => {
  for (const make of [() => new UDSocketServer({}, 7), () => new UDSocketServer(undefined, {})]) {
    assert.throws(make, { code: 'SHORTWIRE_ERR_INVALID_ARG', message: /^connectionListener / });
  }
});

test('the array of protocols is copied', () => {
  const protocols = ['jftp'];
  const server = new UDSocketServer({ protocols });
  protocols.push('shortwire');
  assert.deepEqual(server.options.protocols, ['jftp']);
});
