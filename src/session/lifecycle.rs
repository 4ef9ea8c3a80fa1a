//! A session's beginning, its deadlines and its end.

use std::time::{Duration, Instant};

use super::{
    Serving, Session, Settled, State, Timeout, Waiting,
    greeting::Greeting,
    heartbeat::{Beat, HEARTBEAT_TOKEN, Heartbeat, after},
    stall::Stall,
    streams::Streams,
};
use crate::{
    config::Encoding,
    error::Kind,
    message::{Hello, capability},
};

impl Session {
    /// A transport is there. Formats without a handshake are ready at once.
    pub fn open(&mut self, now: Instant, handshake: bool) {
        if self.state != State::Idle {
            return;
        }
        if handshake {
            self.state = State::Handshaking;
            self.handshake_due = after(now, self.limits.handshake_timeout);
        } else {
            self.skip_handshake(now);
        }
    }

    /// What suits the transport where the application has no wish; to be told before `open`.
    pub fn presume_heartbeat(&mut self, interval: Duration) {
        self.usual_heartbeat = interval;
        self.heartbeat = Heartbeat::new(self.heartbeat_interval());
    }

    fn heartbeat_interval(&self) -> Duration {
        self.limits.heartbeat.unwrap_or(self.usual_heartbeat)
    }

    /// The format turned out to have no handshake. None of these has pings either, so that silence
    /// says nothing about the peer.
    pub fn skip_handshake(&mut self, now: Instant) {
        self.heartbeat = Heartbeat::new(Duration::ZERO);
        self.arrive(now);
    }

    pub(super) fn make_ready(&mut self, now: Instant) {
        self.met = true;
        self.handshake_due = None;
        if self.state < State::Ready {
            self.state = State::Ready;
            self.heartbeat.heard(now);
        }
    }

    /// The format turned out to have a handshake, though the peer was taken for one without.
    pub fn await_hello(&mut self, now: Instant) {
        if !self.met {
            return;
        }
        self.met = false;
        self.heartbeat = Heartbeat::new(self.heartbeat_interval());
        self.handshake_due = after(now, self.limits.handshake_timeout);
        if self.state == State::Ready {
            self.state = State::Handshaking;
        }
    }

    /// What we say of ourselves.
    pub const fn hello(&self, version: u8) -> Hello {
        Hello {
            version,
            capabilities: self.capabilities(),
            max_frame_bytes: self.limits.max_frame_bytes,
            max_in_flight: self.limits.max_in_flight,
            max_in_flight_bytes: self.limits.max_in_flight_bytes,
        }
    }

    /// Offers no compression.
    pub const fn forbid_compression(&mut self) {
        self.limits.compression = 0;
    }

    /// What this side can do beyond the least that every peer of version 1 can.
    pub const fn capabilities(&self) -> u32 {
        let wide = if cfg!(target_endian = "little") { capability::WIDE } else { 0 };
        let deflate = if self.limits.compression == 0 { 0 } else { capability::DEFLATE };
        let encodings = match self.limits.encoding {
            Encoding::Json => wide,
            Encoding::MessagePack => wide | capability::MESSAGE_PACK,
            // The application gets bytes as they came, and JSON is UTF-8 then.
            Encoding::Raw => 0,
        };
        capability::STREAMS | capability::HELLO | capability::TOPICS | deflate | encodings
    }

