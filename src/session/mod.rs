//! What a connection means: calls, limits, deadlines, the goodbye.
//!
//! A pure state machine. Knows: messages by kind, id and size. Must not know: bytes, sockets,
//! tokio, the wall clock (`now` is an argument), JavaScript. A driver calls, in this order:
//!
//! 1. [`Session::open`] when a transport is there;
//! 2. [`Session::handle_message`] for everything that arrives, [`Session::request`],
//!    [`Session::reply`], [`Session::cancel`] for what the application wants;
//! 3. [`Session::poll_waiting`] after each of these, until it says `None`;
//! 4. [`Session::handle_timeout`] when the time of [`Session::poll_timeout`] has come;
//! 5. [`Session::close`] for a goodbye, [`Session::is_drained`] to see it done, and
//!    [`Session::fail_one`] until `None` when the connection is over.
//!
//! Each answers with a value (`verdict.rs`): nothing is allocated for what can be done at once.

pub(crate) mod credit;
mod greeting;
pub(crate) mod heartbeat;
pub(crate) mod in_flight;
mod lifecycle;
pub(crate) mod serving;
pub(crate) mod stall;
mod state;
pub(crate) mod streams;
pub mod topics;
mod verdict;
pub(crate) mod waiting;

use std::time::{Duration, Instant};

use self::{
    greeting::Greeting, heartbeat::Heartbeat, in_flight::InFlight, serving::Serving, stall::Stall,
    waiting::WaitingQueue,
};
pub use self::{
    in_flight::Settled,
    serving::Reply,
    state::State,
    streams::{PEERS, StreamCounters, Streams},
    verdict::{Admission, Counters, Event, Timeout},
    waiting::Waiting,
};
use crate::{
    config::{IdStyle, Limits},
    error::Kind,
    message::{BodyKind, Id, Malformed, Message, Role, Trace, capability},
};

/// One connection's meaning.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    role: Role,
    state: State,
    in_flight: InFlight,
    serving: Serving,
    waiting: WaitingQueue,
    /// The peer's limits on what we may have open there.
    peer_max_in_flight: u32,
    peer_max_in_flight_bytes: u64,
    streams: Streams,
    heartbeat: Heartbeat,
    /// The heartbeat's interval where the application hasn't given one.
    usual_heartbeat: Duration,
    stall: Stall,
    handshake_due: Option<Instant>,
    frame_due: Option<Instant>,
    drain_due: Option<Instant>,
    /// The peer said goodbye: it takes no more requests.
    peer_leaving: bool,
    /// And it will be back: requests wait for that.
    peer_returns: bool,
    /// What stands between the preface and calls.
    greeting: Greeting,
    /// The application decides who is let in.
    gated: bool,
    /// The peer has introduced itself, or needn't.
    met: bool,
    /// What both sides can do beyond the least.
    agreed: u32,
    counters: Counters,
}

impl Session {
    /// A session without a transport, of the side that connects.
    pub fn new(limits: Limits, ids: IdStyle) -> Self {
        Self::of(Role::Client, limits, ids)
    }

    /// A session without a transport.
    pub fn of(role: Role, limits: Limits, ids: IdStyle) -> Self {
        Self {
            limits,
            role,
            state: State::Idle,
            in_flight: InFlight::new(ids),
            serving: Serving::default(),
            waiting: WaitingQueue::default(),
            peer_max_in_flight: u32::MAX,
            peer_max_in_flight_bytes: u64::MAX,
            streams: Streams::new(role, limits.max_streams, limits.max_frame_bytes),
            heartbeat: Heartbeat::new(limits.heartbeat.unwrap_or_default()),
            usual_heartbeat: Duration::ZERO,
            stall: Stall::new(limits.stall_timeout),
            handshake_due: None,
            frame_due: None,
            drain_due: None,
            peer_leaving: false,
            peer_returns: false,
            greeting: Greeting::None,
            gated: false,
            met: false,
            agreed: 0,
            counters: Counters::default(),
        }
    }

