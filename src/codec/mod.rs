//! Bytes ⇄ messages, one file per format.
//!
//! Knows: what each format looks like, and the limits that keep a peer's bytes from costing
//! memory. Must not know: sockets, tasks, time, who asked, what happens next.
//!
//! A decoder is handed everything that has arrived and not been consumed, and answers with one
//! [`Decoded`]. "Need more" is a value; a message that can be skipped is a
//! [`Message::Malformed`]; `Err` means that the connection is over.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

pub mod deflate;
pub mod depth;
pub mod detect;
pub mod jftp;
pub mod msgpack;
pub mod native;
pub mod number;
pub mod shape;
mod wide;

pub use detect::{Detected, detect};

use crate::{
    config::{Format, Limits},
    error::{Error, Kind, Result},
    message::{Body, Hello, Message, Role},
};

/// The codec of one connection.
#[derive(Debug)]
pub enum Codec {
    /// This library's own format.
    Native(native::Native),
    /// jftp, generations A, B and D.
    Jftp(jftp::Jftp),
}

/// What a look at the input found.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// Too little for a message. The whole will need this many bytes from the start of the input,
    /// as far as can be told; always more than there are. It has been checked against the limit.
    Incomplete {
        /// Bytes from the start of the input, at least.
        needed: usize,
    },
    /// Bytes that carry no message by themselves.
    Skip {
        /// How many.
        consumed: usize,
    },
    /// A message.
    Message {
        /// How many bytes of the input it took.
        consumed: usize,
        /// Borrows from the input, or from the decoder.
        message: Message<'a>,
    },
}

/// The beginning of a frame with bytes of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes {
    /// The stream.
    pub id: u64,
    /// How many bytes stand before them.
    pub header: usize,
    /// How many bytes there are.
    pub length: usize,
}

/// Which piece of a message is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// It says what the message is about.
    pub first: bool,
    /// It isn't the last.
    pub more: bool,
    /// What joins the pieces of an event, which has no id of its own.
    pub event: u64,
}

/// Takes the bytes of an encoded message. Bodies are told apart so that large ones need no copy.
pub trait FrameSink {
    /// Control bytes: copied.
    fn put_slice(&mut self, bytes: &[u8]);
    /// The body, whole, at most once per message.
    fn put_body(&mut self, body: &[u8]);
}

impl FrameSink for Vec<u8> {
    #[inline]
    fn put_slice(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn put_body(&mut self, body: &[u8]) {
        self.extend_from_slice(body);
    }
}

impl Codec {
    /// A codec for a format that has been chosen or detected.
    pub fn new(format: Format, role: Role, limits: &Limits) -> Self {
        match format {
            Format::Shortwire => Self::Native(native::Native::new(limits)),
            Format::JftpA => Self::Jftp(jftp::Jftp::new(jftp::Generation::A, role, limits)),
            Format::JftpB => Self::Jftp(jftp::Jftp::new(jftp::Generation::B, role, limits)),
            Format::JftpD => {
                let jftp = jftp::Jftp::new(jftp::Generation::D, role, limits);
                Self::Jftp(jftp.with_header_digits(limits.jftp_header_digits))
            }
        }
    }

    /// Which format this is.
    pub const fn format(&self) -> Format {
        match self {
            Self::Native(_) => Format::Shortwire,
            Self::Jftp(jftp) => jftp.format(),
        }
    }

    /// Looks for one message at the start of `input`.
    ///
    /// # Errors
    ///
    /// The peer broke the format or a limit; nothing after this can be trusted.
    #[inline(always)]
    pub fn decode<'a>(&'a mut self, input: &'a [u8]) -> Result<Decoded<'a>> {
        match self {
            Self::Native(native) => native.decode(input),
            Self::Jftp(jftp) => jftp.decode(input),
        }
    }

