/**
 * The members by which sockets and servers know each other, out of the users' way.
 */
'use strict';

module.exports = {
  /** Of a socket: the index of its connection in the core, or -1. */
  kIndex: Symbol('index'),
  /** Of a socket or a server: who answers requests. */
  kHandlers: Symbol('handlers'),
  /** Of a socket: what makes text of outgoing payloads. */
  kSerializer: Symbol('serializer'),
  /** Of a socket or a server: takes what the core tells of it. */
  kReceive: Symbol('receive'),
  /** Of a server: makes the socket of a connection that it has accepted. */
  kWelcome: Symbol('welcome'),
  /** Of a server: a socket of its is ready, or gone. */
  kSocketReady: Symbol('socketReady'),
  kSocketGone: Symbol('socketGone')
};
