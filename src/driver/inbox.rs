//! What tokio's threads have for one JavaScript thread: pushed from any thread, drained by one.
//!
//! The first push of a batch wakes the JavaScript thread, the others find it awake: `woken` is set
//! by whoever pushes into an empty box and cleared, under the same lock, by the drain. So no wake-up
//! is lost, and none is sent twice. Bounded by its producers: a task stops reading while its own
//! undelivered bytes are over a limit, and the acceptors wait for room. Must not know: JavaScript.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::OwnedSemaphorePermit;

use super::{batch::Inbound, connection::Connection};
use crate::{
    error::Result,
    transport::{Peer, Stream, Wire},
};

/// One JavaScript thread's box.
pub struct Inbox {
    mail: Mutex<Vec<Mail>>,
    closed: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// One thing in it.
pub enum Mail {
    /// A task's batch for the application of this connection.
    Batch(u32, Inbound),
    /// The transport that a connection asked for, or why there is none.
    Dialed {
        /// The connection's place in the table.
        index: u32,
        /// Tells it from an earlier one in the same place.
        serial: u32,
        /// What came of it.
        outcome: Result<(Stream, Peer)>,
    },
    /// A server has a new peer. The permit makes room for the next when this is dealt with.
    Accepted(u32, Stream, Peer, Option<OwnedSemaphorePermit>),
    /// A task knows who the peer of its connection is.
    Identified(u32, Peer),
    /// A server listens, at this address and with this descriptor, or can't.
    Listening(u32, Result<(String, i32)>),
    /// A server's listener is gone: closed as asked, or failed.
    Unlistened(u32, Result<()>),
    /// A task hands its connection back to the loop.
    Returned(u32, Box<Connection>, Wire),
    /// A task's connection has lost its transport and isn't over; the batch says so.
    Parted(u32, Box<Connection>, Inbound),
    /// A time has come, where libuv isn't there to tell.
    Tick,
}

impl Inbox {
    /// An empty box. `wake` is called from any thread and must make the owner drain it soon.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { mail: Mutex::default(), closed: AtomicBool::new(false), wake: Box::new(wake) }
    }

    /// Adds mail, and wakes the owner if the box was empty. After [`close`](Self::close) it is
    /// dropped, and with it the descriptors in it.
    pub fn push(&self, mail: Mail) {
        let mut box_ = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked under the lock: mail that came in behind the last drain would stay for good.
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        let first = box_.is_empty();
        box_.push(mail);
        drop(box_);
        if first {
            (self.wake)();
        }
    }

    /// Everything that is there.
    pub fn drain(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nobody will drain it again.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.drain();
    }
}
