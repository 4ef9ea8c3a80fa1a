//! Requests that can't be sent yet: the peer isn't there, or has enough of ours.
//!
//! A call that settles while it waits (its deadline passes, its caller gives up) leaves its payload
//! behind; once such leftovers are most of the queue they are cleared out, so that a peer which
//! never comes doesn't make it full. Must not know: why they wait.

use std::{collections::VecDeque, time::Instant};

use crate::message::{BodyKind, Trace};

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct WaitingQueue {
    queue: VecDeque<Waiting>,
    bytes: usize,
    /// Entries whose calls have settled.
    settled: usize,
}

/// A request that can't be sent yet.
#[derive(Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The application's index of the call.
    pub slot: u32,
    /// What it is about.
    pub topic: Box<str>,
    /// How the payload is encoded.
    pub kind: BodyKind,
    /// The payload.
    pub body: Vec<u8>,
    /// When it stops being wanted.
    pub deadline: Option<Instant>,
    /// Which trace it belongs to.
    pub trace: Option<Box<Trace>>,
    /// Tells the call from an earlier one in the same slot.
    pub(super) serial: u32,
}

impl WaitingQueue {
    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.bytes += waiting.body.len();
        self.queue.push_back(waiting);
    }

    pub(crate) fn front(&self) -> Option<&Waiting> {
        self.queue.front()
    }

    /// Takes the first out; `wanted` says whether its call is still open.
    pub(crate) fn pop(&mut self, wanted: bool) -> Option<Waiting> {
        let waiting = self.queue.pop_front()?;
        self.bytes -= waiting.body.len();
        self.settled -= usize::from(!wanted);
        Some(waiting)
    }

    /// One of the calls has settled; `is_open` tells which of them haven't.
    pub(crate) fn note_settled(&mut self, is_open: impl Fn(&Waiting) -> bool) {
        if self.queue.is_empty() {
            return;
        }
        self.settled += 1;
        if self.settled * 2 > self.queue.len() {
            self.queue.retain(is_open);
            self.bytes = self.queue.iter().map(|waiting| waiting.body.len()).sum();
            self.settled = 0;
        }
    }

    /// Changes what waits, payloads included.
    pub(crate) fn change_each(&mut self, change: impl FnMut(&mut Waiting)) {
        self.queue.iter_mut().for_each(change);
        self.bytes = self.queue.iter().map(|waiting| waiting.body.len()).sum();
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}
