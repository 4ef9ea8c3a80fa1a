//! What crosses between a connection and its application, many items at a time.
//!
//! A crossing into JavaScript costs more than a message does, so both directions join what a turn
//! produced: one text of all payloads, and five numbers for each item. The numbers are mirrored in
//! `lib/core/records.js`, which a test compares.
//!
//! ```text
//!            word 0              word 1       word 2        word 3         word 4
//! outbound   kind | body « 8     slot/token   topic length  body length    timeout ms / error kind
//! inbound    kind | body « 8     slot/token   topic end     body end       deadline ms / error kind
//! ```
//!
//! Lengths and ends count UTF-16 code units, JavaScript's own measure. A body too large to be
//! joined travels as a [`Blob`]: word 0 has [`BLOB`] set then, and word 3 is the blob's index. With
//! [`TRACED`] in word 0, the topic begins with the text of a `traceparent`.
//! Must not know: JavaScript values, wire formats, sockets.

use std::ops::Range;

pub use super::blob::Blob;
use super::{
    numbers::Numbers,
    text_units::{bytes_of_units, units},
};
use crate::message::{Body, BodyKind, TRACE_CHARACTERS, Trace};

/// What a turn of a connection produced for its application.
#[derive(Debug, Default)]
pub struct Inbound {
    pub(super) records: Vec<u32>,
    pub(super) text: Vec<u8>,
    /// The length of `text` in UTF-16 code units.
    pub(super) units: u32,
    blobs: Vec<Blob>,
    /// Of the payloads that travel as values.
    pub(super) numbers: Numbers,
    /// The long strings of the payload at hand.
    pub(super) long: Vec<u8>,
    closed: bool,
}

/// An item for the application, apart from its texts.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// One of the constants of [`kind`].
    pub kind: u32,
    /// Slot, token or 0.
    pub subject: u32,
    /// The last word.
    pub extra: u32,
}

/// What an application wants of a connection: records and their texts.
#[derive(Debug, Clone, Copy)]
pub struct Outbound<'a> {
    /// Five words for each item.
    pub records: &'a [u32],
    /// All topics and payloads, one after the other, in UTF-8.
    pub text: &'a str,
    /// The body of a single item whose body is not text.
    pub bytes: Option<&'a [u8]>,
}

/// One item that an application wants.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// One of the constants of [`kind`].
    pub kind: u32,
    /// Slot or token.
    pub subject: u32,
    /// What it is about; behind a `traceparent` if it is [traced](Self::traced).
    pub topic: &'a str,
    /// Whether the topic begins with a `traceparent`.
    pub traced: bool,
    /// The payload.
    pub body: Body<'a>,
    /// The payload's length as the application counts it: bytes, or UTF-16 code units.
    pub units: u32,
    /// Timeout in milliseconds, or the number of an `error::Kind`.
    pub extra: u32,
}

impl Inbound {
    /// Adds an item. Text goes into the common text, unless it is large or not text.
    #[inline]
    pub fn push(&mut self, record: Record, topic: &str, body: Body<'_>) {
        let Record { kind, subject, extra } = record;
        if body.data.len() >= JOIN_LIMIT_BYTES || body.kind as u8 > BodyKind::Json as u8 {
            let whole = 0..body.data.len();
            return self.push_owned(record, topic, body.kind, body.data.to_vec(), whole);
        }
        let topic_end = self.append_text(topic.as_bytes());
        let end = self.append_text(body.data);
        let head = kind | (body.kind as u32) << 8;
        self.records.extend_from_slice(&[head, subject, topic_end, end, extra]);
    }

    /// Adds an item whose body is a range of `buffer`, handed over without a copy.
    pub fn push_owned(
        &mut self,
        record: Record,
        topic: &str,
        body: BodyKind,
        buffer: Vec<u8>,
        range: Range<usize>,
    ) {
        let Record { kind, subject, extra } = record;
        let mut body_kind = body;
        let text = matches!(body, BodyKind::None | BodyKind::Json);
        let blob = if body == BodyKind::WideJson {
            // A string is a string, once it is there.
            body_kind = BodyKind::Json;
            Blob::Wide(buffer, range)
        } else if !text {
            Blob::Bytes(buffer, range)
        } else if buffer[range.clone()].is_ascii() {
            Blob::Ascii(buffer, range)
        } else {
            Blob::utf16(&buffer[range])
        };
        let topic_end = self.append_text(topic.as_bytes());
        let index = self.blobs.len() as u32;
        self.blobs.push(blob);
        let head = kind | (body_kind as u32) << 8 | BLOB;
        self.records.extend_from_slice(&[head, subject, topic_end, index, extra]);
    }

