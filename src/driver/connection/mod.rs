//! One connection as a machine that either driver turns; it has no thread and no socket of its own.
//!
//! ```text
//!   receive ──► partial ──► codec ──► session ──► inbound batch      (one turn: `read`)
//!   outbound batch ──► session ──► codec ──► write queue ──► send    (one turn: `submit`, `write`)
//! ```
//!
//! Both turns are bounded (`read.rs`, `orders.rs`). Must not
//! know: which driver turns it, JavaScript, any format by name beyond detection.

mod broadcasts;
mod delivery;
mod flow;
mod hold;
mod lanes;
mod large;
mod meeting;
mod orders;
mod parting;
mod read;
mod shaping;
mod stats;
mod streams;
mod subscriptions;

use std::{
    io::{self, IoSlice},
    time::{Duration, Instant},
};

pub use self::{
    broadcasts::Receipt,
    orders::TOO_MUCH_WAITS,
    parting::{Endurance, Parting},
    read::{ReadTurn, SCRATCH_BYTES},
    stats::Stats,
    subscriptions::Wanted,
};
use self::{flow::Flow, lanes::Lanes};
use self::{hold::Hold, parting::Goodbye, shaping::Shaping, subscriptions::Wishes};
use super::{
    batch::{self, Inbound, kind},
    write_queue::WriteQueue,
};
use crate::{
    codec::{Codec, native},
    config::{Format, Formats, IdStyle, Limits},
    error::{Error, Kind, Result},
    message::{BodyKind, Failure, Id, Message, Role},
    session::{Session, State, Timeout},
};

/// The machine.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    role: Role,
    /// `None` while a new peer's format is not known.
    codec: Option<Codec>,
    /// The peer's own bytes have not yet said what it speaks; the codec, if any, is a presumption.
    undecided: bool,
    formats: Formats,
    /// What a silent peer is taken for, after how long.
    silence: Option<(Format, Duration)>,
    silence_due: Option<Instant>,
    /// The peer speaks what isn't accepted: it is told so, and nothing else it says counts.
    excluded: bool,
    session: Session,
    queue: WriteQueue,
    lanes: Lanes,
    /// Data that has been begun and not ended.
    flow: Option<Flow>,
    /// Bytes of a frame that is not whole yet.
    partial: Vec<u8>,
    /// How long `partial` must become before decoding can get on.
    needed: usize,
    /// A queue was full: say so when there is room again.
    overflowed: bool,
    /// The peer's goodbye.
    goodbye: Option<Goodbye>,
    /// What the application has to say when it connects: see [`Message::Greeting`].
    greeting: Option<(BodyKind, Vec<u8>)>,
    /// `partial` holds what had come before the peer was let in, and now can be decoded.
    unread: bool,
    endurance: Endurance,
    /// The topics that the peer wants.
    wanted: Wanted,
    /// The topics that the application wants.
    wishes: Wishes,
    /// The application takes nothing new at the moment.
    hold: Hold,
    bytes_in: u64,
    /// Of the transports before this one.
    bytes_out: u64,
    shaping: Shaping,
}

impl Connection {
    /// The side that connects, speaking a format of its choice.
    pub fn client(format: Format, limits: Limits, ids: IdStyle) -> Self {
        let codec = Codec::new(format, Role::Client, &limits);
        let machine = Self::new(Role::Client, Some(codec), Formats::NONE, limits, ids);
        machine.wanted.set_format(format);
        machine
    }

    /// The side that accepts: the peer's first bytes choose among these formats. A peer that has
    /// said nothing for as long as `silence` says is taken for a speaker of its format, so that the
    /// server hears of it; its first bytes still decide.
    pub fn server(formats: Formats, limits: Limits, silence: Option<(Format, Duration)>) -> Self {
        Self { silence, ..Self::new(Role::Server, None, formats, limits, IdStyle::Joined) }
    }

