//! What waits beside the write queue, so that small messages never wait behind large ones.
//!
//! ```text
//!   small messages ─────────────────────────────────────────────┐
//!   stream 1   ▤▤▤▤ ─┐                                          ▼
//!   stream 2   ▤▤    ├─ one piece each, in turns, while it ──► write queue ──► kernel
//!   calls      ▤▤▤▤▤ │  holds less than PULL_BYTES
//!   one-way    ▤▤▤   ┘
//! ```
//!
//! Large requests and answers take turns among themselves. One-way messages stay in order: while
//! one waits here, all later ones wait behind it. Must not know: sockets, credit, formats.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::{
    driver::batch,
    message::{BodyKind, Id, Trace},
};

/// All lanes of one connection.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// By the application's number of the stream.
    pub(super) streams: HashMap<u32, Lane>,
    /// Requests and answers that have been begun; the first is next.
    pub(super) calls: VecDeque<Large>,
    /// Those that haven't.
    waiting: VecDeque<Large>,
    /// One-way messages, in order; only the first is ever begun.
    pub(super) events: VecDeque<Large>,
    /// Who has something that may go.
    turns: VecDeque<Turn>,
    /// Streams that wait until all streams together have less overdraft.
    starved: Vec<u32>,
    /// Bytes of streams.
    stream_bytes: usize,
    /// Bytes of large messages.
    large_bytes: usize,
    /// Messages of which some pieces are out, and how large they are together.
    pub(super) unfinished: usize,
    pub(super) unfinished_bytes: usize,
    /// What joins the pieces of the next event.
    pub(super) event_serial: u64,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Stream(u32),
    Calls,
    Events,
}

/// What one stream has to send.
#[derive(Debug, Default)]
pub(super) struct Lane {
    chunks: VecDeque<Chunk>,
    /// Nothing follows.
    pub(super) ending: bool,
    /// It has a turn to come.
    queued: bool,
    /// Bytes that have left and the application hasn't been told of.
    pub(super) untold: u32,
}

/// Some bytes of a stream, or one value.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) kind: BodyKind,
    /// What is left of it.
    pub(super) data: Bytes,
    /// What the application is told when it has left: its own measure of a value. Of bytes, each part
    /// is told by itself.
    pub(super) units: u32,
    /// The length of a value of which some pieces are out; 0 otherwise.
    pub(super) cut: usize,
}

/// A message that is large, or has to wait for one.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) what: What,
    pub(super) topic: Box<str>,
    pub(super) kind: BodyKind,
    /// What is left of it.
    pub(super) body: Bytes,
    pub(super) trace: Option<Box<Trace>>,
    /// Its whole length: extensions, topic and body.
    pub(super) length: usize,
    /// Some pieces are out.
    pub(super) begun: bool,
}

/// What a large message is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Request { id: Id, deadline_ms: u32 },
    Response { id: Id },
    Event { slot: u32, serial: u64 },
}

impl Lanes {
    /// Whose turn it is; it is taken out.
    pub(super) fn next_turn(&mut self) -> Option<Turn> {
        let turn = self.turns.pop_front()?;
        if let Turn::Stream(number) = turn
            && let Some(lane) = self.streams.get_mut(&number)
        {
            lane.queued = false;
        }
        Some(turn)
    }

    /// How many wait for the write queue.
    #[inline]
    pub(super) fn turns(&self) -> usize {
        self.turns.len()
    }

    /// Whether somebody waits for the write queue.
    #[inline]
    pub(super) fn has_turns(&self) -> bool {
        !self.turns.is_empty()
    }

    /// A stream may go on.
    pub(super) fn wake(&mut self, number: u32) {
        if let Some(lane) = self.streams.get_mut(&number)
            && !lane.queued
            && (lane.ending || !lane.chunks.is_empty())
        {
            lane.queued = true;
            self.turns.push_back(Turn::Stream(number));
        }
    }

    /// A stream has no credit. `starved`: it may be the others who have used it up.
    pub(super) fn block(&mut self, number: u32, starved: bool) {
        if starved {
            self.starved.push(number);
        }
    }

    /// Credit has come: those that it might be enough for go on.
    pub(super) fn wake_starved(&mut self) {
        for number in std::mem::take(&mut self.starved) {
            self.wake(number);
        }
    }

    /// Keeps data of a stream.
    pub(super) fn push_chunk(&mut self, number: u32, kind: BodyKind, data: Bytes, units: u32) {
        self.stream_bytes += data.len();
        let lane = self.streams.entry(number).or_default();
        lane.chunks.push_back(Chunk { kind, data, units, cut: 0 });
    }

    /// What a stream has first.
    pub(super) fn front(&self, number: u32) -> Option<&Chunk> {
        self.streams.get(&number)?.chunks.front()
    }

    /// So much of a stream's first chunk has left. `whole`: with it, all of it.
    pub(super) fn advance(&mut self, number: u32, part: usize, whole: bool) {
        let Some(lane) = self.streams.get_mut(&number) else { return };
        let Some(chunk) = lane.chunks.front_mut() else { return };
        let _ = chunk.data.split_to(part);
        self.stream_bytes -= part;
        if whole {
            lane.chunks.pop_front();
        }
    }

