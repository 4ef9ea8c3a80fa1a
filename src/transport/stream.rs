//! One connection's bytes.
//!
//! A stream is either in tokio's hands (read and written here) or a bare descriptor
//! ([`Stream::into_fd`], [`Stream::from_fd`]) on its way from or to another event loop. Must not
//! know: what the bytes mean.

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

use super::{
    fd,
    peer::Peer,
    tcp::{self, TcpOptions},
};
use crate::error::{Error, Result};

/// A connected stream. Non-blocking, closed on exec, and writing to a peer that left is an error
/// (`EPIPE`), never a signal.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
}

/// What tokio watches.
#[derive(Debug)]
enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    /// Takes over a connected socket and registers it with this thread's tokio runtime. Its options
    /// stay as they are.
    ///
    /// # Errors
    ///
    /// [`Kind::System`](crate::error::Kind::System) when the descriptor can't be set up or tokio
    /// can't watch it; it is closed then.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn from_fd(fd: OwnedFd) -> Result<Self> {
        fd::set_up(&fd).map_err(|error| Error::system("fcntl", error))?;
        // Either of tokio's types watches any descriptor; this one is told apart for its name only.
        let socket = if fd::is_internet(&fd) {
            TcpStream::from_std(fd.into()).map(Socket::Tcp)
        } else {
            UnixStream::from_std(net::UnixStream::from(fd)).map(Socket::Unix)
        };
        let socket = socket.map_err(|error| Error::system("epoll_ctl", error))?;
        Ok(Self { socket })
    }

    /// Takes over a connected socket that came from elsewhere; one of TCP gets our defaults.
    pub(super) fn adopt(fd: OwnedFd) -> Result<Self> {
        if fd::is_internet(&fd) {
            return Ok(Self::of_tcp(tcp::stream_of(fd, TcpOptions::default())?));
        }
        Self::from_fd(fd)
    }

    /// Takes the socket out of tokio. It stays connected, non-blocking and closed on exec, and
    /// bytes that have arrived stay in the kernel.
    ///
    /// # Errors
    ///
    /// [`Kind::System`](crate::error::Kind::System) when tokio can't let go of it; the connection
    /// is closed then.
    pub fn into_fd(self) -> Result<OwnedFd> {
        let fd = match self.socket {
            Socket::Unix(stream) => stream.into_std().map(OwnedFd::from),
            Socket::Tcp(stream) => stream.into_std().map(OwnedFd::from),
        };
        fd.map_err(|error| Error::system("epoll_ctl", error))
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        match &self.socket {
            Socket::Unix(stream) => Peer::of_unix(stream),
            Socket::Tcp(stream) => Peer::of_tcp(stream),
        }
    }

    /// Waits until there is something to read, if `reads`, or room to write, if `writes`; for ever
    /// if neither. Says whether reading is worth a try.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is read or written.
    pub async fn ready(&self, reads: bool, writes: bool) -> io::Result<bool> {
        let interest = match (reads, writes) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => return std::future::pending().await,
        };
        let ready = self.socket.ready(interest).await?;
        Ok(ready.is_readable() || ready.is_read_closed())
    }

    /// Appends what the kernel has, as far as the buffer has room.
    ///
    /// # Errors
    ///
    /// Those of `recv`, "would block" among them.
    pub fn try_read(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.socket.try_io(Interest::READABLE, |socket| receive(socket, buffer))
    }

    /// Writes what the kernel takes.
    ///
    /// # Errors
    ///
    /// Those of `sendmsg`, "would block" among them.
    pub fn try_write(&self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.socket.try_io(Interest::WRITABLE, |socket| send(socket, bufs))
    }

    pub(super) const fn of_unix(stream: UnixStream) -> Self {
        Self { socket: Socket::Unix(stream) }
    }

    pub(super) const fn of_tcp(stream: TcpStream) -> Self {
        Self { socket: Socket::Tcp(stream) }
    }
}

impl Socket {
    async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        match self {
            Self::Unix(stream) => stream.ready(interest).await,
            Self::Tcp(stream) => stream.ready(interest).await,
        }
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

/// Two streams connected to each other, for tests.
///
/// # Errors
///
/// [`Kind::System`](crate::error::Kind::System) when the process has no descriptors left.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn pair() -> Result<(Stream, Stream)> {
    let (one, other) = UnixStream::pair().map_err(|error| Error::system("socketpair", error))?;
    for stream in [&one, &other] {
        fd::mute(stream).map_err(|error| Error::system("setsockopt", error))?;
    }
    Ok((Stream::of_unix(one), Stream::of_unix(other)))
}

/// `sendmsg` in place of `writev`: only it can be told not to raise SIGPIPE, and a library can't
/// count on the process ignoring that signal.
///
/// # Errors
///
/// Those of `sendmsg`.
#[inline]
pub fn send(socket: impl AsFd, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
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
pub fn receive(socket: impl AsFd, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let room = rustix::buffer::spare_capacity(buffer);
    Ok(rustix::net::recv(socket, room, RecvFlags::DONTWAIT)?.0)
}

/// Whether reading would find something at once: bytes, the end of the stream, or an error.
pub fn has_input(socket: impl AsFd) -> bool {
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
