//! The reading turn: bytes in, messages out of them, verdicts of the session, a batch.
//!
//! A partial frame is kept in the connection's own buffer, which grows with what arrives and never
//! by what a header claims; everything else is decoded where it was read.

use std::{io, time::Instant};

use super::{Connection, OFFLOAD_BYTES, delivery::delivery, lanes::CHUNK_BYTES, parting::Goodbye};
use crate::{
    codec::{Codec, Decoded, Detected, detect, native::HEADER_BYTES},
    config::Encoding,
    driver::{
        batch::{self, Inbound, kind},
        pool,
    },
    error::{Error, Kind, Result},
    message::{Comeback, Hello, Id, Message, Part},
    session::Event,
};

/// What a turn of reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadTurn {
    /// The kernel has no more for now.
    Drained,
    /// There may be more; others come first.
    More,
    /// A large frame is on its way, best read where it delays nobody.
    Large,
    /// The peer has ended the stream.
    Ended,
}

impl Connection {
    /// Reads and handles what has arrived. `receive` appends to the buffer what the kernel has, as
    /// far as there is room; `scratch` is shared by all connections of a thread.
    ///
    /// # Errors
    ///
    /// The connection is over.
    #[inline(always)]
    pub fn read(
        &mut self,
        now: Instant,
        scratch: &mut Vec<u8>,
        inbound: &mut Inbound,
        mut receive: impl FnMut(&mut Vec<u8>) -> io::Result<usize>,
    ) -> Result<ReadTurn> {
        let mut budget = READ_BUDGET_BYTES;
        loop {
            let joined = !self.partial.is_empty();
            let buffer = if joined {
                self.make_room();
                &mut self.partial
            } else {
                scratch.clear();
                scratch.reserve(SCRATCH_BYTES);
                &mut *scratch
            };
            let room = buffer.capacity() - buffer.len();
            let received = match receive(buffer) {
                Ok(0) => return Ok(ReadTurn::Ended),
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(ReadTurn::Drained);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::disconnected(error)),
            };
            self.bytes_in += received as u64;
            if joined {
                if self.partial.len() >= self.needed {
                    let mut bytes = std::mem::take(&mut self.partial);
                    let consumed = self.decode(&mut bytes, now, inbound)?;
                    bytes.drain(..consumed);
                    if consumed != 0 {
                        // What remains of a large message is small, and need not keep its room.
                        bytes.shrink_to(SCRATCH_BYTES);
                    }
                    self.partial = bytes;
                }
            } else {
                let consumed = self.decode(scratch, now, inbound)?;
                if let Some(rest) = scratch.get(consumed..) {
                    self.partial.extend_from_slice(rest);
                }
            }
            if self.partial.is_empty() {
                self.partial.shrink_to(SCRATCH_BYTES);
            }
            self.note_heard(now);
            if self.hold.is_full() {
                self.session.stop_listening();
                return Ok(ReadTurn::More);
            }
            if received < room {
                let large = self.needed >= OFFLOAD_BYTES && !self.partial.is_empty();
                return Ok(if large { ReadTurn::Large } else { ReadTurn::Drained });
            }
            if self.is_stranger_full() {
                return Ok(ReadTurn::Drained);
            }
            budget = budget.saturating_sub(received);
            if budget == 0 || inbound.len() >= MAX_ITEMS {
                return Ok(ReadTurn::More);
            }
        }
    }

    /// Bytes received so far.
    #[inline]
    pub const fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Whether something that has come can be decoded only now: see [`read_on`](Self::read_on).
    #[inline]
    pub const fn has_unread(&self) -> bool {
        self.unread
    }

    /// Decodes what had come before the peer was let in.
    ///
    /// # Errors
    ///
    /// The connection is over.
    #[cold]
    pub fn read_on(&mut self, now: Instant, inbound: &mut Inbound) -> Result<()> {
        self.unread = false;
        let mut bytes = std::mem::take(&mut self.partial);
        let consumed = self.decode(&mut bytes, now, inbound)?;
        bytes.drain(..consumed);
        self.partial = bytes;
        self.note_heard(now);
        Ok(())
    }

    #[inline]
    fn note_heard(&mut self, now: Instant) {
        // What waits for a decision is our own delay, not the peer's.
        let within = self.is_within_frame() && !self.session.is_deciding();
        self.session.heard(within, now);
    }

    /// Makes room for more of a frame: in steps, or in a buffer of the pool for a large one, if there
    /// is any. Fresh memory is made only for what has arrived, but that is there already.
    fn make_room(&mut self) {
        if self.needed >= OFFLOAD_BYTES
            && self.partial.capacity() < self.needed
            && let Some(mut buffer) = pool::reuse(self.needed)
        {
            buffer.extend_from_slice(&self.partial);
            pool::give(std::mem::replace(&mut self.partial, buffer));
        }
        let step = self.needed.saturating_sub(self.partial.len());
        self.partial.reserve(step.clamp(MIN_RESERVE_BYTES, MAX_RESERVE_BYTES));
    }

    /// Handles all whole messages at the start of `buffer`; says how many bytes these took. A large
    /// payload takes the buffer with it and leaves the bytes behind it.
    fn decode(
        &mut self,
        buffer: &mut Vec<u8>,
        now: Instant,
        inbound: &mut Inbound,
    ) -> Result<usize> {
        let mut at = 0;
        self.needed = 0;
        while at < buffer.len() {
            if self.flow.is_some() {
                at = self.flow_on(buffer, at, inbound);
                continue;
            }
            // What else the peer says before it is let in is not looked at.
            if self.session.is_deciding() {
                return Ok(at);
            }
            if self.undecided {
                if !self.decide(&buffer[at..], now, inbound)? {
                    return Ok(at);
                }
                continue;
            }
            if self.excluded {
                return self.turn_away(&buffer[at..], now).map(|used| at + used);
            }
            let Some(codec) = &mut self.codec else {
                return Ok(at);
            };
            // One match for all, and no `?`: a message is large enough for each move of it to show.
            let (consumed, message) = match codec.decode(&buffer[at..]) {
                Err(error) => return Err(error),
                Ok(Decoded::Incomplete { needed }) => {
                    if let Some(header) = self.begin_flow(&buffer[at..])? {
                        at += header;
                        continue;
                    }
                    self.needed = needed;
                    return Ok(at);
                }
                Ok(Decoded::Skip { consumed }) => {
                    at += consumed;
                    continue;
                }
                Ok(Decoded::Message { consumed, message }) => (consumed, message),
            };
            let event = self.session.handle_message(&message, now);
            let Some((mut record, mut topic, mut body)) = delivery(&event, &message) else {
                at += consumed;
                let note = Note::of(message);
                self.heed(note, event, now, inbound)?;
                continue;
            };
            if self.limits.encoding == Encoding::Raw && record.kind != kind::FAILURE {
                body.kind = body.kind.as_bytes();
            }
            self.hold.note(record, body.data.len());
            let traced;
            if let Some(trace) = message.trace() {
                traced = trace.before(topic);
                (record.kind, topic) = (record.kind | batch::TRACED, &traced);
            }
            let over = match &message {
                Message::Stream { id, part: Part::Reset(_) } => Some(*id),
                _ => None,
            };
            if self.shaping.hand_over(record, topic, body, inbound) {
                at += consumed;
            } else if body.data.len() >= TAKE_BYTES
                && buffer.len() - at - consumed < TAKE_BYTES
                && let Some(start) = offset(buffer, body.data)
            {
                let (topic, kind, len) = (topic.to_owned(), body.kind, body.data.len());
                let rest = buffer[at + consumed..].to_vec();
                let taken = std::mem::replace(buffer, rest);
                inbound.push_owned(record, &topic, kind, taken, start..start + len);
                at = 0;
            } else {
                inbound.push(record, topic, body);
                at += consumed;
            }
            match (event, over) {
                (Event::Settle(_), _) => self.pump_waiting(now, inbound),
                (Event::Reset(number), Some(id)) => self.stream_was_reset(number, id),
                _ => {}
            }
        }
        Ok(at)
    }

    /// Finds out what the peer speaks. False if that takes more of what it says.
    #[cold]
    fn decide(&mut self, input: &[u8], now: Instant, inbound: &mut Inbound) -> Result<bool> {
        self.silence_due = None;
        match detect(input) {
            Detected::More => return Ok(false),
            Detected::Format(format) if self.formats.contains(format) => {
                self.undecided = false;
                if self.codec.as_ref().map(Codec::format) != Some(format) {
                    self.choose(format, now, inbound);
                }
            }
            Detected::Format(format) => self.exclude(format)?,
            Detected::Stranger(name) => {
                return Err(Error::protocol(format!("the peer speaks {name}")));
            }
        }
        Ok(true)
    }

    /// What the application gets to see only by what follows from it. Out of the loop, but not cold:
    /// a stream's credits and ends pass here.
    #[inline(never)]
    fn heed(
        &mut self,
        note: Note,
        event: Event,
        now: Instant,
        inbound: &mut Inbound,
    ) -> Result<()> {
        match note {
            // What it takes is a limit for what we send, from the first message on.
            Note::Hello(hello) => {
                if let Some(codec) = &mut self.codec {
                    codec.meet(&hello);
                }
            }
            Note::Goaway(reason, comeback) => {
                inbound.push_note(kind::GOAWAY, 0, 0, &reason);
                self.goodbye = Some(Goodbye { reason, comeback });
                if comeback == Comeback::Welcome && self.endurance.losses {
                    self.session.expect_return();
                }
            }
            Note::Subscribe(pattern) if event == Event::Subscription => {
                self.wanted.subscribe(&pattern)?;
            }
            Note::Unsubscribe(pattern) if event == Event::Subscription => {
                self.wanted.unsubscribe(&pattern);
            }
            Note::Welcome(id) if event == Event::Ready => {
                self.announce_ready(&id, inbound);
                self.pump_waiting(now, inbound);
                return Ok(());
            }
            Note::Refused(reason) if event == Event::TurnedAway => {
                let reason = if reason.is_empty() { "the server refused" } else { &*reason };
                return Err(Error::remote(Kind::Refused, reason));
            }
            Note::Cancel(id) => self.cut_short(&id),
            _ => {}
        }
        self.react(event, now, inbound)
    }

    /// Events that need no payload.
    fn react(&mut self, event: Event, now: Instant, inbound: &mut Inbound) -> Result<()> {
        match event {
            Event::Ready => {
                self.say_subscriptions();
                self.announce_ready("", inbound);
                self.pump_waiting(now, inbound);
            }
            Event::Greet => {
                self.say_greeting()?;
                self.say_subscriptions();
            }
            // Of a peer that says nothing of itself.
            Event::Decide => inbound.push_note(kind::HELLO, 0, 0, ""),
            Event::Unreadable(slot) => {
                let why = "the answer is not valid";
                self.fail(slot, Kind::Serialize, true, why, inbound);
                self.pump_waiting(now, inbound);
            }
            Event::Cancelled(token) => inbound.push_note(kind::CANCEL, token, 0, ""),
            Event::Pong(slot) => inbound.push_note(kind::PING, slot, 0, ""),
            Event::SendPong(token) => self.send(&Message::Pong { token }),
            Event::Refuse(id, kind, text) => self.send_failure(id, kind, text),
            Event::Credited(number) => self.stream_credited(number, inbound),
            Event::Ended(number) => inbound.push_note(kind::END, number, 0, ""),
            Event::BrokenStream(number, id, why) => {
                self.stream_was_reset(number, id);
                self.send_reset(id, Kind::Serialize, why);
                inbound.push_note(kind::RESET, number, Kind::Serialize as u32, why);
            }
            Event::RefuseStream(id, kind, why) => self.send_reset(id, kind, why),
            Event::Violation(why) => return Err(Error::protocol(why)),
            _ => {}
        }
        self.check_overrun()
    }
}

