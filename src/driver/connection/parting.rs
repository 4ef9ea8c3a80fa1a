//! How a connection ends, or loses its transport without being over.
//!
//! ```text
//!   error ──► may it come back (outlives)? ──no──► finish: every call fails, CLOSED
//!                        └───yes──► lose: what the peer has fails, the rest waits, LOST
//! ```
//!
//! After [`Connection::lose`] the machine is as it was before its first transport: the codec and
//! the session know nothing of the peer, calls wait, and another [`Connection::open`] begins anew.

use std::time::{Duration, Instant};

use super::{Connection, batch::Inbound, kind, native};
use crate::{
    codec::Codec,
    driver::{large_text::LargeText, write_queue::WriteQueue},
    error::{Error, Initiator, Kind},
    message::{BodyKind, Comeback, Message},
    session::State,
};

/// What a connection survives. Nothing, unless its application is going to dial again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Endurance {
    /// An attempt that fails before calls flow.
    pub attempts: bool,
    /// The loss of a connection over which they did.
    pub losses: bool,
}

/// How this side says goodbye.
#[derive(Debug, Clone)]
pub struct Parting {
    /// How long what is open may take.
    pub timeout: Duration,
    /// Why, for people.
    pub reason: Box<str>,
    /// Whether the peer may come back.
    pub comeback: Comeback,
}

/// The peer's goodbye.
#[derive(Debug)]
pub(super) struct Goodbye {
    pub(super) reason: Box<str>,
    pub(super) comeback: Comeback,
}

impl Connection {
    /// What it is to survive, from the next dial on.
    pub const fn endure(&mut self, endurance: Endurance) {
        self.endurance = endurance;
    }

    /// Says goodbye.
    pub fn close(&mut self, now: Instant, parting: &Parting) {
        let Parting { timeout, reason, comeback } = parting;
        let (met, comeback) = (self.session.state() == State::Ready, *comeback);
        if self.session.close(now, *timeout) && met {
            let end = reason.floor_char_boundary(native::MAX_CONTROL_BYTES as usize);
            self.send(&Message::Goaway { reason: &reason[..end], comeback });
        }
    }

    /// Whether the goodbye has been said and everything is finished and written.
    pub fn is_drained(&self) -> bool {
        self.session.state() == State::Draining
            && self.session.is_drained()
            && !self.wants_write()
            && !self.excluded
    }

    /// Whether an end for this reason leaves something to come back to: the peer may be there
    /// again, and nobody has said that we should stay away.
    pub fn outlives(&self, error: &Error) -> bool {
        let Endurance { attempts, losses } = self.endurance;
        let willing = if self.session.is_met() { losses } else { attempts };
        let accident = match error.kind() {
            Kind::Disconnected | Kind::Timeout | Kind::System => true,
            // The peer's goodbye, or its way of leaving in a format without one.
            Kind::Closed => error.initiator() == Initiator::Remote,
            // What was changed on the way, that is; a certificate that isn't good stays so.
            Kind::Tls => self.session.is_met(),
            _ => false,
        };
        let goodbye = self.goodbye.as_ref();
        let invited = goodbye.is_none_or(|goodbye| goodbye.comeback == Comeback::Welcome);
        willing && accident && invited && self.session.state() < State::Draining
    }

    /// Loses its transport, and isn't over. What the peer has of ours fails; it may have been
    /// carried out. What never left waits for the next transport.
    pub fn lose(&mut self, error: &Error, inbound: &mut Inbound) {
        let error = &self.told(error);
        let why = error.message();
        for (slot, begun) in self.unsent() {
            self.fail(slot, Kind::Disconnected, begun, why, inbound);
        }
        while let Some(settled) = self.session.fail_sent() {
            self.fail(settled.slot, Kind::Disconnected, true, why, inbound);
        }
        self.note_end(kind::LOST, error, inbound);
        self.session.part();
        // The next peer may not read what this one said that it does.
        self.session.change_waiting(|waiting| {
            if waiting.kind == BodyKind::WideJson {
                let body = std::mem::take(&mut waiting.body);
                waiting.body = LargeText::Utf16(body).into_utf8();
                waiting.kind = BodyKind::Json;
            }
        });
        let format = self.codec.as_ref().map(Codec::format);
        self.codec = format.map(|format| Codec::new(format, self.role, &self.limits));
        self.forget_subscriptions();
        self.hold.forget();
        self.bytes_out += self.queue.written();
        self.release_buffers();
        self.relieve(inbound);
    }

    /// Ends it: every open call fails, then the application is told.
    pub fn finish(&mut self, error: &Error, inbound: &mut Inbound) {
        if self.session.state() == State::Closed {
            return;
        }
        let error = &self.told(error);
        self.session.finish();
        for (slot, begun) in self.unsent() {
            self.fail(slot, error.kind(), begun, error.message(), inbound);
        }
        while let Some(settled) = self.session.fail_one() {
            self.fail(settled.slot, error.kind(), settled.id.is_some(), error.message(), inbound);
        }
        self.note_end(kind::CLOSED, error, inbound);
        self.bytes_out += self.queue.written();
        self.release_buffers();
    }

    /// What an end comes to. One that was announced, by either side, is no loss, even if the peer
    /// leaves so rudely that the kernel calls it an error.
    fn told(&self, error: &Error) -> Error {
        let announced = self.goodbye.is_some() || self.session.state() == State::Draining;
        let lost = error.kind() == Kind::Disconnected;
        if announced && lost { self.farewell() } else { error.clone() }
    }

    /// The slots of what has not been written whole, and whether some of it may have been.
    fn unsent(&mut self) -> Vec<(u32, bool)> {
        let mut unsent: Vec<_> = self.queue.unwritten().map(|slot| (slot, true)).collect();
        unsent.extend(std::mem::take(&mut self.lanes).unsent());
        unsent
    }

    /// The record that says why; the peer's own words come first.
    fn note_end(&mut self, kind: u32, error: &Error, inbound: &mut Inbound) {
        let errno = error.errno().unwrap_or_default();
        let reason = self.goodbye.take().map(|goodbye| goodbye.reason);
        let reason = reason.filter(|reason| !reason.is_empty());
        let text = reason.as_deref().unwrap_or_else(|| error.message());
        inbound.push_note(kind, errno as u32, error.kind() as u32, text);
    }

    fn release_buffers(&mut self) {
        self.partial = Vec::new();
        self.needed = 0;
        self.unread = false;
        self.flow = None;
        self.queue = WriteQueue::default();
    }

    /// What the end of the stream means: a farewell that was announced, or a loss.
    pub fn farewell(&self) -> Error {
        if self.excluded {
            let why = "the peer speaks shortwire, which is not accepted";
            return Error::remote(Kind::Refused, why);
        }
        if self.session.state() >= State::Draining {
            return Error::local(Kind::Closed, "the socket was closed");
        }
        if self.goodbye.is_some() {
            return Error::remote(Kind::Closed, "the peer closed the connection");
        }
        let partial = !self.partial.is_empty() || self.flow.is_some();
        let speaks_of_leaving =
            self.codec.as_ref().is_none_or(|codec| codec.format().has_handshake());
        if !speaks_of_leaving && !partial && self.session.pending() == 0 {
            // Formats without a goodbye have no other way to say it.
            return Error::remote(Kind::Closed, "the peer closed the connection");
        }
        let why = if partial { "the peer left within a frame" } else { "the peer left" };
        Error::remote(Kind::Disconnected, why)
    }
}
