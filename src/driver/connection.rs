//! One connection as a machine that either driver turns; it has no thread and no socket of its own.
//!
//! ```text
//!   receive ──► partial ──► codec ──► session ──► inbound batch      (one turn: `read`)
//!   outbound batch ──► session ──► codec ──► write queue ──► send    (one turn: `submit`, `write`)
//! ```
//!
//! Both turns are bounded: a read stops after [`READ_BUDGET_BYTES`] or [`MAX_ITEMS`]. Must not
//! know: which driver turns it, JavaScript, any format by name beyond detection.

use std::{
    io::{self, IoSlice},
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    batch::{self, Inbound, Order, Outbound, Record, kind},
    write_queue::WriteQueue,
};
use crate::{
    codec::{Codec, Decoded, Detected, detect, native},
    config::{Format, Formats, Limits},
    error::{Error, Kind, Result},
    message::{Body, BodyKind, Failure, Id, Message, Request, Role},
    session::{Admission, Counters, Event, Reply, Session, State, Timeout},
};

/// The machine.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    role: Role,
    /// `None` while a new peer's format is not known.
    codec: Option<Codec>,
    formats: Formats,
    session: Session,
    queue: WriteQueue,
    /// Bytes of a frame that is not whole yet.
    partial: Vec<u8>,
    /// How long `partial` must become before decoding can get on.
    needed: usize,
    /// A queue was full: say so when there is room again.
    overflowed: bool,
    /// The reason of the peer's goodbye.
    goaway: Option<Box<str>>,
    bytes_in: u64,
}

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
    /// The side that connects, speaking a format of its choice.
    pub fn client(format: Format, limits: Limits, id_base: Option<u64>) -> Self {
        let codec = Codec::new(format, Role::Client, &limits);
        Self::new(Role::Client, Some(codec), Formats::NONE, limits, id_base)
    }

    /// The side that accepts: the peer's first bytes choose among these formats.
    pub fn server(formats: Formats, limits: Limits) -> Self {
        Self::new(Role::Server, None, formats, limits, None)
    }

    fn new(
        role: Role,
        codec: Option<Codec>,
        formats: Formats,
        limits: Limits,
        id_base: Option<u64>,
    ) -> Self {
        Self {
            limits,
            role,
            codec,
            formats,
            session: Session::new(limits, id_base),
            queue: WriteQueue::default(),
            partial: Vec::new(),
            needed: 0,
            overflowed: false,
            goaway: None,
            bytes_in: 0,
        }
    }

    /// A transport is there.
    pub fn open(&mut self, now: Instant, inbound: &mut Inbound) {
        match &self.codec {
            None => self.session.open(now, true),
            Some(codec) => {
                let format = codec.format();
                self.session.open(now, format.has_handshake());
                self.greet(format, inbound);
                self.pump_waiting(now, inbound);
            }
        }
    }

    /// Takes a peer that has said nothing for a speaker of `format`, so that its server hears of it.
    pub fn assume(&mut self, format: Format, now: Instant, inbound: &mut Inbound) {
        if self.codec.is_none() && self.partial.is_empty() {
            self.choose(format, now, inbound);
        }
    }

    /// Reads and handles what has arrived. `receive` appends to the buffer what the kernel has, as
    /// far as there is room; `scratch` is shared by all connections of a thread.
    ///
    /// # Errors
    ///
    /// The connection is over.
    #[inline]
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
            let (room, received) = if joined {
                let step = self.needed.saturating_sub(self.partial.len());
                self.partial.reserve(step.clamp(MIN_RESERVE_BYTES, MAX_RESERVE_BYTES));
                let room = self.partial.capacity() - self.partial.len();
                (room, receive(&mut self.partial))
            } else {
                scratch.clear();
                scratch.reserve(SCRATCH_BYTES);
                (scratch.capacity(), receive(scratch))
            };
            let received = match received {
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
            self.session.heard(!self.partial.is_empty(), now);
            if received < room {
                let large = self.needed >= OFFLOAD_BYTES && !self.partial.is_empty();
                return Ok(if large { ReadTurn::Large } else { ReadTurn::Drained });
            }
            budget = budget.saturating_sub(received);
            if budget == 0 || inbound.len() >= MAX_ITEMS {
                return Ok(ReadTurn::More);
            }
        }
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
            if self.codec.is_none() {
                match detect(&buffer[at..]) {
                    Detected::More => return Ok(at),
                    Detected::Format(format) if self.formats.contains(format) => {
                        self.choose(format, now, inbound);
                    }
                    Detected::Format(format) => {
                        let why =
                            format!("the peer speaks {}, which is not accepted", format.name());
                        return Err(Error::remote(Kind::Refused, why));
                    }
                    Detected::Stranger(name) => {
                        return Err(Error::protocol(format!("the peer speaks {name}")));
                    }
                }
            }
            let Some(codec) = &mut self.codec else {
                return Ok(at);
            };
            let (consumed, message) = match codec.decode(&buffer[at..])? {
                Decoded::Incomplete { needed } => {
                    self.needed = needed;
                    return Ok(at);
                }
                Decoded::Skip { consumed } => {
                    at += consumed;
                    continue;
                }
                Decoded::Message { consumed, message } => (consumed, message),
            };
            let event = self.session.handle_message(&message, now);
            if let Some((record, topic, body)) = delivery(&event, &message) {
                let start = (body.data.as_ptr() as usize).wrapping_sub(buffer.as_ptr() as usize);
                let inside = start < buffer.len();
                if body.data.len() >= TAKE_BYTES
                    && inside
                    && buffer.len() - at - consumed < TAKE_BYTES
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
                if matches!(event, Event::Settle(_)) {
                    self.pump_waiting(now, inbound);
                }
                continue;
            }
            let goaway =
                if let Message::Goaway { reason } = &message { Some(*reason) } else { None };
            if let Some(reason) = goaway {
                self.goaway = Some(reason.into());
                inbound.push_note(kind::GOAWAY, 0, 0, reason);
            }
            at += consumed;
            self.react(event, now, inbound)?;
        }
        Ok(at)
    }

    /// Events that need no payload.
    fn react(&mut self, event: Event, now: Instant, inbound: &mut Inbound) -> Result<()> {
        match event {
            Event::Ready => {
                self.announce_ready(inbound);
                self.pump_waiting(now, inbound);
            }
            Event::Unreadable(slot) => {
                let why = "the answer is not valid";
                self.fail(slot, Kind::Serialize, true, why, inbound);
                self.pump_waiting(now, inbound);
            }
            Event::Cancelled(token) => inbound.push_note(kind::CANCEL, token, 0, ""),
            Event::Pong(slot) => inbound.push_note(kind::PING, slot, 0, ""),
            Event::SendPong(token) => self.send(&Message::Pong { token }),
            Event::Refuse(id, kind, text) => {
                let error = Failure::Kind { kind: kind as u8, text };
                self.send(&Message::Failure { id, error });
            }
            Event::Violation(why) => return Err(Error::protocol(why)),
            _ => {}
        }
        // A peer that makes us answer without ever reading is stopped here.
        if self.queue.bytes() > self.limits.max_queued_bytes {
            return Err(Error::remote(Kind::Overflow, "the peer does not read its answers"));
        }
        Ok(())
    }

    /// Does what the application wants. What can't be done comes back through `inbound`.
    #[inline]
    pub fn submit(&mut self, orders: Outbound<'_>, now: Instant, inbound: &mut Inbound) {
        for order in orders.orders() {
            match order.kind {
                kind::REQUEST => self.request(&order, now, inbound),
                kind::RESPONSE => self.respond(&order, inbound),
                kind::FAILURE | kind::FAILED => self.respond_failure(&order),
                kind::MESSAGE => self.notify(&order, inbound),
                kind::CANCEL => self.cancel(order.subject, now, inbound),
                kind::PING => self.ping(&order, now, inbound),
                _ => {}
            }
        }
    }

    #[inline]
    fn request(&mut self, order: &Order<'_>, now: Instant, inbound: &mut Inbound) {
        let Order { subject: slot, topic, body, extra: timeout_ms, .. } = *order;
        if self.is_full(body.data.len()) {
            self.overflowed = true;
            return self.fail(slot, Kind::Overflow, false, "too much waits to be sent", inbound);
        }
        let timeout = Duration::from_millis(u64::from(timeout_ms));
        let deadline = (timeout_ms != 0).then(|| now + timeout);
        match self.session.request(slot, body.data.len() as u32, deadline) {
            Admission::Send(id) => {
                self.send_request(id, slot, topic, body, timeout_ms, None, inbound);
            }
            Admission::Wait => {
                self.session.wait(slot, topic, body.kind, body.data.to_vec(), deadline);
            }
            Admission::Refuse(kind, why) => {
                self.overflowed |= kind == Kind::Overflow;
                self.fail(slot, kind, false, why, inbound);
            }
        }
    }

    #[inline]
    #[expect(clippy::too_many_arguments, reason = "the parts of one request, called in two places")]
    fn send_request(
        &mut self,
        id: Id,
        slot: u32,
        topic: &str,
        body: Body<'_>,
        deadline_ms: u32,
        owned: Option<Bytes>,
        inbound: &mut Inbound,
    ) {
        let Some(codec) = &mut self.codec else { return };
        if let Some(owned) = owned {
            self.queue.lend(owned);
        }
        let message = Message::Request(Request { id, topic, body, deadline_ms });
        if let Err(error) = codec.encode(&message, &mut self.queue) {
            self.session.cancel(slot);
            self.fail(slot, error.kind(), false, error.message(), inbound);
        }
        self.queue.end_message(batch::NO_SLOT);
    }

    /// Sends requests that had to wait, as many as may go now.
    #[inline]
    fn pump_waiting(&mut self, now: Instant, inbound: &mut Inbound) {
        while self.queue.bytes() < PUMP_LIMIT_BYTES
            && let Some((id, waiting)) = self.session.poll_waiting()
        {
            let left = waiting.deadline.map(|deadline| deadline.saturating_duration_since(now));
            let deadline_ms = left.map_or(0, |left| (left.as_millis() as u32).max(1));
            let (slot, topic) = (waiting.slot, waiting.topic);
            let owned = Bytes::from(waiting.body);
            let body = Body { kind: waiting.kind, data: &owned.clone() };
            let large = (owned.len() >= TAKE_BYTES).then_some(owned);
            self.send_request(id, slot, &topic, body, deadline_ms, large, inbound);
        }
    }

    #[inline]
    fn respond(&mut self, order: &Order<'_>, inbound: &mut Inbound) {
        let Reply::Send(id) = self.session.reply(order.subject) else {
            return;
        };
        let Some(codec) = &mut self.codec else { return };
        let message = Message::Response { id: id.clone(), body: order.body };
        if let Err(error) = codec.encode(&message, &mut self.queue) {
            let text = error.message();
            let error = Failure::Kind { kind: error.kind() as u8, text };
            self.send(&Message::Failure { id, error });
            return;
        }
        self.queue.end_message(batch::NO_SLOT);
        let _ = inbound;
    }

    fn respond_failure(&mut self, order: &Order<'_>) {
        let Reply::Send(id) = self.session.reply(order.subject) else {
            return;
        };
        let error = if order.kind == kind::FAILURE {
            Failure::Body(order.body)
        } else {
            let text = std::str::from_utf8(order.body.data).unwrap_or_default();
            Failure::Kind { kind: order.extra as u8, text }
        };
        let message = Message::Failure { id: id.clone(), error };
        let Some(codec) = &mut self.codec else { return };
        if codec.encode(&message, &mut self.queue).is_err() {
            // The error's own data is what is too large; the peer still gets an answer.
            let text = "the handler failed, and its error is too large to be sent";
            let error = Failure::Kind { kind: Kind::Remote as u8, text };
            self.send(&Message::Failure { id, error });
            return;
        }
        self.queue.end_message(batch::NO_SLOT);
    }

    fn notify(&mut self, order: &Order<'_>, inbound: &mut Inbound) {
        let slot = order.subject;
        if self.session.state() != State::Ready {
            let gone = self.session.state() > State::Ready;
            let kind = if gone { Kind::Closed } else { Kind::Disconnected };
            return self.fail(slot, kind, false, "the socket is not connected", inbound);
        }
        if self.is_full(order.body.data.len()) {
            self.overflowed = true;
            return self.fail(slot, Kind::Overflow, false, "too much waits to be sent", inbound);
        }
        let Some(codec) = &mut self.codec else { return };
        let message = Message::Event { topic: order.topic, body: order.body };
        match codec.encode(&message, &mut self.queue) {
            Ok(()) => self.queue.end_message(slot),
            Err(error) => self.fail(slot, error.kind(), false, error.message(), inbound),
        }
    }

    fn cancel(&mut self, slot: u32, now: Instant, inbound: &mut Inbound) {
        if let Some(settled) = self.session.cancel(slot)
            && let Some(id) = settled.id
        {
            self.send(&Message::Cancel { id });
            self.pump_waiting(now, inbound);
        }
    }

    fn ping(&mut self, order: &Order<'_>, now: Instant, inbound: &mut Inbound) {
        let Order { subject: slot, extra: timeout_ms, .. } = *order;
        let deadline =
            (timeout_ms != 0).then(|| now + Duration::from_millis(u64::from(timeout_ms)));
        let token = match self.session.ping(slot, deadline) {
            Ok(token) => token,
            Err(kind) => {
                return self.fail(slot, kind, false, "the socket is not connected", inbound);
            }
        };
        let Some(codec) = &mut self.codec else { return };
        match codec.encode(&Message::Ping { token }, &mut self.queue) {
            Ok(()) => self.queue.end_message(batch::NO_SLOT),
            Err(error) => {
                self.session.cancel(slot);
                self.fail(slot, error.kind(), false, error.message(), inbound);
            }
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
        send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> Result<bool> {
        let mut empty = self.queue.write_to(send).map_err(Error::disconnected)?;
        self.after_write(now, inbound);
        if empty && self.queue.bytes() != 0 {
            empty = false;
        }
        Ok(empty)
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
        if self.session.waiting().0 != 0 {
            self.pump_waiting(now, inbound);
        }
        if self.overflowed && self.has_room() {
            self.overflowed = false;
            inbound.push_note(kind::DRAIN, 0, 0, "");
        }
    }

    /// Whether anything waits to be written.
    #[inline]
    pub const fn wants_write(&self) -> bool {
        self.queue.bytes() != 0
    }

    /// Whether reading should go on. A peer that doesn't read its answers isn't read either, unless
    /// we wait for answers from it: two sides that both do so would wait for each other for ever.
    #[inline]
    pub fn wants_read(&self) -> bool {
        self.queue.bytes() < PAUSE_BYTES || self.session.pending() != 0
    }

    /// Whether so much waits to be written that it is best written where it delays nobody.
    pub const fn is_heavy(&self) -> bool {
        self.queue.bytes() >= OFFLOAD_BYTES
    }

    /// Whether nothing is under way in either direction: the machine may change its driver.
    pub fn is_quiet(&self) -> bool {
        self.queue.bytes() == 0 && self.partial.is_empty()
    }

    /// A deadline may have passed.
    ///
    /// # Errors
    ///
    /// It was the connection's.
    pub fn handle_timeout(&mut self, now: Instant, inbound: &mut Inbound) -> Result<()> {
        while let Some(timeout) = self.session.handle_timeout(now) {
            match timeout {
                Timeout::Call(settled) => {
                    let sent = settled.id.is_some();
                    self.fail(settled.slot, Kind::Timeout, sent, "no answer in time", inbound);
                    if let Some(id) = settled.id {
                        self.send(&Message::Cancel { id });
                    }
                }
                Timeout::SendPing(token) => self.send(&Message::Ping { token }),
                Timeout::Over(kind, why) => return Err(Error::remote(kind, why)),
            }
        }
        self.pump_waiting(now, inbound);
        Ok(())
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be asked next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.session.poll_timeout()
    }

    /// Says goodbye; what is open may take until `timeout` has passed.
    pub fn close(&mut self, now: Instant, timeout: Duration, reason: &str) {
        let met = self.session.state() == State::Ready;
        if self.session.close(now, timeout) && met {
            let end = reason.floor_char_boundary(native::MAX_CONTROL_BYTES as usize);
            self.send(&Message::Goaway { reason: &reason[..end] });
        }
    }

    /// Whether the goodbye has been said and everything is finished and written.
    pub fn is_drained(&self) -> bool {
        self.session.state() == State::Draining && self.session.is_drained() && !self.wants_write()
    }

    /// Ends it: every open call fails, then the application is told.
    pub fn finish(&mut self, error: &Error, inbound: &mut Inbound) {
        if self.session.state() == State::Closed {
            return;
        }
        self.session.finish();
        let unwritten: Vec<u32> = self.queue.unwritten().collect();
        for slot in unwritten {
            self.fail(slot, error.kind(), true, error.message(), inbound);
        }
        while let Some(settled) = self.session.fail_one() {
            self.fail(settled.slot, error.kind(), settled.id.is_some(), error.message(), inbound);
        }
        let errno = error.errno().unwrap_or_default();
        let reason = self.goaway.take();
        let text = reason.as_deref().unwrap_or_else(|| error.message());
        inbound.push_note(kind::CLOSED, errno as u32, error.kind() as u32, text);
        self.partial = Vec::new();
        self.queue = WriteQueue::default();
    }

    /// What the end of the stream means: a farewell that was announced, or a loss.
    pub fn farewell(&self) -> Error {
        if self.goaway.is_some() || self.session.state() >= State::Draining {
            return Error::remote(Kind::Closed, "the peer closed the connection");
        }
        let partial = !self.partial.is_empty();
        let why = if partial { "the peer left within a frame" } else { "the peer left" };
        Error::remote(Kind::Disconnected, why)
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.session.state()
    }

    /// Which side this is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Plain numbers for the application.
    pub fn stats(&self) -> Stats {
        let (waiting, waiting_bytes) = self.session.waiting();
        Stats {
            bytes_in: self.bytes_in,
            bytes_out: self.queue.written(),
            queued_bytes: (self.queue.bytes() + waiting_bytes) as u64,
            queued_messages: (self.queue.messages() + waiting) as u64,
            pending: self.session.pending(),
            serving: self.session.serving() as u32,
            counters: *self.session.counters(),
        }
    }

    fn greet(&mut self, format: Format, inbound: &mut Inbound) {
        if format.has_handshake() {
            let hello = self.session.hello(native::VERSION);
            self.send(&Message::Hello(hello));
        } else {
            self.announce_ready(inbound);
        }
    }

    fn choose(&mut self, format: Format, now: Instant, inbound: &mut Inbound) {
        self.codec = Some(Codec::new(format, self.role, &self.limits));
        if !format.has_handshake() {
            self.session.make_ready(now);
        }
        self.greet(format, inbound);
    }

    fn announce_ready(&self, inbound: &mut Inbound) {
        let Some(codec) = &self.codec else { return };
        inbound.push_note(kind::READY, 0, codec.format() as u32, "");
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
        let queued = self.queue.bytes();
        queued != 0
            && (queued + more > self.limits.max_queued_bytes
                || self.queue.messages() >= self.limits.max_queued_messages)
    }

    fn has_room(&self) -> bool {
        let (waiting, waiting_bytes) = self.session.waiting();
        self.queue.bytes() + waiting_bytes <= self.limits.max_queued_bytes / 2
            && self.queue.messages() + waiting <= self.limits.max_queued_messages / 2
    }
}

/// Plain numbers of one connection.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes the kernel has taken.
    pub bytes_out: u64,
    /// Bytes that wait to be sent.
    pub queued_bytes: u64,
    /// Messages that wait to be sent.
    pub queued_messages: u64,
    /// Our calls that have not settled.
    pub pending: u32,
    /// The peer's requests that have not been answered.
    pub serving: u32,
    /// What the session counts.
    pub counters: Counters,
}

