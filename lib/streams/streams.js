/**
 * The streams of one socket, by number: opened here or by the peer. Must not know: how a stream
 * looks to its user.
 */
'use strict';

const { Channel } = require('./channel.js');
const core = require('../core/core.js');
const { ErrorKind, ShortwireError } = require('../errors.js');
const { BYTES_HEAD, JSON_HEAD, encode, isBytes } = require('../core/payload.js');
const { Kind, Setting } = require('../core/records.js');
const { kEmit, kIndex, kSerializer } = require('../symbols.js');
const { TRACED, ahead } = require('../observe/traceparent.js');

/** @typedef {{ open: () => void, size: number }} Waiting */

class Streams {
  #socket;
  /** @type {(channel: Channel, topic: string, bodyKind: number, body: any, settings: number) => void} */
  #answer;
  /** Made for the first one: most sockets never have any. @type {Map<number, Channel> | undefined} */
  #channels;
  /** Opened before the connection was there: they go out with it. @type {Map<Channel, Waiting> | undefined} */
  #waiting;
  /** The bytes of their payloads. */
  #waitingBytes = 0;
  /** Something was turned down because too much waits: to be told when there is room again. */
  #overflowed = false;
  #last = 0;
  #ready = false;

  /**
   * @param {any} socket
   * @param {(channel: Channel, topic: string, bodyKind: number, body: any, settings: number) => void} answer
   */
  constructor(socket, answer) {
    this.#socket = socket;
    this.#answer = answer;
  }

