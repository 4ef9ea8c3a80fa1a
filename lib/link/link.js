/**
 * A socket's link to its peer: how it comes to be, where it stands, how and why it ends, and who
 * waits for either.
 *
 *   idle ──connect──► connecting ──ready──► ready ──close──► closing ──► closed ──connect──► …
 *                       │    ▲             │   ▲                           ▲
 *                       └retry┘         lost   ready                       │
 *                       │                  ▼   │                           │
 *                       │               reconnecting                       │
 *                       └── failed, refused, lost for good, gave up, destroyed
 *
 * Must not know: payloads, calls, handlers beyond telling them that it is over; when to try again
 * (`reconnection.js`).
 */
'use strict';

const { Attachment } = require('./attachment.js');
const { Beginning } = require('./beginning.js');
const core = require('../core/core.js');
const { CoreConnection } = require('./core-connection.js');
const { Dialling } = require('./dialling.js');
const { Ending, complain } = require('./ending.js');
const { parseEndpoint } = require('../endpoint/endpoint.js');
const errors = require('../errors.js');
const { encodeHello, orderHello } = require('./hello.js');
const options = require('../options/options.js');
const { FORMATS, Kind } = require('../core/records.js');
const { unsent } = require('../calls/settling.js');
const { Standing } = require('./standing.js');
const {
  kCompressed,
  kEmit,
  kExchange,
  kIdentify,
  kIndex,
  kSocketGone,
  kSocketHello,
  kSocketReady
} = require('../symbols.js');

const { ErrorKind, ShortwireError } = errors;

/** @typedef {'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed'} Status */

class Link {
  /** @type {Status} */
  status = 'idle';
  /** What is spoken on it. @type {string} */
  protocol;
  /** Why it is closed, or about to be. @type {Error | undefined} */
  error;
  #socket;
  /** What has to know that it is over. */
  #calls;
  #serving;
  /** Calls have flowed, since the last loss. */
  #met = false;
  #dialling;
  #beginning = new Beginning();
  #ending = new Ending();
  /** @type {Attachment | undefined} */
  #attachment;
  /** What carries it. */
  connection;
  /** What is known of it. */
  standing;

  /**
   * @param {any} socket
   * @param {import('../calls/calls.js').Calls} calls
   * @param {import('../calls/serving.js').Serving} serving
   */
  constructor(socket, calls, serving) {
    this.#socket = socket;
    this.#calls = calls;
    this.#serving = serving;
    this.#dialling = new Dialling(socket);
    this.connection = new CoreConnection(socket);
    this.standing = new Standing(socket);
    this.protocol = socket.options.protocol;
  }

  /** A server has accepted this connection, which the core knows already. */
  accept() {
    this.status = 'connecting';
  }

  /** Gives back a connection that never began. */
  letGoIfUnused() {
    if (this.status === 'idle' && this.#calls.open === 0) this.connection.giveBack();
  }

  /**
   * @param {unknown} endpoint
   * @param {unknown} given
   * @returns {Promise<void>}
   */
  async connect(endpoint, given) {
    const { retry: usual } = this.#socket.options;
    const { signal, hello, retry = usual } = options.connectOptions(given);
    const to = parseEndpoint(endpoint, 'connect');
    if (signal?.aborted) throw errors.aborted(signal, false);
    const greeting = encodeHello(this.#socket, hello);
    this.#begin();
    this.#dialling.aim(to, retry, this.connection.referenced);
    orderHello(this.connection.make(), greeting);
    // Connecting keeps the process alive whatever the user wishes, as it does with Node's sockets.
    this.connection.hold();
    const begun = this.#beginning.wait(signal, (error) => this.destroy(error));
    this.#dialling.dial();
    return begun;
  }

  /**
   * @param {import('node:stream').Duplex} duplex
   * @returns {Promise<void>}
   */
  async attach(duplex) {
    Attachment.check(duplex);
    this.#begin();
    this.#dialling.forget();
    this.connection.make();
    return this.speakOver(duplex);
  }

  /**
   * @param {import('node:stream').Duplex} duplex
   * @returns {Promise<void>}
   */
  speakOver(duplex) {
    const begun = this.#beginning.wait(undefined, () => {});
    this.#attachment = new Attachment(this.#socket[kIndex], duplex, (error) => {
      this.error ??= new ShortwireError(ErrorKind.DISCONNECTED, error.message, { cause: error });
    });
    this.#attachment.open();
    return begun;
  }

