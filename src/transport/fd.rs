//! Descriptors: fresh ones and inherited ones. Each is non-blocking and closed on exec.
//!
//! The only file of this layer with `unsafe` in it, for turning the number of an inherited
//! descriptor into one that is owned. Must not know: addresses, tokio.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd},
};

use rustix::{
    io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_getfd, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketType, getpeername, getsockname, socket_with, sockopt},
};

use crate::error::{Error, Kind, Result};

/// What an inherited descriptor must be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Accepting connections.
    Listening,
    /// Being one.
    Connected,
}

impl Role {
    /// The system call that its failures are reported under.
    const fn syscall(self) -> &'static str {
        match self {
            Self::Listening => "bind",
            Self::Connected => "connect",
        }
    }
}

/// A fresh Unix stream socket.
pub(super) fn socket() -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SOCKET_FLAGS, None)?;
    set_up(&socket)?;
    Ok(socket)
}

/// Makes a socket non-blocking and closed on exec and, where sending has no flag for it, deaf to
/// SIGPIPE.
pub(super) fn set_up(fd: &OwnedFd) -> io::Result<()> {
    ioctl_fionbio(fd, true)?;
    fcntl_setfd(fd, fcntl_getfd(fd)? | FdFlags::CLOEXEC)?;
    mute(fd)
}

/// Makes sending to a peer that left an error alone, on systems where that is set on the socket.
#[cfg(target_vendor = "apple")]
pub(super) fn mute(fd: impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_socket_nosigpipe(fd, true)?)
}

/// Elsewhere each call that sends has a flag for it: see `stream::SEND_FLAGS`.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn mute(_: impl AsFd) -> io::Result<()> {
    Ok(())
}

/// Takes over a descriptor that the application names by its number, after checking that it is an
/// open stream socket, of Unix or of TCP, fit for `role`. A descriptor that is refused stays as it was.
///
/// 0, 1 and 2 are always refused: they are the process's own standard streams, whose numbers others
/// write to without asking, and closing one would give its number to the next file that is opened.
///
/// # Errors
///
/// [`Kind::InvalidArg`] for a descriptor that can't serve, [`Kind::Unsupported`] for a socket of
/// another family, [`Kind::System`] with `EBADF` or `ENOTSOCK` as the kernel has it.
pub(super) fn adopt(number: i32, role: Role) -> Result<OwnedFd> {
    adopt_if(number, role, |_| true)
}

/// [`adopt`], but of TCP alone: for an application that has given options of TCP with the number.
///
/// # Errors
///
/// As [`adopt`].
pub(super) fn adopt_tcp(number: i32, role: Role) -> Result<OwnedFd> {
    adopt_if(number, role, is_of_internet)
}

fn adopt_if(number: i32, role: Role, fits: fn(AddressFamily) -> bool) -> Result<OwnedFd> {
    if number < 0 {
        return Err(unfit(number, "is not a descriptor"));
    }
    if number <= MAX_STANDARD_FD {
        return Err(unfit(number, "is a standard stream, which can't be given away"));
    }
    check(number, role, fits)?;
    #[expect(unsafe_code, reason = "the one way to own a descriptor known by number")]
    // SAFETY: it is open, as `check` has seen, and the application hands it over by naming it: it
    // is documented that nobody else may use or close it from here on.
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    set_up(&fd).map_err(|error| Error::system(role.syscall(), error))?;
    Ok(fd)
}

/// A duplicate of a listening descriptor that stays the application's: any number of servers, in this
/// thread and in others, may each have one. It is closed on exec. That it doesn't block is a property
/// that both have from here on.
///
/// # Errors
///
/// As [`adopt`], except that standard streams may be duplicated.
pub(super) fn duplicate_listener(number: i32) -> Result<OwnedFd> {
    duplicate_if(number, |_| true)
}

/// [`duplicate_listener`], but of TCP alone; see [`adopt_tcp`].
///
/// # Errors
///
/// As [`duplicate_listener`].
pub(super) fn duplicate_tcp_listener(number: i32) -> Result<OwnedFd> {
    duplicate_if(number, is_of_internet)
}

