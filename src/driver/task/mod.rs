//! The machine in a tokio task: any stream, off the JavaScript thread.
//!
//! Connections live here for good with `driver: 'task'`, and for a while when an inline one has a
//! large frame under way or a handshake of TLS before it; such a guest goes back once that is over.
//!
//! ```text
//!   JavaScript thread ──commands──► Handle ──notify──► task: submit · write · read · timers
//!                     ◄──inbox──── batches ◄─────────
//! ```
//!
//! Must not know: JavaScript values, libuv, any format by name.

mod handle;
mod secure;

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use tokio::runtime;

pub use self::handle::{Command, Destination, Handle};
use self::secure::Agreement;
use super::{
    batch::{self, Inbound, Record},
    broadcast::Broadcast,
    connection::{Connection, ReadTurn, Receipt, SCRATCH_BYTES},
    inbox::Mail,
    packing::{self, Packing},
};
use crate::{
    error::{Error, Kind, Result},
    transport::Stream,
};

/// Whether a task keeps its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// For good.
    Always,
    /// Until the large frames have stopped.
    WhileLarge,
    /// Until TLS has been agreed on.
    UntilSecure,
}

/// Runs a connection in a task of this runtime.
pub fn spawn(
    runtime: &runtime::Handle,
    machine: Box<Connection>,
    stream: Stream,
    to: Destination,
    stay: Stay,
) -> Handle {
    let handle = Handle::new(machine.wanted(), machine.stats());
    let packing = machine.may_compress().then(Box::default);
    let task = Task { machine, handle: handle.clone(), to, stay, packing };
    runtime.spawn(task.run(stream));
    handle
}

struct Task {
    machine: Box<Connection>,
    handle: Handle,
    to: Destination,
    stay: Stay,
    packing: Option<Box<Packing>>,
}

enum End {
    Over(Error),
    /// The loop goes on with it.
    Return,
    /// There never was a conversation, and the application doesn't want one any more.
    CalledOff,
    Abandoned,
}

impl Task {
    /// # Cancel safety
    ///
    /// Spawned and never cancelled, except with the runtime itself.
    async fn run(mut self, mut stream: Stream) {
        let mut inbound = Inbound::default();
        let end = match self.shake_hands(&mut stream, &mut inbound).await {
            Ok(Agreement::Reached) if self.stay == Stay::UntilSecure => Ok(End::Return),
            Ok(Agreement::Reached) => self.turn_until_end(&mut stream, &mut inbound).await,
            Ok(Agreement::CalledOff) => Ok(End::CalledOff),
            Err(error) => Err(error),
        };
        match end.unwrap_or_else(End::Over) {
            End::Abandoned => {}
            End::CalledOff => {
                self.to.inbox.push(Mail::Parted(self.to.index, self.machine, inbound));
            }
            End::Over(error) => {
                let rest = stream.end();
                self.end(&error, inbound);
                rest.await;
            }
            End::Return => match stream.into_wire() {
                Ok(wire) => {
                    self.deliver(&mut inbound);
                    self.to.inbox.push(Mail::Returned(self.to.index, self.machine, wire));
                }
                Err(error) => self.end(&error, inbound),
            },
        }
    }

    fn end(mut self, error: &Error, mut inbound: Inbound) {
        // Whoever has ended it meanwhile is not told that it was lost.
        let mut asked = None;
        if self.handle.is_ending() {
            let commands = self.handle.take_commands();
            if let Some(End::Over(error)) = self.obey(commands, Instant::now(), &mut inbound) {
                asked = Some(error);
            }
        } else if self.machine.outlives(error) {
            self.machine.lose(error, &mut inbound);
            self.to.inbox.push(Mail::Parted(self.to.index, self.machine, inbound));
            return;
        }
        self.machine.finish(asked.as_ref().unwrap_or(error), &mut inbound);
        self.deliver(&mut inbound);
    }