  #begin() {
    if (this.status !== 'idle' && this.status !== 'closed') {
      throw new ShortwireError(ErrorKind.INVALID_ARG, `The socket is ${this.status} already`);
    }
    this.error = undefined;
    this.#ending.clear();
    this.standing.forgetPeer();
    this.#met = false;
    this.#setStatus('connecting');
  }

  /**
   * @param {unknown} given
   * @returns {Promise<void>}
   */
  async close(given) {
    const { timeoutMs, reason, allowReconnect } = options.closeOptions(given);
    if (this.status === 'closed') return;
    const index = this.#socket[kIndex];
    if (index < 0) {
      this.#endUnbegun(reason);
      return;
    }
    const ended = this.#ending.wait();
    if (this.status !== 'closing') {
      this.#ending.begin(reason);
      this.#dialling.stop();
      const comeback = Ending.comeback(allowReconnect, this.#socket.server !== undefined);
      this.#setStatus('closing');
      core.act(index, (at) => core.thread.close(at, timeoutMs, reason, comeback));
    }
    await ended;
  }

  /** @param {Error} [error] */
  destroy(error) {
    if (this.status === 'closed') return;
    this.#dialling.stop();
    const index = this.#socket[kIndex];
    this.error ??= error;
    const reason = this.#ending.begin(error === undefined ? '' : error.message);
    if (index < 0) this.#endUnbegun(reason);
    else core.act(index, (at) => core.thread.destroy(at, reason));
  }

  /**
   * Turns the peer away, which has been accepted and not yet let in.
   * @param {string} reason
   */
  refuse(reason) {
    const index = this.#socket[kIndex];
    if (index < 0 || this.status !== 'connecting') return;
    this.#ending.refuse(reason);
    core.order(index, Kind.REFUSED, 0, '', reason, 0);
  }

  /**
   * The end of a socket that was never connected and never asked anything.
   * @param {string} reason
   */
  #endUnbegun(reason) {
    this.#ending.begin(reason);
    const { error } = this;
    const shown = this.#ending.shown('');
    this.#socket[kExchange]?.end(error ?? new ShortwireError(ErrorKind.CLOSED, shown));
    this.#setStatus('closed');
    if (error !== undefined) complain(this.#socket, error);
    this.#socket[kEmit]('close', shown);
  }

  /** @param {boolean} referenced */
  setReferenced(referenced) {
    this.#dialling.setReferenced(referenced);
    this.connection.setReferenced(referenced, this.#beginning.isAwaited);
  }

  /** @param {boolean} paused whether the core hands over nothing new, after what is on its way */
  setPaused(paused) {
    const flags = this.connection.setPaused(paused);
    this.#attachment?.heed(flags);
  }

  /** @param {Uint8Array} bytes for the stream that is attached */
  write(bytes) {
    this.#attachment?.write(bytes);
  }

  /** Whether it has met its peer and isn't over; it may be closing. */
  get flows() {
    return this.#met && this.#socket[kIndex] >= 0;
  }

  refuseIfOver() {
    if (this.status !== 'closing' && this.status !== 'closed') return;
    const more = { maybeDelivered: false, cause: this.error };
    throw new ShortwireError(ErrorKind.CLOSED, `The socket is ${this.status}`, more);
  }

  refuseUnlessReady() {
    this.refuseIfOver();
    if (this.status === 'ready') return;
    const more = { maybeDelivered: false };
    throw new ShortwireError(ErrorKind.DISCONNECTED, 'The socket is not connected', more);
  }

  /**
   * What the core tells of it.
   * @param {number} kind
   * @param {number} subject
   * @param {number} extra
   * @param {any} detail
   * @param {number} bodyKind
   */
  receive(kind, subject, extra, detail, bodyKind) {
    if (kind === Kind.OPENED) this.#socket[kEmit]('connect');
    else if (kind === Kind.READY) this.#ready(extra, detail);
    else if (kind === Kind.HELLO)
      this.#socket.server?.[kSocketHello](this.#socket, bodyKind, detail);
    else if (kind === Kind.GOAWAY) this.#socket[kEmit]('goaway', detail);
    else if (kind === Kind.DRAIN) setImmediate(this.#drain);
    else if (kind === Kind.CLOSED) this.#closed(extra, subject | 0, detail);
    else this.#down(extra, subject | 0, detail);
  }

  /** After the rejections that came with it: whoever has seen one and waits for this must not miss it. */
  #drain = () => {
    if (this.status !== 'closed') this.#socket[kEmit]('drain');
  };

  /**
   * @param {number} format
   * @param {string} id that the accepting side has for this connection; '' if it didn't say
   */
  #ready(format, id) {
    const socket = this.#socket;
    this.protocol = FORMATS[format];
    if (id !== '') socket[kIdentify](id);
    // A silent peer was taken for a speaker of another format; all else has been told then.
    if (this.#met) return;
    this.#met = true;
    const reconnected = this.#dialling.up();
    // What waited goes out before anything that listeners think of.
    socket[kExchange]?.streams.ready();
    // Closing may have begun before the peer had introduced itself.
    if (this.status === 'connecting' || this.status === 'reconnecting') this.#setStatus('ready');
    this.#beginning.reached();
    this.connection.release();
    // Whoever has closed it already hears no more of it than its end.
    if (socket.server === undefined ? this.#ending.isOwn : !socket.server[kSocketReady](socket)) {
      return;
    }
    const { protocol, encoding } = socket;
    const compress = socket[kCompressed];
    const news = { id: socket.id, reconnected, protocol, compress, encoding };
    socket[kEmit]('ready', news);
  }

  /**
   * An attempt has failed, or the connection is lost, and that needn't be the end.
   * @param {number} kind
   * @param {number} errno
   * @param {string} detail
   */
  #down(kind, errno, detail) {
    const socket = this.#socket;
    // This side has ended it meanwhile; the rest is on its way.
    if (this.#ending.isOwn) return;
    const error = this.#dialling.errorOf(kind, errno, detail);
    const shown = kind === ErrorKind.SYSTEM ? error.message : detail;
    this.standing.forgetPeer();
    this.#serving.end();
    // It waits from here on, so that whoever hears of it may call it off.
    const next = this.#dialling.down();
    if (next === undefined) {
      const enough = this.#dialling.giveUp(error);
      // Who waits for `connect` knows it by its own code.
      this.error = this.#beginning.isAwaited ? error : enough;
      return;
    }
    const wasMet = this.#met;
    this.#met = false;
    if (wasMet) socket[kExchange]?.end(error);
    if (wasMet) {
      this.#setStatus('reconnecting');
      socket[kEmit]('disconnect', shown);
    }
    if (!this.#ending.isOwn) socket[kEmit]('reconnecting', { ...next, error });
  }

  /**
   * @param {number} kind
   * @param {number} errno
   * @param {string} detail
   */
  #closed(kind, errno, detail) {
    const socket = this.#socket;
    const given = this.error ?? this.#ending.refusal;
    const error = given ?? this.#dialling.errorOf(kind, errno, detail);
    const { refusal } = this.#ending;
    const isFault = kind !== ErrorKind.CLOSED || (given !== undefined && given !== refusal);
    const shown = kind === ErrorKind.SYSTEM ? error.message : this.#ending.shown(detail);
    this.error = error;
    this.standing.keep();
    this.#dialling.stop();
    socket[kIndex] = -1;
    this.#attachment?.end(kind === ErrorKind.CLOSED && given === undefined);
    this.#attachment = undefined;
    this.#calls.rejectAll(unsent(kind, error));
    // It aborts signals: what their listeners open ends with the rest.
    this.#serving.end();
    socket[kExchange]?.end(error);
    // A listener may connect anew: that is another link's beginning, and another's end.
    const tellFailed = this.#beginning.over();
    const wasMet = this.#met;
    const tellEnded = this.#ending.over();
    this.#setStatus('closed');
    if (tellFailed !== undefined) tellFailed(error);
    else if (isFault) complain(this.#socket, error);
    if (wasMet) socket[kEmit]('disconnect', shown);
    socket.server?.[kSocketGone](socket, shown);
    socket[kEmit]('close', shown);
    tellEnded();
  }

  /** @param {Status} status */
  #setStatus(status) {
    if (this.status === status) return;
    this.status = status;
    this.#socket[kEmit]('status', status);
  }
}

exports.Link = Link;
