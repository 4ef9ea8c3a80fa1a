//! A frame's header, and the message that its parts make.
//!
//! Must not know: where the bytes come from, or whether the frame was in one piece.

use crate::{
    codec::{depth::is_shallow, msgpack, number, wide::is_shallow_wide},
    error::{Error, Kind, Result},
    message::{
        Body, BodyKind, Comeback, Failure, Id, Malformed, Message, Part, Request, TRACE_BYTES,
        Trace,
    },
};

/// A frame's fixed header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) topic_len: u16,
    pub(super) length: u32,
    pub(super) id: u64,
}

/// What the first frame of a message says beside its text. A message that isn't cut has only one.
#[derive(Debug)]
pub(super) struct First {
    pub(super) kind: u8,
    pub(super) body_kind: BodyKind,
    pub(super) topic_len: u16,
    pub(super) deadline_ms: u32,
    pub(super) id: u64,
    pub(super) trace: Option<Box<Trace>>,
}

impl Header {
    #[inline]
    pub(super) fn read(input: &[u8]) -> Option<Self> {
        let bytes = input.first_chunk::<HEADER_BYTES>()?;
        Some(Self {
            kind: *bytes.first()?,
            flags: *bytes.get(1)?,
            topic_len: number::u16_le(bytes, 2)?,
            length: number::u32_le(bytes, 4)?,
            id: number::u64_le(bytes, 8)?,
        })
    }

    #[inline]
    pub(super) fn bytes(self) -> [u8; HEADER_BYTES] {
        let [t0, t1] = self.topic_len.to_le_bytes();
        let [l0, l1, l2, l3] = self.length.to_le_bytes();
        let [i0, i1, i2, i3, i4, i5, i6, i7] = self.id.to_le_bytes();
        [self.kind, self.flags, t0, t1, l0, l1, l2, l3, i0, i1, i2, i3, i4, i5, i6, i7]
    }

    /// Whether the header can be that of an honest frame; asked before its content is awaited.
    #[inline]
    pub(super) fn check(self, streams: bool) -> Result<()> {
        let is_data = matches!(self.kind, kind::REQUEST..=kind::EVENT);
        if is_data && self.flags & flag::RESERVED == 0 { Ok(()) } else { self.check_rest(streams) }
    }

    #[cold]
    fn check_rest(self, streams: bool) -> Result<()> {
        if self.kind & kind::IGNORABLE != 0 {
            return Ok(());
        }
        let of_stream = streams && matches!(self.kind, kind::OPEN..=kind::RESET);
        if !matches!(self.kind, kind::REQUEST..=kind::UNSUBSCRIBE) && !of_stream {
            return Err(Error::protocol(format!("a frame of the unknown kind {:#04x}", self.kind)));
        }
        if self.flags & flag::RESERVED != 0 {
            return Err(Error::protocol("a frame with flags of a later version"));
        }
        if !self.may_be_cut() && self.flags & flag::MORE != 0 {
            return Err(Error::protocol("a frame of a kind that can't be cut is cut"));
        }
        if self.is_control() && self.length > self.most() {
            return Err(Error::protocol("a control frame that is too long"));
        }
        Ok(())
    }

    /// Before a connecting peer has been let in there is nothing but its greeting, what answers
    /// that, and the connection's own affairs: asked before the content is awaited.
    pub(super) fn check_greeting(self) -> Result<()> {
        match self.kind {
            kind::PING..=kind::REFUSED => Ok(()),
            kind::IGNORABLE.. if self.length <= MAX_GREETING_BYTES => Ok(()),
            _ => Err(Error::protocol("a message before the peer was let in")),
        }
    }

    /// Whether the frame is about the connection or another message. Never cut, and short.
    const fn is_control(self) -> bool {
        matches!(self.kind, kind::CANCEL..=kind::UNSUBSCRIBE | kind::CREDIT | kind::END)
    }

    /// The most that a control frame of this kind may carry.
    const fn most(self) -> u32 {
        if self.kind == kind::HELLO { MAX_GREETING_BYTES } else { MAX_CONTROL_BYTES }
    }

    /// Whether a message of this kind may come in pieces.
    const fn may_be_cut(self) -> bool {
        matches!(self.kind, kind::REQUEST..=kind::EVENT | kind::DATA)
    }

