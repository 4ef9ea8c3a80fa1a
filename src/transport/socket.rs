//! A connected socket: the bytes of the kernel, of one family or the other, in tokio's hands or not.
//!
//! Must not know: what the bytes mean, or what is wrapped around them.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net,
    },
};

use rustix::{
    io::retry_on_intr,
    net::{RecvFlags, SendAncillaryBuffer, SendFlags},
};
use tokio::{
    io::{Interest, Ready},
    net::{TcpStream, UnixStream},
};

use super::{fd, peer::Peer};
use crate::error::{Error, Result};

/// What tokio watches.
#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Socket {
    /// Takes over a connected socket and registers it with this thread's tokio runtime.
    ///
    /// # Errors
    ///
    /// The descriptor can't be set up, or tokio can't watch it.
    pub(super) fn from_fd(fd: OwnedFd) -> Result<Self> {
        fd::set_up(&fd).map_err(|error| Error::system("fcntl", error))?;
        let socket = if fd::is_internet(&fd) {
            TcpStream::from_std(fd.into()).map(Self::Tcp)
        } else {
            UnixStream::from_std(net::UnixStream::from(fd)).map(Self::Unix)
        };
        socket.map_err(|error| Error::system("epoll_ctl", error))
    }

    /// Takes it out of tokio.
    ///
    /// # Errors
    ///
    /// Tokio can't let go of it.
    pub(super) fn into_fd(self) -> Result<OwnedFd> {
        let fd = match self {
            Self::Unix(stream) => stream.into_std().map(OwnedFd::from),
            Self::Tcp(stream) => stream.into_std().map(OwnedFd::from),
        };
        fd.map_err(|error| Error::system("epoll_ctl", error))
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> Peer {
        match self {
            Self::Unix(stream) => Peer::of_unix(stream),
            Self::Tcp(stream) => Peer::of_tcp(stream),
        }
    }

    /// Waits for the kernel.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Unix(stream) => stream.ready(interest).await,
            Self::Tcp(stream) => stream.ready(interest).await,
        }
    }

    /// Says that nothing more will be written.
    pub(super) fn end(&self) {
        let socket = match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        };
        // A peer that has gone needn't be told.
        let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Write);
    }

    /// Notes when the kernel has no more, so that the next `ready` waits.
    fn try_io<T>(
        &self,
        interest: Interest,
        work: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        match self {
            Self::Unix(stream) => stream.try_io(interest, || work(stream.as_fd())),
            Self::Tcp(stream) => stream.try_io(interest, || work(stream.as_fd())),
        }
    }
}

/// What brings and takes the bytes of a connection, if it isn't asked to wait.
pub(super) trait Kernel {
    /// Appends what there is, as far as the buffer has room.
    fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<usize>;
    /// Writes what is taken.
    fn send(&self, slices: &[io::IoSlice<'_>]) -> io::Result<usize>;
}

impl Kernel for Socket {
    fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.try_io(Interest::READABLE, |socket| receive(socket, buffer))
    }

    fn send(&self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.try_io(Interest::WRITABLE, |socket| send(socket, slices))
    }
}

impl Kernel for OwnedFd {
    fn receive(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        receive(self, buffer)
    }

    fn send(&self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        send(self, slices)
    }
}

/// `sendmsg` in place of `writev`: only it can be told not to raise SIGPIPE, and a library can't
/// count on the process ignoring that signal.
///
/// # Errors
///
/// Those of `sendmsg`.
#[inline]
pub(super) fn send(socket: impl AsFd, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
    // The system fails for more of them; a short write is what callers expect.
    let bufs = &bufs[..bufs.len().min(MAX_SLICES)];
    let sent = match bufs {
        [buf] => retry_on_intr(|| rustix::net::send(&socket, buf, SEND_FLAGS)),
        bufs => retry_on_intr(|| {
            rustix::net::sendmsg(&socket, bufs, &mut SendAncillaryBuffer::default(), SEND_FLAGS)
        }),
    };
    Ok(sent?)
}

/// Appends what the kernel has, as far as the buffer has room, without waiting. Zero is the end of
/// the stream, so there must be room: without any, the kernel says zero as well.
///
/// # Errors
///
/// Those of `recv`.
#[inline]
pub(super) fn receive(socket: impl AsFd, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let room = rustix::buffer::spare_capacity(buffer);
    Ok(rustix::net::recv(socket, room, RecvFlags::DONTWAIT)?.0)
}

/// Whether reading would find something at once: bytes, the end of the stream, or an error.
pub(super) fn has_input(socket: impl AsFd) -> bool {
    let mut byte = [0u8; 1];
    let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
    !matches!(rustix::net::recv(socket, &mut byte, flags), Err(rustix::io::Errno::AGAIN))
}

/// Where the flag doesn't exist, `fd::mute` has set `SO_NOSIGPIPE` on the socket.
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;

/// `IOV_MAX`, the same on every platform we know.
const MAX_SLICES: usize = 1024;