/// What of a message the application gets to see.
#[inline]
fn delivery<'a, 'b>(
    event: &Event,
    message: &'b Message<'a>,
) -> Option<(Record, &'b str, Body<'a>)> {
    Some(match (event, message) {
        (Event::Request(token), Message::Request(request)) => {
            let extra = request.deadline_ms;
            (Record { kind: kind::REQUEST, subject: *token, extra }, request.topic, request.body)
        }
        (Event::Settle(slot), Message::Response { body, .. }) => {
            (Record { kind: kind::RESPONSE, subject: *slot, extra: 0 }, "", *body)
        }
        (Event::Settle(slot), Message::Failure { error, .. }) => match *error {
            Failure::Body(body) => {
                (Record { kind: kind::FAILURE, subject: *slot, extra: 0 }, "", body)
            }
            Failure::Kind { kind, text } => {
                let extra = u32::from(kind) | batch::MAYBE_DELIVERED;
                let body = Body { kind: BodyKind::None, data: text.as_bytes() };
                (Record { kind: kind::FAILED, subject: *slot, extra }, "", body)
            }
        },
        (Event::Message, Message::Event { topic, body }) => {
            (Record { kind: kind::MESSAGE, subject: 0, extra: 0 }, *topic, *body)
        }
        _ => return None,
    })
}

/// From this size on a frame is read and written off the JavaScript thread.
pub const OFFLOAD_BYTES: usize = 256 * 1024;
/// How much one turn of reading takes before others get theirs.
const READ_BUDGET_BYTES: usize = 512 * 1024;
/// How many items one turn of reading may produce.
pub const MAX_ITEMS: usize = 2048;
/// The shared read buffer.
pub const SCRATCH_BYTES: usize = 64 * 1024;
/// Room for the rest of a frame is made in steps, never by what its header claims.
const MIN_RESERVE_BYTES: usize = 16 * 1024;
const MAX_RESERVE_BYTES: usize = 256 * 1024;
/// A payload of this size takes its buffer along instead of being copied out of it.
const TAKE_BYTES: usize = 64 * 1024;
/// Answers that wait beyond this stop the reading of more requests.
const PAUSE_BYTES: usize = 1024 * 1024;
/// Waiting requests are encoded only up to here: memory of the queue, latency of what comes after.
const PUMP_LIMIT_BYTES: usize = 1024 * 1024;
