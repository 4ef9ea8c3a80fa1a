// Where to listen and what to connect to. `docs/tcp-and-tls.md` tells the whole story.

/**
 * Where to listen or connect: a path; `'@name'`, a name in Linux' abstract namespace, which has no file; `'unix:/path'`;
 * `{ path }`; a port of this machine, `{ host, port }` or `'tcp://host:port'` (of IPv6 `'tcp://[::1]:4000'`) for TCP;
 * `{ host, port, tls }` or, for a socket that trusts whom Node trusts, `'tls://host:port'` for TLS; or `{ fd }`, a
 * descriptor that is inherited, from a service manager say: for a server it must be listening, for a socket connected. A path is
 * limited by the kernel (107 bytes on Linux, 103 on macOS): a longer one fails with `ENAMETOOLONG`.
 */
export type Endpoint = string | number | PathEndpoint | TcpEndpoint | FdEndpoint;

/** A Unix socket. */
export interface PathEndpoint {
  /** A path, or a name with a leading `@` or NUL. */
  path: string;
  /** For servers: how many connections may wait to be accepted, in place of the server's option. */
  backlog?: number;
}

/** What connections over TCP are like; Node's names. */
export interface TcpOptions {
  /**
   * Whether small pieces are sent at once instead of waiting for more to go with them. Off, small calls can take 40 ms longer.
   * @default true
   */
  noDelay?: boolean;
  /**
   * Whether the kernel asks a silent peer whether it is there. `heartbeatMs` does the same sooner, for formats that have pings.
   * @default false
   */
  keepAlive?: boolean;
  /** With `keepAlive`: after how much silence, in ms; the kernel counts in seconds. Default: the system's, two hours mostly. */
  keepAliveInitialDelay?: number;
}

/**
 * Options of TLS, with Node's names and shapes. They are read once for as long as the object has the same values, and what was made
 * of them is shared by its connections. Others of Node's (`ciphers`, `pfx`, `SNICallback`, …) are refused by name.
 */
export interface TlsOptions {
  /**
   * This side's certificate, as PEM, with those that lead to a root behind it. A server needs one; a socket shows it to servers that
   * ask.
   */
  cert?: Pem | Pem[];
  /** The certificate's key, as PEM; one. */
  key?: Pem | TlsKey | [Pem | TlsKey];
  /** What the key is locked with. */
  passphrase?: Pem;
  /**
   * Who may sign the other side's certificate, as PEM; a certificate that is itself in here is trusted as it is. Default of a socket:
   * whom Node trusts. A server that sets `requestCert` must say it.
   */
  ca?: Pem | Pem[];
  /**
   * Whether a bad certificate of the other side ends the connection, and, on a server that sets `requestCert`, a missing one. If not,
   * `peer.authorized` and `peer.authorizationError` tell of it, and to act on them is up to you.
   * @default true
   */
  rejectUnauthorized?: boolean;
  /**
   * For servers: whether clients are asked for a certificate.
   * @default false
   */
  requestCert?: boolean;
  /** For sockets: the name that the server's certificate must be for, and that the server is told. Default: `host`. */
  servername?: string;
  /**
   * What is spoken inside, best first: a peer that agrees on none, or asks for none, is refused, by servers and by sockets. Empty:
   * nobody asks, as is needed behind a relay that ends TLS and doesn't pass this on.
   * @default ['shortwire/1']
   */
  ALPNProtocols?: string[];
  /**
   * The oldest version; there is none before.
   * @default 'TLSv1.2'
   */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /**
   * The newest version.
   * @default 'TLSv1.3'
   */
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A text or its bytes. */
export type Pem = string | Uint8Array;

/** A key with what it is locked with. */
export interface TlsKey {
  pem: Pem;
  passphrase?: Pem;
}

/** A socket of TCP, with or without TLS. What only one of the two sides can have is refused on the other, by name. */
export interface TcpEndpoint extends TcpOptions {
  /**
   * A name or an address. Of a name with several addresses a socket tries all, each a quarter of a second after the one before; a
   * server takes the first. To be reached from other machines a server must say so: `'::'` is every address, of IPv4 and of IPv6,
   * `'0.0.0.0'` every one of IPv4.
   * @default '127.0.0.1'
   */
  host?: string;
  /** Digits in a text are fine too. 0, for servers: one that is free; `address()` has it. */
  port: number | string;
  /**
   * Which of a name's addresses count.
   * @default 0
   */
  family?: 0 | 4 | 6 | 'IPv4' | 'IPv6';
  /** For sockets: the address of this machine that the connection comes from. Default: the system's choice. */
  localAddress?: string;
  /** For sockets: the port that the connection comes from. Default: the system's choice. */
  localPort?: number | string;
  /**
   * For servers on an address of IPv6: leaves IPv4 to others.
   * @default false
   */
  ipv6Only?: boolean;
  /** For servers: how many connections may wait to be accepted, in place of the server's option. */
  backlog?: number;
  /** TLS; for a socket, `{}` is enough. */
  tls?: TlsOptions;
}

/** A descriptor. It belongs to the socket or the server from here on. Options of TCP and TLS are refused if it is a Unix socket. */
export interface FdEndpoint extends TcpOptions {
  fd: number;
  /** TLS, on a socket of TCP. A socket's `servername` is `'localhost'` unless it says otherwise. */
  tls?: TlsOptions;
  /** For servers: what {@link listenFds} calls it, so that its entries are endpoints. Not looked at. */
  name?: string;
  /**
   * For servers: the descriptor stays whose it is, and the server listens at a duplicate of it, so that several servers of a process,
   * in worker threads say, may be given the same.
   * @default false
   */
  shared?: boolean;
}

/**
 * A listening socket that the service manager has handed to this process: `true` for the only one, or its name
 * (`FileDescriptorName=`). It stays open when the server is closed, and is never removed.
 */
export interface SystemdEndpoint extends TcpOptions {
  systemd: true | string;
}

/** Where to listen. */
export type ListenEndpoint = Endpoint | SystemdEndpoint;

/** Where a server over TCP listens, as Node's own say it. */
export interface TcpAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}