    fn new(
        role: Role,
        codec: Option<Codec>,
        formats: Formats,
        limits: Limits,
        ids: IdStyle,
    ) -> Self {
        Self {
            limits,
            role,
            undecided: codec.is_none(),
            codec,
            formats,
            silence: None,
            silence_due: None,
            excluded: false,
            session: Session::of(role, limits, ids),
            queue: WriteQueue::default(),
            lanes: Lanes::default(),
            flow: None,
            partial: Vec::new(),
            needed: 0,
            overflowed: false,
            goodbye: None,
            greeting: None,
            unread: false,
            endurance: Endurance::default(),
            wanted: Wanted::new(limits.max_subscriptions),
            wishes: Wishes::default(),
            hold: Hold::default(),
            bytes_in: 0,
            bytes_out: 0,
            shaping: Shaping::new(limits.shapes),
        }
    }

    /// Writes what waits. True when nothing is left.
    ///
    /// # Errors
    ///
    /// The connection is over.
    #[inline]
    pub fn write(
        &mut self,
        now: Instant,
        inbound: &mut Inbound,
        mut send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> Result<bool> {
        let end = self.queue.written() + WRITE_TURN_BYTES;
        loop {
            let empty = self.queue.write_to(&mut send).map_err(Error::disconnected)?;
            let lanes = self.lanes.has_turns();
            self.after_write(now, inbound);
            self.note_output(now);
            // The lanes may have filled the queue again.
            if !empty || !lanes || self.queue.bytes() == 0 || self.queue.written() > end {
                return Ok(self.queue.bytes() == 0);
            }
        }
    }

    /// Takes what waits to be written, for a stream that the application writes to itself.
    pub fn take_output(&mut self, now: Instant, inbound: &mut Inbound) -> Vec<u8> {
        let mut output = Vec::with_capacity(self.queue.bytes());
        // Writing to memory can't fail.
        let _ = self.write(now, inbound, |slices| {
            slices.iter().for_each(|slice| output.extend_from_slice(slice));
            Ok(slices.iter().map(|slice| slice.len()).sum())
        });
        output
    }

    #[inline]
    fn after_write(&mut self, now: Instant, inbound: &mut Inbound) {
        while let Some(slot) = self.queue.poll_written() {
            if slot != batch::NO_SLOT {
                inbound.push_note(kind::SENT, slot, 0, "");
            }
        }
        self.pull(inbound);
        if self.session.waiting().0 != 0 {
            self.pump_waiting(now, inbound);
        }
        self.relieve(inbound);
    }

    /// Less waits than did: says so if somebody was turned down.
    #[inline]
    fn relieve(&mut self, inbound: &mut Inbound) {
        if self.overflowed && self.has_room() {
            self.overflowed = false;
            inbound.push_note(kind::DRAIN, 0, 0, "");
        }
    }

    /// Looks how writing stands, after it or where it couldn't be tried.
    #[inline]
    pub fn note_output(&mut self, now: Instant) {
        self.session.note_output(self.queue.written(), self.wants_write(), now);
    }

    /// Whether anything waits to be written.
    #[inline]
    pub fn wants_write(&self) -> bool {
        self.queue.bytes() != 0 || self.lanes.has_turns()
    }

    /// Whether reading should go on. A peer that doesn't read its answers isn't read either, unless
    /// we wait for answers from it: two sides that both do so would wait for each other for ever;
    /// or unless it is about to be taken for dead, since its sign of life may be there. And a pause
    /// of the application's ends reading once enough is held back.
    #[inline]
    pub fn wants_read(&self) -> bool {
        if self.is_stranger_full() {
            return false;
        }
        !self.hold.is_full()
            && (self.queue.bytes() + self.lanes.large_bytes() < PAUSE_BYTES
                || self.session.pending() != 0
                || self.session.open_streams() != 0
                || self.session.doubts_peer())
    }

    /// Before it is let in, a peer is read only a little ahead, so as to hear it leave.
    #[inline]
    fn is_stranger_full(&self) -> bool {
        self.session.is_deciding() && self.partial.len() >= STRANGER_BYTES
    }

    /// Whether so much waits to be written that it is best written where it delays nobody.
    pub const fn is_heavy(&self) -> bool {
        self.queue.bytes() + self.lanes.large_bytes() >= OFFLOAD_BYTES
    }

    /// Whether nothing is under way in either direction: the machine may change its driver.
    pub fn is_quiet(&self) -> bool {
        self.queue.bytes() == 0 && self.partial.is_empty() && self.lanes.large_bytes() == 0
    }

    /// Whether more of a message has to come.
    fn is_within_frame(&self) -> bool {
        !self.partial.is_empty()
            || self.flow.is_some()
            || self.codec.as_ref().is_some_and(Codec::is_within_message)
    }

    /// A deadline may have passed.
    ///
    /// # Errors
    ///
    /// It was the connection's.
    pub fn handle_timeout(&mut self, now: Instant, inbound: &mut Inbound) -> Result<()> {
        self.presume(now, inbound);
        while let Some(timeout) = self.session.handle_timeout(now) {
            match timeout {
                Timeout::Call(settled) => {
                    let sent = settled.id.is_some_and(|id| self.take_back(id));
                    self.fail(settled.slot, Kind::Timeout, sent, "no answer in time", inbound);
                }
                Timeout::SendPing(token) => self.send(&Message::Ping { token }),
                Timeout::Over(..) if self.excluded => return Err(self.farewell()),
                Timeout::Over(kind, why) => return Err(Error::remote(kind, why)),
            }
        }
        self.pump_waiting(now, inbound);
        self.relieve(inbound);
        Ok(())
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be asked next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = self.session.poll_timeout();
        match self.silence_due {
            None => due,
            Some(silence) => Some(due.map_or(silence, |due| due.min(silence))),
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.session.state()
    }

    /// Which side this is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Room that is kept for frames which are not whole yet.
    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        self.partial.capacity()
    }

    /// Whether a peer makes us answer without ever reading: then more waits for it than the
    /// application can have put there.
    ///
    /// # Errors
    ///
    /// It does, and the connection is over.
    #[inline]
    pub fn check_overrun(&self) -> Result<()> {
        if self.queue.bytes() > self.limits.max_answer_bytes().saturating_add(OVERRUN_BYTES) {
            return Err(Error::remote(Kind::Overflow, "the peer does not read its answers"));
        }
        Ok(())
    }

    /// Says that a request of the peer has failed.
    fn send_failure(&mut self, id: Id, kind: Kind, text: &str) {
        let error = Failure::Kind { kind: kind as u8, text };
        self.send(&Message::Failure { id, error });
    }

    /// Sends a message that has no one to complain to.
    fn send(&mut self, message: &Message<'_>) {
        let Some(codec) = &mut self.codec else { return };
        if codec.encode(message, &mut self.queue).is_ok() {
            self.queue.end_message(batch::NO_SLOT);
        }
    }

    #[cold]
    fn fail(&self, slot: u32, kind: Kind, maybe_delivered: bool, why: &str, inbound: &mut Inbound) {
        if slot != batch::NO_SLOT {
            let delivered = if maybe_delivered { batch::MAYBE_DELIVERED } else { 0 };
            inbound.push_note(kind::FAILED, slot, kind as u32 | delivered, why);
        }
    }

    /// A message larger than the whole queue is let through alone, or it could never be sent.
    #[inline]
    fn is_full(&self, more: usize) -> bool {
        let queued = self.queued_bytes();
        queued != 0
            && (queued + more > self.limits.max_queued_bytes
                || self.queue.messages() + self.lanes.messages() >= self.limits.max_queued_messages)
    }

    #[inline]
    const fn queued_bytes(&self) -> usize {
        self.queue.bytes() + self.lanes.bytes()
    }

    fn has_room(&self) -> bool {
        let (waiting, waiting_bytes) = self.session.waiting();
        self.queued_bytes() + waiting_bytes <= self.limits.max_queued_bytes / 2
            && self.queue.messages() + waiting <= self.limits.max_queued_messages / 2
    }
}

/// From this size on a frame is read and written off the JavaScript thread.
pub const OFFLOAD_BYTES: usize = 256 * 1024;
/// What the core's own answers may take beside those of the application.
const OVERRUN_BYTES: usize = 64 * 1024;
/// What is kept of a peer that nobody has let in yet.
const STRANGER_BYTES: usize = 64 * 1024;
/// How much one turn of writing takes out of the lanes before others get theirs.
const WRITE_TURN_BYTES: u64 = 1024 * 1024;
/// Answers that wait beyond this stop the reading of more requests.
const PAUSE_BYTES: usize = 1024 * 1024;
