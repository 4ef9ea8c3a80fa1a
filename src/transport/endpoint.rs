//! Where a server listens and a client dials, as people write it.
//!
//! Must not know: whether anything is there. The length of a name is checked when it is used, since
//! the error names the system call that it would have failed.

use std::{fmt, path::Path, path::PathBuf, sync::Arc};

use rustix::{io::Errno, net::SocketAddrUnix};

use super::tcp::TcpEndpoint;
use crate::error::{Error, Kind, Result};

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket file.
    Path(PathBuf),
    /// A name in Linux's abstract namespace, without the leading NUL. It has no file, hence no
    /// mode: whoever is on the machine may connect.
    Abstract(Vec<u8>),
    /// A descriptor that the process inherited and hands over: a listening socket where one
    /// listens, a connected one where one dials. `fd::adopt` says what is checked.
    Fd(i32),
    /// A host and a port, or a descriptor with options of TCP.
    Tcp(Box<TcpEndpoint>),
}

impl Endpoint {
    /// Reads a path, `unix:path`, or an abstract name as `@name` or with a leading NUL. A file
    /// whose name begins with `@` is reached as `./@name` or `unix:@name`.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidArg`] for nothing at all, a NUL within a path, and `tcp://` and `tls://`, which
    /// JavaScript takes apart; [`Kind::Unsupported`] for abstract names anywhere but on Linux.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(name) = text.strip_prefix(['@', '\0']) {
            return Self::parse_abstract(name);
        }
        for scheme in ["tcp", "tls"] {
            if text.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://")) {
                return Err(invalid(format!("{scheme}:// is not the path of a socket")));
            }
        }
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.is_empty() {
            return Err(invalid("the endpoint is empty: give the path of a socket"));
        }
        if path.contains('\0') {
            return Err(invalid("the path of a socket can't contain a NUL"));
        }
        Ok(Self::Path(path.into()))
    }

    fn parse_abstract(name: &str) -> Result<Self> {
        if !cfg!(target_os = "linux") {
            return Err(no_abstract_names());
        }
        if name.is_empty() {
            return Err(invalid("an abstract name needs at least one character"));
        }
        Ok(Self::Abstract(name.into()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Abstract(name) => write!(f, "@{}", String::from_utf8_lossy(name)),
            Self::Fd(fd) => write!(f, "fd:{fd}"),
            Self::Tcp(tcp) => tcp.fmt(f),
        }
    }
}

/// The kernel's form of a path; `syscall` is the one that a failure is reported under.
pub(super) fn path_address(path: &Path, syscall: &str) -> Result<SocketAddrUnix> {
    // The kernel takes one more byte than this, but then there is no room for the NUL that other
    // programs (and `getpeername` in them) rely on.
    let address = if path.as_os_str().len() > MAX_PATH_BYTES {
        Err(Errno::NAMETOOLONG)
    } else {
        SocketAddrUnix::new(path)
    };
    address.map_err(|errno| Error::system(syscall, errno.into()))
}

/// The kernel's form of an abstract name; `syscall` is the one that a failure is reported under.
#[cfg(target_os = "linux")]
pub(super) fn abstract_address(name: &[u8], syscall: &str) -> Result<SocketAddrUnix> {
    SocketAddrUnix::new_abstract_name(name).map_err(|errno| Error::system(syscall, errno.into()))
}

/// The kernel's form of an abstract name, where there are none.
#[cfg(not(target_os = "linux"))]
pub(super) fn abstract_address(_name: &[u8], _syscall: &str) -> Result<SocketAddrUnix> {
    Err(no_abstract_names())
}

fn no_abstract_names() -> Error {
    Error::local(Kind::Unsupported, "abstract socket names exist on Linux only")
}

fn invalid(message: impl Into<Arc<str>>) -> Error {
    Error::local(Kind::InvalidArg, message)
}

/// What fits into `sun_path` beside its NUL.
const MAX_PATH_BYTES: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
