//! The thread's servers: listening, accepting, counting.

use std::sync::Arc;

use super::{Connection, Place, Result, Thread, kind};
use crate::{
    config::{DriverKind, Limits, ServerLimits},
    driver::{server::Server, turn_away::Doorman},
    transport::{BindOptions, Endpoint, Peer, Stream},
};

/// A server's place in the table.
pub(super) struct ServerEntry {
    server: Server,
    options: ServerOptions,
    doorman: Doorman,
    referenced: bool,
    /// Until it listens or has failed to, it keeps the process alive whatever the application
    /// wishes: Node's own servers listen within the call.
    starting: bool,
    /// Whoever was accepted and not yet let in is sent away: the application has ended its sockets,
    /// and wouldn't look for more.
    stopping: bool,
}

/// How a server is to be, and its connections.
#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    /// Each connection's limits.
    pub limits: Limits,
    /// The server's own.
    pub server: ServerLimits,
    /// Where its connections run.
    pub driver: DriverKind,
    /// How it listens.
    pub bind: BindOptions,
    /// Whether it accepts, or only keeps the socket for others.
    pub accepts: bool,
}

impl ServerOptions {
    fn machine(&self) -> Box<Connection> {
        let ServerLimits { formats, silent_format, silent_after, .. } = self.server;
        let silence = silent_format.map(|format| (format, silent_after));
        let machine = Connection::server(formats, self.limits, silence);
        Box::new(if self.server.authorizes { machine.gated() } else { machine })
    }
}

/// What a server tells its application.
#[derive(Debug)]
pub enum ServerEvent {
    /// It listens at this address and with this descriptor, or can't.
    Listening(Result<(String, i32)>),
    /// It no longer listens; with the reason, if nobody asked for it.
    Closed(Result<()>),
    /// It turned a peer away, because of its limits.
    TurnedAway(Peer),
}

impl ServerEntry {
    pub(super) fn stop(&self) {
        self.server.stop();
    }

    const fn holds(&self) -> bool {
        self.referenced || self.starting
    }
}

impl Thread {
    /// Listens. What comes of it is a [`ServerEvent::Listening`].
    pub fn listen(&self, endpoint: Endpoint, options: &ServerOptions) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let free = inner.servers.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            inner.servers.push(None);
            inner.servers.len() - 1
        });
        let index = place as u32;
        let inbox = Arc::clone(&self.inbox);
        let ServerOptions { bind, accepts, .. } = *options;
        let server = Server::spawn(&self.runtime, inbox, index, endpoint, bind, accepts);
        inner.servers[place] = Some(ServerEntry {
            server,
            options: *options,
            doorman: Doorman::default(),
            referenced: true,
            starting: true,
            stopping: false,
        });
        self.count_holder(&mut inner, false, true);
        index
    }

    /// A connection without a transport yet, whose peer connects to us: over a stream that the
    /// application has, so it belongs to no server here.
    pub fn create_server_side(&self, options: &ServerOptions) -> u32 {
        let machine = options.machine();
        let mut inner = self.inner.borrow_mut();
        inner.insert(Place::Waiting(machine), options.limits, options.driver)
    }

    /// Stops listening. [`ServerEvent::Closed`] follows; connections go on.
    pub fn unlisten(&self, server: u32) {
        if let Some(Some(entry)) = self.inner.borrow_mut().servers.get_mut(server as usize) {
            entry.stopping = true;
            entry.server.stop();
        }
    }

    /// Whether a server keeps the process alive.
    pub fn set_server_referenced(&self, server: u32, referenced: bool) {
        self.change_server(server, |entry| entry.referenced = referenced);
    }

    fn change_server(&self, server: u32, change: impl FnOnce(&mut ServerEntry)) {
        let mut inner = self.inner.borrow_mut();
        if let Some(Some(entry)) = inner.servers.get_mut(server as usize) {
            let held = entry.holds();
            change(entry);
            let holds = entry.holds();
            self.count_holder(&mut inner, held, holds);
        }
    }

    /// A server's connections now, and peers it ever turned away for a limit.
    pub fn server_counts(&self, server: u32) -> (usize, usize) {
        match self.inner.borrow().servers.get(server as usize) {
            Some(Some(entry)) => entry.server.counts(),
            _ => (0, 0),
        }
    }

    pub(super) fn listening(&self, server: u32, outcome: Result<(String, i32)>) {
        if outcome.is_err() {
            self.forget(server);
        } else {
            self.change_server(server, |entry| entry.starting = false);
        }
        self.host.server_event(server, ServerEvent::Listening(outcome));
    }

    pub(super) fn unlistened(&self, server: u32, outcome: Result<()>) {
        self.forget(server);
        self.host.server_event(server, ServerEvent::Closed(outcome));
    }

    fn forget(&self, server: u32) {
        let mut inner = self.inner.borrow_mut();
        let entry = inner.servers.get_mut(server as usize).and_then(Option::take);
        let held = entry.is_some_and(|entry| entry.holds());
        self.count_holder(&mut inner, held, false);
    }

    /// Takes in a new peer, or turns it away by dropping its stream.
    pub(super) fn accept(&self, server: u32, stream: Stream, peer: Peer) {
        let mut batch = self.collect();
        let index = {
            let mut guard = self.inner.borrow_mut();
            let inner = &mut *guard;
            let Some(Some(entry)) = inner.servers.get(server as usize) else {
                return;
            };
            if entry.stopping {
                return;
            }
            let options = entry.options;
            let Some(seat) = entry.server.admit(&peer, &options.server) else {
                entry.doorman.turn_away(&self.runtime, stream, options.limits, TOO_MANY);
                drop(guard);
                return self.host.server_event(server, ServerEvent::TurnedAway(peer));
            };
            let machine = options.machine();
            let index = inner.insert(Place::None, options.limits, options.driver);
            let entry = &mut inner.entries[index as usize];
            entry.server = Some(server);
            entry.peer = peer;
            entry.seat = Some(seat);
            // The application knows of a peer before that has said anything: a server that closes
            // must end those, too.
            batch.push_note(kind::OPENED, 0, 0, "");
            self.place(inner, index, machine, stream, &mut batch);
            self.schedule(inner, index);
            self.rehold(inner, index);
            index
        };
        self.deliver(index, batch, false);
    }
}

/// What a peer is told that comes when the server has as many connections as it may.
const TOO_MANY: &str = "The server has too many connections";
