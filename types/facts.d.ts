// What sockets and servers tell of themselves: peers, states, counters.

import { PeerCertificate } from 'node:tls';

import { ShortwireError } from './errors.js';
import { Encoding, Protocol } from './options.js';
import { UDSocket } from './socket.js';

/**
 * Who is at the other end, by the kernel's word at the time of the connection: of a Unix socket the user, the group and the process;
 * over TCP an address, and with TLS what its handshake has proven. Empty when it isn't connected or isn't known.
 */
export interface Peer {
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
  readonly address?: string;
  readonly port?: number;
  readonly family?: 'IPv4' | 'IPv6';
  /** With TLS: whether it has shown a certificate that is good. Of a client that wasn't asked for one: false. */
  readonly authorized?: boolean;
  /** With TLS and `rejectUnauthorized: false`: what is wrong with its certificate. For people; it may change. */
  readonly authorizationError?: string;
  /** Its certificate, if it has shown one, as `getPeerCertificate()` of Node's TLS has it. */
  readonly certificate?: PeerCertificate;
  /** The name that a client with TLS has asked for. */
  readonly servername?: string;
}

/** Where a socket stands. It may be connected again once it is `closed`. */
export type Status = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed';

/** What `ready` tells. */
export interface ReadyInfo {
  /** The socket's id. */
  readonly id: string;
  /** Whether it had been ready before and was lost. */
  readonly reconnected: boolean;
  /** What is spoken. */
  readonly protocol: Protocol;
  /** Whether the connection is compressed: both sides have the option. */
  readonly compress: boolean;
  /** How payloads are encoded: `'json'` too if `'msgpack'` was asked for and the peer doesn't have it. */
  readonly encoding: Encoding;
}

/** What `reconnecting` tells. */
export interface ReconnectingInfo {
  /** Which attempt is next, from 1 on; it counts those in a row that came to nothing lasting. */
  readonly attempt: number;
  /** When it will be made, in ms from now. */
  readonly delayMs: number;
  /** Why it has to be: what lost the connection, or what the last attempt failed with. */
  readonly error: Error;
}

/** A one-way message that never left. */
export interface DroppedInfo {
  /** The error's code. */
  readonly reason: string;
  readonly error: Error;
  readonly topic: string;
  readonly payload: unknown;
}

/** Counters of a socket. After it is closed they are the last ones. */
export interface SocketStats {
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes that the kernel has taken; with compression, before it. */
  readonly bytesOut: number;
  /** With compression: the bytes that this connection has really received and sent; 0 without. */
  readonly wireBytesIn: number;
  readonly wireBytesOut: number;
  /** Messages of every kind received, those of the protocol included. */
  readonly messagesIn: number;
  /** The peer's requests that were handed to handlers. */
  readonly requestsIn: number;
  /** Our requests that were sent. */
  readonly requestsOut: number;
  /** Bytes that wait to be sent. At most `maxQueuedBytes`, and as much again for answers, and for streams that wait for the connection. */
  readonly queuedBytes: number;
  /** Messages that wait to be sent. At most `maxQueuedMessages`, and as many streams that wait for the connection. */
  readonly queuedMessages: number;
  /** Our requests without an answer yet. */
  readonly pending: number;
  /** The peer's requests without an answer yet. */
  readonly serving: number;
  /** The payloads of these in bytes. At most `maxInFlightBytes`. */
  readonly servingBytes: number;
  /** Bytes of messages that aren't whole yet. At most `maxFrameBytes`. */
  readonly partialBytes: number;
  /** Bytes that a task of the core's has read and this thread hasn't had yet; about 4 MiB at most. */
  readonly undeliveredBytes: number;
  /** Answers that nobody waited for (any more). */
  readonly lateResponses: number;
  /** Messages that could not be read; each failed alone. */
  readonly malformed: number;
  /** The peer's requests that were refused for a limit. */
  readonly refused: number;
  /** Streams that are open, in either direction. */
  readonly streams: number;
  /** Streams that the peer has opened. */
  readonly streamsIn: number;
  /** Streams that we have opened. */
  readonly streamsOut: number;
  /** The peer's streams that were refused for a limit. */
  readonly streamsRefused: number;
  /** Those of the bytes that wait to be sent which are of streams. */
  readonly streamQueuedBytes: number;
  /** Requests, messages and streams of the peer's that wait for `resume`. */
  readonly heldMessages: number;
  /** The bytes of their payloads, and of what has come in the streams; about 1 MiB at most, and what was under way when the pause began. */
  readonly heldBytes: number;
  /** One-way messages that never left. */
  readonly dropped: number;
}

/** Counters of a server. */
export interface ServerStats {
  /** Connections now. */
  readonly connections: number;
  /** Peers that were accepted and have not introduced themselves yet. */
  readonly introducing: number;
  /** Connections ever made ready. */
  readonly accepted: number;
  /** Peers ever turned away: for a limit, or since they never became ready. */
  readonly refused: number;
  /** One-way messages to its sockets that never left: broadcasts to those whose queue was full, mostly. */
  readonly dropped: number;
  /**
   * Sums over all its sockets, those that have gone included: what only grows never falls. It takes some microseconds for each that is
   * connected.
   */
  readonly sockets: SocketStats;
}

/** What one socket said to a survey, or why it said nothing. */
export type SurveyEntry<Value = unknown, Socket = UDSocket> =
  | { readonly socket: Socket; readonly status: 'fulfilled'; readonly value: Value }
  | { readonly socket: Socket; readonly status: 'rejected'; readonly reason: ShortwireError };

/** What a server with `allowStats` answers on the topic `$shortwire.stats`. At most 100 ms old. */
export interface StatsReport {
  /** When it was made, in ms since the epoch, by the server's clock. */
  readonly atMs: number;
  readonly process: {
    readonly uptimeMs: number;
    /** Processor time of the server's process so far, user and system. */
    readonly cpuMs: number;
    readonly rssBytes: number;
    readonly heapUsedBytes: number;
  };
  readonly server: Omit<ServerStats, 'sockets'>;
  /** Sums over all its sockets, those that have gone included. */
  readonly sockets: SocketStats;
}