  /** What waits for the connection: streams, and the bytes of their payloads. */
  get waiting() {
    return { messages: this.#waiting?.size ?? 0, bytes: this.#waitingBytes };
  }

  /**
   * Opens one. Throws if its payload can't be encoded, or if too much waits for the connection.
   * @param {unknown} payload
   * @param {string} topic
   * @param {number} settings
   * @param {unknown} traceparent or undefined
   * @param {(value: any) => string | undefined} [serializer]
   * @param {number} [besides] bytes that wait with it
   * @returns {Channel}
   */
  begin(payload, topic, settings, traceparent, serializer, besides = 0) {
    const socket = this.#socket;
    const about = ahead(traceparent, topic);
    const kind = about === topic ? Kind.OPEN : Kind.OPEN | TRACED;
    const bytes = isBytes(payload);
    const text = bytes ? undefined : encode(payload, serializer ?? socket[kSerializer]);
    const size = this.#ready ? 0 : this.#sizeToWait(bytes ? payload : text, besides);
    // What waits for a connection is encoded now, and bytes belong to the caller.
    const kept = bytes && !this.#ready ? Uint8Array.prototype.slice.call(payload) : payload;
    const number = this.#number();
    const channel = new Channel(this, socket, number, (settings & Setting.VALUES) !== 0, false);
    this.#add(number, channel);
    const open = () => {
      const index = socket[kIndex];
      if (bytes)
        core.orderBytes(
          index,
          kind | BYTES_HEAD,
          number,
          about,
          /** @type {Uint8Array} */ (kept),
          settings
        );
      else if (text === undefined) core.order(index, kind, number, about, '', settings);
      else core.order(index, kind | JSON_HEAD, number, about, text, settings);
      channel.begin();
    };
    if (this.#ready) open();
    else this.#wait(channel, { open, size });
    return channel;
  }

  /**
   * Throws if this would be too much: a socket may be away for as long as it likes.
   * @param {any} body text or bytes, or undefined
   * @param {number} besides
   * @returns {number} its bytes
   */
  #sizeToWait(body, besides) {
    const size = besides + byteLength(body);
    const { maxQueuedMessages, maxQueuedBytes } = this.#socket.options;
    const { messages, bytes } = this.waiting;
    // One that is larger than the whole queue is let in alone, or it could never be opened.
    const fits = messages === 0 || bytes + size <= maxQueuedBytes;
    if (messages < maxQueuedMessages && fits) return size;
    this.#overflowed = true;
    throw new ShortwireError(ErrorKind.OVERFLOW, FULL, { maybeDelivered: false });
  }

  /**
   * @param {Channel} channel
   * @param {Waiting} waiting
   */
  #wait(channel, waiting) {
    (this.#waiting ??= new Map()).set(channel, waiting);
    this.#waitingBytes += waiting.size;
  }

  /** Less waits than did: says so once half of the room is free, to those who were turned down. */
  #relax() {
    if (!this.#overflowed) return;
    const { maxQueuedMessages, maxQueuedBytes } = this.#socket.options;
    const { messages, bytes } = this.waiting;
    if (messages * 2 > maxQueuedMessages || bytes * 2 > maxQueuedBytes) return;
    this.#overflowed = false;
    // After the failures that came before it, as the core's own.
    setImmediate(() => {
      if (this.#socket.status !== 'closed') this.#socket[kEmit]('drain');
    });
  }

  /** Nothing waits any more. @returns {Map<Channel, Waiting> | undefined} what did */
  #takeWaiting() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    return waiting;
  }

  /**
   * One that can't be opened.
   * @param {boolean} values
   * @param {Error} error
   */
  lost(values, error) {
    const channel = new Channel(this, this.#socket, this.#number(), values, false);
    channel.lose(error);
    return channel;
  }

  /** Calls flow: what waited for that goes out. */
  ready() {
    this.#ready = true;
    for (const [channel, { open }] of this.#takeWaiting() ?? []) if (!channel.over) open();
    this.#relax();
  }

  /**
   * The connection is over, or will never be: so are its streams.
   * @param {Error} cause
   */
  end(cause) {
    this.#ready = this.#overflowed = false;
    const channels = this.#channels;
    const waiting = this.#takeWaiting();
    this.#channels = undefined;
    for (const channel of channels?.values() ?? []) {
      const more = { cause, maybeDelivered: waiting?.has(channel) !== true };
      channel.lose(new ShortwireError(ErrorKind.DISCONNECTED, ENDED, more));
    }
  }

  /**
   * The peer has opened one: what comes in it waits until it is answered.
   * @param {number} number
   * @param {number} settings
   */
  open(number, settings) {
    const values = (settings & Setting.VALUES) !== 0;
    this.#add(number, new Channel(this, this.#socket, number, values, true));
  }

  /**
   * Answers one that the peer has opened, unless it is over by now.
   * @param {number} number
   * @param {string} topic
   * @param {number} bodyKind
   * @param {any} body
   * @param {number} settings
   */
  answer(number, topic, bodyKind, body, settings) {
    const channel = this.#channels?.get(number);
    if (channel !== undefined) this.#answer(channel, topic, bodyKind, body, settings);
  }

  /**
   * What the core tells of a stream. One that is over on this side needs to know nothing more.
   * @param {number} kind
   * @param {number} number
   * @param {any} body
   * @param {number} extra
   * @param {number} bodyKind
   */
  receive(kind, number, body, extra, bodyKind) {
    this.#channels?.get(number)?.receive(kind, body, extra, bodyKind);
  }

  /**
   * What has come in a stream and was not taken yet, in bytes.
   * @param {number} number
   */
  unreadBytes(number) {
    return this.#channels?.get(number)?.unreadBytes ?? 0;
  }

  /** @param {number} number */
  forget(number) {
    const channel = this.#channels?.get(number);
    if (channel === undefined) return;
    this.#channels?.delete(number);
    this.#waitingBytes -= this.#waiting?.get(channel)?.size ?? 0;
    if (this.#waiting?.delete(channel)) this.#relax();
  }

  #number() {
    do this.#last = this.#last === MAX_NUMBER ? 1 : this.#last + 1;
    while (this.#channels?.has(this.#last));
    return this.#last;
  }

  /**
   * @param {number} number
   * @param {Channel} channel
   */
  #add(number, channel) {
    (this.#channels ??= new Map()).set(number, channel);
  }
}

/** @param {any} body text or bytes, or undefined */
function byteLength(body) {
  return typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0);
}

const ENDED = 'The connection of the stream has ended';
const FULL = 'Too much waits for the connection';
/** Numbers above are the peer's. */
const MAX_NUMBER = 0x7fffffff;

exports.Streams = Streams;
exports.byteLength = byteLength;
