//! TCP: where to, names looked up, addresses tried, options set.
//!
//! ```text
//!   host ──look up──► addresses ──► connect to the first ─┬─ refused ──► to the next, at once
//!                                                         └─ silent for 250 ms ──► to the next as well;
//!                                                            the first that answers is taken
//! ```
//!
//! Must not know: deadlines (the caller drops the future), what the bytes mean.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{SocketType, sockopt},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::{JoinSet, spawn_blocking},
    time,
};

use super::{
    fd::{self, Role},
    stream::Stream,
    tls::{ClientTls, ServerTls},
};
use crate::error::{Error, Result};

/// An address of TCP, and how its connections are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpEndpoint {
    /// Where.
    pub place: Place,
    /// Which of a name's addresses count.
    pub family: Family,
    /// Where a client's connections come from. Default: the system's choice.
    pub local: Option<Local>,
    /// Whether a server that listens on an address of IPv6 leaves IPv4 to others. Default false: `::`
    /// takes both.
    pub ipv6_only: bool,
    /// Of each connection.
    pub options: TcpOptions,
    /// What lies between TCP and the bytes of the conversation.
    pub tls: Tls,
}

/// Where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A name or an address, and a port.
    Host(String, u16),
    /// A descriptor that the process inherited: a listening socket where one listens, a connected
    /// one where one dials.
    Fd(i32),
}

/// Whether there is TLS, and as which side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// None.
    Off,
    /// To connect with.
    Client(ClientTls),
    /// To accept with.
    Server(ServerTls),
}

/// This side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// One of this machine's addresses. Default: the system's choice.
    pub address: Option<IpAddr>,
    /// A port; zero is the system's choice.
    pub port: u16,
}

/// Addresses of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Family {
    /// Any, in the system's order of preference.
    #[default]
    Any,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

/// A connection's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpOptions {
    /// Whether small pieces are sent at once instead of waiting for more. Default true: waiting costs
    /// a small call tens of milliseconds.
    pub no_delay: bool,
    /// Whether the kernel asks a silent peer whether it is there, and after how long; zero is the
    /// system's own idea, hours mostly. Default not.
    pub keep_alive: Option<Duration>,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self { no_delay: true, keep_alive: None }
    }
}

impl TcpOptions {
    pub(super) fn apply(self, socket: impl AsFd) -> io::Result<()> {
        sockopt::set_tcp_nodelay(&socket, self.no_delay)?;
        if let Some(after) = self.keep_alive {
            sockopt::set_socket_keepalive(&socket, true)?;
            if !after.is_zero() {
                sockopt::set_tcp_keepidle(&socket, after)?;
            }
        }
        fd::mute(socket)
    }
}

impl Family {
    const fn has(self, address: SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

impl Local {
    /// From where an address is dialled; none if it can't be from here.
    fn towards(self, address: SocketAddr) -> Option<SocketAddr> {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let from = SocketAddr::new(self.address.unwrap_or(any), self.port);
        (from.is_ipv4() == address.is_ipv4()).then_some(from)
    }
}

impl fmt::Display for TcpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Host(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Place::Host(host, port) => write!(f, "{host}:{port}"),
            Place::Fd(fd) => write!(f, "fd:{fd}"),
        }
    }
}

/// Connects, or adopts the connection that the endpoint names.
///
/// # Errors
///
/// [`Kind::System`](crate::error::Kind::System) with `getaddrinfo`, `bind` (the local address) or
/// `connect`, and the address; of several addresses that failed, the most telling. And
/// [`Kind::Tls`](crate::error::Kind::Tls).
///
/// # Cancel safety
///
/// Cancel safe: all attempts end with the future. A look-up under way ends by itself.
pub(super) async fn dial(endpoint: &TcpEndpoint) -> Result<Stream> {
    let stream = Stream::of_tcp(dial_plain(endpoint).await?);
    let Tls::Client(tls) = &endpoint.tls else { return Ok(stream) };
    let mut stream = stream.behind_client(tls)?;
    match stream.shake_hands().await {
        Ok(()) => Ok(stream),
        Err(error) => {
            // What the server hears of it is worth nothing to this side.
            tokio::spawn(stream.end());
            Err(error)
        }
    }
}

async fn dial_plain(endpoint: &TcpEndpoint) -> Result<TcpStream> {
    let TcpEndpoint { local, options, .. } = *endpoint;
    let (host, port) = match &endpoint.place {
        Place::Host(host, port) => (host, *port),
        Place::Fd(number) => {
            let fd = fd::adopt_tcp(*number, Role::Connected)?;
            return stream_of(fd, options);
        }
    };
    let usable = |to: &SocketAddr| local.is_none_or(|local| local.towards(*to).is_some());
    let found = look_up(host, port, endpoint.family).await?;
    let mut waiting = found.iter().copied().filter(usable).peekable();
    if waiting.peek().is_none() {
        // The local address is of the other family.
        let errno = Errno::INVAL;
        return Err(Error::system(&format!("connect {endpoint}"), errno.into()));
    }
    let mut attempts = JoinSet::new();
    let mut failure = None;
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(attempt(
                address,
                local.and_then(|local| local.towards(address)),
                options,
            ));
        }
        let joined = tokio::select! {
            joined = attempts.join_next() => joined,
            () = time::sleep(NEXT_AFTER), if waiting.peek().is_some() => continue,
        };
        match joined {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failure = Some(more_telling(failure, error)),
            // An attempt that panicked has said so already.
            Some(Err(_)) => {}
            None => {
                let lost = || Error::system("connect", Errno::CONNREFUSED.into());
                return Err(failure.unwrap_or_else(lost));
            }
        }
    }
}