    /// Appends one message to `sink`.
    ///
    /// # Errors
    ///
    /// The message doesn't fit the format (`Unsupported`) or its limits (`TooLarge`). Nothing has
    /// been written then.
    #[inline]
    pub fn encode(&mut self, message: &Message<'_>, sink: &mut impl FrameSink) -> Result<()> {
        match self {
            Self::Native(native) => native.encode(message, sink),
            Self::Jftp(jftp) => jftp.encode(message, sink),
        }
    }

    /// Appends a piece of a message, whose body here is that of the piece, to `sink`. The whole has
    /// been checked with [`check_length`](Self::check_length).
    ///
    /// # Errors
    ///
    /// `Unsupported`: the format has no pieces.
    pub fn encode_piece(
        &mut self,
        message: &Message<'_>,
        piece: Piece,
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        match self {
            Self::Native(native) => native.encode_piece(message, piece, sink),
            Self::Jftp(_) => Err(Error::local(Kind::Unsupported, "jftp has no pieces")),
        }
    }

    /// Whether an input that was incomplete begins with bytes of a stream, which can be handed on as
    /// they come.
    pub fn begins_bytes(&self, input: &[u8]) -> Option<Bytes> {
        match self {
            Self::Native(native) => native.begins_bytes(input),
            Self::Jftp(_) => None,
        }
    }

    /// Whether messages may be cut for this peer.
    pub const fn cuts(&self) -> bool {
        match self {
            Self::Native(native) => native.has_streams(),
            Self::Jftp(_) => false,
        }
    }

    /// Whether the peer takes a body of this kind, for one that will be cut. Others are checked when
    /// they are encoded.
    ///
    /// # Errors
    ///
    /// `Serialize`: it doesn't read this, or nobody does.
    #[inline]
    pub fn check_body(&self, body: Body<'_>) -> Result<()> {
        match self {
            Self::Native(native) => native.check_body(body),
            Self::Jftp(_) => Ok(()),
        }
    }

    /// Whether the peer takes a message with so many bytes of content.
    ///
    /// # Errors
    ///
    /// `TooLarge`: it doesn't.
    pub fn check_length(&self, length: usize) -> Result<()> {
        match self {
            Self::Native(native) => native.check_length(length),
            Self::Jftp(_) => Ok(()),
        }
    }

    /// How long the content of a frame may be that was encoded elsewhere, for many; `None` where
    /// each connection needs bytes of its own.
    pub fn shared_limit(&self) -> Option<u32> {
        match self {
            Self::Native(native) => Some(native.largest_sent()),
            Self::Jftp(_) => None,
        }
    }

    /// Whether a message has begun of which more frames must come.
    pub const fn is_within_message(&self) -> bool {
        match self {
            Self::Native(native) => native.is_within_message(),
            Self::Jftp(_) => false,
        }
    }

    /// Bytes of messages of which more frames must come.
    pub const fn unfinished_bytes(&self) -> usize {
        match self {
            Self::Native(native) => native.unfinished_bytes(),
            Self::Jftp(_) => 0,
        }
    }

    /// Whether the peer's preface has been read, if the format has one.
    pub const fn is_greeted(&self) -> bool {
        match self {
            Self::Native(native) => native.is_greeted(),
            Self::Jftp(_) => true,
        }
    }

    /// What the peer can do: bits of [`crate::message::capability`].
    pub const fn peer_capabilities(&self) -> u32 {
        match self {
            Self::Native(native) => native.peer_capabilities(),
            Self::Jftp(_) => 0,
        }
    }

    /// Whether the peer reads [`crate::message::BodyKind::WideJson`].
    pub const fn peer_reads_wide(&self) -> bool {
        match self {
            Self::Native(native) => native.peer_reads_wide(),
            Self::Jftp(_) => false,
        }
    }

    /// Takes over what the peer said of itself: from here on its limits bind our messages.
    pub const fn meet(&mut self, hello: &Hello) {
        if let Self::Native(native) = self {
            native.meet(hello);
        }
    }
}
