//! One connection's bytes outside of tokio: a bare descriptor, and the TLS on it, if there is any.
//!
//! For another event loop, which watches the descriptor and calls when it is ready. With TLS, bytes may
//! wait in memory in either direction: the loop has to ask for these, the kernel doesn't know of them.
//! Must not know: what the bytes mean, who watches the descriptor.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use super::{socket, tls::Session};

/// What a [`Stream`](super::Stream) is outside of tokio. Dropping it closes the connection.
#[derive(Debug)]
pub struct Wire {
    pub(super) fd: OwnedFd,
    pub(super) tls: Option<Box<Session>>,
}

impl Wire {
    /// Appends what there is, as far as the buffer has room.
    ///
    /// # Errors
    ///
    /// As [`Stream::try_read`](super::Stream::try_read).
    #[inline]
    pub fn receive(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match &mut self.tls {
            None => socket::receive(&self.fd, buffer),
            Some(tls) => tls.read(&self.fd, buffer),
        }
    }

    /// Writes what is taken.
    ///
    /// # Errors
    ///
    /// As [`Stream::try_write`](super::Stream::try_write).
    #[inline]
    pub fn send(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.tls {
            None => socket::send(&self.fd, slices),
            Some(tls) => tls.write(&self.fd, slices),
        }
    }

    /// Whether TLS holds something that the kernel hasn't taken.
    #[inline]
    pub fn wants_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Hands on what TLS holds, as far as the kernel takes it.
    ///
    /// # Errors
    ///
    /// Those of `sendmsg`, but "would block".
    #[inline]
    pub fn flush(&mut self) -> io::Result<()> {
        match self.tls.as_mut().map(|tls| tls.flush(&self.fd)) {
            Some(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether reading would find something in memory, of which the kernel won't tell.
    #[inline]
    pub fn holds_input(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_input())
    }

    /// Whether reading would find something at once: bytes, the end of the stream, or an error.
    pub fn has_input(&self) -> bool {
        self.holds_input() || socket::has_input(&self.fd)
    }

    /// Says that nothing more will be written, as far as the kernel takes it. Here, where the kernel is
    /// asked at once: tokio first has to hear from it that there is room.
    pub fn say_goodbye(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.say_goodbye(&self.fd);
        }
    }

    /// Whether there is TLS on it.
    pub const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