    async fn turn_until_end(&mut self, stream: &mut Stream, inbound: &mut Inbound) -> Result<End> {
        let mut scratch = Vec::with_capacity(SCRATCH_BYTES);
        let mut large_at = Instant::now();
        let mut readable = true;
        loop {
            let now = Instant::now();
            // A panic ends this connection and nothing else.
            let turn = AssertUnwindSafe(|| self.turn(stream, &mut scratch, readable, now, inbound));
            let turn = std::panic::catch_unwind(turn).unwrap_or_else(|_| {
                Err(Error::library(Kind::Internal, "the connection's task panicked"))
            })?;
            let more = match turn {
                Turn::End(end) => return Ok(end),
                Turn::Read(turn) => turn == ReadTurn::More,
            };
            // Before the batch: whoever has had it may look at the numbers.
            self.publish();
            self.deliver(inbound);
            let (backlog, output) = packing::waiting(self.packing.as_deref());
            if self.machine.is_drained() && !stream.wants_write() && !output {
                return Ok(End::Over(Error::local(Kind::Closed, "the socket was closed")));
            }
            let room = self.handle.has_room();
            if (more || (backlog && self.machine.wants_read())) && room {
                // Others get their turn; the kernel still has something for us.
                tokio::task::yield_now().await;
                readable = true;
                continue;
            }
            if !self.machine.is_quiet() {
                large_at = now;
            }
            let home = large_at + RETURN_AFTER;
            if self.stay == Stay::WhileLarge && now >= home && self.handle.is_idle() {
                return Ok(End::Return);
            }
            let reads = room && self.machine.wants_read();
            let due = match (self.machine.poll_timeout(), self.stay) {
                (due, Stay::Always | Stay::UntilSecure) => due,
                (due, Stay::WhileLarge) => Some(due.map_or(home, |due| due.min(home))),
            };
            readable = tokio::select! {
                ready = stream.ready(reads, self.machine.wants_write() || output) => {
                    ready.map_err(Error::disconnected)?
                }
                () = self.handle.notified() => backlog,
                // What has come in time counts, even if this thread was too busy to look at it.
                () = sleep_until(due) => reads,
            };
        }
    }

    fn turn(
        &mut self,
        stream: &mut Stream,
        scratch: &mut Vec<u8>,
        readable: bool,
        now: Instant,
        inbound: &mut Inbound,
    ) -> Result<Turn> {
        if self.machine.state() == crate::session::State::Idle {
            self.machine.open(now, inbound);
        }
        let commands = self.handle.take_commands();
        if let Some(end) = self.obey(commands, now, inbound) {
            return Ok(Turn::End(end));
        }
        if self.machine.has_unread() {
            self.machine.read_on(now, inbound)?;
        }
        let mut turn = ReadTurn::Drained;
        if readable && self.machine.wants_read() {
            turn =
                packing::read(&mut self.packing, &mut self.machine, stream, now, scratch, inbound)?;
        }
        if turn != ReadTurn::Ended {
            self.machine.handle_timeout(now, inbound)?;
        }
        self.machine.check_overrun()?;
        let written = packing::write(&mut self.packing, &mut self.machine, stream, now, inbound);
        let written = written.and_then(|_| stream.flush().map_err(Error::disconnected));
        if turn == ReadTurn::Ended {
            return Ok(Turn::End(End::Over(self.machine.farewell())));
        }
        // What the peer said before it left is worth more than the failure to write to it.
        match written {
            Err(error) if turn != ReadTurn::More => Err(error),
            _ => Ok(Turn::Read(turn)),
        }
    }

    /// Does what the application wants; says what ends the connection, if something does.
    fn obey(&mut self, commands: Vec<Command>, now: Instant, inbound: &mut Inbound) -> Option<End> {
        for command in commands {
            match command {
                Command::Submit(orders) => self.machine.submit(orders.borrow(), now, inbound),
                Command::Large(record, text) => {
                    self.machine.submit_large(&record, text, now, inbound);
                }
                Command::Overflow(orders) => {
                    self.machine.note_overflow();
                    self.machine.submit(orders.borrow(), now, inbound);
                }
                Command::Broadcast(message) => broadcast(&mut self.machine, &message, inbound),
                Command::Pause(paused) => self.machine.set_paused(paused, now),
                Command::Close(parting) => self.machine.close(now, &parting),
                Command::Destroy(error) => return Some(End::Over(error)),
                Command::Abandon => return Some(End::Abandoned),
            }
        }
        None
    }

    /// The numbers after a turn.
    fn publish(&self) {
        self.handle.publish(packing::stats(self.packing.as_deref(), &self.machine));
    }

    fn deliver(&self, inbound: &mut Inbound) {
        if inbound.is_empty() {
            return;
        }
        let batch = std::mem::take(inbound);
        self.handle.delivers(batch.bytes());
        self.to.inbox.push(Mail::Batch(self.to.index, batch));
    }
}

/// Queues a broadcast that was for this peer when it was sent. If it is no longer, or doesn't fit
/// after all, the application gets it back.
pub fn broadcast(machine: &mut Connection, message: &Broadcast, inbound: &mut Inbound) {
    if let Receipt::Dropped(error) = machine.broadcast(message) {
        let record = Record { kind: batch::kind::DROPPED, subject: 0, extra: error as u32 };
        inbound.push(record, message.topic(), message.body());
    }
}

enum Turn {
    Read(ReadTurn),
    End(End),
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// How long after its last large frame a guest goes back to the loop.
const RETURN_AFTER: Duration = Duration::from_millis(10);
