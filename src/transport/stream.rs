//! One connection's bytes.
//!
//! A stream is in tokio's hands, and read and written here. Out of them it is a [`Wire`]
//! ([`Stream::into_wire`], [`Stream::from_wire`]), on its way from or to another event loop. Must not
//! know: what the bytes mean.

use std::{io, os::fd::OwnedFd, time::Duration};

use tokio::{
    io::Interest,
    net::{TcpStream, UnixStream},
    time,
};

use super::{
    fd,
    peer::Peer,
    socket::{Kernel as _, Socket},
    tcp::{self, TcpOptions},
    tls::{ClientTls, ServerTls, Session},
    wire::Wire,
};
use crate::error::{Error, Result};

/// A connected stream. Non-blocking, closed on exec, and writing to a peer that left is an error
/// (`EPIPE`), never a signal.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    tls: Option<Box<Session>>,
}

impl Stream {
    /// Takes over a connected socket and registers it with this thread's tokio runtime. Its options
    /// stay as they are.
    ///
    /// # Errors
    ///
    /// [`Kind::System`](crate::error::Kind::System) when the descriptor can't be set up or tokio can't watch it; it is closed
    /// then.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn from_fd(fd: OwnedFd) -> Result<Self> {
        Ok(Self::plain(Socket::from_fd(fd)?))
    }

    /// Takes over a connected socket that came from elsewhere; one of TCP gets our defaults.
    pub(super) fn adopt(fd: OwnedFd) -> Result<Self> {
        if fd::is_internet(&fd) {
            return Ok(Self::of_tcp(tcp::stream_of(fd, TcpOptions::default())?));
        }
        Self::from_fd(fd)
    }

    /// Takes back what [`into_wire`](Self::into_wire) has let go, as [`from_fd`](Self::from_fd).
    ///
    /// # Errors
    ///
    /// As [`from_fd`](Self::from_fd).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn from_wire(wire: Wire) -> Result<Self> {
        Ok(Self { socket: Socket::from_fd(wire.fd)?, tls: wire.tls })
    }

    /// Takes the socket out of tokio. It stays connected, non-blocking and closed on exec, and
    /// bytes that have arrived stay in the kernel, or with its TLS.
    ///
    /// # Errors
    ///
    /// [`Kind::System`](crate::error::Kind::System) when tokio can't let go of it; the connection is closed then.
    pub fn into_wire(self) -> Result<Wire> {
        Ok(Wire { fd: self.socket.into_fd()?, tls: self.tls })
    }

    /// Who is at the other end. What TLS knows is there once its handshake is over.
    pub fn peer(&self) -> Peer {
        let tls = self.tls.as_ref().filter(|tls| !tls.is_handshaking());
        Peer { tls: tls.map(|tls| tls.peer().into()), ..self.socket.peer() }
    }

    /// Whether [`shake_hands`](Self::shake_hands) has to come first.
    pub fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Agrees on TLS with the peer, if there is any.
    ///
    /// # Errors
    ///
    /// [`Kind::Tls`] with the reason, [`Kind::Disconnected`] with the kernel's.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it may be continued.
    pub async fn shake_hands(&mut self) -> Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        loop {
            tls.shake_hands(&self.socket)?;
            let interest = match (tls.is_handshaking(), tls.wants_write()) {
                (true, true) => Interest::READABLE | Interest::WRITABLE,
                (true, false) => Interest::READABLE,
                (false, true) => Interest::WRITABLE,
                (false, false) => return Ok(()),
            };
            self.socket.ready(interest).await.map_err(Error::disconnected)?;
        }
    }

    /// Waits until there is something to read, if `reads`, or room to write, if `writes` or if TLS
    /// has something to say; for ever if none of these. Says whether reading is worth a try.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is read or written.
    pub async fn ready(&self, reads: bool, writes: bool) -> io::Result<bool> {
        if reads && self.tls.as_ref().is_some_and(|tls| tls.has_input()) {
            return Ok(true);
        }
        let interest = match (reads, writes || self.wants_write()) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => return std::future::pending().await,
        };
        let ready = self.socket.ready(interest).await?;
        Ok(ready.is_readable() || ready.is_read_closed())
    }

    /// Appends what there is, as far as the buffer has room.
    ///
    /// # Errors
    ///
    /// Those of `recv`, "would block" among them. A peer that breaks TLS is an error of ours inside
    /// of an [`io::Error`], which [`Error::disconnected`] takes out again.
    pub fn try_read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.receive(buffer),
            Some(tls) => tls.read(&self.socket, buffer),
        }
    }

    /// Writes what is taken.
    ///
    /// # Errors
    ///
    /// Those of `sendmsg`, "would block" among them.
    pub fn try_write(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.send(slices),
            Some(tls) => tls.write(&self.socket, slices),
        }
    }

    /// Whether TLS holds something that the kernel hasn't taken.
    pub fn wants_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Hands on what TLS holds, as far as the kernel takes it.
    ///
    /// # Errors
    ///
    /// Those of `sendmsg`, but "would block".
    pub fn flush(&mut self) -> io::Result<()> {
        match self.tls.as_mut().map(|tls| tls.flush(&self.socket)) {
            Some(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends a stream after its last word: a plain one at once. Closing a socket of TCP in which bytes
    /// are that nobody has read makes the kernel throw away what the peer hasn't read either, and
    /// with TLS that is the reason of a failure; so with TLS the future reads them, for a while.
    pub fn end(self) -> impl Future<Output = ()> + Send + 'static {
        let secure = self.tls.map(|mut tls| {
            tls.say_goodbye(&self.socket);
            self.socket.end();
            self.socket
        });
        async move {
            let Some(socket) = secure else { return };
            // A peer that doesn't end its side has had the time to read.
            let _ = time::timeout(PARTING_TIME, read_to_end(&socket)).await;
        }
    }

    /// The same stream behind TLS, as the side that accepts.
    pub(super) fn behind_server(self, tls: &ServerTls) -> Result<Self> {
        Ok(Self { tls: Some(Box::new(Session::server(tls)?)), ..self })
    }

    /// The same stream behind TLS, as the side that connects.
    pub(super) fn behind_client(self, tls: &ClientTls) -> Result<Self> {
        Ok(Self { tls: Some(Box::new(Session::client(tls)?)), ..self })
    }

    pub(super) const fn of_unix(stream: UnixStream) -> Self {
        Self::plain(Socket::Unix(stream))
    }

    pub(super) const fn of_tcp(stream: TcpStream) -> Self {
        Self::plain(Socket::Tcp(stream))
    }

    const fn plain(socket: Socket) -> Self {
        Self { socket, tls: None }
    }
}

/// Reads what nobody wants, but not without end.
async fn read_to_end(socket: &Socket) {
    let (mut scratch, mut budget) = (Vec::with_capacity(PARTING_BYTES), PARTING_BYTES);
    while budget != 0 && socket.ready(Interest::READABLE).await.is_ok() {
        scratch.clear();
        match socket.receive(&mut scratch) {
            Ok(0) => return,
            Ok(read) => budget = budget.saturating_sub(read),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
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

/// How long a peer has to read a last word.
const PARTING_TIME: Duration = Duration::from_secs(1);
/// How much of a peer's is read for its sake meanwhile.
const PARTING_BYTES: usize = 64 * 1024;
