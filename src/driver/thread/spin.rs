//! Spinning: what the thread does while what it waits for is likely to come at once.
//!
//! The idle callback gives the core to whoever wants it and lets libuv look at the descriptors, turn
//! after turn. Where all that comes is from one connection, it asks that one itself instead, a few
//! times in a row: a turn of the loop costs more than what it brings. Everybody else on the loop
//! waits for that no longer than a [`ROUND`]. Must not know: when spinning pays.

use std::time::{Duration, Instant};

use super::{Inner, Thread, turn::Cue};
use crate::driver::{busy_poll::Spin, uv::Interest};

impl Thread {
    /// After a piece of work: spin for a while, if that is likely to pay. What has been done since the
    /// last look at the clock counts as waiting; no more than a turn of the loop does.
    #[inline]
    pub(super) fn worked(&self) {
        let mut inner = self.inner.borrow_mut();
        let now = inner.clock;
        if inner.busy.worked(now) {
            inner.start_spinning();
        }
    }

    /// The idle callback.
    pub(super) fn spin(&self) {
        let behind = self.pace.is_resting() || !self.inner.borrow().late.is_empty();
        if behind && self.catch_up() {
            return;
        }
        let mut began = None;
        for _ in 0..GUESSES {
            std::thread::yield_now();
            let now = Instant::now();
            if now.duration_since(*began.get_or_insert(now)) >= ROUND {
                return;
            }
            let Some(partner) = self.go_on(now) else { return };
            self.ready(partner, Cue::Guess, now);
        }
    }

    /// Ends spinning when it has been enough. Else: whom to ask without libuv, if anybody.
    #[inline]
    fn go_on(&self, now: Instant) -> Option<u32> {
        let mut inner = self.inner.borrow_mut();
        if inner.busy.spin(now) == Spin::On {
            return inner.busy.partner();
        }
        inner.spinning = false;
        if let Some(idle) = &inner.idle {
            idle.stop();
        }
        None
    }

    /// What had to wait until the loop has turned. Both in every turn: neither may keep the other
    /// waiting. False if the loop needn't turn again for them.
    #[inline(never)]
    fn catch_up(&self) -> bool {
        let mail = self.take_late_mail();
        let late = std::mem::take(&mut self.inner.borrow_mut().late);
        let any = !late.is_empty();
        for index in late {
            self.ready(index, Cue::Told(Ok(Interest::READABLE)), Instant::now());
        }
        mail || any
    }
}

impl Inner {
    pub(super) fn start_spinning(&mut self) {
        if !self.spinning
            && let Some(idle) = &self.idle
        {
            self.spinning = true;
            idle.start();
        }
    }

    /// Has a connection read on when the loop has turned.
    #[cold]
    pub(super) fn read_later(&mut self, index: u32) {
        if !self.late.contains(&index) {
            self.late.push(index);
        }
        self.start_spinning();
    }
}

/// How often a connection is asked before libuv may look at the others.
const GUESSES: u32 = 8;
/// How long others on the loop may have to wait, whatever comes of asking. Where processes share a
/// core, giving it away once takes most of this.
const ROUND: Duration = Duration::from_micros(200);
