//! Keeps the loop of a JavaScript thread hot while an answer is likely to come at once.
//!
//! A sleeping process takes tens of microseconds to wake, more than everything else in a call. So
//! after activity the loop spins for a while: an idle handle keeps it from blocking, and each turn
//! of it gives the core to whoever else wants it (`sched_yield`), without which spinning would
//! collapse as soon as there are more busy threads than cores.
//!
//! Spinning pays while arrivals follow each other closely, and only burns CPU when they are spread
//! out. So the gaps between the end of one piece of work and the next arrival are watched:
//!
//! ```text
//!   gap short (a hit)   ──► likelihood up     likelihood ≥ SPIN: spin after the next piece of work
//!   gap long  (a miss)  ──► likelihood down   below it: sleep, but try again once in PROBE_EVERY
//! ```
//!
//! Pure: `now` is an argument. Must not know: libuv, sockets.

use std::time::{Duration, Instant};

/// Decides when to spin and when to let the loop sleep.
#[derive(Debug)]
pub struct BusyPoll {
    budget: Duration,
    /// How likely an arrival within the budget is: 0 to 1.
    likelihood: f32,
    /// Pieces of work since the last spin.
    skipped: u32,
    /// When this spin began, while spinning.
    since: Option<Instant>,
}

/// What the idle callback should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spin {
    /// Yield the core and look again.
    On,
    /// Stop the idle handle: the loop may sleep.
    Off,
}

impl BusyPoll {
    /// A judge with this budget; zero never spins.
    pub const fn new(budget: Duration) -> Self {
        Self { budget, likelihood: 1.0, skipped: 0, since: None }
    }

    /// The most to spin from now on.
    pub const fn set_budget(&mut self, budget: Duration) {
        self.budget = budget;
    }

    /// Something arrived.
    #[inline]
    pub fn arrived(&mut self, now: Instant) {
        if let Some(since) = self.since {
            let hit = now.duration_since(since) <= self.budget;
            self.learn(hit);
        }
    }

    /// A piece of work is done. True if the loop should spin from now on.
    #[inline]
    pub fn worked(&mut self, now: Instant) -> bool {
        if self.budget.is_zero() {
            return false;
        }
        if self.since.is_none() && self.likelihood < SPIN_LIKELIHOOD {
            self.skipped += 1;
            if self.skipped < PROBE_EVERY {
                return false;
            }
        }
        self.skipped = 0;
        self.since = Some(now);
        true
    }

    /// Asked by the idle callback.
    #[inline]
    pub fn spin(&mut self, now: Instant) -> Spin {
        match self.since {
            Some(since) if now.duration_since(since) <= self.budget => Spin::On,
            Some(_) => {
                self.learn(false);
                self.since = None;
                Spin::Off
            }
            None => Spin::Off,
        }
    }

    fn learn(&mut self, hit: bool) {
        let outcome = if hit { 1.0 } else { 0.0 };
        self.likelihood += (outcome - self.likelihood) * LEARNING_RATE;
    }
}

const SPIN_LIKELIHOOD: f32 = 0.4;
const LEARNING_RATE: f32 = 0.25;
const PROBE_EVERY: u32 = 32;
