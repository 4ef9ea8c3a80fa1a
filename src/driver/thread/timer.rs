//! The one timer of the thread: set to the earliest thing that any connection waits for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Entry, Inbound, Inner, Mail, Next, Place, Thread};

impl Thread {
    /// The timer's time has come.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let due: Vec<u32> = {
            let mut inner = self.inner.borrow_mut();
            inner.due = None;
            let indexed = inner.entries.iter().zip(0u32..);
            indexed
                .filter(|(entry, _)| entry.due().is_some_and(|due| due <= now))
                .map(|(_, index)| index)
                .collect()
        };
        for index in due {
            let mut batch = self.collect();
            self.time_out(index, now, &mut batch);
            self.deliver(index, batch, false);
        }
        let mut inner = self.inner.borrow_mut();
        if let Some(next) = inner.entries.iter().filter_map(Entry::due).min() {
            self.arm(&mut inner, next);
        }
    }

    fn time_out(&self, index: u32, now: Instant, batch: &mut Inbound) {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let Some(entry) = inner.entries.get_mut(index as usize) else {
            return;
        };
        batch.append(std::mem::take(&mut entry.pending));
        let next = match &mut entry.place {
            Place::None | Place::Task(_) => Next::Wait,
            Place::Waiting(machine) | Place::Attached(machine, _) => {
                machine.handle_timeout(now, batch).map_or_else(Next::Over, |()| Next::Wait)
            }
            Place::Inline(inline) => inline.handle_timeout(now, &mut inner.scratch, batch),
        };
        self.follow(inner, index, next, batch);
        inner.turn_attached(index, now, batch);
        self.rehold(inner, index);
    }

    /// Sets the timer for what an entry is waiting for, if that comes first.
    #[inline]
    pub(super) fn schedule(&self, inner: &mut Inner, index: u32) {
        let Some(due) = inner.entries.get(index as usize).and_then(Entry::due) else {
            return;
        };
        if inner.due.is_none_or(|armed| due < armed) {
            self.arm(inner, due);
        }
    }

    #[cold]
    fn arm(&self, inner: &mut Inner, due: Instant) {
        inner.due = Some(due);
        let wait = due.saturating_duration_since(Instant::now());
        // Up to a millisecond late, never early: a turn that finds nothing due would be in vain.
        let after_ms = wait.as_millis() as u64 + 1;
        match (&inner.timer, self.uv) {
            (Some(timer), Some(uv)) => {
                uv.update_time();
                timer.start(after_ms);
            }
            _ => {
                let inbox = Arc::clone(&self.inbox);
                self.runtime.spawn(async move {
                    tokio::time::sleep(Duration::from_millis(after_ms)).await;
                    inbox.push(Mail::Tick);
                });
            }
        }
    }
}
