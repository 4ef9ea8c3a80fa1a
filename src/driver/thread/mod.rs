//! One JavaScript thread's connections and servers, by index.
//!
//! Everything here runs on that thread, except what arrives as mail. The rule that keeps it sound:
//! the table is never borrowed while the application is called. A turn borrows it, collects what
//! happened in a batch, lets go, and only then delivers; the application may call back in from there.
//!
//! ```text
//!   libuv ──► turn ─┐                        ┌─► deliver ──► application
//!   mail  ──► mail ─┼─ borrow · work · let go┤
//!   timer ──► tick ─┘                        └─► place freed after the last batch
//!   application ──► submit ── borrow · work · let go ──► flags: "ask for what happened"
//! ```
//!
//! Must not know: JavaScript values, wire formats.

mod attached;
mod entry;
mod fan_out;
mod mail;
mod place;
mod servers;
mod spin;
mod submit;
mod timer;
mod turn;

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::runtime;

pub use self::fan_out::{NEWS, Outcome};
pub use self::servers::{ServerEvent, ServerOptions};
use self::{
    entry::{Dial, Entry, Place},
    mail::Pace,
    servers::ServerEntry,
};
use super::{
    batch::{self, Inbound, Outbound, kind},
    busy_poll::BusyPoll,
    connection::{Connection, Endurance, Parting, Stats},
    inbox::{Inbox, Mail},
    inline::{Inline, Next},
    large_text::LargeText,
    owned_outbound::OwnedOutbound,
    task::{self, Command},
    uv::{Idle, Loop, Timer},
};
use crate::{
    config::{DriverKind, Format, IdStyle, Limits},
    error::{Error, Kind, Result},
    transport::{self, Endpoint, Peer},
};

/// One JavaScript thread's connections and servers.
pub struct Thread {
    inner: RefCell<Inner>,
    /// The batch of the next turn; kept for its buffers.
    batch: Cell<Option<Box<Inbound>>>,
    /// The application is being called.
    delivering: Cell<bool>,
    /// Connections whose news it asked for meanwhile.
    owed: RefCell<Vec<u32>>,
    pace: Pace,
    uv: Option<Loop>,
    runtime: runtime::Handle,
    inbox: Arc<Inbox>,
    host: Box<dyn Host>,
    me: Weak<Self>,
}

/// What the thread needs of whoever embeds it.
pub trait Host {
    /// Hands a batch to the application. `server` is the one that accepted the connection.
    fn deliver(&self, index: u32, server: Option<u32>, batch: &mut Inbound, from_call: bool);
    /// Hands an event of a server to the application.
    fn server_event(&self, server: u32, event: ServerEvent);
    /// Keeps the process alive, or no longer.
    fn hold(&self, held: bool);
}

struct Inner {
    entries: Vec<Entry>,
    free: Vec<u32>,
    serial: u32,
    servers: Vec<Option<ServerEntry>>,
    scratch: Vec<u8>,
    busy: BusyPoll,
    /// The last look at the clock, for what needn't know better.
    clock: Instant,
    idle: Option<Idle>,
    spinning: bool,
    timer: Option<Timer>,
    /// Connections that have something to read in memory, of which libuv won't tell.
    late: Vec<u32>,
    /// For what outlives its place in the table: the last word over TLS.
    runtime: runtime::Handle,
    /// What the timer is set to.
    due: Option<Instant>,
    /// Connections and servers that keep the process alive by themselves.
    holders: u32,
    closing: bool,
}

/// How a new connection is to be.
#[derive(Debug, Clone, Copy)]
pub struct ClientOptions {
    /// Its limits.
    pub limits: Limits,
    /// What it speaks.
    pub format: Format,
    /// Where it runs.
    pub driver: DriverKind,
    /// How the ids of its calls are made.
    pub ids: IdStyle,
}

