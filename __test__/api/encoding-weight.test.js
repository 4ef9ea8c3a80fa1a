// MessagePack that is small on the wire and large in memory counts as what it would be in JSON.

'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { forEachDriver } = require('../support/drivers.js');
const { pair } = require('../support/pair.js');
const { RawPeer } = require('../support/raw-peer.js');
const { Capability, Flag, Kind, frame } = require('../support/wire.js');

const SERIALIZE = 9;

forEachDriver((driver) => {
  test(`what would be too large as JSON is too large (${driver})`, async (t) => {
    const limited = { encoding: 'msgpack', maxFrameBytes: 30_000 };
    const { peer, socket, server, path } = await pair(t, {
      driver,
      server: limited,
      socket: limited
    });
    const seen = [];
    server.handle((payload) => seen.push(payload.length));
    socket.handle(() => Array.from({ length: 12_000 }, () => []));
    const many = (n) => Array.from({ length: n }, () => ({}));
    assert.equal(await socket.rpc(many(9_000)), 1);
    const tooLarge = { code: 'SHORTWIRE_ERR_TOO_LARGE' };
    await assert.rejects(socket.rpc(many(12_000)), tooLarge);
    await assert.rejects(socket.send(many(12_000)), tooLarge);
    await assert.rejects(peer.rpc(1), tooLarge);
    // A peer that sends it all the same: 12 kB of empty objects, sixty times that on the heap.
    const raw = await RawPeer.greet(t, path, { capabilities: Capability.MESSAGE_PACK });
    const head = Buffer.from([0xdd, 0, 0, 12_000 >> 8, 12_000 & 0xff]);
    const body = Buffer.concat([head, Buffer.alloc(12_000, 0x80)]);
    raw.write(frame(Kind.REQUEST, { id: 1, flags: Flag.MESSAGE_PACK, body }));
    const failed = await raw.frame();
    assert.deepEqual([failed.kind, failed.errorKind], [Kind.ERROR, SERIALIZE]);
    assert.deepEqual(seen, [9_000]);
  });
});