    /// The application asks. With [`Admission::Send`] the call is on its way.
    #[inline]
    pub fn request(&mut self, slot: u32, bytes: u32, deadline: Option<Instant>) -> Admission {
        if self.state >= State::Draining {
            return Admission::Refuse(Kind::Closed, "the socket is closed");
        }
        if self.peer_leaving && !self.peer_returns {
            return Admission::Refuse(Kind::Closed, "the peer is leaving");
        }
        // One that is larger than the whole queue is let in alone, or it could never be sent.
        let bytes_then = self.waiting.bytes().saturating_add(bytes as usize);
        let full = self.waiting.len() >= self.limits.max_queued_messages
            || (!self.waiting.is_empty() && bytes_then > self.limits.max_queued_bytes);
        if full {
            return Admission::Refuse(Kind::Overflow, "too many calls wait to be sent");
        }
        if !self.in_flight.insert(slot, bytes, deadline) {
            return Admission::Refuse(Kind::Overflow, "too many calls are open");
        }
        if !self.waiting.is_empty() || !self.may_send(bytes) {
            return Admission::Wait;
        }
        match self.send(slot) {
            Some(id) => Admission::Send(id),
            None => Admission::Wait,
        }
    }

    /// Keeps a request until it can be sent.
    pub fn wait(
        &mut self,
        slot: u32,
        topic: &str,
        kind: BodyKind,
        body: Vec<u8>,
        deadline: Option<Instant>,
        trace: Option<Box<Trace>>,
    ) {
        let Some(serial) = self.in_flight.waiting_serial(slot) else {
            return;
        };
        let topic = topic.into();
        self.waiting.push(Waiting { slot, topic, kind, body, deadline, trace, serial });
    }

    /// The next waiting request that can be sent now, with its id.
    #[inline]
    pub fn poll_waiting(&mut self) -> Option<(Id, Waiting)> {
        while let Some(front) = self.waiting.front() {
            let wanted = self.in_flight.waiting_serial(front.slot) == Some(front.serial);
            let bytes = front.body.len() as u32;
            if wanted && !self.may_send(bytes) {
                return None;
            }
            let waiting = self.waiting.pop(wanted)?;
            if wanted && let Some(id) = self.send(waiting.slot) {
                return Some((id, waiting));
            }
        }
        None
    }

    /// The application asks whether the peer is there: the token of the ping to send.
    pub fn ping(&mut self, slot: u32, deadline: Option<Instant>) -> Result<u64, Kind> {
        if self.state != State::Ready {
            let gone = self.state > State::Ready;
            return Err(if gone { Kind::Closed } else { Kind::Disconnected });
        }
        if !self.in_flight.insert(slot, 0, deadline) {
            return Err(Kind::Overflow);
        }
        match self.in_flight.send_ping(slot) {
            Some(Id::Number(token)) => Ok(token),
            // A format whose ids are texts has no pings.
            _ => {
                self.in_flight.cancel(slot);
                Err(Kind::Unsupported)
            }
        }
    }

    /// The application no longer wants an answer. With an id in it, tell the peer.
    pub fn cancel(&mut self, slot: u32) -> Option<Settled> {
        let settled = self.in_flight.cancel(slot)?;
        self.note_settled(&settled);
        Some(settled)
    }

    /// The handler of the request with this token has settled.
    #[inline]
    pub fn reply(&mut self, token: u32) -> Reply {
        self.serving.reply(token)
    }

    /// Something has arrived.
    #[inline]
    pub fn handle_message(&mut self, message: &Message<'_>, now: Instant) -> Event {
        self.counters.messages_in += 1;
        if !self.met {
            return self.handle_stranger(message, now);
        }
        match message {
            Message::Request(request) => {
                let bytes = request.body.data.len() as u32;
                if let Some((kind, why)) = self.refusal(bytes) {
                    self.counters.refused += 1;
                    return Event::Refuse(request.id.clone(), kind, why);
                }
                self.counters.requests_in += 1;
                Event::Request(self.serving.accept(request.id.clone(), bytes))
            }
            Message::Response { id, .. } | Message::Failure { id, .. } => self.settle(id),
            Message::Event { .. } => Event::Message,
            _ => self.handle_other(message),
        }
    }

