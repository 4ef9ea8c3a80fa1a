//! The machine in a tokio task: any stream, off the JavaScript thread.
//!
//! Connections live here for good with `driver: 'task'`, and for a while when an inline one has a
//! large frame under way; such a guest goes back once the large frames have stopped.
//!
//! ```text
//!   JavaScript thread ──commands──► Handle ──notify──► task: submit · write · read · timers
//!                     ◄──inbox──── batches ◄─────────
//! ```
//!
//! Must not know: JavaScript values, libuv, any format by name.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{runtime, sync::Notify};

use super::{
    batch::{self, Inbound, Record},
    broadcast::Broadcast,
    connection::{Connection, Parting, ReadTurn, Receipt, SCRATCH_BYTES, Stats, Wanted},
    inbox::{Inbox, Mail},
    large_text::LargeText,
    owned_outbound::OwnedOutbound,
    packing::{self, Packing},
    secure,
};
use crate::{
    config::Limits,
    error::{Error, Kind, Result},
    transport::Stream,
};

/// What the JavaScript thread holds of a connection that runs in a task.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    commands: Mutex<Vec<Command>>,
    notify: Notify,
    command_bytes: AtomicUsize,
    /// Bytes of batches that JavaScript has not yet had.
    undelivered: AtomicUsize,
    stats: Mutex<Stats>,
    wanted: Wanted,
}

/// What the JavaScript thread asks of the task.
pub enum Command {
    /// A batch of orders.
    Submit(OwnedOutbound),
    /// A single order, by its record, with a text too large to be copied about.
    Large(Box<[u32]>, LargeText),
    /// The answers of a batch whose other orders were refused: too much waits.
    Overflow(OwnedOutbound),
    /// A message that others get as well.
    Broadcast(Arc<Broadcast>),
    /// The application takes nothing new for a while, or takes it again.
    Pause(bool),
    /// Say goodbye.
    Close(Parting),
    /// End it now.
    Destroy(Error),
    /// Leave without a word: the thread that would hear of it is gone.
    Abandon,
}

/// Whether a task keeps its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// For good.
    Always,
    /// Until the large frames have stopped.
    WhileLarge,
}

/// Where a task's batches go: a connection of a thread.
pub struct Destination {
    /// The thread's box.
    pub inbox: Arc<Inbox>,
    /// The connection's place in its table.
    pub index: u32,
}

impl Handle {
    fn new(wanted: Wanted) -> Self {
        Self(Arc::new(Shared {
            commands: Mutex::default(),
            notify: Notify::new(),
            command_bytes: AtomicUsize::new(0),
            undelivered: AtomicUsize::new(0),
            stats: Mutex::default(),
            wanted,
        }))
    }

    /// Gives the task something to do. The commands are bounded by the caller, which refuses new
    /// orders when [`queued_bytes`](Self::queued_bytes) is over the connection's limit.
    pub fn push(&self, command: Command) {
        let bytes = match &command {
            Command::Submit(orders) | Command::Overflow(orders) => orders.bytes(),
            Command::Large(_, text) => text.bytes().len(),
            Command::Broadcast(message) => message.frame().len(),
            Command::Pause(_) | Command::Close(_) | Command::Destroy(_) | Command::Abandon => 0,
        };
        self.0.command_bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut commands = lock(&self.0.commands);
        let first = commands.is_empty();
        commands.push(command);
        drop(commands);
        if first {
            self.0.notify.notify_one();
        }
    }

    /// Gives the task a broadcast, if the peer wants it and there is room by the numbers of the task's
    /// last turn, to which what it was given since is added: rather too high than too low.
    pub fn broadcast(&self, message: &Arc<Broadcast>, limits: &Limits) -> Receipt {
        if !self.0.wanted.has(message.topic()) {
            return Receipt::NotForIt;
        }
        let (queued, stats) = (self.queued_bytes(), self.stats());
        let messages = stats.queued_messages as usize + lock(&self.0.commands).len();
        let over = queued + message.frame().len() > limits.max_queued_bytes;
        if queued != 0 && (over || messages >= limits.max_queued_messages) {
            // So that it says when there is room again.
            self.push(Command::Overflow(OwnedOutbound::none()));
            return Receipt::Dropped(Kind::Overflow);
        }
        self.push(Command::Broadcast(Arc::clone(message)));
        Receipt::Queued
    }

    /// Everything that the task has not done.
    pub fn take_commands(&self) -> Vec<Command> {
        self.0.command_bytes.store(0, Ordering::Relaxed);
        std::mem::take(&mut *lock(&self.0.commands))
    }

    /// Done when the application wants the connection's end.
    pub(super) async fn ending(&self) {
        let ends = |command: &Command| {
            matches!(command, Command::Close(..) | Command::Destroy(_) | Command::Abandon)
        };
        while !lock(&self.0.commands).iter().any(ends) {
            self.0.notify.notified().await;
        }
    }

    /// JavaScript has had a batch of so many bytes.
    pub fn delivered(&self, bytes: usize) {
        let before = self.0.undelivered.fetch_sub(bytes, Ordering::AcqRel);
        if before >= MAX_UNDELIVERED_BYTES && before - bytes < MAX_UNDELIVERED_BYTES {
            self.0.notify.notify_one();
        }
    }

