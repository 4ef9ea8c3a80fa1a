/**
 * The members by which sockets and servers know each other, out of the users' way.
 */
'use strict';

/** Of a socket: the index of its connection in the core, or -1. */
const kIndex = Symbol('index');
/** Of a socket or a server: who answers requests. */
const kHandlers = Symbol('handlers');
/** Of a socket, a server, or where that listens: the async context in which it is told of things. */
const kScope = Symbol('scope');
/** Of a socket or a server: emits, and lets nothing that a listener throws through. */
const kEmit = Symbol('emit');
/** Of a socket or a server: pauses it, or lets it go on. */
const kPause = Symbol('pause');
/** Of a socket or a server: whether it keeps the process alive. */
const kReference = Symbol('reference');
/** Of a socket or a server: what of it is worth showing. */
const kShow = Symbol('show');
/** Of a socket or a server: tells of a promise by callback and event as well. */
const kTell = Symbol('tell');
/** Of a socket: all that it has of streams and files; undefined until there is one. */
const kExchange = Symbol('exchange');
/** Of a socket: is told that its peer has opened a stream. */
const kOpened = Symbol('opened');
/** Of a socket: its calls and messages with files. */
const kFiling = Symbol('filing');
/** Of a stream: whether nothing has been written or piped into it. */
const kSilent = Symbol('silent');
/** Of a socket: its streams. */
const kStreams = Symbol('streams');
/** Of a socket: whether its connection is compressed. */
const kCompressed = Symbol('compressed');
/** Of a socket: how its payloads travel. */
const kEncoding = Symbol('encoding');
/** Of a socket: what makes text of outgoing payloads. */
const kSerializer = Symbol('serializer');
/** Of a socket or a server: takes what the core tells of it. */
const kReceive = Symbol('receive');
/** Of the socket class: makes the socket of a connection that a server has accepted. */
const kAccepted = Symbol('accepted');
/** Of a socket: gives it the id that its server has made; without one, says whether it has got one. */
const kIdentify = Symbol('identify');
/** Of a socket: its calls and messages on their way out; the topics that it wants. */
const kAsking = Symbol('asking');
const kSubscribing = Symbol('subscribing');
/** Of a socket: its link to its peer. */
const kLink = Symbol('link');
/** Of a server: messages to its sockets that never left. */
const kDropped = Symbol('dropped');
/** Of where a server listens: makes the socket of a connection that was accepted there. */
const kWelcome = Symbol('welcome');
/** Of a server: a socket of its has to be decided on. */
const kSocketHello = Symbol('socketHello');
/** Of a server: a socket of its is ready, gone, at fault, or has something to tell. */
const kSocketReady = Symbol('socketReady');
const kSocketGone = Symbol('socketGone');
const kSocketFailed = Symbol('socketFailed');
const kSocketMessage = Symbol('socketMessage');
const kSocketDropped = Symbol('socketDropped');

exports.kIndex = kIndex;
exports.kHandlers = kHandlers;
exports.kScope = kScope;
exports.kEmit = kEmit;
exports.kPause = kPause;
exports.kReference = kReference;
exports.kShow = kShow;
exports.kTell = kTell;
exports.kExchange = kExchange;
exports.kOpened = kOpened;
exports.kFiling = kFiling;
exports.kSilent = kSilent;
exports.kStreams = kStreams;
exports.kCompressed = kCompressed;
exports.kEncoding = kEncoding;
exports.kSerializer = kSerializer;
exports.kReceive = kReceive;
exports.kAccepted = kAccepted;
exports.kIdentify = kIdentify;
exports.kAsking = kAsking;
exports.kSubscribing = kSubscribing;
exports.kLink = kLink;
exports.kDropped = kDropped;
exports.kWelcome = kWelcome;
exports.kSocketHello = kSocketHello;
exports.kSocketReady = kSocketReady;
exports.kSocketGone = kSocketGone;
exports.kSocketFailed = kSocketFailed;
exports.kSocketMessage = kSocketMessage;
exports.kSocketDropped = kSocketDropped;
