/**
 * One-way messages on their way to those who listen. Must not know: how they are sent.
 */
'use strict';

const channels = require('../observe/channels.js');
const { Info } = require('./context.js');
const { ErrorKind, ShortwireError } = require('../errors.js');
const { decode } = require('../core/payload.js');
const { kEmit, kSocketFailed, kSocketMessage } = require('../symbols.js');
const { TRACED_BODY, split } = require('../observe/traceparent.js');

/**
 * A message has come: its socket's listeners hear it, then its server's.
 * @param {any} socket
 * @param {string} topic
 * @param {number} bodyKind
 * @param {any} body
 */
function hear(socket, topic, bodyKind, body) {
  let traceparent;
  if (bodyKind >= TRACED_BODY) ({ traceparent, topic, bodyKind } = split(topic, bodyKind));
  let payload;
  try {
    payload = decode(bodyKind, body);
  } catch (cause) {
    const why = 'A message is not valid JSON';
    const error = new ShortwireError(ErrorKind.SERIALIZE, why, { cause });
    if (socket.listenerCount('error') > 0) socket[kEmit]('error', error);
    socket.server?.[kSocketFailed](socket, error);
    return;
  }
  const info = new Info(socket, topic, traceparent);
  if (channels.message.hasSubscribers) {
    channels.message.publish({ direction: 'received', socket, topic, payload, traceparent });
  }
  socket[kEmit]('message', payload, info);
  if (topic !== '') socket[kEmit](`message:${topic}`, payload, info);
  socket.server?.[kSocketMessage](payload, socket, info);
}

/**
 * A broadcast that its socket didn't get after all, as `dropped` tells of it.
 * @param {string} topic
 * @param {number} bodyKind
 * @param {any} body
 * @param {number} kind why
 */
function missed(topic, bodyKind, body, kind) {
  const error = dropError(kind);
  return { reason: error.code, error, topic, payload: decode(bodyKind, body) };
}

/**
 * Why a socket doesn't get a broadcast.
 * @param {number} kind
 */
function dropError(kind) {
  const why =
    kind === ErrorKind.OVERFLOW
      ? 'Too much waits to be sent to the socket'
      : "The message can't be sent to the socket";
  return new ShortwireError(kind, why, { maybeDelivered: false });
}

module.exports = { dropError, hear, missed };
