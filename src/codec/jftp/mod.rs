//! jftp ("JSON Fast Transfer Protocol"), generations A, B and D.
//!
//! ```text
//!  A, B   ┌──────────────┬───────────────────────────────┐   big-endian count of bytes;
//!         │ length u32   │ {"id":…,"data":…,"error":…}  A│   the original's sender stops at 1 MiB
//!         │              │ [id,data,error]              B│
//!         └──────────────┴───────────────────────────────┘
//!  D      ┌──────────────┬───────────────────────────────┐   decimal count of bytes, zero-padded,
//!         │ 7 digits     │ [id,data,error]               │   so at most 9,999,999 of them
//!         └──────────────┴───────────────────────────────┘
//! ```
//!
//! Mirrors `src/buffers.mjs` and `src/socket.mjs` of the original. There is no handshake, no kind
//! and no topic: which side a frame comes from decides what it is. The third element of an answer
//! is its error, unless it is `null`. `docs/wire/jftp.md` has the details.
//!
//! The length is checked against the limit before anything is awaited. A body is never parsed
//! here: its elements are cut out of the text (`envelope`), and each is parsed alone. A body that
//! can't be cut fails by itself, since the next frame's place is known all the same.

mod envelope;

use super::{Decoded, Detected, FrameSink, number};
use crate::{
    config::{Format, Limits},
    error::{Error, Kind, Result},
    message::{Body, BodyKind, Failure, Id, Malformed, Message, Request, Role},
};
use envelope::Envelope;

/// The decoder and encoder of one connection. It has no state: every frame stands alone.
#[derive(Debug, Clone, Copy)]
pub struct Jftp {
    generation: Generation,
    role: Role,
    header_bytes: usize,
    max_frame_bytes: u64,
}

/// The dialects of jftp. (C counted UTF-16 units and can't be told from D nor be repaired.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// 1.0.0 to 1.5.2: binary length, object.
    A,
    /// 1.5.3: binary length, array.
    B,
    /// 1.6.2 and later: decimal length, array.
    D,
}

impl Jftp {
    /// A codec for one side of a connection.
    pub const fn new(generation: Generation, role: Role, limits: &Limits) -> Self {
        let header_bytes = match generation {
            Generation::A | Generation::B => BINARY_HEADER_BYTES,
            Generation::D => DEFAULT_HEADER_DIGITS as usize,
        };
        Self { generation, role, header_bytes, max_frame_bytes: limits.max_frame_bytes as u64 }
    }

    /// The same with a header of another width (1 to 15 digits), the original's
    /// `encoderOptions.headerSize`. It isn't negotiated: both sides must be told. Only generation
    /// D has it.
    #[must_use]
    pub const fn with_header_digits(mut self, digits: u8) -> Self {
        if matches!(self.generation, Generation::D) && digits >= 1 && digits <= MAX_HEADER_DIGITS {
            self.header_bytes = digits as usize;
        }
        self
    }

    /// Which format this is.
    pub const fn format(&self) -> Format {
        match self.generation {
            Generation::A => Format::JftpA,
            Generation::B => Format::JftpB,
            Generation::D => Format::JftpD,
        }
    }