    /// What is rarer than calls and messages: out of their way.
    #[inline(never)]
    fn handle_other(&mut self, message: &Message<'_>) -> Event {
        match message {
            Message::Cancel { id } => {
                self.serving.cancel(id).map_or(Event::Ignored, Event::Cancelled)
            }
            Message::Ping { token } => Event::SendPong(*token),
            Message::Pong { token } => {
                // The token of a heartbeat is no call's id.
                self.in_flight
                    .complete_ping(&Id::Number(*token))
                    .map_or(Event::Ignored, Event::Pong)
            }
            Message::Goaway { .. } => {
                self.peer_leaving = true;
                Event::Goaway
            }
            Message::Stream { id, part } => {
                self.streams.handle(*id, part, self.state != State::Ready)
            }
            Message::Hello(_) => Event::Violation("a second hello"),
            Message::Greeting { .. } | Message::Welcome { .. } | Message::Refused { .. } => {
                Event::Violation("a second introduction")
            }
            Message::Subscribe { .. } | Message::Unsubscribe { .. } => {
                if self.agrees_on(capability::TOPICS) {
                    Event::Subscription
                } else {
                    Event::Violation("a subscription, though topics were not agreed on")
                }
            }
            Message::Malformed { of, why } => {
                self.counters.malformed += 1;
                match of {
                    Malformed::Request(id) => Event::Refuse(id.clone(), Kind::Serialize, why),
                    Malformed::Response(id) => match self.settle(id) {
                        Event::Settle(slot) => Event::Unreadable(slot),
                        other => other,
                    },
                    Malformed::Stream(id, opens) => self.streams.malformed(*id, *opens, why),
                    Malformed::Other => Event::Ignored,
                }
            }
            // Handled before these.
            Message::Request(_)
            | Message::Response { .. }
            | Message::Failure { .. }
            | Message::Event { .. } => Event::Ignored,
        }
    }

    /// One more call that fails with the connection; an id in it says that the peer may have it.
    pub fn fail_one(&mut self) -> Option<Settled> {
        self.in_flight.fail_one()
    }

    /// Whether nothing is open in either direction.
    pub fn is_drained(&self) -> bool {
        self.in_flight.open() == 0 && self.serving.open() == 0 && self.streams.open_count() == 0
    }

    /// Whether both sides have said that they can do this: a bit of [`capability`].
    pub const fn agrees_on(&self, capability: u32) -> bool {
        self.agreed & capability != 0
    }

    /// Where the connection stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Calls that have not settled.
    pub const fn pending(&self) -> u32 {
        self.in_flight.open()
    }

    /// Requests of the peer that have not been answered.
    pub const fn serving(&self) -> usize {
        self.serving.open()
    }

    /// The bytes of these together.
    pub const fn serving_bytes(&self) -> u64 {
        self.serving.bytes()
    }

    /// Requests that wait to be sent, and their bytes.
    pub fn waiting(&self) -> (usize, usize) {
        (self.waiting.len(), self.waiting.bytes())
    }

    /// Plain numbers.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    fn note_settled(&mut self, settled: &Settled) {
        if settled.id.is_none() {
            let in_flight = &self.in_flight;
            self.waiting.note_settled(|w| in_flight.waiting_serial(w.slot) == Some(w.serial));
        }
    }

    fn settle(&mut self, id: &Id) -> Event {
        let Some(slot) = self.in_flight.complete(id) else {
            self.counters.late_responses += 1;
            return Event::Ignored;
        };
        Event::Settle(slot)
    }

    #[inline]
    fn send(&mut self, slot: u32) -> Option<Id> {
        self.counters.requests_out += 1;
        self.in_flight.send(slot)
    }

    /// One request over the limit of bytes is let through alone, or it could never be sent.
    #[inline]
    fn may_send(&self, bytes: u32) -> bool {
        let (sent, sent_bytes) = (self.in_flight.sent(), self.in_flight.sent_bytes());
        // What waits when the goodbye is said is still sent: it was taken on before.
        self.met
            && !self.peer_returns
            && self.state < State::Closed
            && sent < self.peer_max_in_flight
            && (sent == 0 || sent_bytes + u64::from(bytes) <= self.peer_max_in_flight_bytes)
    }

    #[inline]
    fn refusal(&self, bytes: u32) -> Option<(Kind, &'static str)> {
        let open = self.serving.open();
        if self.state != State::Ready {
            return Some((Kind::Closed, "the socket is closing"));
        }
        if open >= self.limits.max_in_flight as usize {
            return Some((Kind::Overflow, "too many requests are open (maxInFlight)"));
        }
        let together = self.serving.bytes() + u64::from(bytes);
        if open > 0 && together > u64::from(self.limits.max_in_flight_bytes) {
            return Some((Kind::Overflow, "the open requests are too large (maxInFlightBytes)"));
        }
        None
    }
}
