//! What tokio's threads have for this one: batches of tasks, new transports, news of servers.

use std::{
    cell::Cell,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use super::{Connection, Inbound, Mail, Next, Peer, Place, Result, Thread, closed, kind, task};
use crate::{
    driver::task::Command,
    error::Error,
    transport::{Stream, Wire},
};

/// How mail shares the JavaScript thread with everybody else's timers and sockets. Node calls a
/// thread-safe function again and again, up to a thousand times, before it lets the loop turn, as
/// long as there is always another call: with large messages that takes seconds.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Time that mail has taken since the last rest.
    spent: Cell<Duration>,
    /// What comes waits for the idle callback.
    resting: Cell<bool>,
}

impl Pace {
    /// Whether mail waits for the idle callback.
    #[inline]
    pub(super) fn is_resting(&self) -> bool {
        self.resting.get()
    }
}

impl Thread {
    /// Takes up what tokio's threads have for this one, unless the loop must turn first.
    pub fn take_mail(&self) {
        if self.pace.resting.get() {
            return;
        }
        let began = Instant::now();
        for mail in self.inbox.drain() {
            // What panics over one piece must not cost the others theirs.
            let turn = AssertUnwindSafe(|| self.take_one(mail));
            let _ = std::panic::catch_unwind(turn);
        }
        self.rest_after(began);
    }

    fn take_one(&self, mail: Mail) {
        match mail {
            Mail::Batch(index, batch) => self.take_batch(index, batch),
            Mail::Dialed { index, serial, outcome } => self.take_dialed(index, serial, outcome),
            Mail::Accepted(server, stream, peer, _unseen) => self.accept(server, stream, peer),
            Mail::Identified(index, peer) => self.identify(index, peer),
            Mail::Listening(server, outcome) => self.listening(server, outcome),
            Mail::Unlistened(server, outcome) => self.unlistened(server, outcome),
            Mail::Returned(index, machine, wire) => self.take_returned(index, machine, wire),
            Mail::Parted(index, machine, batch) => self.take_parted(index, machine, batch),
            Mail::Tick => self.tick(),
        }
    }

    /// Lets the loop turn when mail has taken long enough; the idle callback goes on with it.
    fn rest_after(&self, began: Instant) {
        let spent = self.pace.spent.get() + began.elapsed();
        let mut inner = self.inner.borrow_mut();
        if spent < SLICE || inner.idle.is_none() {
            return self.pace.spent.set(spent);
        }
        self.pace.spent.set(Duration::ZERO);
        self.pace.resting.set(true);
        inner.start_spinning();
    }

    /// The loop has turned: goes on with the mail that had to wait. True if more has to wait.
    pub(super) fn take_late_mail(&self) -> bool {
        if self.pace.resting.replace(false) {
            self.take_mail();
        }
        self.pace.resting.get()
    }

    /// A task's peer is known before anything of it is delivered.
    fn identify(&self, index: u32, peer: Peer) {
        if let Some(entry) = self.inner.borrow_mut().entries.get_mut(index as usize)
            && matches!(entry.place, Place::Task(_))
        {
            entry.peer = peer;
        }
    }

    fn take_batch(&self, index: u32, sent: Inbound) {
        let mut batch;
        {
            let mut inner = self.inner.borrow_mut();
            let Some(entry) = inner.entries.get_mut(index as usize) else {
                return;
            };
            let Place::Task(handle) = &entry.place else {
                return;
            };
            batch = self.collect();
            handle.delivered(sent.bytes());
            if sent.is_closed() {
                entry.last = handle.stats();
                entry.place = Place::None;
            }
            batch.append(std::mem::take(&mut entry.pending));
            batch.append(sent);
        }
        self.deliver(index, batch, false);
    }

