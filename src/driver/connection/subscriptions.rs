//! Which topics are wanted: by the peer, of which the thread that broadcasts must know; and by this
//! side, which tells the peer before anything else.
//!
//! Must not know: what patterns mean.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::Connection;
use crate::{
    config::Format,
    driver::batch::{self, Inbound, Order, kind},
    error::{Error, Kind, Result},
    message::{Message, capability},
    session::{State, topics::Topics},
};

/// The topics that a peer wants. Shared: the connection may run in a task while the JavaScript
/// thread has something to broadcast.
#[derive(Debug, Clone)]
pub struct Wanted(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    topics: Mutex<Topics>,
    /// Its format has no messages: it gets none, whatever the topic.
    nothing: AtomicBool,
}

/// Subscriptions of the application that a peer hasn't been told of, since it wasn't there.
#[derive(Debug, Default)]
pub(super) struct Unsaid {
    /// Something was taken back: without any pattern nothing is wanted, instead of everything.
    told: bool,
    patterns: BTreeSet<Box<str>>,
}

impl Wanted {
    pub(super) fn new(limit: u32) -> Self {
        let topics = Mutex::new(Topics::new(limit));
        Self(Arc::new(Shared { topics, nothing: AtomicBool::new(false) }))
    }

    /// The peer's format is known, and whether it has messages.
    pub(super) fn set_format(&self, format: Format) {
        self.0.nothing.store(!format.has_messages(), Ordering::Relaxed);
    }

    pub(super) fn subscribe(&self, pattern: &str) -> Result<()> {
        self.lock().subscribe(pattern).map_err(Error::protocol)
    }

    pub(super) fn unsubscribe(&self, pattern: &str) {
        let mut topics = self.lock();
        if pattern.is_empty() { topics.unsubscribe_all() } else { topics.unsubscribe(pattern) }
    }

    /// Whether it wants messages of this topic.
    #[inline]
    pub fn has(&self, topic: &str) -> bool {
        !self.0.nothing.load(Ordering::Relaxed) && (topic.is_empty() || self.lock().wants(topic))
    }

    fn lock(&self) -> MutexGuard<'_, Topics> {
        self.0.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsaid {
    fn note(&mut self, wants: bool, pattern: &str) {
        if wants {
            self.patterns.insert(pattern.into());
            return;
        }
        self.told = true;
        if pattern.is_empty() {
            self.patterns.clear();
        } else {
            self.patterns.remove(pattern);
        }
    }
}

impl Connection {
    /// The topics that the peer wants, for whoever broadcasts.
    pub fn wanted(&self) -> Wanted {
        self.wanted.clone()
    }

    /// The application wants messages of other topics from here on. With a slot, it wants to know
    /// when the peer knows: a ping behind it tells.
    pub(super) fn change_subscription(
        &mut self,
        order: &Order<'_>,
        now: Instant,
        inbound: &mut Inbound,
    ) {
        let wants = order.kind == kind::SUBSCRIBE;
        match self.session.state() {
            State::Idle | State::Handshaking => {
                self.unsaid.note(wants, order.topic);
                return;
            }
            State::Ready if self.session.agrees_on(capability::TOPICS) => {
                self.send_subscription(wants, order.topic);
            }
            State::Ready if order.subject != batch::NO_SLOT => {
                let why = "the peer takes no subscriptions";
                return self.fail(order.subject, Kind::Unsupported, false, why, inbound);
            }
            State::Ready | State::Draining | State::Closed => {}
        }
        if order.subject != batch::NO_SLOT {
            self.ping(order, now, inbound);
        }
    }

    /// The peer is there: what is wanted goes before anything else, so that nothing comes that isn't.
    pub(super) fn say_subscriptions(&mut self) {
        let Unsaid { told, patterns } = std::mem::take(&mut self.unsaid);
        if !self.session.agrees_on(capability::TOPICS) {
            return;
        }
        if told {
            self.send(&Message::Unsubscribe { pattern: "" });
        }
        for pattern in patterns {
            self.send(&Message::Subscribe { pattern: &pattern });
        }
    }

    fn send_subscription(&mut self, wants: bool, pattern: &str) {
        if wants {
            self.send(&Message::Subscribe { pattern });
        } else {
            self.send(&Message::Unsubscribe { pattern });
        }
    }
}