    /// Adds an item with a text for people, or none.
    pub fn push_note(&mut self, kind: u32, subject: u32, extra: u32, text: &str) {
        self.closed |= kind == kind::CLOSED;
        let body = Body { kind: BodyKind::None, data: text.as_bytes() };
        self.push(Record { kind, subject, extra }, "", body);
    }

    /// Whether there is nothing to hand over.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether its last item says that the connection is over.
    #[inline]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Adds everything of a later batch.
    pub fn append(&mut self, later: Self) {
        if self.is_empty() {
            *self = later;
            return;
        }
        let (text_base, blob_base) = (self.units, self.blobs.len() as u32);
        for words in later.records.chunks_exact(WORDS) {
            let base = if words[0] & BLOB == 0 { text_base } else { blob_base };
            let moved = [words[0], words[1], words[2] + text_base, words[3] + base, words[4]];
            self.records.extend_from_slice(&moved);
        }
        self.text.extend_from_slice(&later.text);
        self.units += later.units;
        self.blobs.extend(later.blobs);
        self.numbers.append(&later.numbers);
        self.closed |= later.closed;
    }

    /// How many items there are.
    pub const fn len(&self) -> usize {
        self.records.len() / WORDS
    }

    /// The five words of each item.
    pub fn records(&self) -> &[u32] {
        &self.records
    }

    /// The numbers of the payloads that travel as values.
    pub const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// The common text, in UTF-8.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the common text is ASCII: as many units as bytes.
    #[inline]
    pub const fn is_ascii(&self) -> bool {
        self.text.len() == self.units as usize
    }

    /// The payloads that will be handed over whole.
    #[cfg(test)]
    pub(crate) fn blobs(&self) -> &[Blob] {
        &self.blobs
    }

    /// The payloads that are handed over whole.
    pub fn take_blobs(&mut self) -> Vec<Blob> {
        std::mem::take(&mut self.blobs)
    }

    /// What it holds in memory, about.
    pub fn bytes(&self) -> usize {
        let blobs: usize = self.blobs.iter().map(Blob::len).sum();
        self.records.len() * 4 + self.numbers.bytes() + self.text.len() + blobs
    }

    /// Empties it; the buffers stay for the next turn unless they have grown large.
    pub fn clear(&mut self) {
        self.records.clear();
        self.text.clear();
        self.text.shrink_to(KEEP_BYTES);
        self.blobs.clear();
        self.numbers.clear();
        self.long.clear();
        self.long.shrink_to(KEEP_BYTES);
        self.units = 0;
        self.closed = false;
    }

    #[inline]
    pub(super) fn append_text(&mut self, bytes: &[u8]) -> u32 {
        if !bytes.is_empty() {
            self.text.extend_from_slice(bytes);
            self.units += if bytes.is_ascii() { bytes.len() as u32 } else { units(bytes) };
        }
        self.units
    }
}

impl<'a> Outbound<'a> {
    /// The items, each with its share of the text. A share that runs over the end, which only a
    /// fault of the JavaScript side could cause, is empty.
    pub fn orders(self) -> impl Iterator<Item = Order<'a>> {
        let mut rest = self.text;
        let units: u64 = self
            .records
            .chunks_exact(WORDS)
            .map(|words| u64::from(words[2]) + u64::from(words[3]))
            .sum();
        let ascii = units == self.text.len() as u64;
        let mut left = units;
        let mut split = move |units: u32| {
            left = left.saturating_sub(u64::from(units));
            // The last share is what is left: a large one is not searched for its end.
            let at = match (ascii, left) {
                (true, _) => units as usize,
                (false, 0) => rest.len(),
                (false, _) => bytes_of_units(rest, units),
            };
            let (share, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            rest = after;
            share
        };
        self.records.chunks_exact(WORDS).map(move |words| {
            let topic = if words[2] == 0 { "" } else { split(words[2]) };
            let text = if words[3] == 0 { "" } else { split(words[3]) };
            let head = words[0];
            let number = (head & !TRACED) >> 8;
            let kind = BodyKind::from_number(number as u8).unwrap_or(BodyKind::None);
            let data = self.bytes.unwrap_or(text.as_bytes());
            let body = Body { kind, data };
            let units = self.bytes.map_or(words[3], |bytes| bytes.len() as u32);
            let traced = head & TRACED != 0;
            Order {
                kind: head & 0xff,
                subject: words[1],
                topic,
                traced,
                body,
                units,
                extra: words[4],
            }
        })
    }
}

impl<'a> Order<'a> {
    /// Which trace it belongs to, and what it is about.
    #[inline]
    pub fn trace_and_topic(&self) -> (Option<Box<Trace>>, &'a str) {
        if self.traced { self.split_trace() } else { (None, self.topic) }
    }

    #[cold]
    fn split_trace(&self) -> (Option<Box<Trace>>, &'a str) {
        let (trace, topic) =
            self.topic.split_at_checked(TRACE_CHARACTERS).unwrap_or(("", self.topic));
        (Trace::parse(trace).map(Box::new), topic)
    }

