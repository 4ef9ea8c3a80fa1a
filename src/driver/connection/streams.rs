//! Streams: orders of the application and events of the session, between lanes and codec.

use bytes::Bytes;

use super::{
    Connection,
    lanes::{CHUNK_BYTES, CUT_BYTES, PIECE_BYTES, PULL_BYTES},
};
use crate::{
    codec::Piece,
    driver::batch::{self, Inbound, Order, kind},
    error::Kind,
    message::{Body, BodyKind, Failure, Message, Part},
};

impl Connection {
    /// What the application wants of a stream.
    #[inline(never)]
    pub(super) fn stream_order(&mut self, order: &Order<'_>, inbound: &mut Inbound) {
        let number = order.subject;
        match order.kind {
            kind::OPEN => self.open_stream(order, inbound),
            kind::DATA => self.stream_data(order, inbound),
            kind::CREDIT => {
                if let Some(id) = self.session.streams().grant(number, order.extra) {
                    self.send(&Message::Stream { id, part: Part::Credit(order.extra) });
                }
            }
            kind::END => {
                if self.session.streams().is_writable(number).is_some() {
                    self.lanes.streams.entry(number).or_default().ending = true;
                    self.lanes.wake(number);
                    self.pull(inbound);
                }
            }
            _ => self.reset_stream(order),
        }
    }

    fn open_stream(&mut self, order: &Order<'_>, inbound: &mut Inbound) {
        let Order { subject: number, body, extra: settings, .. } = *order;
        let (trace, topic) = order.trace_and_topic();
        if self.is_full(body.data.len()) {
            self.overflowed = true;
            return fail(number, Kind::Overflow, "too much waits to be sent", inbound);
        }
        let id = match self.session.open_stream(number, settings) {
            Ok(id) => id,
            Err((kind, why)) => return fail(number, kind, why, inbound),
        };
        let Some(codec) = &mut self.codec else { return };
        let part = Part::Open { topic, body, settings, trace: trace.map(|trace| *trace) };
        match codec.encode(&Message::Stream { id, part }, &mut self.queue) {
            Ok(()) => self.queue.end_message(batch::NO_SLOT),
            Err(error) => {
                self.session.streams().reset(number);
                fail(number, error.kind(), error.message(), inbound);
            }
        }
    }

    fn stream_data(&mut self, order: &Order<'_>, inbound: &mut Inbound) {
        let Order { subject: number, body, units, .. } = *order;
        // None: it is over, and the application is about to hear of that.
        let Some(values) = self.session.streams().is_writable(number) else { return };
        if values
            && let Some(codec) = &self.codec
            && let Err(error) =
                codec.check_length(body.data.len()).and_then(|()| codec.check_body(body))
        {
            let why = error.message();
            return self.break_stream(number, error.kind(), why, inbound);
        }
        let lane = self.lanes.streams.entry(number).or_default();
        if lane.ending {
            return;
        }
        let mut data = body.data;
        let direct = lane.is_empty()
            && !self.lanes.has_turns()
            && self.queue.bytes() < PULL_BYTES
            && data.len() <= if values { CUT_BYTES } else { CHUNK_BYTES };
        if direct && let Some(part) = self.session.streams().spend(number, data.len()) {
            let (now, later) = data.split_at(part);
            let told = if values { units } else { part as u32 };
            self.send_data(number, Body { kind: body.kind, data: now }, told, inbound);
            if later.is_empty() {
                return;
            }
            data = later;
        }
        let owned = self.queue.take_loan(data).unwrap_or_else(|| Bytes::copy_from_slice(data));
        self.lanes.push_chunk(number, body.kind, owned, units);
        self.lanes.wake(number);
        self.pull(inbound);
    }

    /// The turn of a stream: a piece of what it has, if there is credit for it.
    pub(super) fn pull_stream(&mut self, number: u32, inbound: &mut Inbound) {
        let Some(chunk) = self.lanes.front(number) else {
            return self.end_stream(number, inbound);
        };
        let (kind, cut, length, units) = (chunk.kind, chunk.cut, chunk.data.len(), chunk.units);
        let values = self.session.streams().is_writable(number).unwrap_or_default();
        if values && (cut != 0 || length > CUT_BYTES) {
            return self.pull_value(number, inbound);
        }
        let wanted = if values { length } else { length.min(CHUNK_BYTES) };
        let Some(part) = self.session.streams().spend(number, wanted) else {
            return self.lanes.block(number, values);
        };
        let Some(chunk) = self.lanes.front(number) else { return };
        let data = chunk.data.slice(..part);
        self.lanes.advance(number, part, part == length);
        if part >= LEND_BYTES {
            self.queue.lend(data.clone());
        }
        let told = if values { units } else { part as u32 };
        self.send_data(number, Body { kind, data: &data }, told, inbound);
        self.lanes.wake(number);
    }