    /// Bytes that wait to be sent, as of the task's last turn and with the commands since.
    pub fn queued_bytes(&self) -> usize {
        self.stats().queued_bytes as usize
    }

    /// Plain numbers, as of the task's last turn; its own two queues as of now.
    pub fn stats(&self) -> Stats {
        let mut stats = *lock(&self.0.stats);
        stats.queued_bytes += self.0.command_bytes.load(Ordering::Relaxed) as u64;
        stats.undelivered_bytes = self.0.undelivered.load(Ordering::Relaxed) as u64;
        stats
    }
}

/// Runs a connection in a task of this runtime.
pub fn spawn(
    runtime: &runtime::Handle,
    machine: Box<Connection>,
    stream: Stream,
    to: Destination,
    stay: Stay,
) -> Handle {
    let handle = Handle::new(machine.wanted());
    *lock(&handle.0.stats) = machine.stats();
    let wire = machine.may_compress().then(Box::default);
    let task = Task { machine, shared: Arc::clone(&handle.0), to, stay, wire };
    runtime.spawn(task.run(stream));
    handle
}

struct Task {
    machine: Box<Connection>,
    shared: Arc<Shared>,
    to: Destination,
    stay: Stay,
    wire: Option<Box<Packing>>,
}

enum End {
    Over(Error),
    Return,
    Abandoned,
}

impl Task {
    /// # Cancel safety
    ///
    /// Spawned and never cancelled, except with the runtime itself.
    async fn run(mut self, mut stream: Stream) {
        let mut inbound = Inbound::default();
        let patience = self.machine.handshake_timeout();
        let end = match secure::shake_hands(
            &mut stream,
            patience,
            &Handle(Arc::clone(&self.shared)),
            &self.to,
        )
        .await
        {
            Ok(()) => self.turn_until_end(&mut stream, &mut inbound).await,
            Err(error) => Err(error),
        };
        let end = end.unwrap_or_else(End::Over);
        match end {
            End::Abandoned => {}
            End::Over(error) => {
                let rest = stream.end();
                self.end(&error, inbound);
                rest.await;
            }
            End::Return => match stream.into_fd() {
                Ok(fd) => {
                    self.deliver(&mut inbound);
                    self.to.inbox.push(Mail::Returned(self.to.index, self.machine, fd));
                }
                Err(error) => self.end(&error, inbound),
            },
        }
    }

    fn end(mut self, error: &Error, mut inbound: Inbound) {
        if self.machine.outlives(error) {
            self.machine.lose(error, &mut inbound);
            self.to.inbox.push(Mail::Parted(self.to.index, self.machine, inbound));
        } else {
            self.machine.finish(error, &mut inbound);
            self.deliver(&mut inbound);
        }
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
            *lock(&self.shared.stats) = packing::stats(self.wire.as_deref(), &self.machine);
            self.deliver(inbound);
            let (backlog, output) = packing::waiting(self.wire.as_deref());
            if self.machine.is_drained() && !stream.wants_write() && !output {
                return Ok(End::Over(Error::local(Kind::Closed, "the socket was closed")));
            }
            let room = self.shared.undelivered.load(Ordering::Acquire) < MAX_UNDELIVERED_BYTES;
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
            if self.stay == Stay::WhileLarge
                && now >= home
                && lock(&self.shared.commands).is_empty()
            {
                return Ok(End::Return);
            }
            let reads = room && self.machine.wants_read();
            let due = match (self.machine.poll_timeout(), self.stay) {
                (due, Stay::Always) => due,
                (due, Stay::WhileLarge) => Some(due.map_or(home, |due| due.min(home))),
            };
            readable = tokio::select! {
                ready = stream.ready(reads, self.machine.wants_write() || output) => {
                    ready.map_err(Error::disconnected)?
                }
                () = self.shared.notify.notified() => backlog,
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
        let commands = std::mem::take(&mut *lock(&self.shared.commands));
        self.shared.command_bytes.store(0, Ordering::Relaxed);
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
                Command::Destroy(error) => return Ok(Turn::End(End::Over(error))),
                Command::Abandon => return Ok(Turn::End(End::Abandoned)),
            }
        }
        if self.machine.has_unread() {
            self.machine.read_on(now, inbound)?;
        }
        let mut turn = ReadTurn::Drained;
        if readable && self.machine.wants_read() {
            turn = packing::read(&mut self.wire, &mut self.machine, stream, now, scratch, inbound)?;
        }
        if turn != ReadTurn::Ended {
            self.machine.handle_timeout(now, inbound)?;
        }
        self.machine.check_overrun()?;
        let written = packing::write(&mut self.wire, &mut self.machine, stream, now, inbound);
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

    fn deliver(&self, inbound: &mut Inbound) {
        if inbound.is_empty() {
            return;
        }
        let batch = std::mem::take(inbound);
        self.shared.undelivered.fetch_add(batch.bytes(), Ordering::AcqRel);
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that is not read while JavaScript has so much of it to deal with.
const MAX_UNDELIVERED_BYTES: usize = 4 * 1024 * 1024;
/// How long after its last large frame a guest goes back to the loop.
const RETURN_AFTER: Duration = Duration::from_millis(10);