    fn take_dialed(&self, index: u32, serial: u32, outcome: Result<(Stream, Peer)>) {
        let mut batch = self.collect();
        {
            let mut inner = self.inner.borrow_mut();
            let inner = &mut *inner;
            let wanted = inner.entries.get_mut(index as usize).filter(|e| e.serial == serial);
            let Some(entry) = wanted else { return };
            entry.dial = None;
            batch.append(std::mem::take(&mut entry.pending));
            match outcome {
                Err(error) => match &mut entry.place {
                    Place::Waiting(machine) if machine.outlives(&error) => {
                        let errno = error.errno().unwrap_or_default() as u32;
                        let number = error.kind() as u32;
                        batch.push_note(kind::DIAL_FAILED, errno, number, error.message());
                    }
                    _ => inner.finish(index, &error, &mut batch),
                },
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

    fn take_returned(&self, index: u32, machine: Box<Connection>, wire: Wire) {
        let mut batch = self.collect();
        {
            let mut inner = self.inner.borrow_mut();
            let inner = &mut *inner;
            let Some(entry) = inner.entries.get_mut(index as usize) else {
                return;
            };
            let Place::Task(handle) = std::mem::replace(&mut entry.place, Place::None) else {
                return;
            };
            batch.append(std::mem::take(&mut entry.pending));
            self.place_inline(inner, index, machine, wire, &mut batch);
            // What the application wanted while the connection was on its way.
            let now = Instant::now();
            let mut commands = handle.take_commands().into_iter();
            while let Some(command) = commands.next() {
                let Some(entry) = inner.entries.get_mut(index as usize) else {
                    break;
                };
                let inline = match &mut entry.place {
                    // What is large needs no look: it goes to a task again, and the rest follows.
                    Place::Inline(_) if matches!(command, Command::Large(..)) => {
                        self.follow(inner, index, Next::Offload, &mut batch);
                        if let Place::Task(handle) = &inner.entries[index as usize].place {
                            handle.push(command);
                        }
                        continue;
                    }
                    Place::Inline(inline) => inline,
                    // One of the commands was large: the others follow it.
                    Place::Task(handle) => {
                        handle.push(command);
                        continue;
                    }
                    // It has lost its transport meanwhile, and isn't over.
                    Place::Waiting(machine) => {
                        let rest = std::iter::once(command).chain(commands);
                        if let Some(error) = obey_parted(machine, rest, now, &mut batch) {
                            inner.finish(index, &error, &mut batch);
                        }
                        break;
                    }
                    _ => break,
                };
                let next = match command {
                    Command::Submit(orders) => inline.submit(orders.borrow(), now, &mut batch),
                    Command::Overflow(orders) => {
                        inline.machine().note_overflow();
                        inline.submit(orders.borrow(), now, &mut batch)
                    }
                    Command::Pause(paused) => inline.set_paused(paused, now),
                    Command::Close(parting) => inline.close(now, &parting, &mut batch),
                    Command::Broadcast(message) => {
                        task::broadcast(inline.machine(), &message, &mut batch);
                        inline.flush(now, &mut batch)
                    }
                    Command::Destroy(error) => Next::Over(error),
                    Command::Large(..) | Command::Abandon => Next::Wait,
                };
                self.follow(inner, index, next, &mut batch);
            }
            self.schedule(inner, index);
            self.rehold(inner, index);
        }
        self.deliver(index, batch, false);
    }

    /// A task's connection waits here for another transport.
    fn take_parted(&self, index: u32, mut machine: Box<Connection>, lost: Inbound) {
        let mut batch = self.collect();
        {
            let mut inner = self.inner.borrow_mut();
            let inner = &mut *inner;
            let Some(entry) = inner.entries.get_mut(index as usize) else {
                return;
            };
            let Place::Task(handle) = &entry.place else { return };
            let commands = handle.take_commands();
            batch.append(std::mem::take(&mut entry.pending));
            batch.append(lost);
            // What the application wanted while it was on its way here.
            let now = Instant::now();
            let over = obey_parted(&mut machine, commands, now, &mut batch);
            entry.place = Place::Waiting(machine);
            entry.peer = Peer::default();
            if let Some(error) = over {
                inner.finish(index, &error, &mut batch);
            }
            self.schedule(inner, index);
            self.rehold(inner, index);
        }
        self.deliver(index, batch, false);
    }
}

/// Does with a connection that has no transport what was meant for its task; says what ends it, if
/// something does.
fn obey_parted(
    machine: &mut Connection,
    commands: impl IntoIterator<Item = Command>,
    now: Instant,
    batch: &mut Inbound,
) -> Option<Error> {
    let mut over = None;
    for command in commands {
        match command {
            Command::Submit(orders) => machine.submit(orders.borrow(), now, batch),
            Command::Overflow(orders) => {
                machine.note_overflow();
                machine.submit(orders.borrow(), now, batch);
            }
            Command::Large(record, text) => machine.submit_large(&record, text, now, batch),
            Command::Pause(paused) => machine.set_paused(paused, now),
            Command::Close(parting) => over = Some(closed(&parting.reason)),
            Command::Destroy(error) => over = Some(error),
            // A broadcast was for the peer that has gone.
            Command::Broadcast(_) | Command::Abandon => {}
        }
    }
    over
}

/// How long mail may take before the loop turns: about as long as a timer may be late.
const SLICE: Duration = Duration::from_millis(1);
