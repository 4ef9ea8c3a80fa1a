//! Keeps the loop of a JavaScript thread hot while an answer is likely to come at once.
//!
//! A sleeping process takes tens of microseconds to wake, more than everything else in a call. So
//! after activity the loop spins for a while: an idle handle keeps it from blocking, and each turn
//! of it gives the core to whoever else wants it (`sched_yield`), without which spinning would
//! collapse as soon as there are more busy threads than cores.
//!
//! Spinning pays while arrivals follow each other closely, and only burns CPU when they are spread
//! out. What counts is what the waiting has cost this thread: time during which others had the core
//! costs nothing.
//!
//! ```text
//!   arrival after a cheap wait (≤ WORTH) ──► likelihood up      likelihood ≥ SPIN: spin after work
//!   a dear wait, or none within budget   ──► likelihood down    below it: sleep, and probe at times
//!
//!   probe caught something ──► more spins follow, until one catches nothing: the peer may be
//!                              asleep for the same reason, and only two who are awake at once
//!                              find out that it pays
//!   nothing, or dearly     ──► the next probe comes after twice as many arrivals, until a pause
//! ```
//!
//! A probe may take twice the budget: a peer that has to wake first answers no sooner. Where arrivals
//! come later than that even so, or most of them, probes are as rare as they get from the start.
//!
//! `docs/design/busy-polling.md` has the measurements. Pure: `now` is an argument. Must not know:
//! libuv, sockets.

use std::time::{Duration, Instant};

/// Decides when to spin and when to let the loop sleep.
#[derive(Debug)]
pub struct BusyPoll {
    budget: Duration,
    /// How likely a cheap wait is: 0 to 1.
    likelihood: f32,
    /// Pieces of work since the last spin, and how many make the next probe.
    slept: u32,
    probe_every: u32,
    /// Spins that follow a probe which caught something.
    encore: u32,
    spinning: Option<Spinning>,
    /// When the last piece of work was done.
    worked_at: Option<Instant>,
    /// How often in a row what came during sleep came so soon that a probe might have caught it.
    near: u32,
    /// Who arrived last, and how often in a row.
    last: u32,
    row: u32,
}

#[derive(Debug, Clone, Copy)]
struct Spinning {
    /// The last look at the clock.
    at: Instant,
    /// What this wait has cost so far.
    spent: Duration,
    /// It follows a row of arrivals after which there was no spinning.
    probe: bool,
    /// The peer may have to wake first.
    patient: bool,
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
        let (likelihood, probe_every) = (1.0, MIN_PROBE_EVERY);
        Self {
            budget,
            likelihood,
            slept: 0,
            probe_every,
            encore: 0,
            spinning: None,
            worked_at: None,
            near: 0,
            last: 0,
            row: 0,
        }
    }

    /// The most to spin from now on.
    pub const fn set_budget(&mut self, budget: Duration) {
        self.budget = budget;
    }

    /// Something arrived from this connection.
    #[inline]
    pub fn arrived(&mut self, from: u32, now: Instant) {
        self.row = if self.last == from { self.row.saturating_add(1) } else { 1 };
        self.last = from;
        let Some(mut spinning) = self.spinning else {
            let reach = self.budget * PROBE_REACH;
            let near = self.worked_at.is_some_and(|at| now.duration_since(at) <= reach);
            self.near = if near { self.near.saturating_add(1) } else { 0 };
            return;
        };
        spinning.look(now);
        if spinning.probe {
            self.encore = ENCORE;
        }
        if spinning.spent <= WORTH {
            self.likelihood += (1.0 - self.likelihood) * LEARNING_RATE;
            // A single one may be chance: two arrivals of a jittery, even load.
            if self.likelihood >= SPIN_LIKELIHOOD {
                self.probe_every = MIN_PROBE_EVERY;
            }
        } else {
            self.likelihood -= self.likelihood * LEARNING_RATE;
            if spinning.probe {
                self.probe_less();
            }
        }
    }

    /// The connection that all has come from lately, if there is one: the next will be from it, too.
    #[inline]
    pub const fn partner(&self) -> Option<u32> {
        if self.row >= PARTNER_ROW { Some(self.last) } else { None }
    }

    /// A piece of work is done. True if the loop should spin from now on.
    #[inline]
    pub fn worked(&mut self, now: Instant) -> bool {
        if self.budget.is_zero() {
            return false;
        }
        let paused = self.worked_at.is_some_and(|at| now.duration_since(at) > PAUSE);
        self.worked_at = Some(now);
        if paused {
            (self.slept, self.probe_every) = (0, MIN_PROBE_EVERY);
        }
        let (mut probe, mut patient) = (false, false);
        if self.likelihood < SPIN_LIKELIHOOD {
            patient = true;
            if self.encore > 0 {
                self.encore -= 1;
            } else {
                self.slept += 1;
                let near = self.near >= NEAR_ROW;
                let every = if near { self.probe_every } else { MAX_PROBE_EVERY };
                if self.slept < every {
                    self.spinning = None;
                    return false;
                }
                probe = true;
            }
        }
        self.slept = 0;
        self.spinning = Some(Spinning { at: now, spent: Duration::ZERO, probe, patient });
        true
    }

    /// Asked by the idle callback.
    #[inline]
    pub fn spin(&mut self, now: Instant) -> Spin {
        let Some(spinning) = &mut self.spinning else { return Spin::Off };
        spinning.look(now);
        if spinning.spent <= self.budget * if spinning.patient { 2 } else { 1 } {
            return Spin::On;
        }
        self.likelihood -= self.likelihood * LEARNING_RATE;
        if spinning.probe {
            self.probe_less();
        }
        // What the probe caught was chance: a peer that is on its way comes in time each time.
        self.encore = 0;
        self.spinning = None;
        Spin::Off
    }

    fn probe_less(&mut self) {
        self.probe_every = (self.probe_every * 2).min(MAX_PROBE_EVERY);
    }
}

impl Spinning {
    /// A turn that took longer than a turn takes was spent by others on this core.
    fn look(&mut self, now: Instant) {
        self.spent += now.duration_since(self.at).min(TURN);
        self.at = now;
    }
}

/// A wait that is cheaper than falling asleep and being woken.
const WORTH: Duration = Duration::from_micros(25);
/// The longest that one turn of a spinning loop takes by itself.
const TURN: Duration = Duration::from_micros(5);
const SPIN_LIKELIHOOD: f32 = 0.4;
const LEARNING_RATE: f32 = 0.25;
const MIN_PROBE_EVERY: u32 = 16;
const MAX_PROBE_EVERY: u32 = 512;
/// Later than this many budgets, no probe catches an arrival: it takes two, and a third for what
/// waking up this thread adds to a wait that it sleeps through.
const PROBE_REACH: u32 = 3;
/// So many in a row within reach are no chance: a jittery, even load has single ones.
const NEAR_ROW: u32 = 8;
/// As many as arrivals between two probes at first: the peer's first probe meets one of them.
const ENCORE: u32 = MIN_PROBE_EVERY;
/// As many arrivals in a row make a partner. Two who take turns are none.
const PARTNER_ROW: u32 = 4;
/// After a pause, what was learnt about probing is forgotten.
const PAUSE: Duration = Duration::from_millis(10);
