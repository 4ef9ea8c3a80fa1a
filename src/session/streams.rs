//! The streams of one connection: whose they are, which directions are open, what may be sent.
//!
//! ```text
//!                 we end                    they end
//!        ┌────────────────► half (theirs) ───────────┐
//!   open │                                           ├──► over: the entry is gone
//!        └────────────────► half (ours)   ───────────┘       ▲
//!                they end                    we end          │
//!        any ──────────────── reset, from either side ───────┘
//! ```
//!
//! An id is chosen by who opens: odd on the side that connected, even on the other, and each larger
//! than all before it. That tells a frame which is merely late (its stream is over) from one for a
//! stream that never was. The application knows a stream by a number: its own choice for its own,
//! ours, with [`PEERS`] in it, for the peer's. Must not know: bytes, sockets, time.

use std::collections::HashMap;

use super::{
    Event, Session, State,
    credit::{Credit, FRAME_BYTES, Overdraft},
};
use crate::{
    error::Kind,
    message::{Body, BodyKind, Part, Role, capability, setting},
};

/// The table of streams.
#[derive(Debug)]
pub struct Streams {
    role: Role,
    /// The most that the peer may have open here.
    limit: u32,
    entries: HashMap<u64, Entry>,
    ids: HashMap<u32, u64>,
    next_id: u64,
    /// The largest id of the peer's.
    seen: u64,
    next_number: u32,
    /// How many of the open streams are the peer's.
    of_peer: u32,
    out: Overdraft,
    inward: Overdraft,
    counters: StreamCounters,
}

#[derive(Debug)]
struct Entry {
    number: u32,
    values: bool,
    /// We have more to send.
    ours: bool,
    /// They have.
    theirs: bool,
    send: Credit,
    receive: Credit,
}

/// Plain numbers for `stats()`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct StreamCounters {
    /// Streams that are open, in either direction.
    pub open: u32,
    /// Streams that the peer has opened.
    pub opened_in: u64,
    /// Streams that we have opened.
    pub opened_out: u64,
    /// Streams of the peer that were refused for a limit.
    pub refused: u64,
}

impl Session {
    /// The application opens a stream under a number of its own: the id on the wire.
    ///
    /// # Errors
    ///
    /// It can't: why.
    pub fn open_stream(&mut self, number: u32, settings: u32) -> Result<u64, (Kind, &'static str)> {
        if self.state >= State::Draining {
            return Err((Kind::Closed, "the socket is closed"));
        }
        if !self.met {
            return Err((Kind::Disconnected, "the socket is not connected"));
        }
        if self.peer_leaving {
            return Err((Kind::Closed, "the peer is leaving"));
        }
        if !self.agrees_on(capability::STREAMS) {
            return Err((Kind::Unsupported, "the peer has no streams"));
        }
        let id = self.streams.open(number, settings & setting::VALUES != 0);
        id.ok_or((Kind::Overflow, "too many streams are open"))
    }

    /// The streams.
    #[inline]
    pub const fn streams(&mut self) -> &mut Streams {
        &mut self.streams
    }

    /// A frame with so many bytes of a stream has begun to come. `None`: it has to be whole.
    pub fn begin_bytes(&mut self, id: u64, length: usize) -> Option<Event> {
        let event = self.streams.begin_bytes(id, length)?;
        self.counters.messages_in += 1;
        Some(event)
    }

    /// How many streams are open.
    pub fn open_streams(&self) -> usize {
        self.streams.open_count()
    }

    /// Plain numbers of the streams.
    pub fn stream_counters(&self) -> StreamCounters {
        self.streams.counters()
    }
}

impl Streams {
    /// No streams yet.
    pub(crate) fn new(role: Role, limit: u32, max_frame_bytes: u32) -> Self {
        Self {
            role,
            limit,
            entries: HashMap::new(),
            ids: HashMap::new(),
            next_id: if role == Role::Client { 1 } else { 2 },
            seen: 0,
            next_number: 0,
            of_peer: 0,
            out: Overdraft::new(u32::MAX),
            inward: Overdraft::new(max_frame_bytes),
            counters: StreamCounters::default(),
        }
    }

