//! This library's own format: a preface in each direction, then frames.
//!
//! ```text
//! preface   ┌─────────────────────────┬──────┬──────┬──────┬───────────────┬──────────────┐
//!  32 B     │ d7 's w i r e' 0d 0a    │newest│oldest│length│ capabilities  │ max_frame    │
//!           ├─────────────────────────┴──────┴──────┴──────┼───────────────┼──────────────┤
//!           │ max_in_flight                                │ max_in_flight_bytes │ 0      │
//!           └──────────────────────────────────────────────┴───────────────┴──────────────┘
//! frame     ┌──────┬───────┬───────────┬─────────────┬──────────────────┐
//!  16 B     │ kind │ flags │ topic len │ length      │ id               │  little-endian
//!           ├──────┴───────┴───────────┴─────────────┴──────────────────┤
//!  length   │ [deadline u32]  [trace 26 B]  topic  body                 │
//!           └───────────────────────────────────────────────────────────┘
//! ```
//!
//! `docs/wire/shortwire.md` is the specification. Limits: a whole message, however it is cut, is
//! at most `max_frame_bytes`; all unfinished messages together too, and there are at most
//! [`MAX_UNFINISHED`]; a piece that is not the last carries at least [`MIN_PIECE_BYTES`]. All of
//! it is checked before anything is reserved.

mod cut;
mod frame;
mod pieces;
mod preface;

use super::{Bytes, Decoded, FrameSink, wide};
use crate::{
    config::Limits,
    error::{Error, Kind, Result},
    message::{
        Body, BodyKind, Failure, Hello, Id, Message, Part, Request, TRACE_BYTES, Trace, capability,
    },
};
use frame::{DEADLINE_BYTES, Header, compose, fitting, flag, kind};
use pieces::{Pieces, Taken};

pub use frame::{HEADER_BYTES, MAX_CONTROL_BYTES, MAX_GREETING_BYTES};
pub use pieces::{MAX_UNFINISHED, MIN_PIECE_BYTES};
pub use preface::{MAGIC, MAX_PREFACE_BYTES, OLDEST_VERSION, PREFACE_BYTES, VERSION};

/// The decoder and encoder of one connection.
#[derive(Debug)]
pub struct Native {
    max_frame_bytes: u32,
    peer_max_frame_bytes: u32,
    peer_capabilities: u32,
    greeted: bool,
    /// Both sides have a greeting, and it isn't over.
    greeting: bool,
    /// Both sides have streams.
    streams: bool,
    pieces: Pieces,
}

impl Native {
    /// A codec that has neither said nor heard anything yet.
    pub const fn new(limits: &Limits) -> Self {
        Self {
            max_frame_bytes: limits.max_frame_bytes,
            peer_max_frame_bytes: u32::MAX,
            peer_capabilities: 0,
            greeted: false,
            greeting: false,
            streams: false,
            pieces: Pieces::new(),
        }
    }