/// Listens on the first of a host's addresses.
///
/// # Errors
///
/// [`Kind::System`](crate::error::Kind::System) with `getaddrinfo` or `listen`, and the address.
///
/// # Cancel safety
///
/// Cancel safe: nothing listens unless it returns.
pub(super) async fn listen(endpoint: &TcpEndpoint, backlog: i32) -> Result<TcpListener> {
    let (host, port) = match &endpoint.place {
        Place::Host(host, port) => (host, *port),
        Place::Fd(number) => return listener_of(fd::adopt_tcp(*number, Role::Listening)?),
    };
    let found = look_up(host, port, endpoint.family).await?;
    let address = found[0];
    listen_on(address, endpoint.ipv6_only, backlog)
        .map_err(|error| Error::system(&format!("listen {address}"), error))
}

/// A connected socket of TCP that came from elsewhere.
pub(super) fn stream_of(fd: OwnedFd, options: TcpOptions) -> Result<TcpStream> {
    options.apply(&fd).map_err(|error| Error::system("setsockopt", error))?;
    TcpStream::from_std(fd.into()).map_err(|error| Error::system("epoll_ctl", error))
}

/// A listening socket of TCP that came from elsewhere.
pub(super) fn listener_of(fd: OwnedFd) -> Result<TcpListener> {
    TcpListener::from_std(fd.into()).map_err(|error| Error::system("listen", error))
}

async fn attempt(
    address: SocketAddr,
    local: Option<SocketAddr>,
    options: TcpOptions,
) -> Result<TcpStream> {
    let socket = socket_for(address).map_err(|error| Error::system("socket", error))?;
    if let Some(local) = local {
        let name = || format!("bind {}", named(local));
        socket.bind(local).map_err(|error| Error::system(&name(), error))?;
    }
    let stream = socket.connect(address).await;
    let stream = stream.map_err(|error| Error::system(&format!("connect {address}"), error))?;
    options.apply(&stream).map_err(|error| Error::system("setsockopt", error))?;
    Ok(stream)
}

fn listen_on(address: SocketAddr, ipv6_only: bool, backlog: i32) -> io::Result<TcpListener> {
    let socket = socket_for(address)?;
    // Else the port would be taken for a minute after a server with connections has ended.
    socket.set_reuseaddr(true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, ipv6_only)?;
    }
    socket.bind(address)?;
    socket.listen(u32::try_from(backlog).unwrap_or_default())
}

fn socket_for(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// A host's addresses, in the system's order; at least one.
async fn look_up(host: &str, port: u16, family: Family) -> Result<Vec<SocketAddr>> {
    let written = host.parse::<IpAddr>().ok().map(|ip| vec![SocketAddr::new(ip, port)]);
    let found = match written {
        Some(found) => Ok(found),
        None => resolve(host.to_owned(), port).await,
    };
    let found = found.and_then(|found| {
        let fit: Vec<_> = found.into_iter().filter(|address| family.has(*address)).collect();
        if fit.is_empty() { Err(io::Error::from_raw_os_error(EAI_NONAME)) } else { Ok(fit) }
    });
    found.map_err(|error| Error::system(&format!("getaddrinfo {host}"), error))
}

/// The system's own look-up blocks, so it has a thread to itself.
async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let looked_up = spawn_blocking(move || {
        let stream = i32::try_from(SocketType::STREAM.as_raw()).unwrap_or_default();
        let hints = dns_lookup::AddrInfoHints { socktype: stream, ..Default::default() };
        let found = dns_lookup::getaddrinfo(Some(&host), None, Some(hints)).map_err(reason)?;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for entry in found {
            let mut address = entry?.sockaddr;
            address.set_port(port);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    });
    looked_up.await.unwrap_or_else(|_| Err(io::Error::from_raw_os_error(EAI_FAIL)))
}

/// The failure under libuv's number for it: the system's own numbers differ from each other and
/// collide with those of `errno`.
fn reason(error: dns_lookup::LookupError) -> io::Error {
    use dns_lookup::LookupErrorKind as Reason;

    let number = match error.kind() {
        Reason::System => return error.into(),
        Reason::Again => EAI_AGAIN,
        Reason::Memory => EAI_MEMORY,
        Reason::Fail => EAI_FAIL,
        // A NUL in the name among others.
        _ => EAI_NONAME,
    };
    io::Error::from_raw_os_error(number)
}

/// That an address can't be reached at all says less than what another said.
fn more_telling(earlier: Option<Error>, later: Error) -> Error {
    let unreachable = |error: &Error| {
        const ERRNOS: [Errno; 4] =
            [Errno::NETUNREACH, Errno::HOSTUNREACH, Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT];
        ERRNOS.iter().any(|errno| error.errno() == Some(errno.raw_os_error()))
    };
    match earlier {
        Some(earlier) if !unreachable(&earlier) => earlier,
        _ => later,
    }
}

/// As errors name a local address: its port, if one was asked for.
fn named(address: SocketAddr) -> String {
    if address.port() == 0 { address.ip().to_string() } else { address.to_string() }
}

/// How long an address may be silent before another one is tried beside it; as RFC 8305 has it.
const NEXT_AFTER: Duration = Duration::from_millis(250);

// libuv's numbers for failed look-ups, without their sign.
const EAI_AGAIN: i32 = 3001;
const EAI_FAIL: i32 = 3004;
const EAI_MEMORY: i32 = 3006;
const EAI_NONAME: i32 = 3008;