    /// The peer has told how large a message it takes.
    pub(crate) const fn meet(&mut self, peer_max_frame_bytes: u32) {
        self.out.set_limit(peer_max_frame_bytes);
    }

    /// Opens one of ours under the application's number: its id.
    pub(crate) fn open(&mut self, number: u32, values: bool) -> Option<u64> {
        if number & PEERS != 0 || self.ids.contains_key(&number) || self.own() >= MAX_OWN {
            return None;
        }
        let id = self.next_id;
        self.next_id += 2;
        self.insert(id, number, values);
        self.counters.opened_out += 1;
        Some(id)
    }

    /// The wire's name of a stream.
    pub fn id_of(&self, number: u32) -> Option<u64> {
        self.ids.get(&number).copied()
    }

    /// Whether a stream carries values; `None` when it is over, or our side of it.
    pub fn is_writable(&self, number: u32) -> Option<bool> {
        let entry = self.entries.get(self.ids.get(&number)?)?;
        entry.ours.then_some(entry.values)
    }

    /// Takes credit for data of this length: how much of it may go in one frame now. A value goes
    /// whole or not at all.
    pub fn spend(&mut self, number: u32, length: usize) -> Option<usize> {
        let entry = self.entries.get_mut(self.ids.get(&number)?)?;
        let part = if entry.values { length } else { entry.send.part(length)? };
        entry.send.spend(part, &mut self.out).then_some(part)
    }

    /// The application has used so much: the stream's id, if the peer may send more for it.
    pub fn grant(&mut self, number: u32, bytes: u32) -> Option<u64> {
        let id = *self.ids.get(&number)?;
        let entry = self.entries.get_mut(&id).filter(|entry| entry.theirs)?;
        entry.receive.grant(bytes, &mut self.inward).then_some(id)
    }

    /// We have no more to send: the stream's id, if that is news.
    pub fn end(&mut self, number: u32) -> Option<u64> {
        let id = *self.ids.get(&number)?;
        let entry = self.entries.get_mut(&id).filter(|entry| entry.ours)?;
        entry.ours = false;
        if !entry.theirs {
            self.remove(id);
        }
        Some(id)
    }

    /// We reset it: its id, if it isn't over.
    pub fn reset(&mut self, number: u32) -> Option<u64> {
        let id = *self.ids.get(&number)?;
        self.remove(id);
        Some(id)
    }

    /// The peer says something in a stream. `closing`: it may open no more.
    pub(crate) fn handle(&mut self, id: u64, part: &Part<'_>, closing: bool) -> Event {
        if let Part::Open { settings, .. } = part {
            return self.opened(id, settings & setting::VALUES != 0, closing);
        }
        let Some(entry) = self.entries.get_mut(&id) else {
            return self.stray(id);
        };
        let number = entry.number;
        match part {
            Part::Open { .. } => Event::Ignored,
            Part::Data(_) if !entry.theirs => Event::Violation("data after the end of a stream"),
            Part::Data(Body { kind, .. }) if !entry.values && *kind != BodyKind::Bytes => {
                Event::Violation("a stream of bytes with a value in it")
            }
            Part::Data(body) => {
                let length = body.data.len();
                if !entry.receive.spend(length, &mut self.inward) {
                    return Event::Violation(OVERSPENT);
                }
                Event::Data(number, cost(length))
            }
            Part::Credit(bytes) if !entry.send.grant(*bytes, &mut self.out) => {
                Event::Violation("more credit than a stream can have")
            }
            Part::Credit(_) => Event::Credited(number),
            Part::End if !entry.theirs => Event::Violation("a second end of a stream"),
            Part::End => {
                entry.theirs = false;
                if !entry.ours {
                    self.remove(id);
                }
                Event::Ended(number)
            }
            Part::Reset(_) => {
                self.remove(id);
                Event::Reset(number)
            }
        }
    }

