//! What the application wants: each order is admitted by the session, encoded, queued.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Connection, lanes::What, read::TAKE_BYTES};
use crate::{
    codec::Codec,
    driver::{
        batch::{self, Inbound, Order, Outbound, kind},
        large_text::{LargeText, utf16_prefix},
        pool::Pooled,
    },
    error::Kind,
    message::{Body, BodyKind, Failure, Message, Request},
    session::{Admission, Reply, State},
};

impl Connection {
    /// Does what the application wants. What can't be done comes back through `inbound`.
    #[inline(always)]
    pub fn submit(&mut self, orders: Outbound<'_>, now: Instant, inbound: &mut Inbound) {
        for order in orders.orders() {
            self.obey(&order, now, inbound);
        }
    }

    #[inline]
    fn obey(&mut self, order: &Order<'_>, now: Instant, inbound: &mut Inbound) {
        match order.kind {
            kind::REQUEST => self.request(order, now, inbound),
            kind::RESPONSE => self.respond(order),
            kind::FAILURE | kind::FAILED => self.respond_failure(order),
            kind::MESSAGE => self.notify(order, inbound),
            kind::CANCEL => self.cancel(order.subject, now, inbound),
            kind::PING => self.ping(order, now, inbound),
            kind::HELLO => self.prepare_greeting(order.body),
            kind::WELCOME => self.welcome(order.topic, now, inbound),
            kind::REFUSED => {
                self.refuse(str::from_utf8(order.body.data).unwrap_or_default(), now);
            }
            kind::OPEN..=kind::RESET => self.stream_order(order, inbound),
            kind::SUBSCRIBE | kind::UNSUBSCRIBE => self.change_subscription(order, now, inbound),
            _ => {}
        }
    }

    /// Does the single order of `record`, whose topic and body are `text`, without copying it.
    pub fn submit_large(
        &mut self,
        record: &[u32],
        text: LargeText,
        now: Instant,
        inbound: &mut Inbound,
    ) {
        let reads_wide = self.codec.as_ref().is_some_and(Codec::peer_reads_wide);
        if reads_wide && text.is_best_wide() {
            return self.submit_wide(record, text, now, inbound);
        }
        let text = text.into_utf8();
        let text = Bytes::from_owner(Pooled::new(text));
        // Only an unpaired surrogate of a custom serializer could make it anything else.
        let Ok(content) = simdutf8::basic::from_utf8(&text) else { return };
        let orders = Outbound { records: record, text: content, bytes: None };
        for order in orders.orders() {
            self.queue.lend(text.slice(order.topic.len()..));
        }
        self.submit(orders, now, inbound);
        self.queue.end_loan();
    }

    /// The same, of a text that stays in UTF-16.
    fn submit_wide(
        &mut self,
        record: &[u32],
        text: LargeText,
        now: Instant,
        inbound: &mut Inbound,
    ) {
        let LargeText::Utf16(text) = text else { return };
        let &[head, subject, topic_units, units, extra] = record else { return };
        let text = Bytes::from_owner(Pooled::new(text));
        let topic = utf16_prefix(&text, topic_units as usize);
        let body = text.slice(topic_units as usize * 2..);
        self.queue.lend(body.clone());
        let body = Body { kind: BodyKind::WideJson, data: &body };
        let traced = head & batch::TRACED != 0;
        let order = Order { kind: head & 0xff, subject, topic: &topic, traced, body, units, extra };
        self.obey(&order, now, inbound);
        self.queue.end_loan();
    }

    /// Orders were refused on its behalf: it says so when there is room again.
    pub const fn note_overflow(&mut self) {
        self.overflowed = true;
    }

    #[inline(always)]
    fn request(&mut self, order: &Order<'_>, now: Instant, inbound: &mut Inbound) {
        let Order { subject: slot, body, extra: timeout_ms, .. } = *order;
        let (trace, topic) = order.trace_and_topic();
        if self.is_full(body.data.len()) {
            self.overflowed = true;
            return self.fail(slot, Kind::Overflow, false, "too much waits to be sent", inbound);
        }
        let timeout = Duration::from_millis(u64::from(timeout_ms));
        let deadline = (timeout_ms != 0).then(|| now + timeout);
        match self.session.request(slot, body.data.len() as u32, deadline) {
            Admission::Send(id) => {
                let request = Request { id, topic, body, deadline_ms: timeout_ms, trace };
                self.send_request(request, slot, None, inbound);
            }
            Admission::Wait => {
                let data = body.data.to_vec();
                self.session.wait(slot, topic, body.kind, data, deadline, trace);
            }
            Admission::Refuse(kind, why) => {
                self.overflowed |= kind == Kind::Overflow;
                self.fail(slot, kind, false, why, inbound);
            }
        }
    }

