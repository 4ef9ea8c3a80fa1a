// A peer that is nothing but a socket: it says any bytes, and looks at what comes back.
//
// Must not know: the library.

'use strict';

const net = require('node:net');
const { once } = require('node:events');

const { within } = require('./deadline.js');
const { PREFACE_BYTES, preface, readFrame } = require('./wire.js');

class RawPeer {
  #bytes = Buffer.alloc(0);
  #over = false;
  /** @type {() => void} */
  #wake = () => {};

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    // The other side may cut at any time, with bytes of ours under way.
    socket.on('error', () => {});
    for (const end of ['end', 'close']) {
      socket.on(end, () => {
        this.#over = true;
        this.#wake();
      });
    }
  }

  /**
   * @param {{ after: (done: () => void) => void }} test
   * @param {string | net.TcpNetConnectOpts} endpoint a path, or an address of TCP
   */
  static async connect(test, endpoint) {
    const where = typeof endpoint === 'string' ? { path: endpoint } : endpoint;
    const socket = net.connect({ ...where, allowHalfOpen: true });
    test.after(() => socket.destroy());
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /**
   * Connects and introduces itself properly.
   *
   * @param {{ after: (done: () => void) => void }} test
   * @param {string} path
   * @param {Parameters<typeof preface>[0]} [limits]
   */
  static async greet(test, path, limits) {
    const peer = await RawPeer.connect(test, path);
    peer.write(preface(limits));
    await peer.take(PREFACE_BYTES);
    return peer;
  }

  /** Bytes that have come and nobody has taken. */
  get waiting() {
    return this.#bytes.length;
  }

  /** @param {...(Buffer | string)} parts */
  write(...parts) {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
  }

  /**
   * Writes for as long as there is something and the other side takes it.
   *
   * @param {Iterable<Buffer>} chunks
   * @returns {Promise<boolean>} whether all of it was taken before the end
   */
  async pour(chunks) {
    for (const chunk of chunks) {
      if (this.socket.destroyed) return false;
      if (!this.socket.write(chunk)) {
        await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]).catch(
          () => {}
        );
      }
    }
    return !this.socket.destroyed;
  }

  /** Nothing of what comes is taken from the kernel any more. */
  stopReading() {
    this.socket.pause();
  }

  readOn() {
    this.socket.resume();
  }

  /**
   * @param {number} count
   * @returns {Promise<Buffer>} so many bytes
   */
  async take(count) {
    await this.#until(() => this.#bytes.length >= count, `${count} bytes`);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** The next frame. @returns {Promise<import('./wire.js').Frame>} */
  async frame() {
    let read;
    await this.#until(() => (read = readFrame(this.#bytes)) !== undefined, 'a frame');
    this.#bytes = /** @type {any} */ (read).rest;
    return /** @type {any} */ (read).frame;
  }

  /** The next frames. @param {number} count */
  async frames(count) {
    const frames = [];
    while (frames.length < count) frames.push(await this.frame());
    return frames;
  }

  /** The other side has ended the connection. */
  async ended() {
    this.socket.resume();
    if (!this.#over && !this.socket.readableEnded) {
      const end = new Promise((resolve) => {
        this.socket.once('end', resolve);
        this.socket.once('close', resolve);
      });
      await within(end, 'the end of the connection');
    }
    this.socket.destroy();
  }

  /**
   * @param {() => boolean} isSo
   * @param {string} what
   */
  async #until(isSo, what) {
    const waited = (async () => {
      while (!isSo()) {
        if (this.#over) throw new Error(`the connection ended before ${what}`);
        await new Promise((/** @type {(value: void) => void} */ resolve) => {
          this.#wake = resolve;
        });
      }
    })();
    await within(waited, what);
  }
}

class RawServer {
  /** @type {net.Socket[]} */
  #sockets = [];
  /** @type {((peer: RawPeer) => void)[]} */
  #waiting = [];
  /** @type {RawPeer[]} */
  #come = [];

  /**
   * @param {{ after: (done: () => void) => void }} test
   * @param {string} path
   */
  static async listen(test, path) {
    const server = new RawServer();
    const listener = net.createServer({ allowHalfOpen: true }, (socket) => server.#accept(socket));
    test.after(() => {
      for (const socket of server.#sockets) socket.destroy();
      listener.close();
    });
    listener.listen(path);
    await once(listener, 'listening');
    return server;
  }

  /** @param {net.Socket} socket */
  #accept(socket) {
    this.#sockets.push(socket);
    const peer = new RawPeer(socket);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#come.push(peer);
    else waiting(peer);
  }

  /** The next who comes. @returns {Promise<RawPeer>} */
  accepted() {
    const peer = this.#come.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return within(new Promise((resolve) => this.#waiting.push(resolve)), 'a connection');
  }

  /**
   * The next who comes, properly introduced.
   *
   * @param {Parameters<typeof preface>[0]} [limits]
   */
  async greeted(limits) {
    const peer = await this.accepted();
    await peer.take(PREFACE_BYTES);
    peer.write(preface(limits));
    return peer;
  }
}

module.exports = { RawPeer, RawServer };