    /// Takes the extensions off the content of a message's first frame; topic and body remain.
    #[inline(always)]
    pub(super) fn open(self, content: &[u8]) -> Result<(First, &[u8])> {
        let Self { kind, flags, topic_len, id, .. } = self;
        let mut body_kind = BodyKind::from_number(flags & flag::BODY).unwrap_or(BodyKind::None);
        if flags & flag::WIDE != 0 {
            if body_kind != BodyKind::Json || self.is_control() {
                return Err(Error::protocol("only JSON can be wide"));
            }
            body_kind = BodyKind::WideJson;
        }
        let mut first = First { kind, body_kind, topic_len, deadline_ms: 0, id, trace: None };
        let mut skip = 0usize;
        if flags & flag::EXTENSIONS != 0 {
            if flags & flag::DEADLINE != 0 {
                first.deadline_ms = number::u32_le(content, 0).unwrap_or_default();
                skip = DEADLINE_BYTES;
            }
            if flags & flag::TRACE != 0 {
                let bytes = content.get(skip..).and_then(<[u8]>::first_chunk);
                // One that is none is no reason to refuse what came with it.
                first.trace = bytes.and_then(Trace::from_bytes).map(Box::new);
                skip = skip.saturating_add(TRACE_BYTES);
            }
        }
        match content.get(skip..) {
            Some(text) if text.len() >= usize::from(topic_len) => Ok((first, text)),
            _ => Err(Error::protocol("a frame whose parts are longer than the whole")),
        }
    }
}

/// Makes a message of its parts. `text` is the topic and the body; `limit`, what a message may be.
#[inline(always)]
pub(super) fn compose(first: First, text: &[u8], limit: u32) -> Message<'_> {
    let First { kind, body_kind, topic_len, deadline_ms, id, .. } = first;
    let (topic, data) = text.split_at_checked(topic_len.into()).unwrap_or((text, &[]));
    let Some(topic) = utf8(topic) else {
        return malformed(&first, "a topic that is not UTF-8");
    };
    let mut body = Body { kind: body_kind, data };
    match body_kind {
        BodyKind::Json if utf8(data).is_none() => {
            return malformed(&first, "a payload that is not UTF-8");
        }
        BodyKind::Json if !is_shallow(data) => {
            return malformed(&first, "a payload that is nested too deeply");
        }
        BodyKind::WideJson if data.len() % 2 != 0 => {
            return malformed(&first, "a payload that is not UTF-16");
        }
        BodyKind::WideJson if !is_shallow_wide(data) => {
            return malformed(&first, "a payload that is nested too deeply");
        }
        // Bytes that are nothing have not been checked, and nobody may take them for text.
        BodyKind::None => body = Body::NONE,
        BodyKind::MessagePack if msgpack::check(data, limit as usize).is_err() => {
            return malformed(&first, "a payload that is not MessagePack, or too much of it");
        }
        BodyKind::Json | BodyKind::WideJson | BodyKind::Bytes | BodyKind::MessagePack => {}
    }
    match kind {
        kind::REQUEST => {
            let (id, trace) = (Id::Number(id), first.trace);
            Message::Request(Request { id, topic, body, deadline_ms, trace })
        }
        kind::RESPONSE => Message::Response { id: Id::Number(id), body },
        kind::EVENT => Message::Event { topic, body, trace: first.trace },
        _ => compose_rest(first, topic, body),
    }
}

/// The kinds that are rarer than calls and messages: out of their way.
#[inline(never)]
fn compose_rest<'a>(first: First, topic: &'a str, body: Body<'a>) -> Message<'a> {
    let id = first.id;
    match first.kind {
        kind::ERROR => Message::Failure { id: Id::Number(id), error: failure(body) },
        kind::CANCEL => Message::Cancel { id: Id::Number(id) },
        kind::PING => Message::Ping { token: id },
        kind::PONG => Message::Pong { token: id },
        kind::GOAWAY => {
            let reason = utf8(body.data).unwrap_or_default();
            Message::Goaway { reason, comeback: Comeback::from_number(id) }
        }
        kind::HELLO => Message::Greeting { body },
        kind::WELCOME => Message::Welcome { id: topic },
        kind::REFUSED => Message::Refused { reason: utf8(body.data).unwrap_or_default() },
        kind::OPEN => {
            let (settings, trace) = (first.deadline_ms, first.trace.map(|trace| *trace));
            Message::Stream { id, part: Part::Open { topic, body, settings, trace } }
        }
        kind::DATA => Message::Stream { id, part: Part::Data(body) },
        kind::CREDIT => Message::Stream { id, part: Part::Credit(first.deadline_ms) },
        kind::END => Message::Stream { id, part: Part::End },
        kind::RESET => Message::Stream { id, part: Part::Reset(failure(body)) },
        kind::SUBSCRIBE => Message::Subscribe { pattern: topic },
        kind::UNSUBSCRIBE => Message::Unsubscribe { pattern: topic },
        _ => malformed(&first, "a message of an unknown kind"),
    }
}

