//! One connection's place in a thread's table.
//!
//! Must not know: the table, how events reach the application.

use std::time::Instant;

use super::super::{
    batch::Inbound,
    connection::{Connection, Stats},
    inline::Inline,
    server::Seat,
    task,
};
use super::flags;
use crate::{
    config::{DriverKind, Limits},
    error::Error,
    session::State,
    transport::Peer,
};

/// A connection and what the thread knows about it.
pub(super) struct Entry {
    /// Tells this connection from an earlier one in the same place.
    pub(super) serial: u32,
    pub(super) place: Place,
    /// What happened while the application itself was calling; it asks for it afterwards.
    pub(super) pending: Inbound,
    pub(super) limits: Limits,
    pub(super) driver: DriverKind,
    /// The server that accepted it.
    pub(super) server: Option<u32>,
    pub(super) peer: Peer,
    /// Whether it keeps the process alive.
    pub(super) referenced: bool,
    /// Whether it is counted as keeping the process alive by itself.
    pub(super) held: bool,
    /// A dial is under way; dropping it ends it.
    pub(super) dial: Option<Dial>,
    /// Its place in its server's census, given back when the connection is over.
    pub(super) seat: Option<Seat>,
    /// Its numbers when it ended.
    pub(super) last: Stats,
}

/// Where the connection runs.
pub(super) enum Place {
    /// Nowhere: this place in the table is free, or its connection is over.
    None,
    /// It has no transport yet.
    Waiting(Box<Connection>),
    /// In the loop of this thread.
    Inline(Box<Inline>),
    /// In a tokio task.
    Task(task::Handle),
    /// On a stream of the application's; the flag says whether that has room.
    Attached(Box<Connection>, bool),
}

/// A dial that ends when it is dropped.
pub(super) struct Dial(pub(super) tokio::task::AbortHandle);

impl Entry {
    /// Whether it keeps the process alive by itself; libuv does that for inline ones.
    pub(super) fn holds(&self) -> bool {
        self.referenced
            && match &self.place {
                Place::None => false,
                Place::Waiting(machine) => self.dial.is_some() || machine.stats().pending != 0,
                Place::Task(_) => true,
                Place::Inline(_) => false,
                // The application's stream does so, or doesn't, as long as nobody waits for us.
                Place::Attached(machine, _) => {
                    let stats = machine.stats();
                    stats.pending != 0 || stats.streams.open != 0 || machine.state() != State::Ready
                }
            }
    }

    /// The machine, if it is on this thread.
    pub(super) fn machine(&self) -> Option<&Connection> {
        match &self.place {
            Place::None | Place::Task(_) => None,
            Place::Waiting(machine) | Place::Attached(machine, _) => Some(machine),
            Place::Inline(inline) => Some(inline.look()),
        }
    }

    /// Loses its transport; the machine waits for another.
    pub(super) fn part(&mut self, error: &Error, batch: &mut Inbound) {
        let mut machine = match std::mem::replace(&mut self.place, Place::None) {
            Place::Waiting(machine) | Place::Attached(machine, _) => machine,
            Place::Inline(inline) => inline.into_parts().0,
            elsewhere @ (Place::None | Place::Task(_)) => return self.place = elsewhere,
        };
        machine.lose(error, batch);
        self.place = Place::Waiting(machine);
        self.peer = Peer::default();
    }

    /// When the thread's timer must look after it.
    pub(super) fn due(&self) -> Option<Instant> {
        self.machine().and_then(Connection::poll_timeout)
    }

    /// Plain numbers.
    pub(super) fn stats(&self) -> Stats {
        match &self.place {
            Place::None => self.last,
            Place::Task(handle) => handle.stats(),
            _ => self.machine().map(Connection::stats).unwrap_or_default(),
        }
    }

    /// What a call into it reports.
    #[inline]
    pub(super) fn flags(&self) -> u32 {
        let pending = if self.pending.is_empty() { 0 } else { flags::PENDING };
        match &self.place {
            Place::Attached(machine, _) if !machine.wants_read() => pending | flags::HIGH,
            _ => pending,
        }
    }

    /// Whether it can take no more orders. Only tasks need to be asked beforehand: machines on this
    /// thread judge for themselves.
    pub(super) fn is_choked(&self) -> bool {
        matches!(&self.place, Place::Task(handle) if handle.queued_bytes() > self.limits.max_queued_bytes)
    }
}

impl Drop for Dial {
    fn drop(&mut self) {
        self.0.abort();
    }
}
