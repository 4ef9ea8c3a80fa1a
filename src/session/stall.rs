//! Bytes wait, the peer takes none → too long.
//!
//! ```text
//!   nothing waits ──bytes wait──► watched ──no byte taken for `patience`──► over
//!         ▲                        │    ▲
//!         └────── all taken ───────┘    └── some taken: the watch begins anew
//! ```
//!
//! Must not know: why the peer doesn't read, or how bytes are written.

use std::time::{Duration, Instant};

/// The watch over what waits for one peer. A patience of zero switches it off.
#[derive(Debug)]
pub(crate) struct Stall {
    patience: Duration,
    due: Option<Instant>,
    /// Bytes that the kernel had ever taken when it was last looked at.
    taken: u64,
}

impl Stall {
    /// A watch that has not begun.
    pub(crate) const fn new(patience: Duration) -> Self {
        Self { patience, due: None, taken: 0 }
    }

    /// How things stand: bytes ever taken, and whether more wait.
    #[inline]
    pub(crate) fn note(&mut self, taken: u64, waits: bool, now: Instant) {
        if self.patience.is_zero() {
            return;
        }
        if !waits {
            self.due = None;
        } else if self.due.is_none() || taken != self.taken {
            self.due = Some(now + self.patience);
        }
        self.taken = taken;
    }

    /// Whether the patience has come to its end.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// When to come back.
    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }
}