    /// A deadline may have passed. Asked again until it says `None`.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Timeout> {
        let passed = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if passed(self.handshake_due) {
            self.handshake_due = None;
            let (kind, why) = self.late_handshake();
            return Some(Timeout::Over(kind, why));
        }
        if passed(self.frame_due) {
            self.frame_due = None;
            return Some(Timeout::Over(Kind::Timeout, "the peer stopped in the middle of a frame"));
        }
        if passed(self.drain_due) {
            self.drain_due = None;
            return Some(Timeout::Over(
                Kind::Closed,
                "the socket was closed before the answer came",
            ));
        }
        if self.stall.is_over(now) {
            self.stall = Stall::new(Duration::ZERO);
            return Some(Timeout::Over(Kind::Timeout, "the peer took none of what waits for it"));
        }
        match self.heartbeat.handle_timeout(now) {
            Beat::Quiet => {}
            Beat::Ping => return Some(Timeout::SendPing(HEARTBEAT_TOKEN)),
            Beat::Dead => {
                return Some(Timeout::Over(Kind::Timeout, "the peer did not answer two pings"));
            }
        }
        let settled = self.in_flight.expire(now)?;
        self.note_settled(&settled);
        Some(Timeout::Call(settled))
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be asked next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ours = earlier(self.in_flight.next_deadline(), self.frame_due);
        let peers = earlier(self.heartbeat.due(), self.stall.due());
        earlier(earlier(ours, peers), earlier(self.handshake_due, self.drain_due))
    }

    /// Bytes have arrived; `partial` if they end within a frame, which must go on in time then.
    #[inline]
    pub fn heard(&mut self, partial: bool, now: Instant) {
        self.frame_due = if partial { after(now, self.limits.frame_timeout) } else { None };
        self.heartbeat.heard(now);
    }

    /// How writing stands: bytes that the kernel has ever taken, and whether more wait for it.
    #[inline]
    pub fn note_output(&mut self, taken: u64, waits: bool, now: Instant) {
        self.stall.note(taken, waits, now);
    }

    /// Whether a ping of ours has gone unanswered: then what the peer may have said should be read.
    #[inline]
    pub const fn doubts_peer(&self) -> bool {
        self.heartbeat.is_missed()
    }

    /// Nothing is read for a while, by this side's own choice: the peer's silence means nothing.
    pub fn stop_listening(&mut self) {
        self.frame_due = None;
        self.heartbeat.set_deaf(true);
    }

    /// Reading goes on; `partial` as for [`heard`](Self::heard).
    pub fn listen_again(&mut self, partial: bool, now: Instant) {
        self.heartbeat.set_deaf(false);
        if self.state > State::Idle && self.state < State::Closed {
            self.heard(partial, now);
        }
    }

    /// No new calls; what is open may take until `timeout` has passed. False if that was so before.
    pub fn close(&mut self, now: Instant, timeout: Duration) -> bool {
        if self.state >= State::Draining {
            return false;
        }
        self.state = State::Draining;
        self.drain_due = Some(now + timeout);
        true
    }

    /// The connection is over: only [`fail_one`](Self::fail_one) remains.
    pub fn finish(&mut self) {
        self.state = State::Closed;
        (self.handshake_due, self.frame_due, self.drain_due) = (None, None, None);
        self.waiting.clear();
        self.serving = Serving::default();
        self.streams.clear();
        self.heartbeat = Heartbeat::new(Duration::ZERO);
        self.stall = Stall::new(Duration::ZERO);
    }

    /// The peer, which has said goodbye, will be back: what is asked meanwhile waits for that.
    pub const fn expect_return(&mut self) {
        self.peer_returns = true;
    }

    /// The transport is gone, the connection isn't over. What the peer has of ours is failed by
    /// [`fail_sent`](Self::fail_sent); what it never had waits on, with its deadlines.
    pub fn part(&mut self) {
        self.state = State::Idle;
        self.met = false;
        self.greeting = Greeting::None;
        self.agreed = 0;
        self.streams =
            Streams::new(self.role, self.limits.max_streams, self.limits.max_frame_bytes);
        (self.handshake_due, self.frame_due, self.drain_due) = (None, None, None);
        (self.peer_leaving, self.peer_returns) = (false, false);
        (self.peer_max_in_flight, self.peer_max_in_flight_bytes) = (u32::MAX, u64::MAX);
        self.serving = Serving::default();
        self.heartbeat = Heartbeat::new(self.heartbeat_interval());
        self.stall = Stall::new(self.limits.stall_timeout);
    }

    /// Changes the requests that wait, for another peer than the one they were made for.
    pub fn change_waiting(&mut self, change: impl FnMut(&mut Waiting)) {
        self.waiting.change_each(change);
    }

    /// One more call that the peer has, which fails with the transport.
    pub fn fail_sent(&mut self) -> Option<Settled> {
        self.in_flight.fail_sent()
    }
}

#[inline]
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}
