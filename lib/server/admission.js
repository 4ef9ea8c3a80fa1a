/**
 * Who is let in: the peers that a server has accepted and not yet taken in, what they say of
 * themselves, what `authorize` says of them, and the ids that they get.
 *
 *   accepted ──hello──► authorize ──truthy──► welcome, with an id ──► ready
 *                           └── falsy, throws ──► refused
 *
 * A peer that can't say hello is asked about with `undefined` if there is an `authorize`; without
 * one it is ready at once. Must not know: sockets' links, what happens to those that are taken in.
 */
'use strict';

const core = require('../core/core.js');
const { invalidArgument } = require('../errors.js');
const native = require('../core/native.js');
const { decode } = require('../core/payload.js');
const { Kind } = require('../core/records.js');
const { kIdentify, kIndex, kLink } = require('../symbols.js');

/** @typedef {import('../socket.js').UDSocket} Socket */

class Admission {
  /** Accepted and not ready, with what they have said. @type {Map<Socket, unknown>} */
  #strangers = new Map();
  /** Ids that they have been given: not those of connected sockets yet. @type {Set<string>} */
  #given = new Set();
  #authorize;
  #generateId;
  #fail;
  #isTaken;

  /**
   * @param {Record<string, any>} options of the server
   * @param {(id: string) => boolean} isTaken whether a connected socket has this id
   * @param {(error: unknown, socket: Socket) => void} fail told when `generateId` fails
   */
  constructor({ authorize, generateId }, isTaken, fail) {
    this.#authorize = authorize;
    this.#generateId = generateId;
    this.#isTaken = isTaken;
    this.#fail = fail;
  }

  /** How many wait. */
  get size() {
    return this.#strangers.size;
  }

  /** Those that wait. */
  sockets() {
    return [...this.#strangers.keys()];
  }

  /** @param {Socket} socket that was accepted */
  add(socket) {
    this.#strangers.set(socket, undefined);
  }

  /**
   * A socket is ready: it waits no longer.
   * @param {Socket} socket
   * @returns {{ taken: boolean, hello: unknown }} whether it can be taken in, and its hello
   */
  take(socket) {
    const hello = this.#strangers.get(socket);
    this.#strangers.delete(socket);
    // Of a dialect without a hello: nobody has named it yet.
    if (!socket[kIdentify]() && !this.#identify(socket)) return { taken: false, hello };
    this.#given.delete(socket.id);
    // Another may have come in by the same name since this one was given it.
    if (this.#isTaken(socket.id)) {
      this.#fail(invalidArgument('generateId()', DISTINCT, socket.id), socket);
      return { taken: false, hello };
    }
    return { taken: true, hello };
  }

  /**
   * A socket has gone.
   * @param {Socket} socket
   * @returns {boolean} whether it was still waiting
   */
  drop(socket) {
    if (!this.#strangers.delete(socket)) return false;
    if (socket[kIdentify]()) this.#given.delete(socket.id);
    return true;
  }

  /**
   * A peer has said hello, or can't.
   * @param {Socket} socket
   * @param {number} bodyKind
   * @param {any} body
   */
  greet(socket, bodyKind, body) {
    let hello;
    let verdict;
    try {
      hello = decode(bodyKind, body);
    } catch {
      socket[kLink].refuse('The hello is not valid JSON');
      return;
    }
    if (this.#strangers.has(socket)) this.#strangers.set(socket, hello);
    if (this.#authorize === undefined) {
      this.#welcome(socket);
      return;
    }
    try {
      verdict = this.#authorize(hello, socket.peer);
      if (typeof verdict?.then === 'function') {
        const index = socket[kIndex];
        // It may be gone by then, and its place another's.
        const conclude = (/** @type {() => void} */ how) => socket[kIndex] === index && how();
        Promise.resolve(verdict).then(
          (value) => conclude(() => this.#conclude(socket, value)),
          (error) => conclude(() => socket[kLink].refuse(reasonOf(error)))
        );
        return;
      }
    } catch (error) {
      socket[kLink].refuse(reasonOf(error));
      return;
    }
    this.#conclude(socket, verdict);
  }

  /**
   * @param {Socket} socket
   * @param {any} verdict of `authorize`
   */
  #conclude(socket, verdict) {
    if (!verdict) {
      socket[kLink].refuse(UNAUTHORIZED);
      return;
    }
    socket.auth = verdict;
    this.#welcome(socket);
  }

  /** @param {Socket} socket */
  #welcome(socket) {
    const index = socket[kIndex];
    if (index < 0 || (!socket[kIdentify]() && !this.#identify(socket))) return;
    core.order(index, Kind.WELCOME, 0, socket.id, '', 0);
  }

  /**
   * Gives a socket its id.
   * @param {Socket} socket
   * @returns {boolean} false if there is none to give
   */
  #identify(socket) {
    if (this.#generateId === undefined) {
      socket[kIdentify](native.randomId());
      return true;
    }
    try {
      const id = String(this.#generateId());
      const bytes = Buffer.byteLength(id);
      const taken = this.#given.has(id) || this.#isTaken(id);
      if (bytes === 0 || bytes > MAX_ID_BYTES || taken) {
        throw invalidArgument('generateId()', DISTINCT, id);
      }
      this.#given.add(id);
      socket[kIdentify](id);
      return true;
    } catch (error) {
      this.#fail(error, socket);
      return false;
    }
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  const reason = error instanceof Error ? error.message : String(error ?? '');
  return reason || UNAUTHORIZED;
}

const UNAUTHORIZED = 'The peer is not authorized';
const DISTINCT = 'an id of 1 to 1,024 bytes that no other socket has';
/** What fits into the frame that tells the peer. */
const MAX_ID_BYTES = 1024;

exports.Admission = Admission;
