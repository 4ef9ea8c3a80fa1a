/**
 * One end of one stream, beneath what users see of it: what may be sent, what has been used, how it
 * ends. What comes before somebody takes it waits here, no more than its window.
 *
 *   open ──end──► half open ──the other's end──► done
 *    └──────── reset from either side, the connection's end ────────► done
 *
 * Must not know: Node's streams, handlers.
 */
'use strict';

const core = require('../core/core.js');
const { ErrorKind, ShortwireError } = require('../errors.js');
const { BYTES_HEAD, JSON_HEAD, decode, encode, isBytes } = require('../core/payload.js');
const { Kind, Layout } = require('../core/records.js');
const { decodeFailure, encodeFailure } = require('../calls/remote-error.js');
const { kIndex, kSerializer } = require('../symbols.js');

/**
 * @typedef {object} Sink who takes what comes
 * @property {(value: any, cost: number) => void} data to be answered with `used(cost)`
 * @property {() => void} end nothing more comes
 * @property {(error: Error) => void} over it ended before its time
 */

class Channel {
  /** Done: nothing is sent or comes any more. */
  over = false;
  /** Why it is, unless both sides have ended it. @type {Error | undefined} */
  error;
  /** Told once that it is. @type {((error: Error | undefined) => void) | undefined} */
  onOver;
  #table;
  #socket;
  #number;
  #values;
  /** The peer has been told of it. */
  #begun;
  /** What was ordered and may not have left yet: bytes, or UTF-16 code units. */
  #waiting = 0;
  /** @type {(() => void) | undefined} */
  #onRoom;
  /** This side's end was ordered; then, that it has left. */
  #ending = false;
  #ended = false;
  /** @type {(() => void) | undefined} */
  #onEnded;
  #otherEnded = false;
  /** Credit that was used and not given back. */
  #owed = 0;
  /** When it is given back. */
  #step = INITIAL_WINDOW_BYTES / 2;
  /** By how much the window is still to grow. */
  #raise;
  /** @type {Sink | undefined} */
  #sink;
  /** What came while nobody took it. @type {((sink: Sink) => void)[]} */
  #early = [];
  /** The bytes of it, and what each piece costs beside. */
  unreadBytes = 0;

  /**
   * @param {any} table of the socket's channels
   * @param {any} socket
   * @param {number} number
   * @param {boolean} values instead of bytes
   * @param {boolean} begun
   */
  constructor(table, socket, number, values, begun) {
    this.#table = table;
    this.#socket = socket;
    this.#number = number;
    this.#values = values;
    this.#begun = begun;
    this.#raise = socket.options.streamWindowBytes - INITIAL_WINDOW_BYTES;
  }

  get number() {
    return this.#number;
  }

  get values() {
    return this.#values;
  }

  get socket() {
    return this.#socket;
  }

  /** Whether the peer may know of it. */
  get begun() {
    return this.#begun;
  }

  /**
   * @param {(error: Error | undefined) => void} then besides what else happens when it is over
   */
  whenOver(then) {
    if (this.over) return then(this.error);
    const before = this.onOver;
    this.onOver = (error) => {
      before?.(error);
      then(error);
    };
  }

