//! Turns: what libuv, the timer, the mail and the application make the thread do.
//!
//! Each borrows the table, collects in a batch, lets go, delivers. A panic in a turn ends the
//! connection whose turn it was.

use std::{
    os::fd::OwnedFd,
    panic::AssertUnwindSafe,
    rc::Weak,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Connection, DriverKind, Entry, Error, Inbound, Inline, Inner, Kind, Loop, Mail, Next, Peer,
    Place, Result, Thread, flags, kind, task,
};
use crate::{
    driver::{
        busy_poll::Spin,
        task::{Command, Destination, Stay},
        uv::Interest,
    },
    transport::Stream,
};

impl Thread {
    /// A descriptor in the loop is ready.
    #[inline]
    fn ready(&self, index: u32, ready: Result<Interest, i32>) {
        let mut batch = self.batch.take();
        let turn = AssertUnwindSafe(|| self.turn(index, ready, &mut batch));
        if std::panic::catch_unwind(turn).is_err() {
            let error = Error::library(Kind::Internal, "the connection's turn panicked");
            self.inner.borrow_mut().finish(index, &error, &mut batch);
        }
        self.deliver(index, batch, false);
        self.worked();
    }

    fn turn(&self, index: u32, ready: Result<Interest, i32>, batch: &mut Inbound) {
        let now = Instant::now();
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        inner.busy.arrived(now);
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        let Place::Inline(inline) = &mut entry.place else {
            return;
        };
        if !entry.pending.is_empty() {
            batch.append(std::mem::take(&mut entry.pending));
        }
        let next = match ready {
            Ok(ready) => inline.ready(ready, now, &mut inner.scratch, batch),
            Err(errno) => Next::Over(Error::disconnected(std::io::Error::from_raw_os_error(errno))),
        };
        entry.silent = None;
        self.follow(inner, index, next, batch);
        self.schedule(inner, index);
    }