    #[inline]
    fn send_request(
        &mut self,
        request: Request<'_>,
        slot: u32,
        owned: Option<Bytes>,
        inbound: &mut Inbound,
    ) {
        if self.is_cut(request.body) {
            let Request { id, topic, body, deadline_ms, trace } = request;
            let what = What::Request { id, deadline_ms };
            if let Err(error) = self.send_large(what, topic, body, trace, owned) {
                self.session.cancel(slot);
                self.fail(slot, error.kind(), false, error.message(), inbound);
            }
            return;
        }
        let Some(codec) = &mut self.codec else { return };
        if let Some(owned) = owned {
            self.queue.lend(owned);
        }
        if let Err(error) = codec.encode(&Message::Request(request), &mut self.queue) {
            self.session.cancel(slot);
            self.fail(slot, error.kind(), false, error.message(), inbound);
        }
        self.queue.end_message(batch::NO_SLOT);
    }

    /// Sends requests that had to wait, as many as may go now.
    #[inline]
    pub(super) fn pump_waiting(&mut self, now: Instant, inbound: &mut Inbound) {
        while self.queue.bytes() < PUMP_LIMIT_BYTES
            && let Some((id, waiting)) = self.session.poll_waiting()
        {
            let left = waiting.deadline.map(|deadline| deadline.saturating_duration_since(now));
            let deadline_ms = left.map_or(0, |left| (left.as_millis() as u32).max(1));
            let (slot, topic, trace) = (waiting.slot, &*waiting.topic, waiting.trace);
            let owned = Bytes::from(waiting.body);
            let body = Body { kind: waiting.kind, data: &owned.clone() };
            let large = (owned.len() >= TAKE_BYTES).then_some(owned);
            let request = Request { id, topic, body, deadline_ms, trace };
            self.send_request(request, slot, large, inbound);
        }
    }

    #[inline(always)]
    fn respond(&mut self, order: &Order<'_>) {
        let Reply::Send(id) = self.session.reply(order.subject) else {
            return;
        };
        if self.is_flooded(order.body.data.len()) {
            return self.send_failure(id, Kind::Overflow, TOO_MUCH_WAITS);
        }
        if self.is_cut(order.body) {
            let what = What::Response { id: id.clone() };
            if let Err(error) = self.send_large(what, "", order.body, None, None) {
                self.send_failure(id, error.kind(), error.message());
            }
            return;
        }
        let Some(codec) = &mut self.codec else { return };
        let message = Message::Response { id: id.clone(), body: order.body };
        if let Err(error) = codec.encode(&message, &mut self.queue) {
            return self.send_failure(id, error.kind(), error.message());
        }
        self.queue.end_message(batch::NO_SLOT);
    }

    #[inline(never)]
    fn respond_failure(&mut self, order: &Order<'_>) {
        let Reply::Send(id) = self.session.reply(order.subject) else {
            return;
        };
        if self.is_flooded(order.body.data.len()) {
            return self.send_failure(id, Kind::Overflow, TOO_MUCH_WAITS);
        }
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
            return self.send_failure(id, Kind::Remote, text);
        }
        self.queue.end_message(batch::NO_SLOT);
    }

    /// Whether an answer doesn't fit any more. It fails its call alone then.
    #[inline]
    fn is_flooded(&self, more: usize) -> bool {
        let queued = self.queue.bytes() + self.lanes.large_bytes();
        queued != 0 && queued + more > self.limits.max_answer_bytes()
    }

    #[inline(never)]
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
        let (trace, topic) = order.trace_and_topic();
        if self.has_events_before() || self.is_cut(order.body) {
            let what = What::Event { slot, serial: 0 };
            if let Err(error) = self.send_large(what, topic, order.body, trace, None) {
                self.fail(slot, error.kind(), false, error.message(), inbound);
            }
            return;
        }
        let Some(codec) = &mut self.codec else { return };
        let message = Message::Event { topic, body: order.body, trace };
        match codec.encode(&message, &mut self.queue) {
            Ok(()) => self.queue.end_message(slot),
            Err(error) => self.fail(slot, error.kind(), false, error.message(), inbound),
        }
    }

    #[inline(never)]
    fn cancel(&mut self, slot: u32, now: Instant, inbound: &mut Inbound) {
        // None: it has settled, and the application is about to hear of that.
        let Some(settled) = self.session.cancel(slot) else { return };
        let told = settled.id.map(|id| self.take_back(id));
        self.fail(slot, Kind::Aborted, told == Some(true), "aborted", inbound);
        if told.is_some() {
            self.pump_waiting(now, inbound);
        }
        self.relieve(inbound);
    }

    #[inline(never)]
    pub(super) fn ping(&mut self, order: &Order<'_>, now: Instant, inbound: &mut Inbound) {
        let Order { subject: slot, extra: timeout_ms, .. } = *order;
        let deadline =
            (timeout_ms != 0).then(|| now + Duration::from_millis(u64::from(timeout_ms)));
        let token = match self.session.ping(slot, deadline) {
            Ok(token) => token,
            Err(kind) => {
                let why = match kind {
                    Kind::Unsupported => "the format has no pings",
                    Kind::Overflow => "too many calls are open",
                    _ => "the socket is not connected",
                };
                return self.fail(slot, kind, false, why, inbound);
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
}

/// Why an answer fails its call.
pub const TOO_MUCH_WAITS: &str = "too many answers wait to be sent";
/// Waiting requests are encoded only up to here: memory of the queue, latency of what comes after.
const PUMP_LIMIT_BYTES: usize = 1024 * 1024;