/// An application's error is any value; a core's is bytes: its kind's number, then a sentence.
fn failure(body: Body<'_>) -> Failure<'_> {
    if body.kind != BodyKind::Bytes {
        return Failure::Body(body);
    }
    let (&kind, text) = body.data.split_first().unwrap_or((&(Kind::Remote as u8), &[]));
    Failure::Kind { kind, text: utf8(text).unwrap_or_default() }
}

/// As much of a text as fits, without splitting a character.
pub(super) fn fitting(text: &str, limit: usize) -> &str {
    let fits = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=text.len().min(limit)).rev().find(fits).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

#[inline]
fn utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.is_empty() { Some("") } else { simdutf8::basic::from_utf8(bytes).ok() }
}

#[cold]
fn malformed(first: &First, why: &'static str) -> Message<'static> {
    let of = match first.kind {
        kind::REQUEST => Malformed::Request(Id::Number(first.id)),
        kind::RESPONSE | kind::ERROR => Malformed::Response(Id::Number(first.id)),
        kind::OPEN..=kind::RESET => Malformed::Stream(first.id, first.kind == kind::OPEN),
        _ => Malformed::Other,
    };
    Message::Malformed { of, why }
}

/// What a frame is. From 0x10 on, of streams: only among peers that both have them.
pub(super) mod kind {
    pub(in super::super) const REQUEST: u8 = 1;
    pub(in super::super) const RESPONSE: u8 = 2;
    pub(in super::super) const ERROR: u8 = 3;
    pub(in super::super) const EVENT: u8 = 4;
    pub(in super::super) const CANCEL: u8 = 5;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const PONG: u8 = 7;
    pub(in super::super) const GOAWAY: u8 = 8;
    pub(in super::super) const HELLO: u8 = 9;
    pub(in super::super) const WELCOME: u8 = 10;
    pub(in super::super) const REFUSED: u8 = 11;
    pub(in super::super) const OPEN: u8 = 0x10;
    pub(in super::super) const DATA: u8 = 0x11;
    pub(in super::super) const CREDIT: u8 = 0x12;
    pub(in super::super) const END: u8 = 0x13;
    pub(in super::super) const RESET: u8 = 0x14;
    pub(in super::super) const SUBSCRIBE: u8 = 0x0c;
    pub(in super::super) const UNSUBSCRIBE: u8 = 0x0d;
    /// A kind with this bit that the receiver doesn't know is skipped.
    pub(in super::super) const IGNORABLE: u8 = 0x80;
}

/// How a frame is to be read.
pub(super) mod flag {
    pub(in super::super) const BODY: u8 = 0b0000_0011;
    pub(in super::super) const MORE: u8 = 0b0000_0100;
    pub(in super::super) const DEADLINE: u8 = 0b0000_1000;
    pub(in super::super) const TRACE: u8 = 0b0001_0000;
    pub(in super::super) const EXTENSIONS: u8 = DEADLINE | TRACE;
    /// The JSON is UTF-16.
    pub(in super::super) const WIDE: u8 = 0b0010_0000;
    pub(in super::super) const RESERVED: u8 = 0b1100_0000;
}

/// The length of a frame's fixed header.
pub const HEADER_BYTES: usize = 16;
/// The most that a control frame other than a greeting may carry.
pub const MAX_CONTROL_BYTES: u32 = 1024;
/// The most that a greeting may carry: it comes from somebody whom nobody has let in yet.
pub const MAX_GREETING_BYTES: u32 = 64 * 1024;
/// The deadline extension: milliseconds. In an open its settings, in a credit its bytes.
pub(super) const DEADLINE_BYTES: usize = 4;