  /** Resolves when both sides have ended it, and rejects if it ends otherwise. @returns {Promise<void>} */
  settled() {
    return new Promise((resolve, reject) => {
      this.whenOver((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Whether more may be sent now. */
  get hasRoom() {
    return this.#begun && this.#waiting < HIGH_BYTES && !this.over;
  }

  /** @param {() => void} then when there is room; never if it ends before */
  onRoom(then) {
    this.#onRoom = then;
  }

  /** The peer has been told of it: what waits may go. */
  begin() {
    this.#begun = true;
    this.#room();
    if (this.#ending) this.#order(Kind.END, '', 0);
  }

  /**
   * Sends bytes, which are copied.
   * @param {Uint8Array} bytes at most {@link SLICE_BYTES}
   */
  sendBytes(bytes) {
    const index = this.#socket[kIndex];
    if (this.over || index < 0) return;
    this.#waiting += bytes.length;
    core.orderBytes(index, Kind.DATA | BYTES_HEAD, this.#number, '', bytes, 0);
  }

  /**
   * Sends a value. Throws if it can't be encoded.
   * @param {unknown} value
   * @param {(value: any) => string | undefined} [serializer] in place of the socket's
   */
  sendValue(value, serializer = this.#socket[kSerializer]) {
    // Its number may be another stream's by now.
    if (this.over) return;
    if (isBytes(value)) return this.sendBytes(value);
    const text = encode(value, serializer);
    if (text === undefined) return this.#order(Kind.DATA, '', 0);
    this.#waiting += text.length;
    this.#order(Kind.DATA | JSON_HEAD, text, 0);
  }

  /**
   * Nothing more is sent.
   * @param {() => void} [then] when everything has left
   */
  end(then) {
    if (this.#ending || this.over) return;
    this.#ending = true;
    this.#onEnded = then;
    if (this.#begun) this.#order(Kind.END, '', 0);
  }

  /**
   * Ends it in both directions, with an error of the application's.
   * @param {unknown} error
   */
  fail(error) {
    if (this.over) return;
    const { sendStacks } = this.#socket.options;
    if (this.#begun) this.#order(Kind.RESET | JSON_HEAD, encodeFailure(error, sendStacks), 0);
    const more = { cause: error };
    this.#done(new ShortwireError(ErrorKind.ABORTED, 'The stream has failed', more));
  }

  /**
   * Ends it in both directions, with an error of the library's.
   * @param {number} kind
   * @param {string} why
   */
  refuse(kind, why) {
    if (this.over) return;
    if (this.#begun) this.#order(Kind.RESET, why, kind);
    this.#done(new ShortwireError(kind, why));
  }

  /**
   * So much of what came has been used.
   * @param {number} cost
   */
  used(cost) {
    if (this.over || this.#otherEnded) return;
    this.#owed += cost;
    // In steps: each is a frame. Small enough that the peer never runs dry while we read.
    if (this.#owed < this.#step) return;
    this.#order(Kind.CREDIT, '', this.#owed + this.#raise);
    this.#owed = 0;
    this.#raise = 0;
    this.#step = this.#socket.options.streamWindowBytes / 4;
  }

  /**
   * From now on this takes what comes, and what has come already.
   * @param {Sink} sink
   */
  attach(sink) {
    this.#sink = sink;
    const early = this.#early;
    this.#early = [];
    this.unreadBytes = 0;
    for (const give of early) give(sink);
  }

  /**
   * What the core tells of it.
   * @param {number} kind
   * @param {any} body
   * @param {number} extra
   * @param {number} bodyKind
   */
  receive(kind, body, extra, bodyKind) {
    if (kind === Kind.DATA) this.#data(body, extra, bodyKind);
    else if (kind === Kind.TAKEN) this.#taken(extra);
    else if (kind === Kind.END) {
      this.#otherEnded = true;
      if (this.#ended) this.#done();
      this.#give((sink) => sink.end());
    } else if (kind === Kind.RESET) this.lose(errorOf(body, extra, bodyKind));
  }

  /**
   * It is over, and not by this side's wish.
   * @param {Error} error
   */
  lose(error) {
    if (this.over) return;
    this.#done(error);
    this.#give((sink) => sink.over(error));
  }

  /**
   * @param {any} body
   * @param {number} cost
   * @param {number} bodyKind
   */
  #data(body, cost, bodyKind) {
    let value;
    try {
      value = decode(bodyKind, body);
    } catch {
      const why = 'A value of a stream is not valid';
      this.refuse(ErrorKind.SERIALIZE, why);
      this.#give((sink) => sink.over(new ShortwireError(ErrorKind.SERIALIZE, why)));
      return;
    }
    const sink = this.#sink;
    if (sink !== undefined) {
      sink.data(value, cost);
      return;
    }
    this.#early.push((late) => late.data(value, cost));
    this.unreadBytes += cost;
  }

  /** @param {number} units that have left; 0 with the end */
  #taken(units) {
    if (units === 0) {
      this.#ended = true;
      if (this.#otherEnded) this.#done();
      this.#onEnded?.();
      return;
    }
    this.#waiting -= units;
    this.#room();
  }

  #room() {
    const then = this.#onRoom;
    if (then === undefined || !this.hasRoom) return;
    this.#onRoom = undefined;
    then();
  }

  /** @param {(sink: Sink) => void} give */
  #give(give) {
    if (this.#sink === undefined) this.#early.push(give);
    else give(this.#sink);
  }

  /** @param {Error} [error] */
  #done(error) {
    this.over = true;
    this.error = error;
    this.#table.forget(this.#number);
    this.onOver?.(error);
  }

  /**
   * @param {number} head
   * @param {string} text
   * @param {number} extra
   */
  #order(head, text, extra) {
    const index = this.#socket[kIndex];
    if (index >= 0) core.order(index, head, this.#number, '', text, extra);
  }
}

/**
 * @param {any} body
 * @param {number} extra
 * @param {number} bodyKind
 * @returns {Error}
 */
function errorOf(body, extra, bodyKind) {
  if (bodyKind !== 0) {
    let failure;
    try {
      failure = decode(bodyKind, body);
    } catch {
      failure = undefined;
    }
    return decodeFailure(failure);
  }
  const kind = extra & 0xff;
  const maybeDelivered = (extra & Layout.MAYBE_DELIVERED) !== 0;
  const why = body === '' ? 'The stream was reset' : body[0].toUpperCase() + body.slice(1);
  const error = new ShortwireError(kind, why, { maybeDelivered });
  if (kind === ErrorKind.ABORTED) error.name = 'AbortError';
  return error;
}

/** What each direction may send before any credit has come; the core's number. */
const INITIAL_WINDOW_BYTES = 64 * 1024;
/** The most that one order carries: a frame. */
const SLICE_BYTES = 64 * 1024;
/** While so much may not have left yet, no more is sent. */
const HIGH_BYTES = 128 * 1024;

exports.Channel = Channel;
exports.SLICE_BYTES = SLICE_BYTES;