    /// See [`super::Codec::decode`].
    #[inline(never)]
    pub fn decode<'a>(&self, input: &'a [u8]) -> Result<Decoded<'a>> {
        let Some(length) = self.read_length(input)? else {
            return Ok(Decoded::Incomplete { needed: self.header_bytes });
        };
        let limit = self.limit(MAX_BINARY_LENGTH);
        if length > limit {
            return Err(Error::remote(Kind::TooLarge, over(length, limit)));
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let consumed = self.header_bytes.saturating_add(length);
        let Some(text) = input.get(self.header_bytes..consumed) else {
            return Ok(Decoded::Incomplete { needed: consumed });
        };
        Ok(Decoded::Message { consumed, message: self.read(text) })
    }

    /// See [`super::Codec::encode`].
    ///
    /// A [`Failure::Body`] holds two JSON values with a comma between them, the request's data and
    /// the error, since the original sends both back. A cancel and a goaway have no words in jftp:
    /// they succeed and write nothing.
    #[inline]
    pub fn encode(&self, message: &Message<'_>, sink: &mut impl FrameSink) -> Result<()> {
        match message {
            Message::Request(Request { id, topic, body, .. }) if self.role == Role::Client => {
                if !topic.is_empty() {
                    return Err(unsupported("jftp has no topics"));
                }
                self.put_value(id, *body, sink)
            }
            Message::Response { id, body } if self.role == Role::Server => {
                self.put_value(id, *body, sink)
            }
            Message::Failure { id, error } if self.role == Role::Server => match error {
                Failure::Body(body) => self.put_failure(id, *body, sink),
                Failure::Kind { kind, text } => self.put_kind(id, *kind, text, sink),
            },
            Message::Cancel { .. } | Message::Goaway { .. } => Ok(()),
            Message::Request(_) => Err(unsupported("a jftp server can't call its clients")),
            Message::Response { .. } | Message::Failure { .. } => {
                Err(unsupported("a jftp client can't answer"))
            }
            Message::Event { .. } => Err(unsupported("jftp has no one-way messages")),
            Message::Ping { .. } | Message::Pong { .. } => Err(unsupported("jftp has no pings")),
            Message::Stream { .. } => Err(unsupported("jftp has no streams")),
            Message::Subscribe { .. } | Message::Unsubscribe { .. } => {
                Err(unsupported("jftp has no topics"))
            }
            Message::Hello(_)
            | Message::Greeting { .. }
            | Message::Welcome { .. }
            | Message::Refused { .. } => Err(unsupported("jftp has no handshake")),
            Message::Malformed { .. } => Err(Error::library(Kind::Internal, "can't be sent")),
        }
    }

    /// The length in a header; `None` while it isn't all here.
    fn read_length(&self, input: &[u8]) -> Result<Option<u64>> {
        if self.generation != Generation::D {
            return Ok(number::u32_be(input, 0).map(u64::from));
        }
        let header = input.get(..self.header_bytes).unwrap_or(input);
        if !header.iter().all(u8::is_ascii_digit) {
            // The original computes a negative length from it, and loops for ever.
            return Err(Error::protocol("a length that is not made of digits"));
        }
        Ok(if header.len() == self.header_bytes { number::decimal(header) } else { None })
    }

    /// The longest body, of which a binary header can announce `binary`.
    fn limit(&self, binary: u64) -> u64 {
        self.max_frame_bytes.min(match self.generation {
            Generation::A | Generation::B => binary,
            Generation::D => {
                let digits = u32::try_from(self.header_bytes).unwrap_or_default();
                10u64.saturating_pow(digits).saturating_sub(1)
            }
        })
    }

    /// What a frame's text says.
    fn read<'a>(&self, text: &'a [u8]) -> Message<'a> {
        let found = match self.generation {
            Generation::A => Envelope::of_object(text),
            Generation::B | Generation::D => Envelope::of_array(text),
        };
        let Some(id) = found.id.and_then(envelope::id) else {
            let why = found.fault.unwrap_or("a message without a usable id");
            return Message::Malformed { of: Malformed::Other, why };
        };
        let is_text = || simdutf8::basic::from_utf8(text).is_ok();
        if let Some(why) = found.fault.or_else(|| (!is_text()).then_some(NOT_UTF8)) {
            let of = match self.role {
                Role::Server => Malformed::Request(id),
                Role::Client => Malformed::Response(id),
            };
            return Message::Malformed { of, why };
        }
        let body = found.data.map_or(Body::NONE, Body::json);
        if self.role == Role::Server {
            return Message::Request(Request { id, topic: "", body, deadline_ms: 0, trace: None });
        }
        match found.error {
            None | Some(b"null") => Message::Response { id, body },
            Some(error) => Message::Failure { id, error: Failure::Body(Body::json(error)) },
        }
    }

    fn put_value(&self, id: &Id, body: Body<'_>, sink: &mut impl FrameSink) -> Result<()> {
        let data = json(body)?;
        let (before, after): (&[u8], &[u8]) = match (self.generation, data) {
            // As the original's JSON.stringify does with undefined in an object and in an array.
            (Generation::A, b"") => (b"", b"}"),
            (Generation::A, _) => (b",\"data\":", b"}"),
            (_, b"") => (b",null", b"]"),
            (_, _) => (b",", b"]"),
        };
        self.put(id, &[before], data, after, sink)
    }

    fn put_failure(&self, id: &Id, body: Body<'_>, sink: &mut impl FrameSink) -> Result<()> {
        let pair = json(body)?;
        if self.generation != Generation::A {
            let pair = if pair.is_empty() { b"null,null" } else { pair };
            return self.put(id, &[b","], pair, b"]", sink);
        }
        let Some((data, error)) = envelope::pair(pair) else {
            return Err(Error::library(Kind::Internal, "a failure without its request's data"));
        };
        // Half of the body isn't the body: a sink that was lent the whole would write that.
        self.put(id, &[b",\"data\":", data, b",\"error\":", error], b"", b"}", sink)
    }

    #[cold]
    fn put_kind(&self, id: &Id, kind: u8, text: &str, sink: &mut impl FrameSink) -> Result<()> {
        let code = Kind::from_number(kind).unwrap_or(Kind::Remote).code();
        let text = serde_json::Value::from(text);
        let error = format!("{{\"code\":\"{code}\",\"message\":{text}}}");
        let (before, after): (&[u8], &[u8]) = match self.generation {
            Generation::A => (b",\"error\":", b"}"),
            Generation::B | Generation::D => (b",null,", b"]"),
        };
        self.put(id, &[before, error.as_bytes()], b"", after, sink)
    }

    /// Writes a frame, or nothing if it is too large.
    fn put(
        &self,
        id: &Id,
        before: &[&[u8]],
        body: &[u8],
        after: &[u8],
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        let mut digits = [0u8; 20];
        let id = match id {
            Id::Number(number) => number::write_decimal(&mut digits, *number),
            Id::Text(text) => text.as_bytes(),
        };
        let open: &[u8] = if self.generation == Generation::A { b"{\"id\":" } else { b"[" };
        let parts = [open, id].into_iter().chain(before.iter().copied());
        let length =
            parts.clone().chain([body, after]).map(<[u8]>::len).fold(0, usize::saturating_add);
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let limit = self.limit(MAX_BINARY_SENT);
        if length > limit {
            return Err(Error::local(Kind::TooLarge, over(length, limit)));
        }
        if self.generation == Generation::D {
            let mut header = [0u8; MAX_HEADER_DIGITS as usize];
            let (header, _) =
                header.split_at_mut(self.header_bytes.min(MAX_HEADER_DIGITS as usize));
            number::fill_decimal(header, length);
            sink.put_slice(header);
        } else {
            sink.put_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
        for part in parts.filter(|part| !part.is_empty()) {
            sink.put_slice(part);
        }
        if !body.is_empty() {
            sink.put_body(body);
        }
        sink.put_slice(after);
        Ok(())
    }
}

