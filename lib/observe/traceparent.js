/**
 * W3C's `traceparent`, which says where in a distributed trace a request or a message belongs: how it
 * crosses into the core and out of it, ahead of the topic. Must not know: who makes traces.
 */
'use strict';

const { invalidArgument } = require('../errors.js');
const { Layout } = require('../core/records.js');

const { TRACED } = Layout;
/** Of a body's kind as records have it: a traceparent stands before the topic. */
const TRACED_BODY = TRACED >> 8;
const CHARACTERS = 55;
const EXPECTED = 'a traceparent in the form of W3C, version-traceid-parentid-flags';

/** Not allowed: the version ff, ids of zeros only, upper case. */
const SHAPE = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * @param {unknown} text
 * @returns {text is string}
 */
function isTraceparent(text) {
  return typeof text === 'string' && text.length === CHARACTERS && SHAPE.test(text);
}

/**
 * A topic as it crosses, with {@link TRACED} in its record if it has become another.
 * @param {unknown} traceparent or undefined
 * @param {string} topic
 */
function ahead(traceparent, topic) {
  if (traceparent === undefined) return topic;
  if (!isTraceparent(traceparent)) throw invalidArgument('traceparent', EXPECTED, traceparent);
  return traceparent + topic;
}

/**
 * Takes a record of a peer's apart that has {@link TRACED_BODY} in the kind of its body.
 * @param {string} topic
 * @param {number} bodyKind
 */
function split(topic, bodyKind) {
  return {
    traceparent: topic.slice(0, CHARACTERS),
    topic: topic.slice(CHARACTERS),
    bodyKind: bodyKind & ~TRACED_BODY
  };
}

module.exports = { TRACED, TRACED_BODY, EXPECTED, isTraceparent, ahead, split };
