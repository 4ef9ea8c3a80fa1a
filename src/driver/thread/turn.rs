//! Turns: what libuv, the timer, the mail and the application make the thread do.
//!
//! Each borrows the table, collects in a batch, lets go, delivers. A panic in a turn ends the
//! connection whose turn it was.

use std::{cell::Cell, panic::AssertUnwindSafe, time::Instant};

use super::{Entry, Error, Inbound, Inner, Kind, Next, Place, Result, Thread};
use crate::{
    driver::{task::Stay, uv::Interest},
    transport::Stream,
};

impl Thread {
    /// Has a connection read, and delivers what comes of it, if anything does.
    #[inline(never)]
    pub(super) fn ready(&self, index: u32, cue: Cue, now: Instant) {
        let mut batch = self.collect();
        let turn = AssertUnwindSafe(|| self.turn(index, cue, now, &mut batch));
        let came = std::panic::catch_unwind(turn).unwrap_or_else(|_| {
            let error = Error::library(Kind::Internal, "the connection's turn panicked");
            self.inner.borrow_mut().finish(index, &error, &mut batch);
            true
        });
        if came {
            self.deliver(index, batch, false);
            self.worked();
        } else {
            self.batch.set(Some(batch));
        }
    }

    /// False if nothing has come of a guess.
    #[inline(always)]
    fn turn(&self, index: u32, cue: Cue, now: Instant, batch: &mut Inbound) -> bool {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return false;
        };
        let Place::Inline(inline) = &mut entry.place else {
            return false;
        };
        if !entry.pending.is_empty() {
            batch.append(std::mem::take(&mut entry.pending));
        }
        let before = inline.look().bytes_in();
        let next = match cue {
            Cue::Told(Err(_)) => inline.failed(now, &mut inner.scratch, batch),
            Cue::Told(Ok(ready)) => inline.ready(ready, now, &mut inner.scratch, batch),
            Cue::Guess => inline.ready(Interest::READABLE, now, &mut inner.scratch, batch),
        };
        let nothing = batch.is_empty() && inline.look().bytes_in() == before;
        if nothing && matches!((&cue, &next), (Cue::Guess, Next::Wait)) {
            return false;
        }
        inner.busy.arrived(index, now);
        inner.clock = now;
        self.follow(inner, index, next, batch);
        self.schedule(inner, index);
        true
    }

    /// Runs `work` on an entry for the application, and says what came of it.
    #[inline(always)]
    pub(super) fn with_entry(
        &self,
        index: u32,
        work: impl FnOnce(&mut Entry, Instant) -> Next,
    ) -> u32 {
        let now = Instant::now();
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        inner.clock = now;
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return 0;
        };
        let next = work(entry, now);
        if !matches!(next, Next::Wait) || !matches!(entry.place, Place::Inline(_)) {
            self.conclude(inner, index, next, now);
        }
        self.schedule(inner, index);
        // Inside a turn, the turn itself decides at its end.
        if !self.delivering.get() && inner.busy.worked(now) {
            inner.start_spinning();
        }
        inner.entries.get(index as usize).map_or(0, Entry::flags)
    }

    /// The rare part of a call's end: another driver, an attached stream, the connection's end.
    #[cold]
    pub(super) fn conclude(&self, inner: &mut Inner, index: u32, next: Next, now: Instant) {
        let Some(entry) = inner.entries.get_mut(index as usize) else { return };
        let mut batch = std::mem::take(&mut entry.pending);
        self.follow(inner, index, next, &mut batch);
        inner.turn_attached(index, now, &mut batch);
        if let Some(entry) = inner.entries.get_mut(index as usize) {
            entry.pending = batch;
        }
        self.rehold(inner, index);
    }

    /// Does what a turn has led to.
    #[inline]
    pub(super) fn follow(&self, inner: &mut Inner, index: u32, next: Next, batch: &mut Inbound) {
        if !matches!(next, Next::Wait) {
            self.follow_on(inner, index, next, batch);
        }
    }

    #[cold]
    fn follow_on(&self, inner: &mut Inner, index: u32, next: Next, batch: &mut Inbound) {
        match next {
            Next::Wait => {}
            Next::Again => inner.read_later(index),
            Next::Over(error) => inner.finish(index, &error, batch),
            Next::Offload => {
                let Some(entry) = inner.entries.get_mut(index as usize) else {
                    return;
                };
                let Place::Inline(inline) = std::mem::replace(&mut entry.place, Place::None) else {
                    return;
                };
                let (machine, wire) = inline.into_parts();
                let _runtime = self.runtime.enter();
                self.run_in_task(
                    entry,
                    index,
                    machine,
                    Stream::from_wire(wire),
                    Stay::WhileLarge,
                    batch,
                );
                self.rehold(inner, index);
            }
        }
    }

    /// Calls the application with a batch, and then with what it asked for of other connections
    /// while it was called.
    pub(super) fn deliver(&self, index: u32, mut batch: Box<Inbound>, from_call: bool) {
        self.deliver_one(index, &mut batch, from_call);
        loop {
            let owed = self.owed.borrow_mut().pop();
            let Some(index) = owed else { break };
            *batch = self.take_pending(index);
            self.deliver_one(index, &mut batch, from_call);
        }
        self.batch.set(Some(batch));
    }

    /// An empty batch, to be delivered.
    #[inline]
    pub(super) fn collect(&self) -> Box<Inbound> {
        self.batch.take().unwrap_or_default()
    }

    /// What happened to a connection during calls of the application's own.
    pub(super) fn take_pending(&self, index: u32) -> Inbound {
        let mut inner = self.inner.borrow_mut();
        let entry = inner.entries.get_mut(index as usize);
        entry.map(|entry| std::mem::take(&mut entry.pending)).unwrap_or_default()
    }

    /// Calls the application until nothing has happened meanwhile; then the batch is empty. Frees the
    /// place of a connection that is over.
    fn deliver_one(&self, index: u32, batch: &mut Inbound, from_call: bool) {
        let mut over = false;
        while !batch.is_empty() {
            over |= batch.is_closed();
            let Some(server) = self.server_of(index) else {
                batch.clear();
                break;
            };
            let guard = Delivering::begin(&self.delivering);
            self.host.deliver(index, server, batch, from_call);
            drop(guard);
            batch.clear();
            // What happened while the application was called, if it couldn't ask for it itself.
            let mut inner = self.inner.borrow_mut();
            let Some(entry) = inner.entries.get_mut(index as usize) else {
                break;
            };
            if over {
                break;
            }
            if !entry.pending.is_empty() {
                *batch = std::mem::take(&mut entry.pending);
            }
        }
        if over {
            let mut inner = self.inner.borrow_mut();
            inner.release(index);
            self.rehold(&mut inner, index);
        }
    }

    fn server_of(&self, index: u32) -> Option<Option<u32>> {
        let inner = self.inner.borrow();
        let entry = inner.entries.get(index as usize)?;
        (!inner.closing).then_some(entry.server)
    }

    /// Notes whether an entry keeps the process alive by itself, and tells the host when the first
    /// begins to or the last ends.
    pub(super) fn rehold(&self, inner: &mut Inner, index: u32) {
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        let holds = entry.holds();
        let held = std::mem::replace(&mut entry.held, holds);
        self.count_holder(inner, held, holds);
    }

    pub(super) fn count_holder(&self, inner: &mut Inner, held: bool, holds: bool) {
        let before = inner.holders;
        inner.holders = before + u32::from(holds) - u32::from(held);
        if (before == 0) != (inner.holders == 0) && !inner.closing {
            self.host.hold(inner.holders != 0);
        }
    }
}

