//! How a connection begins: a transport, a format, a hello where there is one, and the news of it.
//!
//! ```text
//!   client: the format is given ─────────────────────────────┐
//!   server: first bytes ──► detected ────────────────────────┼──► hello, or ready at once
//!           silence ──► presumed ──first bytes──► detected ──┘
//!
//!   after the hellos, if both sides have a greeting
//!   client: greeting ──► welcome: ready, with an id │ refused: over
//!   server: greeting ──► application decides ──► welcome: ready │ refused: over
//! ```

use std::time::{Duration, Instant};

use super::{Connection, batch};
use crate::{
    codec::{Codec, Decoded, native},
    config::Format,
    driver::batch::{Inbound, kind},
    error::{Error, Kind, Result},
    message::{Body, Message, capability},
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
        } else if self.session.is_deciding() {
            inbound.push_note(kind::HELLO, 0, 0, "");
        } else {
            self.announce_ready("", inbound);
        }
    }

    #[cold]
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

    /// Calls flow; `id` is what the peer calls this connection, if it has said so.
    #[cold]
    pub(super) fn announce_ready(&self, id: &str, inbound: &mut Inbound) {
        let Some(codec) = &self.codec else { return };
        let agreed = codec.peer_capabilities() & self.session.capabilities();
        inbound.push_note(kind::READY, agreed, codec.format() as u32, id);
    }

    /// Whether this side would compress.
    pub const fn may_compress(&self) -> bool {
        self.limits.compression != 0
    }

    /// It runs on a thread that has no time for it.
    pub const fn forbid_compression(&mut self) {
        self.limits.compression = 0;
        self.session.forbid_compression();
    }

    /// Once the peer has introduced itself: how hard the two compress, if they do.
    pub fn agreed_compression(&self) -> Option<Option<u32>> {
        let codec = self.codec.as_ref()?;
        if !codec.format().has_handshake() {
            return (!self.undecided).then_some(None);
        }
        let agreed = self.session.agrees_on(capability::DEFLATE);
        codec.is_greeted().then(|| agreed.then_some(self.limits.compression))
    }

    /// The application decides on every peer, also on those that don't say who they are.
    #[must_use]
    pub fn gated(mut self) -> Self {
        self.session.gate();
        self
    }

    /// Keeps what the application has to say whenever it connects.
    #[cold]
    pub(super) fn prepare_greeting(&mut self, body: Body<'_>) {
        self.greeting = Some((body.kind, body.data.to_vec()));
    }

    /// Says it.
    ///
    /// # Errors
    ///
    /// It is too large: the connection can't come to be.
    pub(super) fn say_greeting(&mut self) -> Result<()> {
        let Some(codec) = &mut self.codec else { return Ok(()) };
        let kept = self.greeting.as_ref();
        let body = kept.map_or(Body::NONE, |(kind, data)| Body { kind: *kind, data });
        codec.encode(&Message::Greeting { body }, &mut self.queue)?;
        self.queue.end_message(batch::NO_SLOT);
        Ok(())
    }

    /// The peer speaks a format that isn't accepted. If it can be told so, that comes next.
    ///
    /// # Errors
    ///
    /// The connection is over.
    #[cold]
    pub(super) fn exclude(&mut self, format: Format) -> Result<()> {
        if !format.has_handshake() {
            let why = format!("the peer speaks {}, which is not accepted", format.name());
            return Err(Error::remote(Kind::Refused, why));
        }
        self.excluded = true;
        self.undecided = false;
        // What follows is said in plain words.
        self.forbid_compression();
        self.codec = Some(Codec::new(format, self.role, &self.limits));
        self.send(&Message::Hello(self.session.hello(native::VERSION)));
        Ok(())
    }

    /// Tells such a peer once it has introduced itself, and waits for it to leave: closing with
    /// bytes of its unread could take our word away from it. How many bytes that used up.
    #[cold]
    pub(super) fn turn_away(&mut self, input: &[u8], now: Instant) -> Result<usize> {
        let Some(codec) = self.codec.as_mut().filter(|codec| !codec.is_greeted()) else {
            return Ok(input.len());
        };
        match codec.decode(input)? {
            Decoded::Incomplete { .. } => return Ok(0),
            Decoded::Message { message: Message::Hello(hello), .. }
                if hello.capabilities & capability::HELLO != 0 =>
            {
                codec.meet(&hello);
            }
            _ => return Err(self.farewell()),
        }
        self.send(&Message::Refused { reason: "The server does not accept shortwire" });
        self.session.close(now, FAREWELL);
        Ok(input.len())
    }

    /// The application lets the peer in, under this id. What the peer has said meanwhile is
    /// decoded next: see [`Connection::read_on`].
    #[cold]
    pub(super) fn welcome(&mut self, id: &str, now: Instant, inbound: &mut Inbound) {
        let Some(greeted) = self.session.welcome(now) else { return };
        if greeted {
            self.send(&Message::Welcome { id });
        }
        self.unread = !self.partial.is_empty();
        self.announce_ready("", inbound);
        self.pump_waiting(now, inbound);
    }

    /// The application turns the peer away.
    #[cold]
    pub(super) fn refuse(&mut self, reason: &str, now: Instant) {
        let Some(greeted) = self.session.decided() else { return };
        if greeted {
            self.send(&Message::Refused { reason });
        }
        self.session.close(now, FAREWELL);
    }
}

/// How long a peer that was turned away may take to hear of it.
const FAREWELL: Duration = Duration::from_secs(1);