fn duplicate_if(number: i32, fits: fn(AddressFamily) -> bool) -> Result<OwnedFd> {
    if number < 0 {
        return Err(unfit(number, "is not a descriptor"));
    }
    check(number, Role::Listening, fits)?;
    #[expect(unsafe_code, reason = "duplicating a descriptor known by number")]
    // SAFETY: it is open, as `check` has seen; should it have been closed since, the answer is
    // `EBADF`.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    let duplicate = fcntl_dupfd_cloexec(fd, MAX_STANDARD_FD + 1).map_err(io::Error::from);
    let duplicate = duplicate.and_then(|duplicate| set_up(&duplicate).map(|()| duplicate));
    duplicate.map_err(|error| Error::system(Role::Listening.syscall(), error))
}

/// Whether the descriptor can be adopted.
fn check(number: i32, role: Role, fits: fn(AddressFamily) -> bool) -> Result<()> {
    #[expect(unsafe_code, reason = "asking about a descriptor known by number")]
    // SAFETY: it isn't -1, and it is used for questions only, within this function. Should it not
    // be open, each of them is answered with `EBADF` and changes nothing.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    let system = |errno: Errno| Error::system(role.syscall(), errno.into());

    let kind = sockopt::socket_type(fd).map_err(system)?;
    let family = getsockname(fd).map_err(system)?.address_family();
    if !is_of_internet(family) && family != AddressFamily::UNIX {
        let message = format!("{{ fd: {number} }} is a socket of neither Unix nor TCP");
        return Err(Error::local(Kind::Unsupported, message));
    }
    if !fits(family) {
        let message = format!("{{ fd: {number} }} is no socket of TCP, whose options were given");
        return Err(Error::local(Kind::Unsupported, message));
    }
    if kind != SocketType::STREAM {
        return Err(unfit(number, "is not a stream socket"));
    }
    match (role, listens(fd).map_err(system)?) {
        (Role::Listening, false) => Err(unfit(number, "is a socket that doesn't listen")),
        (Role::Connected, true) => Err(unfit(number, "is a socket that listens: it can't connect")),
        (Role::Connected, false) if getpeername(fd).is_err() => {
            Err(unfit(number, "is a socket that isn't connected"))
        }
        _ => Ok(()),
    }
}

/// Whether a socket is one of IPv4 or IPv6.
pub(super) fn is_internet(fd: impl AsFd) -> bool {
    getsockname(fd).is_ok_and(|name| is_of_internet(name.address_family()))
}

fn is_of_internet(family: AddressFamily) -> bool {
    family == AddressFamily::INET || family == AddressFamily::INET6
}

#[cfg(not(target_vendor = "apple"))]
fn listens(fd: impl AsFd) -> Result<bool, Errno> {
    sockopt::socket_acceptconn(fd)
}

/// Apple's kernels don't answer `SO_ACCEPTCONN`. What has a name and no peer is taken to listen: if
/// it doesn't, accepting will fail.
#[cfg(target_vendor = "apple")]
fn listens(fd: impl AsFd) -> Result<bool, Errno> {
    use rustix::net::SocketAddrUnix;

    let name = getsockname(&fd)?;
    if is_of_internet(name.address_family()) {
        return Ok(getpeername(fd).is_err());
    }
    let name = SocketAddrUnix::try_from(name)?;
    Ok(name.path_bytes().is_some_and(|path| !path.is_empty()) && getpeername(fd).is_err())
}

fn unfit(number: i32, what: &str) -> Error {
    Error::local(Kind::InvalidArg, format!("{{ fd: {number} }} {what}"))
}

/// Atomically with the socket where that can be, so that a process started meanwhile by another
/// thread doesn't inherit it.
#[cfg(not(target_vendor = "apple"))]
const SOCKET_FLAGS: rustix::net::SocketFlags =
    rustix::net::SocketFlags::CLOEXEC.union(rustix::net::SocketFlags::NONBLOCK);
#[cfg(target_vendor = "apple")]
const SOCKET_FLAGS: rustix::net::SocketFlags = rustix::net::SocketFlags::empty();

const MAX_STANDARD_FD: i32 = 2;
