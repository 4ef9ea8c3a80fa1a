/**
 * Calls and messages with files beside their payload. Such a call is a stream of values: its opening
 * lists the files, its first value is the payload; the answer is a list and a value. Each file is
 * a stream of bytes that names the list's serial number and its own place in it. Must not know:
 * where files are read from or written to.
 */
'use strict';

const channels = require('../observe/channels.js');
const { ErrorKind, ShortwireError } = require('../errors.js');
const { UDFile } = require('./file.js');
const { announce, isList, listOf, readList } = require('./file-list.js');
const { prepare, stream } = require('./outgoing-file.js');
const { Patience } = require('./patience.js');
const { encode, isBytes } = require('../core/payload.js');
const { Setting } = require('../core/records.js');
const { byteLength } = require('../streams/streams.js');
const { kAsking, kLink, kSerializer, kStreams } = require('../symbols.js');

/** @typedef {import('../streams/channel.js').Channel} Channel */
/** @typedef {import('./outgoing-file.js').Outgoing} Outgoing */

class Filing {
  #socket;
  #serial = 0;
  // Made for the first of them: most sockets never have files.
  /** Files whose bytes haven't begun to come. @type {Map<string, UDFile> | undefined} */
  #expected;
  /** Bytes whose list hasn't come. @type {Map<string, Channel> | undefined} */
  #early;

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * Asks, with files beside the question, the answer, or both.
   * @param {unknown} payload
   * @param {any} options
   * @returns {Promise<any>}
   */
  ask(payload, options) {
    if (!channels.isObserved(channels.rpc)) return this.#ask(payload, options);
    const { topic = '', timeoutMs, traceparent } = options;
    const socket = this.#socket;
    const message = { kind: 'call', socket, topic, payload, timeoutMs, traceparent };
    const ask = () => this.#ask(payload, { ...options, traceparent: message.traceparent });
    return channels.rpc.tracePromise(ask, message);
  }