    /// See [`super::Codec::is_within_message`].
    pub const fn is_within_message(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// See [`super::Codec::unfinished_bytes`].
    pub const fn unfinished_bytes(&self) -> usize {
        self.pieces.held()
    }

    /// Takes over the peer's limit for what we send, and what it can do.
    pub const fn meet(&mut self, hello: &Hello) {
        self.peer_max_frame_bytes = hello.max_frame_bytes;
        self.greeting = hello.capabilities & capability::HELLO != 0;
        self.streams = hello.capabilities & capability::STREAMS != 0;
        self.peer_capabilities = hello.capabilities;
    }

    /// See [`super::Codec::is_greeted`].
    pub const fn is_greeted(&self) -> bool {
        self.greeted
    }

    /// See [`super::Codec::peer_capabilities`].
    pub const fn peer_capabilities(&self) -> u32 {
        self.peer_capabilities
    }

    /// Whether the peer has streams, and wants large messages in pieces.
    pub const fn has_streams(&self) -> bool {
        self.streams
    }

    /// Whether the peer reads [`BodyKind::WideJson`]. Others get UTF-8.
    pub const fn peer_reads_wide(&self) -> bool {
        self.peer_capabilities & capability::WIDE != 0
    }

    /// The longest content of a frame that may be sent: both sides' limits count.
    pub fn largest_sent(&self) -> u32 {
        self.peer_max_frame_bytes.min(self.max_frame_bytes)
    }

    /// See [`super::Codec::decode`].
    #[inline(always)]
    pub fn decode<'a>(&'a mut self, input: &'a [u8]) -> Result<Decoded<'a>> {
        if !self.greeted {
            return self.decode_preface(input);
        }
        let Some(header) = Header::read(input) else {
            self.pieces.release();
            return Ok(Decoded::Incomplete { needed: HEADER_BYTES });
        };
        if header.length > self.max_frame_bytes {
            return Err(too_large(header.length.into(), self.max_frame_bytes));
        }
        header.check(self.streams)?;
        if self.greeting {
            header.check_greeting()?;
        }
        let consumed = HEADER_BYTES.saturating_add(header.length as usize);
        let Some(content) = input.get(HEADER_BYTES..consumed) else {
            return Ok(Decoded::Incomplete { needed: consumed });
        };
        if header.flags & flag::MORE != 0 || !self.pieces.is_empty() {
            return self.decode_piece(header, content, consumed);
        }
        if header.kind & kind::IGNORABLE != 0 {
            return Ok(Decoded::Skip { consumed });
        }
        let (first, text) = header.open(content)?;
        if self.greeting && matches!(header.kind, kind::HELLO | kind::WELCOME) {
            self.greeting = false;
        }
        Ok(Decoded::Message { consumed, message: compose(first, text, self.max_frame_bytes) })
    }

    #[cold]
    fn decode_preface(&mut self, input: &[u8]) -> Result<Decoded<'static>> {
        let decoded = preface::decode(input)?;
        self.greeted = matches!(decoded, Decoded::Message { .. });
        Ok(decoded)
    }

