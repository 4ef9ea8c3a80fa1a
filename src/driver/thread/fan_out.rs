//! One message or one question for many connections at once.
//!
//! A receiver that is slow, broken or over its limits is passed by: its own turn takes what a write
//! to it takes, and nothing waits for it.

use std::{sync::Arc, time::Instant};

use super::{Inner, Next, Place, Thread, batch::Outbound, flags};
use crate::{
    driver::{broadcast::Broadcast, connection::Receipt},
    error::Kind,
};

/// What came of a broadcast.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many it was queued to.
    pub queued: u32,
    /// Pairs of an index and what is to be known of that connection: the number of an error for which
    /// it doesn't get the message, or [`NEWS`].
    pub notes: Vec<u32>,
}

impl Thread {
    /// Queues a message to each of these that wants it and has room, and writes what can be written.
    pub fn broadcast(&self, targets: &[u32], message: Broadcast) -> Outcome {
        let message = Arc::new(message);
        let now = Instant::now();
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let mut outcome = Outcome::default();
        for &index in targets {
            match self.broadcast_to(inner, index, &message, now) {
                Receipt::Queued => outcome.queued += 1,
                Receipt::NotForIt => {}
                Receipt::Dropped(kind) => outcome.notes.extend([index, kind as u32]),
            }
            let news = inner.entries.get(index as usize).is_some_and(|e| !e.pending.is_empty());
            if news {
                outcome.notes.extend([index, NEWS]);
            }
        }
        // Inside a turn, the turn itself decides at its end.
        if !self.delivering.get() && inner.busy.worked(now) {
            inner.start_spinning();
        }
        outcome
    }

    #[inline]
    fn broadcast_to(
        &self,
        inner: &mut Inner,
        index: u32,
        message: &Arc<Broadcast>,
        now: Instant,
    ) -> Receipt {
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return Receipt::NotForIt;
        };
        let (receipt, next) = match &mut entry.place {
            Place::None | Place::Waiting(_) => return Receipt::NotForIt,
            Place::Task(handle) => return handle.broadcast(message, &entry.limits),
            Place::Attached(machine, _) => (machine.broadcast(message), None),
            Place::Inline(inline) => {
                let (receipt, next) = inline.broadcast(message, now, &mut entry.pending);
                (receipt, Some(next))
            }
        };
        match next {
            Some(Next::Wait) => {}
            next => self.conclude(inner, index, next.unwrap_or(Next::Wait), now),
        }
        receipt
    }

    /// Asks each of these, pairs of an index and a slot, the same: the one order of `orders`. Says
    /// which of them have news already.
    pub fn ask(&self, targets: &[u32], orders: Outbound<'_>) -> Vec<u32> {
        let &[head, _, topic_units, body_units, timeout_ms] = orders.records else {
            return Vec::new();
        };
        let mut news = Vec::new();
        for target in targets.chunks_exact(2) {
            let record = [head, target[1], topic_units, body_units, timeout_ms];
            let flags = self.submit(target[0], Outbound { records: &record, ..orders });
            if flags & flags::PENDING != 0 {
                news.push(target[0]);
            }
        }
        news
    }
}

/// Stands for an error's number in [`Outcome::notes`]: something happened, which is to be asked for.
pub const NEWS: u32 = 0xff;

const _: () = assert!(Kind::ALL.len() < NEWS as usize, "no error has that number");