  /**
   * @param {unknown} payload
   * @param {any} options
   * @returns {Promise<any>}
   */
  #ask(payload, { timeoutMs, signal, answerFiles = false, ...message }) {
    const patience = new Patience(timeoutMs, signal);
    const ask = async () => {
      const { channel, sent } = await this.#open(payload, message, Setting.CALL, patience);
      return this.#answerOf(channel, sent, answerFiles);
    };
    return patience.lasts(ask());
  }

  /**
   * @param {Channel} channel of a call
   * @param {Promise<void>} sent
   * @param {boolean} answerFiles
   * @returns {Promise<any>}
   */
  #answerOf(channel, sent, answerFiles) {
    return new Promise((resolve, reject) => {
      sent.catch((error) => {
        channel.fail(error);
        reject(error);
      });
      /** @type {UDFile[] | undefined} */
      let come;
      channel.attach({
        data: (/** @type {any} */ value, /** @type {number} */ cost) => {
          channel.used(cost);
          if (come === undefined) {
            come = this.expect(listOf(value));
            if (come !== undefined) return;
            channel.refuse(ErrorKind.PROTOCOL, 'a list of files is not valid');
            reject(new ShortwireError(ErrorKind.PROTOCOL, 'The answer is not valid'));
            return;
          }
          const list = come;
          if (!answerFiles) list.forEach(UDFile.discard);
          resolve(answerFiles ? { value, files: list } : value);
        },
        end: () =>
          reject(new ShortwireError(ErrorKind.PROTOCOL, 'The answer ended before it came')),
        over: reject
      });
    });
  }

  /**
   * Tells, and reports what never left.
   * @param {unknown} payload
   * @param {any} options
   * @returns {Promise<void>}
   */
  send(payload, { topic = '', traceparent, files }) {
    const sent = this.tell(payload, { topic, traceparent, files });
    return this.#socket[kAsking].watchSent(sent, payload, topic);
  }

  /**
   * Tells, with files. Resolves when everything has left.
   * @param {unknown} payload
   * @param {any} options
   */
  tell(payload, { signal, ...message }) {
    if (channels.message.hasSubscribers) {
      const { topic = '', traceparent } = message;
      const sent = { direction: 'sent', socket: this.#socket, topic, payload, traceparent };
      channels.message.publish(sent);
      message.traceparent = sent.traceparent;
    }
    const patience = new Patience(0, signal);
    const tell = async () => {
      const { channel, sent } = await this.#open(payload, message, Setting.MESSAGE, patience);
      const taken = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
        channel.attach({
          data: (/** @type {any} */ _, /** @type {number} */ cost) => channel.used(cost),
          end: resolve,
          over: reject
        });
      });
      await Promise.all([sent, taken]);
    };
    return patience.lasts(tell());
  }

  /**
   * @param {unknown} payload
   * @param {any} message
   * @param {number} setting
   * @param {Patience} patience
   */
  async #open(payload, { topic = '', traceparent, files = [] }, setting, patience) {
    if (patience.error !== undefined) throw patience.error;
    // Now: what is sent is what the payload was when it was given.
    const kept = keep(payload, this.#socket[kSerializer]);
    const outgoing = await prepare(files);
    const streams = this.#socket[kStreams];
    const serial = ++this.#serial;
    try {
      // Opening files takes as long as it takes.
      if (patience.error !== undefined) throw patience.error;
      this.#socket[kLink].refuseIfOver();
      const list = announce(serial, outgoing);
      const channel = streams.begin(
        list,
        topic,
        Setting.VALUES | setting,
        traceparent ?? this.#socket.options.traceparent?.(),
        JSON.stringify,
        kept.bytes
      );
      patience.endsWith(channel);
      const begun = new Promise((resolve, reject) => {
        channel.whenOver(reject);
        if (channel.hasRoom) resolve(undefined);
        else channel.onRoom(() => resolve(undefined));
      });
      const send = async () => {
        try {
          await begun;
          kept.send(channel);
        } catch (error) {
          channel.fail(error);
          for (const { close } of outgoing) await close();
          throw error;
        }
        channel.end();
        await this.#stream(channel, serial, outgoing, patience);
      };
      const sent = send();
      sent.catch(() => {});
      return { channel, sent };
    } catch (error) {
      for (const { close } of outgoing) await close();
      throw error;
    }
  }

  /**
   * Answers a call.
   * @param {Channel} channel
   * @param {unknown} value
   * @param {any[]} files
   */
  async answer(channel, value, files) {
    const kept = keep(value, this.#socket[kSerializer]);
    const outgoing = files.length === 0 ? [] : await prepare(files);
    const serial = ++this.#serial;
    try {
      channel.sendValue(announce(serial, outgoing), JSON.stringify);
      kept.send(channel);
    } catch (error) {
      for (const { close } of outgoing) await close();
      throw error;
    }
    channel.end();
    await this.#stream(channel, serial, outgoing);
  }

  /**
   * @param {Channel} channel of the call or the message
   * @param {number} serial
   * @param {Outgoing[]} outgoing
   * @param {Patience} [patience]
   */
  async #stream(channel, serial, outgoing, patience) {
    if (channel.over) {
      for (const { close } of outgoing) await close();
      return;
    }
    const parent = new AbortController();
    // Whoever refuses the message wants none of its files.
    channel.whenOver((error) => {
      if (error !== undefined) parent.abort(error);
    });
    // A message may be over long before its files have left.
    if (patience !== undefined) patience.onEnd = (error) => parent.abort(error);
    const sending = outgoing.map((file, index) => {
      const child = this.#socket[kStreams].begin(
        [serial, index],
        '',
        Setting.FILE,
        undefined,
        JSON.stringify
      );
      return stream(file, child, parent.signal);
    });
    const failed = (await Promise.allSettled(sending)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw /** @type {PromiseRejectedResult} */ (failed).reason;
  }

  /**
   * The files of a list that the peer has sent; undefined if it is none.
   * @param {any} list
   * @returns {UDFile[] | undefined}
   */
  expect(list) {
    const { maxFiles, maxStreams } = this.#socket.options;
    if (!isList(list) || list[1].length > maxFiles) return undefined;
    // Files that never come are told of at no cost to the peer.
    if ((this.#expected?.size ?? 0) + list[1].length > maxStreams) return undefined;
    const [serial, files] = list;
    return files.map(
      (/** @type {[string, number]} */ [name, size], /** @type {number} */ index) => {
        const file = new UDFile(name, size);
        const key = `${serial}:${index}`;
        const channel = this.#early?.get(key);
        if (channel === undefined) {
          // It stays even if it is given up: its sender must be told when it begins.
          (this.#expected ??= new Map()).set(key, file);
        } else {
          this.#early?.delete(key);
          UDFile.attach(file, channel);
        }
        return file;
      }
    );
  }

  /**
   * The connection is over.
   * @param {Error} cause
   */
  end(cause) {
    const error = new ShortwireError(ErrorKind.DISCONNECTED, ENDED, { cause });
    const expected = this.#expected;
    this.#expected = this.#early = undefined;
    for (const file of expected?.values() ?? []) UDFile.lose(file, error);
  }

  /**
   * The bytes of a file begin to come.
   * @param {Channel} channel
   * @param {number} bodyKind
   * @param {any} body
   */
  receive(channel, bodyKind, body) {
    const place = readList(bodyKind, body);
    if (!Array.isArray(place) || place.length !== 2 || !place.every(Number.isSafeInteger)) {
      channel.refuse(ErrorKind.PROTOCOL, 'a file without a place');
      return;
    }
    const key = `${place[0]}:${place[1]}`;
    const file = this.#expected?.get(key);
    if (file !== undefined) {
      this.#expected?.delete(key);
      UDFile.attach(file, channel);
    } else if (this.#early?.has(key)) channel.refuse(ErrorKind.PROTOCOL, 'a file that is there');
    else {
      // Its list is on its way, or its file has been given up; how many there are is bounded by how
      // many streams there may be.
      (this.#early ??= new Map()).set(key, channel);
      channel.onOver = () => this.#early?.delete(key);
    }
  }
}

/**
 * A payload as it is now, to be sent later.
 * @param {unknown} payload
 * @param {(value: any) => any} serializer
 * @returns {{ bytes: number, send: (channel: Channel) => void }}
 */
function keep(payload, serializer) {
  if (isBytes(payload)) {
    const copy = Uint8Array.prototype.slice.call(payload);
    return { bytes: copy.length, send: (channel) => channel.sendBytes(copy) };
  }
  const encoded = encode(payload, serializer);
  const send = (/** @type {Channel} */ channel) => channel.sendValue(payload, () => encoded);
  return { bytes: byteLength(encoded), send };
}

const ENDED = 'The connection of the file has ended';

exports.Filing = Filing;