    /// Runs `work` on an entry for the application, and says what came of it.
    #[inline]
    pub(super) fn with_entry(
        &self,
        index: u32,
        work: impl FnOnce(&mut Entry, Instant) -> Next,
    ) -> u32 {
        let now = Instant::now();
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return 0;
        };
        let next = work(entry, now);
        if !matches!(next, Next::Wait) || !matches!(entry.place, Place::Inline(_)) {
            let mut batch = std::mem::take(&mut entry.pending);
            self.follow(inner, index, next, &mut batch);
            if let Some(entry) = inner.entries.get_mut(index as usize) {
                if let Place::Attached(machine, true) = &mut entry.place
                    && machine.wants_write()
                {
                    let output = machine.take_output(now, &mut batch);
                    let (whole, body) = (0..output.len(), crate::message::BodyKind::Bytes);
                    let record = super::batch::Record { kind: kind::OUTPUT, subject: 0, extra: 0 };
                    batch.push_owned(record, "", body, output, whole);
                    if machine.is_drained() {
                        let farewell = machine.farewell();
                        inner.finish(index, &farewell, &mut batch);
                    }
                }
                if let Some(entry) = inner.entries.get_mut(index as usize) {
                    entry.pending = batch;
                }
            }
            self.rehold(inner, index);
        }
        self.schedule(inner, index);
        if inner.busy.worked(now) {
            inner.start_spinning();
        }
        let Some(entry) = inner.entries.get(index as usize) else {
            return 0;
        };
        if entry.pending.is_empty() { 0 } else { flags::PENDING }
    }

    /// Does what a turn has led to.
    fn follow(&self, inner: &mut Inner, index: u32, next: Next, batch: &mut Inbound) {
        match next {
            Next::Wait => {}
            Next::Over(error) => inner.finish(index, &error, batch),
            Next::Offload => {
                let Some(entry) = inner.entries.get_mut(index as usize) else {
                    return;
                };
                let Place::Inline(inline) = std::mem::replace(&mut entry.place, Place::None) else {
                    return;
                };
                let (machine, fd) = inline.into_parts();
                let _runtime = self.runtime.enter();
                self.run_in_task(
                    entry,
                    index,
                    machine,
                    Stream::from_fd(fd),
                    Stay::WhileLarge,
                    batch,
                );
                self.rehold(inner, index);
            }
        }
    }

    /// Calls the application with a batch, and frees the place of a connection that is over.
    pub(super) fn deliver(&self, index: u32, mut batch: Inbound, from_call: bool) {
        let mut over = false;
        while !batch.is_empty() {
            over |= batch.is_closed();
            let Some(server) = self.server_of(index) else {
                break;
            };
            self.delivering.set(true);
            self.host.deliver(index, server, &mut batch, from_call);
            self.delivering.set(false);
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
                batch = std::mem::take(&mut entry.pending);
            }
        }
        self.batch.set(batch);
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

    /// Takes up what tokio's threads have for this one.
    pub fn take_mail(&self) {
        for mail in self.inbox.drain() {
            match mail {
                Mail::Batch(index, batch) => self.take_batch(index, batch),
                Mail::Dialed { index, serial, outcome } => self.take_dialed(index, serial, outcome),
                Mail::Accepted(server, stream, peer, _unseen) => self.accept(server, stream, peer),
                Mail::Listening(server, outcome) => self.listening(server, outcome),
                Mail::Unlistened(server, outcome) => self.unlistened(server, outcome),
                Mail::Returned(index, machine, fd) => self.take_returned(index, machine, fd),
                Mail::Tick => self.tick(),
            }
        }
        self.worked();
    }

    fn take_batch(&self, index: u32, mut batch: Inbound) {
        {
            let mut inner = self.inner.borrow_mut();
            let Some(entry) = inner.entries.get_mut(index as usize) else {
                return;
            };
            let Place::Task(handle) = &entry.place else {
                return;
            };
            handle.delivered(batch.bytes());
            if batch.is_closed() {
                entry.place = Place::None;
            }
            if !entry.pending.is_empty() {
                let mut earlier = std::mem::take(&mut entry.pending);
                earlier.append(batch);
                batch = earlier;
            }
        }
        self.deliver(index, batch, false);
    }

    fn take_dialed(&self, index: u32, serial: u32, outcome: Result<(Stream, Peer)>) {
        let mut batch = self.batch.take();
        {
            let mut inner = self.inner.borrow_mut();
            let inner = &mut *inner;
            let wanted = inner.entries.get_mut(index as usize).filter(|e| e.serial == serial);
            let Some(entry) = wanted else { return };
            entry.dial = None;
            batch.append(std::mem::take(&mut entry.pending));
            match outcome {
                Err(error) => inner.finish(index, &error, &mut batch),
                Ok((stream, peer)) => {
                    if let Place::Waiting(machine) =
                        std::mem::replace(&mut entry.place, Place::None)
                    {
                        entry.peer = peer;
                        batch.push_note(kind::OPENED, 0, 0, "");
                        self.place(inner, index, machine, stream, &mut batch);
                    }
                }
            }
            self.rehold(inner, index);
        }
        self.deliver(index, batch, false);
    }

    fn take_returned(&self, index: u32, machine: Box<Connection>, fd: OwnedFd) {
        let mut batch = self.batch.take();
        {
            let mut inner = self.inner.borrow_mut();
            let inner = &mut *inner;
            let Some(entry) = inner.entries.get_mut(index as usize) else {
                return;
            };
            let Place::Task(handle) = std::mem::replace(&mut entry.place, Place::None) else {
                return;
            };
            self.place_inline(inner, index, machine, fd, &mut batch);
            // What the application wanted while the connection was on its way.
            let now = Instant::now();
            for command in handle.take_commands() {
                let Some(entry) = inner.entries.get_mut(index as usize) else {
                    break;
                };
                let Place::Inline(inline) = &mut entry.place else {
                    break;
                };
                let next = match command {
                    Command::Submit(orders) => inline.submit(orders.borrow(), now, &mut batch),
                    Command::Close(timeout, reason) => {
                        inline.close(now, timeout, &reason, &mut batch)
                    }
                    Command::Destroy(error) => Next::Over(error),
                    Command::Abandon => Next::Wait,
                };
                self.follow(inner, index, next, &mut batch);
            }
            self.schedule(inner, index);
            self.rehold(inner, index);
        }
        self.deliver(index, batch, false);
    }

    /// Gives a connection its driver.
    pub(super) fn place(
        &self,
        inner: &mut Inner,
        index: u32,
        machine: Box<Connection>,
        stream: Stream,
        batch: &mut Inbound,
    ) {
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        if self.uv.is_none() || entry.driver == DriverKind::Task {
            self.run_in_task(entry, index, machine, Ok(stream), Stay::Always, batch);
        } else {
            match stream.into_fd() {
                Ok(fd) => self.place_inline(inner, index, machine, fd, batch),
                Err(error) => {
                    entry.place = Place::Waiting(machine);
                    inner.finish(index, &error, batch);
                }
            }
        }
        self.schedule(inner, index);
    }

    fn run_in_task(
        &self,
        entry: &mut Entry,
        index: u32,
        machine: Box<Connection>,
        stream: Result<Stream>,
        stay: Stay,
        batch: &mut Inbound,
    ) {
        match stream {
            Ok(stream) => {
                let to = Destination { inbox: Arc::clone(&self.inbox), index };
                let handle = task::spawn(&self.runtime, machine, stream, to, stay);
                entry.place = Place::Task(handle);
            }
            Err(error) => {
                let mut machine = machine;
                machine.finish(&error, batch);
            }
        }
    }

    fn place_inline(
        &self,
        inner: &mut Inner,
        index: u32,
        machine: Box<Connection>,
        fd: OwnedFd,
        batch: &mut Inbound,
    ) {
        let Some(uv): Option<Loop> = self.uv else {
            return;
        };
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        let me = Weak::clone(&self.me);
        let ready = move |ready| me.upgrade().map_or((), |thread| thread.ready(index, ready));
        match Inline::adopt(uv, machine, fd, ready) {
            Ok(mut inline) => {
                inline.set_referenced(entry.referenced);
                let next = inline.open(Instant::now(), batch);
                entry.place = Place::Inline(Box::new(inline));
                self.follow(inner, index, next, batch);
            }
            Err((machine, error)) => {
                entry.place = Place::Waiting(machine);
                inner.finish(index, &Error::system("uv_poll_init", error), batch);
            }
        }
    }

    /// The timer's time has come.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let due: Vec<u32> = {
            let mut inner = self.inner.borrow_mut();
            inner.due = None;
            let indexed = inner.entries.iter().zip(0u32..);
            indexed
                .filter(|(entry, _)| entry.due().is_some_and(|due| due <= now))
                .map(|(_, index)| index)
                .collect()
        };
        for index in due {
            let mut batch = self.batch.take();
            self.time_out(index, now, &mut batch);
            self.deliver(index, batch, false);
        }
        let mut inner = self.inner.borrow_mut();
        if let Some(next) = inner.entries.iter().filter_map(Entry::due).min() {
            self.arm(&mut inner, next);
        }
    }

    fn time_out(&self, index: u32, now: Instant, batch: &mut Inbound) {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        batch.append(std::mem::take(&mut entry.pending));
        let silent = entry.silent.take_if(|(due, _)| *due <= now);
        let next = match &mut entry.place {
            Place::None | Place::Task(_) => Next::Wait,
            Place::Waiting(machine) | Place::Attached(machine, _) => {
                machine.handle_timeout(now, batch).map_or_else(Next::Over, |()| Next::Wait)
            }
            Place::Inline(inline) => {
                if let Some((_, format)) = silent {
                    inline.machine().assume(format, now, batch);
                }
                inline.handle_timeout(now, batch)
            }
        };
        self.follow(inner, index, next, batch);
        self.rehold(inner, index);
    }

    /// Sets the timer for what an entry is waiting for, if that comes first.
    #[inline]
    pub(super) fn schedule(&self, inner: &mut Inner, index: u32) {
        let Some(due) = inner.entries.get(index as usize).and_then(Entry::due) else {
            return;
        };
        if inner.due.is_none_or(|armed| due < armed) {
            self.arm(inner, due);
        }
    }

    fn arm(&self, inner: &mut Inner, due: Instant) {
        inner.due = Some(due);
        let wait = due.saturating_duration_since(Instant::now());
        // Up to a millisecond late, never early: a turn that finds nothing due would be in vain.
        let after_ms = wait.as_millis() as u64 + 1;
        match (&inner.timer, self.uv) {
            (Some(timer), Some(uv)) => {
                uv.update_time();
                timer.start(after_ms);
            }
            _ => {
                let inbox = Arc::clone(&self.inbox);
                self.runtime.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(after_ms)).await;
                    inbox.push(Mail::Tick);
                });
            }
        }
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

    /// After a piece of work: spin for a while, if that is likely to pay.
    #[inline]
    fn worked(&self) {
        let mut inner = self.inner.borrow_mut();
        if inner.busy.worked(Instant::now()) {
            inner.start_spinning();
        }
    }

    /// The idle callback.
    pub(super) fn spin(&self) {
        let mut inner = self.inner.borrow_mut();
        match inner.busy.spin(Instant::now()) {
            Spin::On => {
                drop(inner);
                std::thread::yield_now();
            }
            Spin::Off => {
                inner.spinning = false;
                if let Some(idle) = &inner.idle {
                    idle.stop();
                }
            }
        }
    }
}

impl Inner {
    fn start_spinning(&mut self) {
        if !self.spinning
            && let Some(idle) = &self.idle
        {
            self.spinning = true;
            idle.start();
        }
    }

    /// Ends a connection; its last batch says so.
    pub(super) fn finish(&mut self, index: u32, error: &Error, batch: &mut Inbound) {
        let Some(entry) = self.entries.get_mut(index as usize) else {
            return;
        };
        entry.dial = None;
        match std::mem::replace(&mut entry.place, Place::None) {
            Place::None | Place::Task(_) => {}
            Place::Waiting(mut machine) | Place::Attached(mut machine, _) => {
                machine.finish(error, batch);
            }
            Place::Inline(mut inline) => {
                inline.machine().finish(error, batch);
                inline.shut(|| {});
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
        entry.silent = None;
        entry.seat = None;
        entry.serial = 0;
        self.free.push(index);
    }
}