/// Which generation a stranger speaks whose first byte is a digit or zero.
///
/// A decimal header is followed by `[`, a binary one by `{` or `[`. The width of a decimal header
/// can't be known here, so any will do; the codec has been told which it must be.
pub fn detect(input: &[u8]) -> Detected {
    if input.first() == Some(&0) {
        return match input.get(BINARY_HEADER_BYTES) {
            None => Detected::More,
            Some(b'{') => Detected::Format(Format::JftpA),
            Some(b'[') => Detected::Format(Format::JftpB),
            Some(_) => Detected::Stranger("an unknown protocol"),
        };
    }
    let digits = input.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match input.get(digits) {
        _ if digits >= usize::from(DEFAULT_HEADER_DIGITS) => Detected::Format(Format::JftpD),
        None => Detected::More,
        Some(b'[') if digits > 0 => Detected::Format(Format::JftpD),
        Some(_) => Detected::Stranger("an unknown protocol"),
    }
}

/// The JSON text of a body; empty for none.
fn json(body: Body<'_>) -> Result<&[u8]> {
    match body.kind {
        BodyKind::None => Ok(&[]),
        BodyKind::Json => Ok(body.data),
        BodyKind::Bytes | BodyKind::MessagePack | BodyKind::WideJson => {
            Err(unsupported("jftp carries only JSON"))
        }
    }
}

#[cold]
fn unsupported(why: &'static str) -> Error {
    Error::local(Kind::Unsupported, why)
}

#[cold]
fn over(length: u64, limit: u64) -> String {
    format!("a jftp message of {length} bytes is over the limit of {limit}")
}

/// The width of a decimal header unless both sides are told otherwise.
pub const DEFAULT_HEADER_DIGITS: u8 = 7;
/// The widest decimal header: more could announce a length that JavaScript can't count to.
pub const MAX_HEADER_DIGITS: u8 = 15;

const BINARY_HEADER_BYTES: usize = 4;
/// A generation is told by the first byte, which is zero in every length below this.
const MAX_BINARY_LENGTH: u64 = 0x00ff_ffff;
/// What the original sends at most with a binary header; it accepts more.
const MAX_BINARY_SENT: u64 = 1024 * 1024;
const NOT_UTF8: &str = "a message that is not UTF-8";
