//! Listening and accepting.
//!
//! Must not know: how many connections are too many, or what becomes of one that was accepted.

use std::{
    fmt,
    os::fd::{AsRawFd, OwnedFd},
    os::unix::net,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{SocketAddrUnix, getsockname},
};
use tokio::net::{TcpListener, UnixListener};

use super::{
    endpoint::{Endpoint, abstract_address},
    fd::{self, Role},
    peer::Peer,
    stream::Stream,
    tcp::{self, Place, TcpOptions, Tls},
    unix::{self, SocketFile},
};
use crate::error::{Error, Kind, Result};

/// A listening socket and, if it made one, its file. Dropping it closes both, the file first.
#[derive(Debug)]
pub struct Listener {
    // Before the socket: fields are dropped in this order, and the file may be removed only while
    // the socket holds its inode (see `SocketFile::remove`).
    file: Option<SocketFile>,
    socket: Socket,
    address: String,
}

/// What accepts.
#[derive(Debug)]
enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener, TcpOptions, Tls),
}

/// How to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindOptions {
    /// The permissions of the socket file, whatever the umask. Default 0o600: the own user alone.
    /// Without effect on abstract names and inherited descriptors.
    pub mode: u32,
    /// How many connections may wait to be accepted. Default 511, as Node has it; the system caps
    /// it. Too low, and clients of a busy server wait and ask again. Without effect on inherited
    /// descriptors.
    pub backlog: i32,
    /// An inherited descriptor stays whose it is, and a duplicate of it listens: several servers of
    /// a process may have the same. Default false: it is taken over. Without effect on all else.
    pub shared: bool,
}

/// A connection, and who is at its other end.
#[derive(Debug)]
pub struct Accepted {
    /// Its bytes.
    pub stream: Stream,
    /// Its other end.
    pub peer: Peer,
}

/// Why nothing was accepted.
#[derive(Debug)]
pub enum AcceptError {
    /// This one connection came to nothing, or the process is short of something. Others may
    /// follow: accept again after the pause.
    Transient {
        /// What happened.
        error: Error,
        /// Zero where the next connection isn't affected; else long enough not to spin while the
        /// cause (no free descriptors, no memory) lasts.
        pause: Duration,
    },
    /// The listener is of no more use.
    Fatal(Error),
}

/// Listens on an endpoint, or adopts the listening socket that the endpoint names.
///
/// A path that a live server or anything but a socket holds is never taken; a dead server's is
/// taken over (`docs/design/socket-files.md`). Directories are not created.
///
/// # Errors
///
/// [`Kind::System`] with the system call `bind` (or the one that failed) and the kernel's number:
/// `EADDRINUSE`, `ENOENT` for a missing directory, `EACCES`, `ENAMETOOLONG` and the like; over TCP
/// `getaddrinfo` or `listen`, and the address; [`Kind::InvalidArg`] for a mode that isn't one or a descriptor that can't be adopted;
/// [`Kind::Unsupported`] for a descriptor of another family.
///
/// # Panics
///
/// Outside of a tokio runtime with time enabled.
///
/// # Cancel safety
///
/// Cancel safe: when the future is dropped, nothing listens and no file is left behind.
pub async fn bind(endpoint: &Endpoint, options: &BindOptions) -> Result<Listener> {
    match endpoint {
        Endpoint::Path(path) => {
            if options.mode > 0o777 {
                return Err(Error::local(Kind::InvalidArg, "mode must be between 0 and 0o777"));
            }
            let (fd, file) = unix::bind(path, options.mode, options.backlog).await?;
            Listener::of_unix(fd, Some(file), endpoint.to_string())
        }
        Endpoint::Abstract(name) => {
            let address = abstract_address(name, "bind")?;
            let fd = unix::listen_at(&address, options.backlog)?;
            Listener::of_unix(fd, None, endpoint.to_string())
        }
        Endpoint::Fd(number) => {
            let fd = if options.shared {
                fd::duplicate_listener(*number)?
            } else {
                fd::adopt(*number, Role::Listening)?
            };
            if fd::is_internet(&fd) {
                return Listener::of_tcp(tcp::listener_of(fd)?, TcpOptions::default(), Tls::Off);
            }
            let address = name_of(&fd).unwrap_or_else(|| endpoint.to_string());
            Listener::of_unix(fd, None, address)
        }
        Endpoint::Tcp(tcp) => {
            let socket = match tcp.place {
                Place::Fd(number) if options.shared => {
                    tcp::listener_of(fd::duplicate_tcp_listener(number)?)?
                }
                _ => tcp::listen(tcp, options.backlog).await?,
            };
            Listener::of_tcp(socket, tcp.options, tcp.tls.clone())
        }
    }
}

