//! Messages that are cut: how they get into the lanes and, piece by piece, out of them.

use bytes::Bytes;

use super::{
    Connection,
    lanes::{CUT_BYTES, Large, PIECE_BYTES, PULL_BYTES, Turn, What},
};
use crate::{
    codec::{Codec, Piece},
    driver::batch::{self, Inbound},
    error::{Error, Kind, Result},
    message::{Body, BodyKind, Id, Message, Request, TRACE_BYTES, Trace},
};

impl Connection {
    /// Whether a message with this body goes through the lanes.
    #[inline]
    pub(super) fn is_cut(&self, body: Body<'_>) -> bool {
        let is_cut = |codec: &Codec| {
            codec.cuts() && (body.kind != BodyKind::WideJson || codec.peer_reads_wide())
        };
        body.data.len() >= CUT_BYTES && self.codec.as_ref().is_some_and(is_cut)
    }

    /// Whether a one-way message has to wait behind another.
    #[inline]
    pub(super) fn has_events_before(&self) -> bool {
        !self.lanes.events.is_empty()
    }

    /// Puts a message into its lane.
    ///
    /// # Errors
    ///
    /// The peer doesn't take one of that length.
    #[inline(never)]
    pub(super) fn send_large(
        &mut self,
        what: What,
        topic: &str,
        body: Body<'_>,
        trace: Option<Box<Trace>>,
        owned: Option<Bytes>,
    ) -> Result<()> {
        let Some(codec) = &self.codec else { return Ok(()) };
        let deadline = match &what {
            What::Request { deadline_ms, .. } if *deadline_ms != 0 => DEADLINE_BYTES,
            _ => 0,
        };
        let extensions = deadline + trace.as_ref().map_or(0, |_| TRACE_BYTES);
        let length = extensions + topic.len() + body.data.len();
        codec.check_length(length)?;
        codec.check_body(body)?;
        if topic.len() > usize::from(u16::MAX) {
            return Err(Error::local(Kind::TooLarge, "a topic is at most 65,535 bytes long"));
        }
        let owned = owned.or_else(|| self.queue.take_loan(body.data));
        let body_left = owned.unwrap_or_else(|| Bytes::copy_from_slice(body.data));
        let (topic, kind) = (topic.into(), body.kind);
        let large = Large { what, topic, kind, body: body_left, trace, length, begun: false };
        // The next turn of writing takes it from there.
        self.lanes.push_large(large);
        Ok(())
    }

    /// Fills the write queue from the lanes.
    #[inline]
    pub(super) fn pull(&mut self, inbound: &mut Inbound) {
        let mut idle = 0;
        // Those who can do nothing for now may keep their turn: once round without a byte is enough.
        while self.queue.bytes() < PULL_BYTES && idle < self.lanes.turns() {
            let before = self.queue.bytes();
            match self.lanes.next_turn() {
                Some(Turn::Stream(number)) => self.pull_stream(number, inbound),
                Some(Turn::Calls) => self.pull_call(),
                Some(Turn::Events) => self.pull_event(),
                None => return,
            }
            idle = if self.queue.bytes() == before { idle + 1 } else { 0 };
        }
    }

    fn pull_call(&mut self) {
        let Some(codec) = &self.codec else { return };
        self.lanes.begin_calls(|length| codec.check_length(length).is_ok());
        if let Some(mut large) = self.lanes.calls.pop_front() {
            if self.send_piece(&mut large) {
                self.lanes.end_unfinished(large.length);
            } else {
                self.lanes.calls.push_back(large);
            }
        }
        if self.lanes.has_calls() {
            self.lanes.give_turn(Turn::Calls);
        }
    }

    fn pull_event(&mut self) {
        let Some(codec) = &self.codec else { return };
        let Some(mut large) = self.lanes.events.pop_front() else { return };
        let fits = |length: usize| codec.check_length(length).is_ok();
        let (mut done, counted) = (false, large.begun);
        if large.begun || large.body.len() <= PIECE_BYTES {
            done = self.send_piece(&mut large);
            if done && counted {
                self.lanes.end_unfinished(large.length);
            }
        } else if self.lanes.may_begin(large.length, fits) {
            self.lanes.begin(large.length);
            self.send_piece(&mut large);
        }
        if !done {
            self.lanes.events.push_front(large);
        }
        if !self.lanes.events.is_empty() {
            self.lanes.give_turn(Turn::Events);
        }
    }

    /// Sends the next piece of a message. True if it was the last.
    fn send_piece(&mut self, large: &mut Large) -> bool {
        let Some(codec) = &mut self.codec else { return true };
        let data = large.body.split_to(large.body.len().min(PIECE_BYTES));
        self.lanes.left(data.len());
        self.queue.lend(data.clone());
        let body = Body { kind: large.kind, data: &data };
        let topic = &*large.topic;
        let (mut slot, mut event) = (batch::NO_SLOT, 0);
        let message = match &large.what {
            What::Request { id, deadline_ms } => {
                let (id, deadline_ms) = (id.clone(), *deadline_ms);
                Message::Request(Request {
                    id,
                    topic,
                    body,
                    deadline_ms,
                    trace: large.trace.take(),
                })
            }
            What::Response { id } => Message::Response { id: id.clone(), body },
            What::Event { slot: told, serial } => {
                (slot, event) = (*told, *serial);
                Message::Event { topic, body, trace: large.trace.take() }
            }
        };
        let more = !large.body.is_empty();
        let piece = Piece { first: !large.begun, more, event };
        // Its length has been checked, and a format without pieces has no lanes.
        let _ = codec.encode_piece(&message, piece, &mut self.queue);
        self.queue.end_message(if more { batch::NO_SLOT } else { slot });
        large.begun = true;
        !more
    }

    /// Our request is no longer wanted: tells the peer what it has to know. False if it never heard
    /// of it.
    pub(super) fn take_back(&mut self, id: Id) -> bool {
        let is_it = |what: &What| matches!(what, What::Request { id: other, .. } if *other == id);
        if self.lanes.has_calls() && self.lanes.withdraw(is_it) == Some(false) {
            return false;
        }
        self.send(&Message::Cancel { id });
        true
    }

    /// The peer no longer wants an answer that may be in mid-air.
    #[cold]
    pub(super) fn cut_short(&mut self, id: &Id) {
        if !self.lanes.has_calls() {
            return;
        }
        let is_it = |what: &What| matches!(what, What::Response { id: other } if other == id);
        if self.lanes.withdraw(is_it) == Some(true) {
            self.send_failure(id.clone(), Kind::Aborted, "no longer wanted");
        }
    }
}

/// What a deadline takes.
const DEADLINE_BYTES: usize = 4;