    /// A frame with so many bytes has begun to come in a stream of bytes; `None` if this is none that
    /// could take them.
    pub(crate) fn begin_bytes(&mut self, id: u64, length: usize) -> Option<Event> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.theirs && !entry.values)?;
        if !entry.receive.spend(length, &mut self.inward) {
            return Some(Event::Violation(OVERSPENT));
        }
        Some(Event::Data(entry.number, cost(length)))
    }

    /// Something of the peer's that can't be read.
    pub(crate) fn malformed(&mut self, id: u64, opens: bool, why: &'static str) -> Event {
        if opens {
            return match self.opened(id, false, true) {
                Event::RefuseStream(id, ..) => Event::RefuseStream(id, Kind::Serialize, why),
                other => other,
            };
        }
        let Some(entry) = self.entries.get(&id) else {
            return self.stray(id);
        };
        let number = entry.number;
        self.remove(id);
        Event::BrokenStream(number, id, why)
    }

    /// The connection is over.
    pub(crate) fn clear(&mut self) {
        self.entries = HashMap::new();
        self.ids = HashMap::new();
        self.of_peer = 0;
    }

    /// How many are open.
    pub(crate) fn open_count(&self) -> usize {
        self.entries.len()
    }

    /// Plain numbers.
    pub(crate) fn counters(&self) -> StreamCounters {
        StreamCounters { open: self.entries.len() as u32, ..self.counters }
    }

    fn opened(&mut self, id: u64, values: bool, closing: bool) -> Event {
        if self.is_own(id) || id <= self.seen {
            return Event::Violation("a stream with an id that isn't the next");
        }
        self.seen = id;
        if closing {
            return Event::RefuseStream(id, Kind::Closed, "the socket is closing");
        }
        if self.of_peer >= self.limit {
            self.counters.refused += 1;
            let why = "too many streams are open (maxStreams)";
            return Event::RefuseStream(id, Kind::Overflow, why);
        }
        let number = self.free_number();
        self.insert(id, number, values);
        self.of_peer += 1;
        self.counters.opened_in += 1;
        Event::Opened(number)
    }

    /// Something for a stream that isn't open: late, or a mistake.
    fn stray(&self, id: u64) -> Event {
        let was = if self.is_own(id) { id < self.next_id } else { id <= self.seen };
        if was && id != 0 { Event::Ignored } else { Event::Violation("a stream that never was") }
    }

    fn insert(&mut self, id: u64, number: u32, values: bool) {
        let (send, receive) = (Credit::new(), Credit::new());
        let entry = Entry { number, values, ours: true, theirs: true, send, receive };
        self.entries.insert(id, entry);
        self.ids.insert(number, id);
    }

    fn remove(&mut self, id: u64) {
        if let Some(entry) = self.entries.remove(&id) {
            entry.send.close(&mut self.out);
            entry.receive.close(&mut self.inward);
            self.ids.remove(&entry.number);
            self.of_peer -= u32::from(entry.number & PEERS != 0);
        }
    }

    /// A number for one of the peer's. Numbers come round again after two billion streams, when the
    /// application has long forgotten what it knew by them.
    fn free_number(&mut self) -> u32 {
        loop {
            let number = PEERS | self.next_number;
            self.next_number = (self.next_number + 1) & !PEERS;
            if !self.ids.contains_key(&number) {
                return number;
            }
        }
    }

    const fn is_own(&self, id: u64) -> bool {
        (id % 2 == 1) == matches!(self.role, Role::Client)
    }

    fn own(&self) -> usize {
        self.entries.len() - self.of_peer as usize
    }
}

/// What data of this length costs its stream.
fn cost(length: usize) -> u32 {
    (length as u32).saturating_add(FRAME_BYTES as u32)
}

const OVERSPENT: &str = "more data than a stream has credit for";
/// In the number of a stream: the peer has opened it.
pub const PEERS: u32 = 1 << 31;
/// The most that we may have open, whatever the peer takes.
const MAX_OWN: usize = 1 << 20;
