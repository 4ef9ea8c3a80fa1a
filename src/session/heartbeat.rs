//! Silence → ping → dead.
//!
//! ```text
//!   quiet for `interval` ──► ping (missed: 1) ──► quiet for `interval` ──► ping (missed: 2) ──► dead
//!          ▲                                  any byte from the peer                          │
//!          └──────────────────────────────────────────────────────────────────────────────────┘
//! ```

use std::time::{Duration, Instant};

/// The watch over one peer. An interval of zero switches it off.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    due: Option<Instant>,
    missed: u8,
    /// We don't read, so that silence says nothing about the peer.
    deaf: bool,
}

/// What the watch says when its time has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing to do.
    Quiet,
    /// Ask the peer whether it is there.
    Ping,
    /// The peer has missed two pings.
    Dead,
}

impl Heartbeat {
    /// A watch that has not begun.
    pub(crate) const fn new(interval: Duration) -> Self {
        Self { interval, due: None, missed: 0, deaf: false }
    }

    /// The peer gave a sign of life, or the connection has just become ready.
    #[inline]
    pub(crate) fn heard(&mut self, now: Instant) {
        if !self.interval.is_zero() {
            self.due = Some(now + self.interval);
            self.missed = 0;
        }
    }

    /// The time may have come.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Beat {
        if self.due.is_none_or(|due| due > now) {
            return Beat::Quiet;
        }
        if self.deaf {
            // The ping is a sign of life of ours; its answer will not be looked for.
            self.due = Some(now + self.interval);
            return Beat::Ping;
        }
        if self.missed == MAX_MISSED {
            self.due = None;
            return Beat::Dead;
        }
        self.missed += 1;
        self.due = Some(now + self.interval);
        Beat::Ping
    }

    /// Whether this side reads at the moment. While it doesn't, pings go out and none counts.
    pub(crate) const fn set_deaf(&mut self, deaf: bool) {
        self.deaf = deaf;
    }

    /// Whether a ping has gone unanswered.
    pub(crate) const fn is_missed(&self) -> bool {
        self.missed != 0
    }

    /// When to come back.
    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// When a time that begins now ends; a duration of zero never does.
pub(crate) fn after(now: Instant, duration: Duration) -> Option<Instant> {
    (!duration.is_zero()).then(|| now + duration)
}

/// Pings that may go unanswered.
const MAX_MISSED: u8 = 2;
/// The token of pings that nobody but the heartbeat waits for: no call's id is that large.
pub(crate) const HEARTBEAT_TOKEN: u64 = u64::MAX;
