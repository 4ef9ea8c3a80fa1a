/**
 * A socket's connection in the core: made when it is first needed, and told what it has to know
 * before anything happens on it. Must not know: who is at its other end, how it gets there.
 */
'use strict';

const core = require('../core/core.js');
const options = require('../options/options.js');
const { kIndex, kSubscribing } = require('../symbols.js');

class CoreConnection {
  #socket;
  /** Whether it keeps the process alive, by the user's wish. */
  referenced = true;
  #paused = false;

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** Makes it, unless it is there. @returns {number} its index */
  make() {
    const socket = this.#socket;
    if (socket[kIndex] < 0) {
      const { protocol, busyPollUs } = socket.options;
      core.thread.setBusyPoll(busyPollUs);
      const native = options.nativeOptions(socket.options);
      const index = core.thread.create(native, protocol, process.pid);
      socket[kIndex] = index;
      core.sockets[index] = socket;
      if (!this.referenced) core.thread.setReferenced(index, false);
      socket[kSubscribing].replay(index);
      if (this.#paused) core.thread.setPaused(index, true);
    }
    return socket[kIndex];
  }

  /** Gives back one that nothing has come of: the core would keep its socket for ever. */
  giveBack() {
    const socket = this.#socket;
    const index = socket[kIndex];
    if (index < 0) return;
    socket[kIndex] = -1;
    core.sockets[index] = undefined;
    core.act(index, (at) => core.thread.destroy(at, ''));
  }

  /** Keeps the process alive for now, whatever the user wishes. */
  hold() {
    if (!this.referenced) core.thread.setReferenced(this.#socket[kIndex], true);
  }

  /** As the user wishes, again. */
  release() {
    if (!this.referenced) core.thread.setReferenced(this.#socket[kIndex], false);
  }

  /**
   * @param {boolean} referenced
   * @param {boolean} held it keeps the process alive for now all the same
   */
  setReferenced(referenced, held) {
    this.referenced = referenced;
    const index = this.#socket[kIndex];
    if (index >= 0 && !held) core.thread.setReferenced(index, referenced);
  }

  /**
   * @param {boolean} paused whether it hands over nothing new, after what is on its way
   * @returns {number} flags; 0 if it isn't there, and will be told
   */
  setPaused(paused) {
    this.#paused = paused;
    const index = this.#socket[kIndex];
    return index < 0 ? 0 : core.act(index, (at) => core.thread.setPaused(at, paused));
  }
}

exports.CoreConnection = CoreConnection;
