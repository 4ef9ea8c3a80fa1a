//! What the JavaScript thread holds of a connection that runs in a task: commands in, numbers out.
//!
//! Shared by the two; each side takes a lock for as long as a `Vec` or a few numbers need. Must not
//! know: what the task does with a command, JavaScript values.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

use crate::{
    config::Limits,
    driver::{
        broadcast::Broadcast,
        connection::{Parting, Receipt, Stats, Wanted},
        inbox::Inbox,
        large_text::LargeText,
        owned_outbound::OwnedOutbound,
    },
    error::{Error, Kind},
};

/// The mailbox of a task. The JavaScript thread holds one, the task the other.
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

/// Where a task's batches go: a connection of a thread.
pub struct Destination {
    /// The thread's box.
    pub inbox: Arc<Inbox>,
    /// The connection's place in its table.
    pub index: u32,
}

impl Command {
    /// Whether it is for the connection's end.
    const fn ends(&self) -> bool {
        matches!(self, Self::Close(_) | Self::Destroy(_) | Self::Abandon)
    }
}

impl Handle {
    pub(super) fn new(wanted: Wanted, stats: Stats) -> Self {
        Self(Arc::new(Shared {
            commands: Mutex::default(),
            notify: Notify::new(),
            command_bytes: AtomicUsize::new(0),
            undelivered: AtomicUsize::new(0),
            stats: Mutex::new(stats),
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

    /// Everything that the task has not done. It is then whoever takes it that must.
    pub fn take_commands(&self) -> Vec<Command> {
        self.0.command_bytes.store(0, Ordering::Relaxed);
        std::mem::take(&mut *lock(&self.0.commands))
    }

    /// Everything that the task has not done, unless an end of the connection is among it.
    pub(super) fn take_unless_ending(&self) -> Option<Vec<Command>> {
        let mut commands = lock(&self.0.commands);
        if commands.iter().any(Command::ends) {
            return None;
        }
        self.0.command_bytes.store(0, Ordering::Relaxed);
        Some(std::mem::take(&mut *commands))
    }

    /// Whether an end of the connection is among what the task has not done.
    pub(super) fn is_ending(&self) -> bool {
        lock(&self.0.commands).iter().any(Command::ends)
    }

    /// Whether the task has done all that was asked of it.
    pub(super) fn is_idle(&self) -> bool {
        lock(&self.0.commands).is_empty()
    }

    /// Done when there may be something new to do, or room again.
    pub(super) async fn notified(&self) {
        self.0.notify.notified().await;
    }

    /// The task's numbers after a turn.
    pub(super) fn publish(&self, stats: Stats) {
        *lock(&self.0.stats) = stats;
    }

    /// JavaScript is given a batch of so many bytes.
    pub(super) fn delivers(&self, bytes: usize) {
        self.0.undelivered.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Whether JavaScript can be given more.
    pub(super) fn has_room(&self) -> bool {
        self.0.undelivered.load(Ordering::Acquire) < MAX_UNDELIVERED_BYTES
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that is not read while JavaScript has so much of it to deal with.
const MAX_UNDELIVERED_BYTES: usize = 4 * 1024 * 1024;
