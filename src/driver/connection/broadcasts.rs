//! A broadcast on its way to one of its receivers: that one's own wishes, format and limits decide.

use super::{Connection, lanes::What};
use crate::{
    driver::{batch, broadcast::Broadcast},
    error::Kind,
    message::Message,
    session::State,
};

/// What became of a broadcast at one receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It waits to be written, or has been.
    Queued,
    /// It isn't for this peer: not subscribed to, not there yet or any more, or of a format that has
    /// no messages.
    NotForIt,
    /// The peer doesn't get it.
    Dropped(Kind),
}

impl Connection {
    /// Queues a broadcast, if the peer wants it and there is room. Others are no concern here.
    #[inline]
    pub fn broadcast(&mut self, message: &Broadcast) -> Receipt {
        if self.session.state() != State::Ready || !self.wanted.has(message.topic()) {
            return Receipt::NotForIt;
        }
        let needs = message.needs();
        if needs != 0 && !self.session.agrees_on(needs) {
            return Receipt::Dropped(Kind::Serialize);
        }
        if self.is_full(message.frame().len()) {
            self.overflowed = true;
            return Receipt::Dropped(Kind::Overflow);
        }
        let cut = self.is_cut(message.body());
        if (cut || self.has_events_before())
            && let Message::Event { topic, body, trace } = message.message()
        {
            let what = What::Event { slot: batch::NO_SLOT, serial: 0 };
            let shared = cut.then(|| message.shared_body());
            return match self.send_large(what, topic, body, trace, shared) {
                Ok(()) => Receipt::Queued,
                Err(error) => Receipt::Dropped(error.kind()),
            };
        }
        let Some(codec) = &mut self.codec else { return Receipt::NotForIt };
        match codec.shared_limit() {
            Some(limit) if message.content_bytes() > limit as usize => {
                return Receipt::Dropped(Kind::TooLarge);
            }
            Some(_) => self.queue.put_shared(message.frame()),
            None => {
                if let Err(error) = codec.encode(&message.message(), &mut self.queue) {
                    return Receipt::Dropped(error.kind());
                }
            }
        }
        self.queue.end_message(batch::NO_SLOT);
        Receipt::Queued
    }
}