    /// Whether it asks for something new, as opposed to answering or taking back.
    pub const fn is_new(&self) -> bool {
        matches!(self.kind, kind::REQUEST | kind::MESSAGE | kind::PING)
    }

    /// Whether it is about a stream, whose own credit bounds what it may put here.
    pub const fn is_of_stream(&self) -> bool {
        matches!(self.kind, kind::OPEN..=kind::RESET)
    }
}

/// The kinds of items; in both directions where it makes sense.
pub mod kind {
    /// Out: ask (slot, timeout). In: asked (token, deadline).
    pub const REQUEST: u32 = 1;
    /// Out: answer (token). In: answered (slot).
    pub const RESPONSE: u32 = 2;
    /// Out: the handler's error (token). In: the other handler's error (slot).
    pub const FAILURE: u32 = 3;
    /// A one-way message. Out: with a slot or [`super::NO_SLOT`] to be told that it has left.
    pub const MESSAGE: u32 = 4;
    /// Out: no longer wanted (slot). In: no longer wanted (token).
    pub const CANCEL: u32 = 5;
    /// Out: ask for a sign of life (slot, timeout). In: here it is (slot).
    pub const PING: u32 = 6;
    /// Out: refuse a request (token, error kind). In: the call failed (slot, error kind, plus
    /// [`super::MAYBE_DELIVERED`]).
    pub const FAILED: u32 = 7;
    /// In: the kernel has the message of this slot.
    pub const SENT: u32 = 8;
    /// In: calls flow (agreed capabilities); the last word is the format's index.
    pub const READY: u32 = 9;
    /// In: the peer says goodbye.
    pub const GOAWAY: u32 = 10;
    /// In: there is room in the queue again.
    pub const DRAIN: u32 = 11;
    /// In: the connection is over (errno, error kind). The last item of its connection.
    pub const CLOSED: u32 = 12;
    /// In: the transport is there.
    pub const OPENED: u32 = 13;
    /// In: bytes for the stream that the application has attached.
    pub const OUTPUT: u32 = 14;
    /// Out: what to say whenever it connects. In: what the peer says, to be decided on with the
    /// next two; no payload from a peer that can't say anything.
    pub const HELLO: u32 = 15;
    /// Out: let the peer in (the topic is its id).
    pub const WELCOME: u32 = 16;
    /// Out: turn the peer away (the body is the reason).
    pub const REFUSED: u32 = 17;
    /// In: the transport is lost, the connection isn't over (errno, error kind).
    pub const LOST: u32 = 18;
    /// In: there is no transport (errno, error kind), and the connection isn't over.
    pub const DIAL_FAILED: u32 = 19;
    /// Out: open a stream (number, settings). In: the peer has opened one (number, settings).
    pub const OPEN: u32 = 20;
    /// Bytes or a value of a stream (number). In: what it cost in credit.
    pub const DATA: u32 = 21;
    /// Out: so much has been used of a stream (number, credit).
    pub const CREDIT: u32 = 22;
    /// Nothing more comes in a stream (number).
    pub const END: u32 = 23;
    /// A stream is over (number), with the failing side's error or the number of an error kind.
    pub const RESET: u32 = 24;
    /// In: so many bytes of a stream (number) no longer wait; 0 with its end.
    pub const TAKEN: u32 = 26;
    /// Out: messages of topics that match this pattern are wanted, too (topic; slot or
    /// [`super::NO_SLOT`], to be told by a [`PING`] when the peer knows).
    pub const SUBSCRIBE: u32 = 30;
    /// Out: no longer wanted (topic, empty for all; slot as before).
    pub const UNSUBSCRIBE: u32 = 31;
    /// In: a broadcast that this peer doesn't get after all (error kind).
    pub const DROPPED: u32 = 36;
    /// In: payloads may come as values of the shape with this number, described by the text.
    pub const SHAPE: u32 = 37;
}

/// Words of a record.
pub const WORDS: usize = 5;
/// In word 0: the body is a blob, and word 3 its index.
pub const BLOB: u32 = 1 << 16;
/// In word 0: the body is values of a shape, and the text its strings.
pub const VALUES: u32 = 1 << 17;
/// In word 0: the topic begins with a `traceparent`.
pub const TRACED: u32 = 1 << 15;
/// In the last word of a failed call: the peer may have got it.
pub const MAYBE_DELIVERED: u32 = 1 << 8;
/// For items whose fate nobody wants to know.
pub const NO_SLOT: u32 = u32::MAX;
/// From this size on a payload is handed over whole: a copy would cost more than the crossing.
pub const JOIN_LIMIT_BYTES: usize = 16 * 1024;
/// Buffers larger than this are not kept between turns.
const KEEP_BYTES: usize = 256 * 1024;