    /// A stream is over: what it still had is dropped. True if it was in the middle of a value.
    pub(super) fn drop_stream(&mut self, number: u32) -> bool {
        let Some(lane) = self.streams.remove(&number) else { return false };
        self.stream_bytes -= lane.chunks.iter().map(|chunk| chunk.data.len()).sum::<usize>();
        let cut = lane.chunks.front().map_or(0, |chunk| chunk.cut);
        if cut != 0 {
            self.end_unfinished(cut);
        }
        cut != 0
    }

    /// Keeps a large message, or a small one-way message that must not overtake one.
    pub(super) fn push_large(&mut self, mut large: Large) {
        self.large_bytes += large.body.len();
        if let What::Event { serial, .. } = &mut large.what {
            self.event_serial += 1;
            *serial = self.event_serial;
            self.events.push_back(large);
            self.give_turn(Turn::Events);
        } else {
            self.waiting.push_back(large);
            self.give_turn(Turn::Calls);
        }
    }

    /// Gives a turn to those who have none to come.
    pub(super) fn give_turn(&mut self, turn: Turn) {
        if !self.turns.contains(&turn) {
            self.turns.push_back(turn);
        }
    }

    /// Begins large calls, as many as `fits` allows by the length of all that would be unfinished
    /// then.
    pub(super) fn begin_calls(&mut self, fits: impl Fn(usize) -> bool) {
        while let Some(large) = self.waiting.front()
            && self.may_begin(large.length, &fits)
            && let Some(large) = self.waiting.pop_front()
        {
            self.begin(large.length);
            self.calls.push_back(large);
        }
    }

    /// Whether one more message of this length may be unfinished.
    pub(super) fn may_begin(&self, length: usize, fits: impl Fn(usize) -> bool) -> bool {
        self.unfinished == 0
            || (self.unfinished < MAX_UNFINISHED && fits(self.unfinished_bytes + length))
    }

    /// A message of this length is about to be unfinished.
    pub(super) const fn begin(&mut self, length: usize) {
        self.unfinished += 1;
        self.unfinished_bytes += length;
    }

    /// A message of this length is unfinished no more.
    pub(super) fn end_unfinished(&mut self, length: usize) {
        self.unfinished -= 1;
        self.unfinished_bytes -= length;
        // A value may have waited for that.
        self.wake_starved();
    }

    /// Part of a large message has left.
    pub(super) const fn left(&mut self, bytes: usize) {
        self.large_bytes -= bytes;
    }

    /// Takes back a request or an answer; whether it was begun, if it was here.
    pub(super) fn withdraw(&mut self, is_it: impl Fn(&What) -> bool) -> Option<bool> {
        let at = |queue: &VecDeque<Large>| queue.iter().position(|large| is_it(&large.what));
        let large = if let Some(at) = at(&self.waiting) {
            self.waiting.remove(at)?
        } else {
            let large = self.calls.remove(at(&self.calls)?)?;
            self.end_unfinished(large.length);
            large
        };
        self.large_bytes -= large.body.len();
        Some(large.begun)
    }

    /// Whether requests or answers wait.
    pub(super) fn has_calls(&self) -> bool {
        !self.calls.is_empty() || !self.waiting.is_empty()
    }

    /// The slots of one-way messages that haven't left, and whether they were begun.
    pub(super) fn unsent(&self) -> Vec<(u32, bool)> {
        let slot = |large: &Large| match large.what {
            What::Event { slot, .. } if slot != batch::NO_SLOT => Some((slot, large.begun)),
            _ => None,
        };
        self.events.iter().filter_map(slot).collect()
    }

    /// Bytes that wait here.
    #[inline]
    pub(super) const fn bytes(&self) -> usize {
        self.stream_bytes + self.large_bytes
    }

    /// Bytes of streams that wait here.
    pub(super) const fn stream_bytes(&self) -> usize {
        self.stream_bytes
    }

    /// Bytes of large messages that wait here.
    #[inline]
    pub(super) const fn large_bytes(&self) -> usize {
        self.large_bytes
    }

    /// Messages that wait here.
    #[inline]
    pub(super) fn messages(&self) -> usize {
        self.calls.len() + self.waiting.len() + self.events.len()
    }
}

impl Lane {
    /// Whether data waits in it.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Its first chunk.
    pub(super) fn front_mut(&mut self) -> Option<&mut Chunk> {
        self.chunks.front_mut()
    }
}

/// The lanes are looked at only while less than this waits in the write queue: it is what a small
/// message may find before it.
pub(super) const PULL_BYTES: usize = 128 * 1024;
/// The most of a stream's bytes that go in one frame.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;
/// Messages from this size on are cut. Below it the pieces cost more than they spare: the receiver
/// has to put them together, and a megabyte is through in less than a millisecond.
pub(super) const CUT_BYTES: usize = 2 * 1024 * 1024;
/// The pieces that they are cut into.
pub(super) const PIECE_BYTES: usize = 128 * 1024;
/// Messages that are unfinished at once; the format allows 64.
const MAX_UNFINISHED: usize = 16;