impl Thread {
    /// A thread without connections. Without a loop, everything runs in tasks.
    pub fn new(
        uv: Option<Loop>,
        runtime: runtime::Handle,
        inbox: Arc<Inbox>,
        host: Box<dyn Host>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|me: &Weak<Self>| {
            let (spinner, ticker) = (Weak::clone(me), Weak::clone(me));
            let spin = move || spinner.upgrade().map_or((), |thread| thread.spin());
            let tick = move || ticker.upgrade().map_or((), |thread| thread.tick());
            let inner = Inner {
                entries: Vec::new(),
                free: Vec::new(),
                serial: 0,
                servers: Vec::new(),
                scratch: Vec::new(),
                busy: BusyPoll::new(Duration::from_micros(50)),
                clock: Instant::now(),
                idle: uv.and_then(|uv| uv.idle(spin).ok()),
                spinning: false,
                late: Vec::new(),
                runtime: runtime.clone(),
                timer: uv.and_then(|uv| uv.timer(tick).ok()),
                due: None,
                holders: 0,
                closing: false,
            };
            Self {
                inner: RefCell::new(inner),
                batch: Cell::default(),
                delivering: Cell::new(false),
                owed: RefCell::default(),
                pace: Pace::default(),
                uv,
                runtime,
                inbox,
                host,
                me: Weak::clone(me),
            }
        })
    }

    /// The most that the loop may spin after activity. The last word counts for the whole thread.
    pub fn set_busy_poll(&self, budget: Duration) {
        self.inner.borrow_mut().busy.set_budget(budget);
    }

    /// A connection that has no transport yet. Calls wait in it.
    pub fn create(&self, options: &ClientOptions) -> u32 {
        let ClientOptions { limits, format, driver, ids } = *options;
        let machine = Box::new(Connection::client(format, limits, ids));
        let mut inner = self.inner.borrow_mut();
        inner.insert(Place::Waiting(machine), limits, driver)
    }

    /// Connects. What comes of it is delivered: `OPENED` and `READY`, or `CLOSED`. A connection that
    /// survives this (`endurance`) is told `DIAL_FAILED` or `LOST` instead, and may dial again.
    pub fn dial(&self, index: u32, endpoint: Endpoint, endurance: Endurance) {
        let mut inner = self.inner.borrow_mut();
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        if let Place::Waiting(machine) = &mut entry.place {
            machine.endure(endurance);
        }
        let (serial, inbox) = (entry.serial, Arc::clone(&self.inbox));
        let patience = entry.limits.handshake_timeout;
        let dial = self.runtime.spawn(async move {
            let outcome = transport::connect_within(&endpoint, patience).await;
            inbox.push(Mail::Dialed { index, serial, outcome });
        });
        entry.dial = Some(Dial(dial.abort_handle()));
        self.rehold(&mut inner, index);
    }

    /// Stops handing over requests and messages after a while, or goes on with it.
    pub fn set_paused(&self, index: u32, paused: bool) -> u32 {
        self.with_entry(index, |entry, now| {
            match &mut entry.place {
                Place::None => {}
                Place::Waiting(machine) | Place::Attached(machine, _) => {
                    machine.set_paused(paused, now);
                }
                Place::Inline(inline) => return inline.set_paused(paused, now),
                Place::Task(handle) => handle.push(Command::Pause(paused)),
            }
            Next::Wait
        })
    }

    /// Says goodbye. What is open may take as long as that says; then `CLOSED` is delivered.
    pub fn close(&self, index: u32, parting: &Parting) -> u32 {
        self.with_entry(index, |entry, now| {
            entry.dial = None;
            match &mut entry.place {
                Place::None => {}
                Place::Waiting(_) => return Next::Over(closed(&parting.reason)),
                Place::Attached(machine, _) => {
                    machine.close(now, parting);
                    if machine.is_drained() {
                        return Next::Over(closed(&parting.reason));
                    }
                }
                Place::Inline(inline) => {
                    return inline.close(now, parting, &mut entry.pending);
                }
                Place::Task(handle) => handle.push(Command::Close(parting.clone())),
            }
            Next::Wait
        })
    }

    /// Ends it now.
    pub fn destroy(&self, index: u32, reason: &str) -> u32 {
        self.with_entry(index, |entry, _| {
            entry.dial = None;
            if let Place::Task(handle) = &entry.place {
                handle.push(Command::Destroy(closed(reason)));
                return Next::Wait;
            }
            Next::Over(closed(reason))
        })
    }

    /// Ends a connection that has no transport, and doesn't try to get one any more.
    pub fn give_up(&self, index: u32, reason: &str) -> u32 {
        self.with_entry(index, |entry, _| {
            entry.dial = None;
            match &mut entry.place {
                Place::Waiting(machine) => {
                    machine.endure(Endurance::default());
                    Next::Over(Error::library(Kind::Disconnected, reason))
                }
                _ => Next::Wait,
            }
        })
    }

    /// Hands over what happened during calls of the application's own.
    pub fn drain(&self, index: u32) {
        if self.delivering.get() {
            // The application has been called already; it gets this when it returns.
            self.owed.borrow_mut().push(index);
            return;
        }
        let mut batch = self.collect();
        *batch = self.take_pending(index);
        self.deliver(index, batch, true);
    }

    /// Whether a connection keeps the process alive.
    pub fn set_referenced(&self, index: u32, referenced: bool) {
        let mut inner = self.inner.borrow_mut();
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        entry.referenced = referenced;
        if let Place::Inline(inline) = &entry.place {
            inline.set_referenced(referenced);
        }
        self.rehold(&mut inner, index);
    }

    /// Plain numbers of a connection.
    pub fn stats(&self, index: u32) -> Stats {
        let inner = self.inner.borrow();
        inner.entries.get(index as usize).map(Entry::stats).unwrap_or_default()
    }

    /// Who is at the other end of a connection.
    pub fn peer(&self, index: u32) -> Peer {
        let inner = self.inner.borrow();
        inner.entries.get(index as usize).map(|entry| entry.peer.clone()).unwrap_or_default()
    }

    /// Which driver a connection runs in now: "inline", "task", or none yet.
    pub fn driver(&self, index: u32) -> Option<&'static str> {
        let inner = self.inner.borrow();
        match inner.entries.get(index as usize)?.place {
            Place::Inline(_) => Some("inline"),
            Place::Task(_) => Some("task"),
            Place::Attached(..) => Some("attached"),
            Place::None | Place::Waiting(_) => None,
        }
    }

    /// Ends everything, for an environment that goes away. Nothing is delivered any more. `done`
    /// runs when libuv has let go of every handle.
    pub fn shutdown(&self, done: impl FnOnce() + 'static) {
        self.inbox.close();
        let mut inner = self.inner.borrow_mut();
        inner.closing = true;
        for server in inner.servers.drain(..).flatten() {
            server.stop();
        }
        let latch = Rc::new(Latch(Cell::new(Some(Box::new(done)))));
        for entry in std::mem::take(&mut inner.entries) {
            match entry.place {
                Place::Inline(inline) => {
                    let latch = Rc::clone(&latch);
                    inline.shut(move || drop(latch));
                }
                Place::Task(handle) => handle.push(Command::Abandon),
                Place::None | Place::Waiting(_) | Place::Attached(..) => {}
            }
        }
        if let Some(idle) = inner.idle.take() {
            let latch = Rc::clone(&latch);
            idle.stop();
            idle.close(move || drop(latch));
        }
        if let Some(timer) = inner.timer.take() {
            timer.stop();
            timer.close(move || drop(latch));
        }
    }
}

impl Inner {
    fn insert(&mut self, place: Place, limits: Limits, driver: DriverKind) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        let entry = Entry {
            serial: self.serial,
            place,
            pending: Inbound::default(),
            limits,
            driver,
            server: None,
            peer: Peer::default(),
            referenced: true,
            held: false,
            dial: None,
            seat: None,
            last: Stats::default(),
        };
        if let Some(index) = self.free.pop() {
            self.entries[index as usize] = entry;
            return index;
        }
        self.entries.push(entry);
        (self.entries.len() - 1) as u32
    }
}

/// Runs its function when the last of its holders is gone.
struct Latch(Cell<Option<Box<dyn FnOnce()>>>);

impl Drop for Latch {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done();
        }
    }
}

fn closed(reason: &str) -> Error {
    let reason = if reason.is_empty() { "the socket was closed" } else { reason };
    Error::local(Kind::Closed, reason)
}

/// What a call into a connection reports.
pub mod flags {
    /// Something happened: ask for it with `drain`, when the application's own code has returned.
    pub const PENDING: u32 = 1;
    /// The peer doesn't read what waits for it: stop feeding, until a call reports otherwise.
    pub const HIGH: u32 = 2;
}