    /// A value that is so large that it goes in pieces.
    fn pull_value(&mut self, number: u32, inbound: &mut Inbound) {
        let Some(id) = self.session.streams().id_of(number) else { return };
        let Some(codec) = &mut self.codec else { return };
        let Some(chunk) = self.lanes.front(number) else { return };
        let (begun, whole) = (chunk.cut != 0, chunk.data.len());
        if !begun {
            let fits = |length| codec.check_length(length).is_ok();
            if !self.lanes.may_begin(whole, fits)
                || self.session.streams().spend(number, whole).is_none()
            {
                return self.lanes.block(number, true);
            }
            self.lanes.begin(whole);
            if let Some(chunk) = self.lanes.streams.get_mut(&number).and_then(|l| l.front_mut()) {
                chunk.cut = whole;
            }
        }
        let Some(chunk) = self.lanes.front(number).cloned() else { return };
        let data = chunk.data.slice(..chunk.data.len().min(PIECE_BYTES));
        let more = data.len() < chunk.data.len();
        self.lanes.advance(number, data.len(), !more);
        if !more {
            self.lanes.end_unfinished(chunk.cut);
            self.lanes.wake_starved();
        }
        self.queue.lend(data.clone());
        let body = Body { kind: chunk.kind, data: &data };
        let piece = Piece { first: !begun, more, event: 0 };
        let message = Message::Stream { id, part: Part::Data(body) };
        let _ = codec.encode_piece(&message, piece, &mut self.queue);
        self.queue.end_message(batch::NO_SLOT);
        self.tell_taken(number, if more { 0 } else { chunk.units }, inbound);
        self.lanes.wake(number);
    }

    fn send_data(&mut self, number: u32, body: Body<'_>, told: u32, inbound: &mut Inbound) {
        let Some(id) = self.session.streams().id_of(number) else { return };
        self.send(&Message::Stream { id, part: Part::Data(body) });
        self.tell_taken(number, told, inbound);
    }

    /// Tells the application that data has left its lane, when it is worth it.
    fn tell_taken(&mut self, number: u32, units: u32, inbound: &mut Inbound) {
        let Some(lane) = self.lanes.streams.get_mut(&number) else { return };
        lane.untold += units;
        if lane.untold >= TELL_BYTES {
            let taken = std::mem::take(&mut lane.untold);
            inbound.push_note(kind::TAKEN, number, taken, "");
        }
    }

    fn end_stream(&mut self, number: u32, inbound: &mut Inbound) {
        if self.lanes.streams.get(&number).is_some_and(|lane| lane.ending)
            && let Some(id) = self.session.streams().end(number)
        {
            self.send(&Message::Stream { id, part: Part::End });
            self.lanes.drop_stream(number);
            inbound.push_note(kind::TAKEN, number, 0, "");
        }
    }

    fn reset_stream(&mut self, order: &Order<'_>) {
        self.forget_stream(order.subject);
        let Some(id) = self.session.streams().reset(order.subject) else { return };
        let error = if order.body.kind == BodyKind::None {
            let text = std::str::from_utf8(order.body.data).unwrap_or_default();
            Failure::Kind { kind: order.extra as u8, text }
        } else {
            Failure::Body(order.body)
        };
        let Some(codec) = &mut self.codec else { return };
        let message = Message::Stream { id, part: Part::Reset(error) };
        match codec.encode(&message, &mut self.queue) {
            Ok(()) => self.queue.end_message(batch::NO_SLOT),
            // The error's own data is what is too large; the peer still hears of the end.
            Err(_) => self.send_reset(id, Kind::Remote, "the stream failed"),
        }
    }

    /// A fault of this side's or the peer's, by which a stream is over at both ends.
    pub(super) fn break_stream(
        &mut self,
        number: u32,
        kind: Kind,
        why: &str,
        inbound: &mut Inbound,
    ) {
        self.forget_stream(number);
        if let Some(id) = self.session.streams().reset(number) {
            self.send_reset(id, kind, why);
        }
        fail(number, kind, why, inbound);
    }

    /// The peer has reset a stream.
    #[cold]
    pub(super) fn stream_was_reset(&mut self, number: u32, id: u64) {
        if self.forget_stream(number) {
            // What the peer has of a value would wait for the rest for ever.
            self.send_reset(id, Kind::Aborted, "no longer wanted");
        }
    }

    /// A stream has more credit.
    pub(super) fn stream_credited(&mut self, number: u32, inbound: &mut Inbound) {
        self.lanes.wake(number);
        self.lanes.wake_starved();
        self.pull(inbound);
    }

    pub(super) fn send_reset(&mut self, id: u64, kind: Kind, text: &str) {
        let error = Failure::Kind { kind: kind as u8, text };
        self.send(&Message::Stream { id, part: Part::Reset(error) });
    }

    fn forget_stream(&mut self, number: u32) -> bool {
        let cut = self.lanes.drop_stream(number);
        self.lanes.wake_starved();
        cut
    }
}

/// A stream of the application's is over.
fn fail(number: u32, kind: Kind, why: &str, inbound: &mut Inbound) {
    inbound.push_note(kind::RESET, number, kind as u32, why);
}

/// Data of this size is queued as it is instead of being copied.
const LEND_BYTES: usize = 16 * 1024;
/// The application is told in steps of this size: each is a crossing.
const TELL_BYTES: u32 = 32 * 1024;
