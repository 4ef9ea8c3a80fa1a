//! What can go wrong, once, for every layer.
//!
//! An [`Error`] has a [`Kind`], whose code is part of the public API (`docs/errors.md`), the side
//! that caused it, and a sentence for people. Must not know: sockets, frames, JavaScript.

use std::{error, fmt, io, sync::Arc};

/// Why an operation failed. Cheap to clone: one lost connection fails many calls with it.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    initiator: Initiator,
    message: Arc<str>,
    source: Option<Arc<io::Error>>,
}

/// The closed list of failures. The order is the numbering that JavaScript sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// No answer before the deadline.
    Timeout = 0,
    /// The connection was lost.
    Disconnected = 1,
    /// This side closed the socket.
    Closed = 2,
    /// The caller's signal fired, or the peer took its request back.
    Aborted = 3,
    /// The peer, or this side's own limits, did not let the connection come to be.
    Refused = 4,
    /// The handler on the other side threw.
    Remote = 5,
    /// Nobody over there answers this topic.
    NoHandler = 6,
    /// A queue is full.
    Overflow = 7,
    /// A message is larger than the limit.
    TooLarge = 8,
    /// A value can't be encoded, or a payload can't be decoded.
    Serialize = 9,
    /// The peer broke the protocol.
    Protocol = 10,
    /// Not available in this dialect, on this platform or in this version.
    Unsupported = 11,
    /// A wrong argument or option.
    InvalidArg = 12,
    /// A fault of this library.
    Internal = 13,
    /// A system call failed; Node's own code (`ENOENT`, `EADDRINUSE`, …) stands in its stead.
    System = 14,
    /// TLS failed: a certificate that isn't good, a peer that doesn't speak it, no common ground.
    Tls = 15,
}

/// Who caused a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    /// The application on this side.
    Local,
    /// This library or the machine it runs on.
    Library,
    /// The peer.
    Remote,
}

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error caused by the peer.
    pub fn remote(kind: Kind, message: impl Into<Arc<str>>) -> Self {
        Self { kind, initiator: Initiator::Remote, message: message.into(), source: None }
    }

    /// An error caused by the application on this side.
    pub fn local(kind: Kind, message: impl Into<Arc<str>>) -> Self {
        Self { kind, initiator: Initiator::Local, message: message.into(), source: None }
    }

    /// An error of this library or of the machine.
    pub fn library(kind: Kind, message: impl Into<Arc<str>>) -> Self {
        Self { kind, initiator: Initiator::Library, message: message.into(), source: None }
    }

    /// A violation of the protocol by the peer.
    pub fn protocol(message: impl Into<Arc<str>>) -> Self {
        Self::remote(Kind::Protocol, message)
    }

    /// A failed system call; `what` is its name, as in Node's `syscall` property, and, after a blank,
    /// the address that it was about, if that is one of TCP or a host's name.
    pub fn system(what: &str, source: io::Error) -> Self {
        Self {
            kind: Kind::System,
            initiator: Initiator::Library,
            message: what.into(),
            source: Some(Arc::new(source)),
        }
    }

    /// The connection went away under us, with what the kernel said; or for a reason of ours that
    /// came wrapped in an error of the kernel's kind.
    pub fn disconnected(source: io::Error) -> Self {
        if let Some(error) = source.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return error.clone();
        }
        Self {
            kind: Kind::Disconnected,
            initiator: Initiator::Remote,
            message: format!("the connection was lost: {source}").into(),
            source: Some(Arc::new(source)),
        }
    }

    /// What happened.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Who caused it.
    pub const fn initiator(&self) -> Initiator {
        self.initiator
    }

    /// The sentence for people; of a [`Kind::System`] error, what was given to [`Error::system`].
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The operating system's number, when there is one.
    pub fn errno(&self) -> Option<i32> {
        self.source.as_ref().and_then(|source| source.raw_os_error())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) if self.kind == Kind::System => write!(f, "{}: {source}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Timeout,
        Self::Disconnected,
        Self::Closed,
        Self::Aborted,
        Self::Refused,
        Self::Remote,
        Self::NoHandler,
        Self::Overflow,
        Self::TooLarge,
        Self::Serialize,
        Self::Protocol,
        Self::Unsupported,
        Self::InvalidArg,
        Self::Internal,
        Self::System,
        Self::Tls,
    ];

    /// The stable code that users match on.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "SHORTWIRE_ERR_TIMEOUT",
            Self::Disconnected => "SHORTWIRE_ERR_DISCONNECTED",
            Self::Closed => "SHORTWIRE_ERR_CLOSED",
            Self::Aborted => "SHORTWIRE_ERR_ABORTED",
            Self::Refused => "SHORTWIRE_ERR_REFUSED",
            Self::Remote => "SHORTWIRE_ERR_REMOTE",
            Self::NoHandler => "SHORTWIRE_ERR_NO_HANDLER",
            Self::Overflow => "SHORTWIRE_ERR_OVERFLOW",
            Self::TooLarge => "SHORTWIRE_ERR_TOO_LARGE",
            Self::Serialize => "SHORTWIRE_ERR_SERIALIZE",
            Self::Protocol => "SHORTWIRE_ERR_PROTOCOL",
            Self::Unsupported => "SHORTWIRE_ERR_UNSUPPORTED",
            Self::InvalidArg => "SHORTWIRE_ERR_INVALID_ARG",
            Self::Internal => "SHORTWIRE_ERR_INTERNAL",
            Self::System => "SHORTWIRE_ERR_SYSTEM",
            Self::Tls => "SHORTWIRE_ERR_TLS",
        }
    }

    /// The kind with this number, as it came over a wire or from JavaScript.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}