impl Inner {
    /// Ends a connection, or what it runs over, if it survives that; its batch says which.
    pub(super) fn finish(&mut self, index: u32, error: &Error, batch: &mut Inbound) {
        let Some(entry) = self.entries.get_mut(index as usize) else {
            return;
        };
        entry.dial = None;
        if entry.machine().is_some_and(|machine| machine.outlives(error)) {
            entry.part(error, batch);
            return;
        }
        entry.last = entry.stats();
        match std::mem::replace(&mut entry.place, Place::None) {
            Place::None | Place::Task(_) => {}
            Place::Waiting(mut machine) | Place::Attached(mut machine, _) => {
                machine.finish(error, batch);
            }
            Place::Inline(mut inline) => {
                inline.machine().finish(error, batch);
                if !inline.is_secure() {
                    return inline.shut(|| {});
                }
                let (_, mut wire) = inline.into_parts();
                wire.say_goodbye();
                let _runtime = self.runtime.enter();
                if let Ok(stream) = Stream::from_wire(wire) {
                    self.runtime.spawn(stream.end());
                }
            }
        }
    }

    /// Frees the place of a connection whose last batch has been delivered.
    fn release(&mut self, index: u32) {
        let Some(entry) = self.entries.get_mut(index as usize) else {
            return;
        };
        entry.place = Place::None;
        entry.pending = Inbound::default();
        entry.seat = None;
        entry.serial = 0;
        self.free.push(index);
    }
}

/// Why a connection is to read.
pub(super) enum Cue {
    /// libuv says what its descriptor is ready for, or an error; or there is something in memory.
    Told(Result<Interest, i32>),
    /// It is likely that something has come.
    Guess,
}

/// While it lives, the application is being called; however that ends.
struct Delivering<'a>(&'a Cell<bool>);

impl<'a> Delivering<'a> {
    fn begin(flag: &'a Cell<bool>) -> Self {
        flag.set(true);
        Self(flag)
    }
}

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