    /// A frame while there are unfinished messages, or one that leaves its message unfinished.
    #[cold]
    fn decode_piece<'a>(
        &'a mut self,
        header: Header,
        content: &'a [u8],
        consumed: usize,
    ) -> Result<Decoded<'a>> {
        if header.kind & kind::IGNORABLE != 0 {
            // What the flags of an unknown kind mean is unknown too.
            return Ok(Decoded::Skip { consumed });
        }
        let message = match self.pieces.take(header, content, self.max_frame_bytes)? {
            Taken::Kept => return Ok(Decoded::Skip { consumed }),
            Taken::Whole(first, text) => compose(first, text, self.max_frame_bytes),
        };
        Ok(Decoded::Message { consumed, message })
    }

    /// See [`super::Codec::encode`].
    #[inline]
    pub fn encode(&mut self, message: &Message<'_>, sink: &mut impl FrameSink) -> Result<()> {
        match message {
            Message::Request(Request { id, topic, body, deadline_ms, trace }) => {
                let extensions =
                    Extensions { deadline_ms: *deadline_ms, trace: trace.as_deref(), more: false };
                self.put(kind::REQUEST, id, topic, *body, extensions, sink)
            }
            Message::Response { id, body } => {
                self.put(kind::RESPONSE, id, "", *body, NO_EXTENSIONS, sink)
            }
            Message::Event { topic, body, trace } => {
                let extensions =
                    Extensions { deadline_ms: 0, trace: trace.as_deref(), more: false };
                self.put(kind::EVENT, &Id::Number(0), topic, *body, extensions, sink)
            }
            Message::Failure { id, error } => self.put_failure(kind::ERROR, id, *error, sink),
            Message::Stream { id, part } => self.put_part(*id, *part, sink),
            Message::Cancel { id } => {
                self.put(kind::CANCEL, id, "", Body::NONE, NO_EXTENSIONS, sink)
            }
            Message::Ping { token } => {
                self.put(kind::PING, &Id::Number(*token), "", Body::NONE, NO_EXTENSIONS, sink)
            }
            Message::Pong { token } => {
                self.put(kind::PONG, &Id::Number(*token), "", Body::NONE, NO_EXTENSIONS, sink)
            }
            Message::Goaway { reason, comeback } => {
                self.put_reason(kind::GOAWAY, *comeback as u64, reason, sink)
            }
            Message::Greeting { body } if body.data.len() > MAX_GREETING_BYTES as usize => {
                let why = "what a client says at first (hello) is at most 65,536 bytes long";
                Err(Error::local(Kind::TooLarge, why))
            }
            Message::Greeting { body } => {
                self.put(kind::HELLO, &Id::Number(0), "", *body, NO_EXTENSIONS, sink)
            }
            Message::Welcome { id } => {
                self.put(kind::WELCOME, &Id::Number(0), id, Body::NONE, NO_EXTENSIONS, sink)
            }
            Message::Refused { reason } => self.put_reason(kind::REFUSED, 0, reason, sink),
            Message::Subscribe { pattern } => self.put_pattern(kind::SUBSCRIBE, pattern, sink),
            Message::Unsubscribe { pattern } => self.put_pattern(kind::UNSUBSCRIBE, pattern, sink),
            Message::Hello(hello) => {
                sink.put_slice(&preface::encode(hello));
                Ok(())
            }
            Message::Malformed { .. } => Err(Error::library(Kind::Internal, "can't be sent")),
        }
    }

    fn put_reason(&self, kind: u8, id: u64, reason: &str, sink: &mut impl FrameSink) -> Result<()> {
        let reason = fitting(reason, MAX_CONTROL_BYTES as usize);
        self.put(kind, &Id::Number(id), "", Body::bytes(reason.as_bytes()), NO_EXTENSIONS, sink)
    }

    /// See [`super::Codec::begins_bytes`].
    pub fn begins_bytes(&self, input: &[u8]) -> Option<Bytes> {
        let header = Header::read(input).filter(|_| self.greeted && self.pieces.is_empty())?;
        let plain = header.kind == kind::DATA && header.flags == BodyKind::Bytes as u8;
        let (id, length) = (header.id, header.length as usize);
        (plain && header.topic_len == 0).then_some(Bytes { id, header: HEADER_BYTES, length })
    }

    fn put_part(&self, id: u64, part: Part<'_>, sink: &mut impl FrameSink) -> Result<()> {
        let id = Id::Number(id);
        match part {
            // May be a part of a value; the whole was checked before it was taken apart.
            Part::Data(body) => self.put_piece(kind::DATA, &id, "", body, NO_EXTENSIONS, sink),
            Part::Open { topic, body, settings, trace } => {
                let extensions = Extensions { trace: trace.as_ref(), ..word(settings) };
                self.put(kind::OPEN, &id, topic, body, extensions, sink)
            }
            Part::Credit(bytes) => self.put(kind::CREDIT, &id, "", Body::NONE, word(bytes), sink),
            Part::End => self.put(kind::END, &id, "", Body::NONE, NO_EXTENSIONS, sink),
            Part::Reset(error) => self.put_failure(kind::RESET, &id, error, sink),
        }
    }

    #[cold]
    fn put_pattern(&self, kind: u8, pattern: &str, sink: &mut impl FrameSink) -> Result<()> {
        if pattern.len() > MAX_CONTROL_BYTES as usize {
            return Err(Error::local(Kind::TooLarge, "a pattern is at most 1,024 bytes long"));
        }
        self.put(kind, &Id::Number(0), pattern, Body::NONE, NO_EXTENSIONS, sink)
    }

    #[cold]
    fn put_failure(
        &self,
        kind: u8,
        id: &Id,
        error: Failure<'_>,
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        match error {
            // A body of bytes is how the core's own failures look, below.
            Failure::Body(Body { kind: BodyKind::Bytes, .. }) => {
                Err(Error::library(Kind::Internal, "an application's error is not raw bytes"))
            }
            Failure::Body(body) => self.put(kind, id, "", body, NO_EXTENSIONS, sink),
            Failure::Kind { kind: number, text } => {
                let bytes = [&[number], text.as_bytes()].concat();
                self.put(kind, id, "", Body::bytes(&bytes), NO_EXTENSIONS, sink)
            }
        }
    }

    /// Writes a frame whose body is whole.
    #[inline]
    fn put(
        &self,
        kind: u8,
        id: &Id,
        topic: &str,
        body: Body<'_>,
        extensions: Extensions<'_>,
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        self.check_body(body)?;
        self.put_piece(kind, id, topic, body, extensions, sink)
    }

    #[inline]
    fn put_piece(
        &self,
        kind: u8,
        id: &Id,
        topic: &str,
        body: Body<'_>,
        extensions: Extensions<'_>,
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        if body.kind == BodyKind::WideJson && !self.peer_reads_wide() {
            let text = wide::to_utf8(body.data);
            return self.put_frame(kind, id, topic, Body::json(&text), extensions, sink);
        }
        self.put_frame(kind, id, topic, body, extensions, sink)
    }

    /// Apart from [`put_piece`](Self::put_piece), which would otherwise call itself and so never be
    /// inlined.
    #[inline]
    fn put_frame(
        &self,
        kind: u8,
        id: &Id,
        topic: &str,
        body: Body<'_>,
        extensions: Extensions<'_>,
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        let Extensions { deadline_ms, trace, more } = extensions;
        let Id::Number(id) = *id else {
            return Err(Error::library(Kind::Internal, "an id that is not a number"));
        };
        let Ok(topic_len) = u16::try_from(topic.len()) else {
            return Err(Error::local(Kind::TooLarge, "a topic is at most 65,535 bytes long"));
        };
        let deadline_len = if deadline_ms == 0 { 0 } else { DEADLINE_BYTES };
        let trace_len = if trace.is_none() { 0 } else { TRACE_BYTES };
        let before_body = topic.len().saturating_add(deadline_len).saturating_add(trace_len);
        let length = body.data.len().saturating_add(before_body);
        let limit = self.largest_sent();
        let Some(length) = u32::try_from(length).ok().filter(|length| *length <= limit) else {
            return Err(Error::local(Kind::TooLarge, over(length as u64, limit)));
        };
        let mut flags = match body.kind {
            BodyKind::WideJson => BodyKind::Json as u8 | flag::WIDE,
            kind => kind as u8,
        };
        if more {
            flags |= flag::MORE;
        }
        if deadline_ms != 0 {
            flags |= flag::DEADLINE;
        }
        if trace.is_some() {
            flags |= flag::TRACE;
        }
        let mut head = [0u8; HEADER_BYTES + DEADLINE_BYTES];
        if let Some((fixed, extension)) = head.split_first_chunk_mut::<HEADER_BYTES>() {
            *fixed = Header { kind, flags, topic_len, length, id }.bytes();
            extension.copy_from_slice(&deadline_ms.to_le_bytes());
        }
        let (head, _) = head.split_at(HEADER_BYTES.saturating_add(deadline_len));
        sink.put_slice(head);
        if let Some(trace) = trace {
            sink.put_slice(trace.bytes());
        }
        if !topic.is_empty() {
            sink.put_slice(topic.as_bytes());
        }
        if !body.data.is_empty() {
            sink.put_body(body.data);
        }
        Ok(())
    }
}

/// What stands between a header and its topic.
#[derive(Debug, Clone, Copy)]
struct Extensions<'a> {
    /// 0 for none.
    deadline_ms: u32,
    trace: Option<&'a Trace>,
    /// The message goes on in another frame.
    more: bool,
}

/// The four bytes of a deadline, which say something else in the frames of streams.
const fn word(value: u32) -> Extensions<'static> {
    Extensions { deadline_ms: value, trace: None, more: false }
}

const NO_EXTENSIONS: Extensions<'static> = word(0);

#[cold]
fn too_large(length: u64, limit: u32) -> Error {
    Error::remote(Kind::TooLarge, over(length, limit))
}

#[cold]
fn over(length: u64, limit: u32) -> String {
    format!("a message of {length} bytes is over the limit of {limit} (maxFrameBytes)")
}
