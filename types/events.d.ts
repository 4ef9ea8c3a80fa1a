// Events, with their listeners' parameters.

import { MessageInfo } from './handler.js';
import { DroppedInfo, Peer, ReadyInfo, ReconnectingInfo, Status } from './facts.js';
import { ReceivedBy, TopicOf, Untyped } from './service.js';
import { UDSocket } from './socket.js';

type Messages<Service, Before extends unknown[], After extends unknown[]> = {
  [Topic in TopicOf<Service> as `message:${Topic}`]: [
    payload: ReceivedBy<Service, Topic>,
    ...Before,
    ...After
  ];
};

/** Events of a socket, with their listeners' parameters. `docs/lifecycle.md` has their order. */
export type SocketEvents<Service = Untyped, Socket = UDSocket> = {
  /** The transport is there. */
  connect: [];
  /** Calls flow. */
  ready: [info: ReadyInfo];
  /** A one-way message, whatever its topic. */
  message: [payload: unknown, info: MessageInfo<Socket>];
  /** The connection was lost, or an attempt failed, and another will be made. */
  reconnecting: [info: ReconnectingInfo];
  /** There is room in the queue again, after a `SHORTWIRE_ERR_OVERFLOW`. */
  drain: [];
  /** `status` has changed. */
  status: [status: Status];
  /** The peer says goodbye: it answers what it has and takes no more requests. */
  goaway: [reason: string];
  /** A one-way message never left. */
  dropped: [info: DroppedInfo];
  /** The connection is lost or ends; only if it had been ready. */
  disconnect: [reason: string];
  /** A fault of the peer's or of the connection. Never thrown when nobody listens. */
  error: [error: Error];
  /** It is over. The last event. */
  close: [reason: string];
} & Messages<Service, [], [info: MessageInfo<Socket>]>;

/** Events of a server, with their listeners' parameters. */
export type ServerEvents<Service = Untyped, Socket = UDSocket> = {
  /** It can be connected to. */
  listening: [];
  /** A peer is connected and calls flow. `hello` is what it gave to `connect`. */
  connection: [socket: Socket, hello: unknown];
  /** A peer has gone. */
  disconnect: [socket: Socket, reason: string];
  /** A one-way message of any socket, whatever its topic. */
  message: [payload: unknown, socket: Socket, info: MessageInfo<Socket>];
  /** A one-way message to that peer never left. */
  dropped: [socket: Socket, info: DroppedInfo];
  /** A peer was turned away: by `authorize`, for a limit, or since it never became ready. */
  refused: [reason: string, peer: Peer];
  /** The server's own fault, which is thrown when nobody listens; or, with a socket, a peer's, which never is. */
  error: [error: Error, socket?: Socket];
  /** It is closed, and so are its sockets. */
  close: [];
} & Messages<Service, [socket: Socket], [info: MessageInfo<Socket>]>;
