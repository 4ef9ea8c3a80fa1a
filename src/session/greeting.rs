//! How a connection gets from the peer's preface to calls.
//!
//! ```text
//!   connecting side:  preface ──greet──► Awaited ──welcome──► ready
//!   accepting side:   preface ──────────► Awaited ──greeting──► Deciding ──welcome──► ready
//!                     preface of a peer without a greeting, ──────▲  (gated only; else ready)
//!                     or a format without a handshake
//! ```
//!
//! While the application decides, nothing else of the peer's is looked at: the driver doesn't
//! decode ([`Session::is_deciding`]), and reads no more than a little ahead. `handshake_timeout`
//! covers all of it. Must not know: what a greeting says, or who decides by what.

use std::time::Instant;

use super::{Event, Session, State, heartbeat::after};
use crate::{
    error::Kind,
    message::{Hello, Message, Role, capability},
};

/// What stands between the preface and calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Greeting {
    /// Nothing: not begun, over, or not part of what the peer speaks.
    #[default]
    None,
    /// Its next word: the greeting itself, or what the peer says to ours.
    Awaited,
    /// The application's decision. It is told to a peer that has greeted us.
    Deciding {
        /// The peer waits to be told.
        greeted: bool,
    },
}

impl Session {
    /// The application on the accepting side decides on every peer, greeting or not.
    pub const fn gate(&mut self) {
        self.gated = true;
    }

    /// Whether the application decides on the peer now: nothing may be decoded meanwhile.
    #[inline]
    pub const fn is_deciding(&self) -> bool {
        matches!(self.greeting, Greeting::Deciding { .. })
    }

    /// The application lets the peer in. `Some` if it still can; true in it if the peer is to be
    /// told.
    pub fn welcome(&mut self, now: Instant) -> Option<bool> {
        let greeted = self.decided()?;
        self.greeting = Greeting::None;
        self.make_ready(now);
        Some(greeted)
    }

    /// The application turns the peer away. As [`welcome`](Self::welcome); whatever else the peer
    /// says is not looked at.
    pub fn decided(&self) -> Option<bool> {
        match self.greeting {
            Greeting::Deciding { greeted } if self.state == State::Handshaking => Some(greeted),
            _ => None,
        }
    }

    /// Whether calls have flowed, or may.
    pub const fn is_met(&self) -> bool {
        self.met
    }

    /// What a peer says before it is let in, or lets us in.
    #[cold]
    pub(super) fn handle_stranger(&mut self, message: &Message<'_>, now: Instant) -> Event {
        match (message, self.greeting, self.role) {
            (Message::Hello(hello), ..) => self.handle_hello(hello, now),
            (Message::Greeting { .. }, Greeting::Awaited, Role::Server) => {
                self.greeting = Greeting::Deciding { greeted: true };
                Event::Decide
            }
            (Message::Welcome { .. }, Greeting::Awaited, Role::Client) => {
                self.greeting = Greeting::None;
                self.make_ready(now);
                Event::Ready
            }
            (Message::Refused { .. }, Greeting::Awaited, Role::Client) => Event::TurnedAway,
            (Message::Ping { token }, ..) => Event::SendPong(*token),
            (Message::Pong { .. }, ..) => Event::Ignored,
            (Message::Goaway { .. }, ..) => {
                self.peer_leaving = true;
                Event::Goaway
            }
            (Message::Malformed { .. }, ..) => Event::Violation("a hello that can't be read"),
            _ => Event::Violation("a message before the peer was let in"),
        }
    }

    fn handle_hello(&mut self, hello: &Hello, now: Instant) -> Event {
        if self.greeting != Greeting::None {
            return Event::Violation("a second hello");
        }
        self.agreed = self.capabilities() & hello.capabilities;
        self.peer_max_in_flight = hello.max_in_flight;
        self.peer_max_in_flight_bytes = u64::from(hello.max_in_flight_bytes);
        self.streams.meet(hello.max_frame_bytes);
        if hello.capabilities & capability::HELLO == 0 {
            return self.arrive(now);
        }
        self.greeting = Greeting::Awaited;
        if self.role == Role::Client { Event::Greet } else { Event::Ignored }
    }

    /// The peer has said all it has to say of itself.
    pub(super) fn arrive(&mut self, now: Instant) -> Event {
        if !self.gated {
            self.make_ready(now);
            return Event::Ready;
        }
        self.greeting = Greeting::Deciding { greeted: false };
        if self.state == State::Idle {
            self.state = State::Handshaking;
        }
        if self.handshake_due.is_none() {
            self.handshake_due = after(now, self.limits.handshake_timeout);
        }
        Event::Decide
    }

    /// Why the handshake has taken too long.
    pub(super) const fn late_handshake(&self) -> (Kind, &'static str) {
        let why = match self.greeting {
            Greeting::None => "the peer did not introduce itself in time",
            Greeting::Awaited => "the peer did not finish its introduction in time",
            Greeting::Deciding { .. } => "nobody let the peer in in time",
        };
        (Kind::Timeout, why)
    }
}
