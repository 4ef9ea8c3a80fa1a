//! How a connection begins: a transport, a format, a hello where there is one, and the news of it.
//!
//! ```text
//!   client: the format is given ─────────────────────────────┐
//!   server: first bytes ──► detected ────────────────────────┼──► hello, or ready at once
//!           silence ──► presumed ──first bytes──► detected ──┘
//! ```

use std::time::{Duration, Instant};

use super::Connection;
use crate::{
    codec::{Codec, native},
    config::Format,
    driver::batch::{Inbound, kind},
    message::Message,
    session::State,
};

impl Connection {
    /// How long a peer may take over a handshake; zero is for ever.
    pub const fn handshake_timeout(&self) -> Duration {
        self.limits.handshake_timeout
    }

    /// How often a silent peer is asked whether it is there, where the application has no wish.
    pub fn presume_heartbeat(&mut self, interval: Duration) {
        self.session.presume_heartbeat(interval);
    }

    /// A transport is there, or again a driver: the conversation begins once.
    pub fn open(&mut self, now: Instant, inbound: &mut Inbound) {
        if self.session.state() != State::Idle {
            return;
        }
        match &self.codec {
            None => {
                self.session.open(now, true);
                self.silence_due = self.silence.map(|(_, after)| now + after);
                self.presume(now, inbound);
            }
            Some(codec) => {
                let format = codec.format();
                self.session.open(now, format.has_handshake());
                self.greet(format, inbound);
                self.pump_waiting(now, inbound);
            }
        }
    }

    /// Takes a peer that has been silent for long enough for what silent peers are taken for.
    pub(super) fn presume(&mut self, now: Instant, inbound: &mut Inbound) {
        if self.silence_due.is_none_or(|due| due > now) {
            return;
        }
        self.silence_due = None;
        if let Some((format, _)) = self.silence.filter(|_| self.codec.is_none()) {
            self.choose(format, now, inbound);
        }
    }

    fn greet(&mut self, format: Format, inbound: &mut Inbound) {
        if format.has_handshake() {
            let hello = self.session.hello(native::VERSION);
            self.send(&Message::Hello(hello));
        } else {
            self.announce_ready(inbound);
        }
    }

    pub(super) fn choose(&mut self, format: Format, now: Instant, inbound: &mut Inbound) {
        self.codec = Some(Codec::new(format, self.role, &self.limits));
        self.wanted.set_format(format);
        if format.has_handshake() {
            self.session.await_hello(now);
        } else {
            self.session.skip_handshake(now);
        }
        self.greet(format, inbound);
    }

    pub(super) fn announce_ready(&self, inbound: &mut Inbound) {
        let Some(codec) = &self.codec else { return };
        inbound.push_note(kind::READY, 0, codec.format() as u32, "");
    }
}