impl Listener {
    /// Waits for a connection. With TLS, its handshake is still to come: it takes as long as the peer
    /// likes, and others are to be accepted meanwhile.
    ///
    /// # Errors
    ///
    /// See [`AcceptError`]; the listener stays usable after a transient one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a connection that was not handed out stays in the queue.
    pub async fn accept(&self) -> Result<Accepted, AcceptError> {
        let stream = match &self.socket {
            Socket::Unix(socket) => {
                let (stream, _) = socket.accept().await.map_err(AcceptError::new)?;
                fd::mute(&stream).map_err(AcceptError::unfit)?;
                Stream::of_unix(stream)
            }
            Socket::Tcp(socket, options, tls) => {
                let (stream, _) = socket.accept().await.map_err(AcceptError::new)?;
                options.apply(&stream).map_err(AcceptError::unfit)?;
                let stream = Stream::of_tcp(stream);
                match tls {
                    Tls::Server(tls) => stream
                        .behind_server(tls)
                        .map_err(|error| AcceptError::Transient { error, pause: Duration::ZERO })?,
                    _ => stream,
                }
            }
        };
        let peer = stream.peer();
        Ok(Accepted { stream, peer })
    }

    /// Where it listens: a path, `@name` for an abstract one, or `tcp://`, an address and the port.
    /// Of an inherited socket without a name, `fd:` and its number.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The number of its descriptor, for others to inherit. It stays the listener's.
    pub fn number(&self) -> i32 {
        match &self.socket {
            Socket::Unix(socket) => socket.as_raw_fd(),
            Socket::Tcp(socket, _, _) => socket.as_raw_fd(),
        }
    }

    /// Stops listening. The socket file is removed if it still is the one that was bound here;
    /// connections that nobody accepted are reset.
    ///
    /// # Errors
    ///
    /// [`Kind::System`] when the file can't be removed. It doesn't listen in that case either, and
    /// the next server at the path will take it for the remains that it is.
    pub fn close(mut self) -> Result<()> {
        match self.file.take() {
            Some(mut file) => file.remove(),
            None => Ok(()),
        }
    }

    fn of_unix(fd: OwnedFd, file: Option<SocketFile>, address: String) -> Result<Self> {
        let socket = UnixListener::from_std(net::UnixListener::from(fd))
            .map_err(|error| Error::system("listen", error))?;
        Ok(Self { file, socket: Socket::Unix(socket), address })
    }

    fn of_tcp(socket: TcpListener, options: TcpOptions, tls: Tls) -> Result<Self> {
        let address = socket.local_addr().map_err(|error| Error::system("listen", error))?;
        let address = format!("tcp://{address}");
        Ok(Self { file: None, socket: Socket::Tcp(socket, options, tls), address })
    }
}

impl AcceptError {
    fn new(error: std::io::Error) -> Self {
        let errno = Errno::from_io_error(&error);
        let error = Error::system("accept", error);
        match errno {
            Some(
                Errno::CONNABORTED | Errno::CONNRESET | Errno::INTR | Errno::AGAIN | Errno::PROTO,
            ) => Self::Transient { error, pause: Duration::ZERO },
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                Self::Transient { error, pause: SHORTAGE_PAUSE }
            }
            _ => Self::Fatal(error),
        }
    }

    /// A connection that ended before it was set up, mostly.
    fn unfit(error: std::io::Error) -> Self {
        Self::Transient { error: Error::system("setsockopt", error), pause: Duration::ZERO }
    }
}

impl Default for BindOptions {
    fn default() -> Self {
        Self { mode: 0o600, backlog: 511, shared: false }
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transient { error, .. } | Self::Fatal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AcceptError {}

/// The name that an inherited socket was bound to by whoever made it.
fn name_of(fd: &OwnedFd) -> Option<String> {
    let address = SocketAddrUnix::try_from(getsockname(fd).ok()?).ok()?;
    #[cfg(target_os = "linux")]
    if let Some(name) = address.abstract_name() {
        return Some(Endpoint::Abstract(name.into()).to_string());
    }
    let path = address.path_bytes().filter(|path| !path.is_empty())?;
    Some(String::from_utf8_lossy(path).into_owned())
}

/// How long to leave a shortage of descriptors or memory alone. The backlog waits meanwhile.
const SHORTAGE_PAUSE: Duration = Duration::from_millis(100);
