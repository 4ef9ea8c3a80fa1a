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
    session::topics::Topics,
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

/// The topics that the application wants, for every peer that there will be.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Something was taken back: without any pattern nothing is wanted, instead of everything.
    told: bool,
    patterns: BTreeSet<Box<str>>,
    /// The peer at hand knows of them.
    said: bool,
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

impl Wishes {
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

    /// The peer is gone: what it wanted is void, and another one knows nothing of our wishes.
    pub(super) fn forget_subscriptions(&mut self) {
        self.wanted = Wanted::new(self.limits.max_subscriptions);
        if let Some(codec) = &self.codec {
            self.wanted.set_format(codec.format());
        }
        self.wishes.said = false;
    }

    /// The application wants messages of other topics from here on. With a slot, it wants to know
    /// when the peer knows: a ping behind it tells.
    #[cold]
    pub(super) fn change_subscription(
        &mut self,
        order: &Order<'_>,
        now: Instant,
        inbound: &mut Inbound,
    ) {
        let wants = order.kind == kind::SUBSCRIBE;
        self.wishes.note(wants, order.topic);
        if self.wishes.said {
            if !self.session.agrees_on(capability::TOPICS) {
                let why = "the peer takes no subscriptions";
                return self.fail(order.subject, Kind::Unsupported, false, why, inbound);
            }
            self.send_subscription(wants, order.topic);
        }
        if order.subject != batch::NO_SLOT {
            self.ping(order, now, inbound);
        }
    }

    /// The peer is there: what is wanted goes before anything but the greeting, so that nothing
    /// comes that isn't.
    pub(super) fn say_subscriptions(&mut self) {
        self.wishes.said = true;
        if !self.session.agrees_on(capability::TOPICS) {
            return;
        }
        if self.wishes.told {
            self.send(&Message::Unsubscribe { pattern: "" });
        }
        let patterns = std::mem::take(&mut self.wishes.patterns);
        for pattern in &patterns {
            self.send(&Message::Subscribe { pattern });
        }
        self.wishes.patterns = patterns;
    }

    fn send_subscription(&mut self, wants: bool, pattern: &str) {
        if wants {
            self.send(&Message::Subscribe { pattern });
        } else {
            self.send(&Message::Unsubscribe { pattern });
        }
    }
}
