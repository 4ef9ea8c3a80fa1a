//! Connecting.
//!
//! Must not know: deadlines (the caller drops the future) or when to try again after a refusal.

use std::os::fd::OwnedFd;

use rustix::{
    io::Errno,
    net::{SocketAddrUnix, connect as connect_socket},
};

use super::{
    endpoint::{Endpoint, abstract_address, path_address},
    fd::{self, Role},
    pause::Pauses,
    peer::Peer,
    stream::Stream,
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
/// number: `ENOENT`, `ECONNREFUSED`, `EACCES`, `ENAMETOOLONG` and the like. For a descriptor
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
    let fd = match endpoint {
        Endpoint::Path(path) => dial(&path_address(path, SYSCALL)?).await?,
        Endpoint::Abstract(name) => dial(&abstract_address(name, SYSCALL)?).await?,
        Endpoint::Fd(number) => fd::adopt(*number, Role::Connected)?,
    };
    let stream = Stream::from_fd(fd)?;
    let peer = stream.peer();
    Ok((stream, peer))
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