/// What a message without a payload for the application says, apart from the buffer that it is in.
enum Note {
    Hello(Hello),
    Goaway(Box<str>, Comeback),
    Subscribe(Box<str>),
    Unsubscribe(Box<str>),
    Welcome(Box<str>),
    Refused(Box<str>),
    Cancel(Id),
    /// The event says it all.
    Nothing,
}

impl Note {
    #[inline(never)]
    fn of(message: Message<'_>) -> Self {
        match message {
            Message::Hello(hello) => Self::Hello(hello),
            Message::Goaway { reason, comeback } => Self::Goaway(reason.into(), comeback),
            Message::Subscribe { pattern } => Self::Subscribe(pattern.into()),
            Message::Unsubscribe { pattern } => Self::Unsubscribe(pattern.into()),
            Message::Welcome { id } => Self::Welcome(id.into()),
            Message::Refused { reason } => Self::Refused(reason.into()),
            Message::Cancel { id } => Self::Cancel(id),
            _ => Self::Nothing,
        }
    }
}

/// Where a body begins in the buffer, if it lies in it.
fn offset(buffer: &[u8], body: &[u8]) -> Option<usize> {
    let start = (body.as_ptr() as usize).wrapping_sub(buffer.as_ptr() as usize);
    (start < buffer.len()).then_some(start)
}

/// How much one turn of reading takes before others get theirs.
const READ_BUDGET_BYTES: usize = 512 * 1024;
/// How many items one turn of reading may produce.
const MAX_ITEMS: usize = 2048;
/// The shared read buffer: a frame of a stream fits with its header, or each would end in a part of
/// a few bytes.
pub const SCRATCH_BYTES: usize = CHUNK_BYTES + HEADER_BYTES;
/// Room for the rest of a frame is made in steps, never by what its header claims.
const MIN_RESERVE_BYTES: usize = 16 * 1024;
const MAX_RESERVE_BYTES: usize = 256 * 1024;
/// A payload of this size takes its buffer along instead of being copied out of it.
pub(super) const TAKE_BYTES: usize = 64 * 1024;
