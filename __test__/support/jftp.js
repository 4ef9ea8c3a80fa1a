// jftp by hand, from the description of its wire: frames of each generation, a client and a server
// that are nothing but sockets.
//
// Must not know: the library.

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');

const { within } = require('./deadline.js');

/** @typedef {'A' | 'B' | 'D'} Generation */

/** @type {Generation[]} */
const GENERATIONS = ['A', 'B', 'D'];

/** What the library calls them. */
const PROTOCOLS = { A: 'jftp-1.0', B: 'jftp-1.5', D: 'jftp' };

/**
 * @param {Generation} generation
 * @param {string | Buffer} body
 * @param {number} [digits] of D's header
 */
function frame(generation, body, digits = 7) {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes.length);
  const decimal = Buffer.from(String(bytes.length).padStart(digits, '0'));
  return Buffer.concat([generation === 'D' ? decimal : header, bytes]);
}

/**
 * A message as text: a request, an answer, or with an error, a failure.
 *
 * @param {Generation} generation
 * @param {number | string} id
 * @param {...any} dataAndError
 */
function message(generation, id, ...dataAndError) {
  const [data, error] = dataAndError;
  return JSON.stringify(generation === 'A' ? { id, data, error } : [id, ...dataAndError]);
}

class JftpPeer {
  #bytes = Buffer.alloc(0);
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {net.Socket} socket
   * @param {Generation} generation
   */
  constructor(socket, generation) {
    this.socket = socket;
    this.generation = generation;
    this.ended = within(
      new Promise((/** @type {(value: void) => void} */ resolve) => {
        socket.once('end', () => resolve());
        socket.once('close', () => resolve());
      }),
      'the end of the connection',
      60_000
    );
    // Nobody has to wait for it.
    this.ended.catch(() => {});
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    for (const end of ['end', 'close']) socket.on(end, () => this.#wake());
    // The other side may cut at any time.
    socket.on('error', () => {});
  }

  /** @param {string | Buffer} bytes as they are */
  write(bytes) {
    this.socket.write(bytes);
  }

  /**
   * @param {number | string} id
   * @param {...any} dataAndError
   */
  say(id, ...dataAndError) {
    this.write(frame(this.generation, message(this.generation, id, ...dataAndError)));
  }

  /** The next bytes are exactly these. @param {string | Buffer} expected */
  async hears(expected) {
    const bytes = Buffer.from(expected);
    assert.equal((await this.take(bytes.length)).toString('latin1'), bytes.toString('latin1'));
  }

  /** The next message, parsed. */
  async message() {
    const header = await this.take(this.generation === 'D' ? 7 : 4);
    const length = this.generation === 'D' ? Number(header.toString()) : header.readUInt32BE();
    return JSON.parse((await this.take(length)).toString());
  }

  /**
   * @param {number} count
   * @returns {Promise<Buffer>}
   */
  async take(count) {
    const arrived = async () => {
      while (this.#bytes.length < count) {
        const got = `${this.#bytes.length} of ${count} bytes: ${this.#bytes}`;
        if (this.socket.readableEnded || this.socket.closed)
          assert.fail(`the connection ended after ${got}`);
        await new Promise((/** @type {(value: void) => void} */ resolve) => (this.#wake = resolve));
      }
    };
    await within(arrived(), `${count} bytes of a jftp peer`);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }
}

/**
 * @param {{ after: (done: () => void) => void }} test
 * @param {string} path
 * @param {Generation} [generation]
 */
async function connectJftp(test, path, generation = 'D') {
  const socket = net.connect(path);
  test.after(() => socket.destroy());
  const peer = new JftpPeer(socket, generation);
  await once(socket, 'connect');
  return peer;
}

/**
 * A server that leaves what to say to the test.
 *
 * @param {{ after: (done: () => void) => void }} test
 * @param {string} path
 * @param {Generation} [generation]
 * @returns {Promise<() => Promise<JftpPeer>>} the next who comes
 */
async function listenJftp(test, path, generation = 'D') {
  /** @type {JftpPeer[]} */
  const come = [];
  /** @type {(() => void) | undefined} */
  let wake;
  const server = net.createServer((socket) => {
    test.after(() => socket.destroy());
    come.push(new JftpPeer(socket, generation));
    wake?.();
  });
  test.after(() => server.close());
  server.listen(path);
  await once(server, 'listening');
  return async () => {
    while (come.length === 0) {
      await within(
        new Promise((/** @type {(value: void) => void} */ resolve) => (wake = resolve)),
        'a connection'
      );
    }
    return /** @type {JftpPeer} */ (come.shift());
  };
}

/**
 * A whole server: each request is answered by `handler`, whose throw is the failure.
 *
 * @param {{ after: (done: () => void) => void }} test
 * @param {string} path
 * @param {Generation} generation
 * @param {(data: any) => any} handler
 */
async function serveJftp(test, path, generation, handler) {
  const next = await listenJftp(test, path, generation);
  const serve = async (/** @type {JftpPeer} */ peer) => {
    for (;;) {
      const request = await peer.message();
      const [id, data] = generation === 'A' ? [request.id, request.data] : request;
      try {
        peer.say(id, handler(data));
      } catch (error) {
        peer.say(id, data, error instanceof Error ? { message: error.message } : error);
      }
    }
  };
  // The end of a connection ends its loop.
  next()
    .then(serve)
    .catch(() => {});
}

module.exports = { GENERATIONS, PROTOCOLS, connectJftp, frame, listenJftp, message, serveJftp };
