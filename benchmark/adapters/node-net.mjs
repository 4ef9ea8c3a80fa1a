/**
 * Adapter: `node:net` with hand-written framing, the floor that every library stands on.
 *
 *   +----------------+----------------+------------------+
 *   | u32 length     | u32 call id    | JSON, `length` B |
 *   +----------------+----------------+------------------+
 *
 * Small frames of one turn leave together. No checks, no limits, no errors, no timeouts: this is what
 * the bytes cost, not what a library should be. Knows no scenario.
 */
import { PendingCalls } from './correlation.mjs';
import { connect as connectSocket, listen } from './node-server.mjs';

const HEADER_BYTES = 8;
/** Ids from here on are those of the server's questions, and this one is a message's. */
const ASKED = 0x8000_0000;
const NEWS = 0xffff_ffff;
const IGNORE = () => {};
/** Who has sent everything still hears that it has come. */
const HALF_OPEN = { allowHalfOpen: true };
/** Enough for one write: waiting for the end of the turn would let the other side idle meanwhile. */
const FLUSH_BYTES = 1024;

export const info = {
  kind: 'floor',
  title: 'node:net',
  note: 'hand-written length-prefixed JSON',
  transports: ['tcp', 'tls']
};

/**
 * Collects the frames of a turn and writes them at once.
 *
 * @param {import('node:net').Socket} socket
 * @returns {(id: number, payload: unknown) => void}
 */
function frameWriter(socket) {
  /** @type {string[]} */
  let texts = [];
  /** @type {number[]} */
  let heads = [];
  let totalBytes = 0;
  const flush = () => {
    if (texts.length === 0) return;
    const out = Buffer.allocUnsafe(totalBytes);
    let at = 0;
    for (let i = 0; i < texts.length; i++) {
      const bytes = heads[2 * i];
      out.writeUInt32LE(bytes, at);
      out.writeUInt32LE(heads[2 * i + 1], at + 4);
      out.write(texts[i], at + HEADER_BYTES, 'utf8');
      at += HEADER_BYTES + bytes;
    }
    texts = [];
    heads = [];
    totalBytes = 0;
    socket.write(out);
  };
  return (id, payload) => {
    const text = JSON.stringify(payload);
    const bytes = Buffer.byteLength(text);
    if (texts.length === 0) process.nextTick(flush);
    texts.push(text);
    heads.push(bytes, id);
    totalBytes += HEADER_BYTES + bytes;
    if (totalBytes >= FLUSH_BYTES) flush();
  };
}

/**
 * Cuts what arrives into frames. Pieces of a large frame are kept apart until it is complete, so that a
 * megabyte is copied once and not once per read.
 *
 * @param {import('node:net').Socket} socket
 * @param {(id: number, payload: unknown) => void} onFrame
 */
function readFrames(socket, onFrame) {
  /** @type {Buffer[]} */
  let pieces = [];
  let pieceBytes = 0;
  let wantedBytes = HEADER_BYTES;
  socket.on('data', (chunk) => {
    pieces.push(chunk);
    pieceBytes += chunk.length;
    if (pieceBytes < wantedBytes) return;
    const data = pieces.length === 1 ? chunk : Buffer.concat(pieces, pieceBytes);
    let at = 0;
    wantedBytes = HEADER_BYTES;
    while (data.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + data.readUInt32LE(at);
      if (end > data.length) {
        wantedBytes = end - at;
        break;
      }
      const text = data.toString('utf8', at + HEADER_BYTES, end);
      onFrame(data.readUInt32LE(at + 4), JSON.parse(text));
      at = end;
    }
    pieces = at === data.length ? [] : [data.subarray(at)];
    pieceBytes = data.length - at;
  });
}

/** @param {string} path @param {(payload: unknown) => unknown} handler @param {{ needs?: string }} options */
export async function serve(path, handler, { needs }) {
  if (needs === 'pour') return servePlain(path);
  const peers = new Set();
  const pending = new PendingCalls();
  const server = await listen(path, (socket) => {
    const peer = { socket, write: frameWriter(socket) };
    peers.add(peer);
    readFrames(socket, (id, payload) => {
      if (id >= ASKED) pending.settle(id - ASKED, payload);
      else peer.write(id, handler(payload));
    });
    socket.on('error', () => {});
    socket.on('close', () => peers.delete(peer));
  });
  return Object.assign(server, { peers, pending });
}

/** Nothing but bytes: a connection is the stream. @param {string} path */
async function servePlain(path) {
  const plain = { listener: IGNORE };
  const server = await listen(path, (socket) => plain.listener(socket), HALF_OPEN);
  return Object.assign(server, { plain });
}

/** @param {import('node:net').Server} server */
export async function stop(server) {
  server.close();
}

/** @param {string} path @param {{ needs?: string }} options */
export async function connect(path, { needs }) {
  if (needs === 'pour') return { socket: await connectSocket(path, HALF_OPEN) };
  const socket = await connectSocket(path);
  const pending = new PendingCalls();
  const client = { socket, pending, write: frameWriter(socket), listener: IGNORE, handler: IGNORE };
  readFrames(socket, (id, payload) => {
    if (id === NEWS) client.listener(payload);
    else if (id >= ASKED) client.write(id, client.handler(payload));
    else pending.settle(id, payload);
  });
  return client;
}

export function request(client, payload) {
  return new Promise((resolve) => client.write(client.pending.open(resolve), payload));
}

/** The frame is made once. */
export function tell({ peers }, payload) {
  const text = JSON.stringify(payload);
  const bytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  frame.writeUInt32LE(bytes, 0);
  frame.writeUInt32LE(NEWS, 4);
  frame.write(text, HEADER_BYTES, 'utf8');
  for (const { socket } of peers) socket.write(frame);
}

export function hear(client, listener) {
  client.listener = listener;
}

export function ask({ peers, pending }, payload) {
  const one = ({ write }) =>
    new Promise((resolve) => write(ASKED + pending.open(resolve), payload));
  return Promise.all([...peers].map(one));
}

export function answer(client, handler) {
  client.handler = handler;
}

export function pour({ socket }) {
  return socket;
}

export function take({ plain }, listener) {
  plain.listener = listener;
}

export async function disconnect(client) {
  client.socket.destroy();
}
