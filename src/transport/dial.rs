//! Connecting.
//!
//! Must not know: what a caller waits for beyond the connection, or when to try again after a
//! refusal.

use std::{os::fd::OwnedFd, time::Duration};

use rustix::{
    io::Errno,
    net::{SocketAddrUnix, connect as connect_socket},
};

use tokio::time;

use super::{
    endpoint::{Endpoint, abstract_address, path_address},
    fd::{self, Role},
    pause::Pauses,
    peer::Peer,
    stream::Stream,
    tcp,
};
use crate::error::{Error, Result};

/// Connects to an endpoint, or adopts the connected socket that the endpoint names.
///
/// A server whose queue of waiting connections is full is there but busy: it is asked again, after
/// growing pauses, for as long as the caller waits. (On macOS the kernel doesn't tell this from a
/// server that is gone.)
///
/// # Errors
///
/// [`Kind::System`](crate::error::Kind::System) with the system call `connect` and the kernel's
/// number: `ENOENT`, `ECONNREFUSED`, `EACCES`, `ENAMETOOLONG` and the like; over TCP also
/// `getaddrinfo` and `bind`. For a descriptor
/// that can't be adopted, [`Kind::InvalidArg`](crate::error::Kind::InvalidArg) or
/// [`Kind::Unsupported`](crate::error::Kind::Unsupported).
///
/// # Panics
///
/// Outside of a tokio runtime with time enabled.
///
/// # Cancel safety
///
/// Cancel safe: when the future is dropped, the socket is closed and nothing is left behind. It
/// never waits once there is a connection, so none is lost.
pub async fn connect(endpoint: &Endpoint) -> Result<(Stream, Peer)> {
    let stream = match endpoint {
        Endpoint::Path(path) => Stream::from_fd(dial(&path_address(path, SYSCALL)?).await?),
        Endpoint::Abstract(name) => Stream::from_fd(dial(&abstract_address(name, SYSCALL)?).await?),
        Endpoint::Fd(number) => Stream::adopt(fd::adopt(*number, Role::Connected)?),
        Endpoint::Tcp(endpoint) => tcp::dial(endpoint).await,
    }?;
    let peer = stream.peer();
    Ok((stream, peer))
}

/// [`connect`], but over TCP no longer than this; zero is for ever. On one machine there is always an
/// answer, and a busy server is worth waiting for.
///
/// # Errors
///
/// Those of [`connect`], and `ETIMEDOUT`.
///
/// # Panics
///
/// As [`connect`].
///
/// # Cancel safety
///
/// Cancel safe, as [`connect`].
pub async fn connect_within(endpoint: &Endpoint, patience: Duration) -> Result<(Stream, Peer)> {
    let Endpoint::Tcp(_) = endpoint else { return connect(endpoint).await };
    if patience.is_zero() {
        return connect(endpoint).await;
    }
    let late = |_| Error::system(&format!("{SYSCALL} {endpoint}"), Errno::TIMEDOUT.into());
    time::timeout(patience, connect(endpoint)).await.map_err(late)?
}

async fn dial(address: &SocketAddrUnix) -> Result<OwnedFd> {
    let socket = fd::socket().map_err(|error| Error::system("socket", error))?;
    let mut pauses = Pauses::new();
    loop {
        match connect_socket(&socket, address) {
            Ok(()) => return Ok(socket),
            // Linux has no event for "there is room in the queue", so only asking again helps.
            Err(Errno::AGAIN) => pauses.wait().await,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::system(SYSCALL, errno.into())),
        }
    }
}

const SYSCALL: &str = "connect";
