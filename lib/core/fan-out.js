/**
 * One message or one question for many connections, in one crossing: the text is made once, and only
 * the list of receivers is as long as they are many. Must not know: who is chosen, promises.
 */
'use strict';

const core = require('./core.js');
const { fromNative } = require('../errors.js');
const { Layout } = require('./records.js');

/** @typedef {{ text: string | undefined, bytes: Uint8Array | undefined, bodyHead: number }} Encoded */
/** @typedef {{ queued: number, notes: number[] }} Outcome pairs of an index and an error's number */

/** The receivers of the call under way; it grows, and is used again. */
let targets = new Uint32Array(256);
let count = 0;

/** Begins a list of receivers. */
function begin() {
  count = 0;
}

/** @param {number} number an index, or the slot that follows one */
function add(number) {
  if (count === targets.length) {
    const larger = new Uint32Array(count * 2);
    larger.set(targets);
    targets = larger;
  }
  targets[count++] = number;
}

/**
 * Sends a message to those that were added.
 * @param {number} head its kind
 * @param {string} topic
 * @param {Encoded} payload
 * @param {number} maxFrameBytes
 * @returns {Outcome}
 */
function broadcast(head, topic, payload, maxFrameBytes) {
  let answer;
  try {
    answer = cross(head, topic, payload, maxFrameBytes);
  } catch (error) {
    throw fromNative(error);
  }
  if (typeof answer === 'number') return { queued: answer, notes: [] };
  const notes = [];
  for (let at = 1; at < answer.length; at += 2) {
    if (answer[at + 1] === Layout.NEWS) core.drainSoon(answer[at]);
    else notes.push(answer[at], answer[at + 1]);
  }
  return { queued: answer[0], notes };
}

/**
 * Asks those that were added, each an index and a slot.
 * @param {number} head its kind: a request, or a ping
 * @param {string} topic
 * @param {Encoded} payload
 * @param {number} timeoutMs
 */
function ask(head, topic, payload, timeoutMs) {
  for (const index of cross(head, topic, payload, timeoutMs)) core.drainSoon(index);
}

/**
 * @param {number} head
 * @param {string} topic
 * @param {Encoded} payload
 * @param {number} extra
 * @returns {any}
 */
function cross(head, topic, { text, bytes, bodyHead }, extra) {
  // What was ordered before must be known before.
  core.flushNow();
  const { outbound, fanOut } = core.memory;
  const body = text === undefined ? '' : text;
  outbound[0] = head | bodyHead;
  outbound[1] = topic.length;
  outbound[2] = body.length;
  outbound[3] = extra;
  outbound[4] = count;
  return bytes === undefined ? fanOut(topic + body, targets) : fanOut(topic, targets, bytes);
}

module.exports = { add, ask, begin, broadcast };
