//! The requests we sent, or wait to send: one entry per open call, found by slot or by wire id.
//!
//! A slot is the application's index of a call, used again as soon as the call has settled. A wire
//! id must not be: a late answer would settle a stranger's call. So the id joins the slot with a
//! serial number that goes up with every call, and an answer counts only if both agree. Dialects
//! whose peers expect small numbers count instead, and pay for a hash look-up. Must not know:
//! bytes, sockets, or what a call is about.

use std::{collections::HashMap, time::Instant};

use crate::{config::IdStyle, message::Id};

/// The table of open calls.
#[derive(Debug)]
pub(crate) struct InFlight {
    entries: Vec<Entry>,
    serial: u32,
    ids: Ids,
    /// Calls that the peer has, and how many bytes they have together.
    sent: u32,
    sent_bytes: u64,
    open: u32,
    /// No entry's deadline is earlier. It may be too early by now, never too late.
    next_deadline: Option<Instant>,
    /// How far a search that takes out one entry after the other has come: each of them beginning
    /// anew would cost seconds when very many calls end at once.
    swept: usize,
}

/// How wire ids are made.
#[derive(Debug)]
enum Ids {
    /// Serial and slot in one number.
    Joined,
    /// Counted up from a base, as dialects with small numbers have it.
    /// With a prefix they are texts, `"<prefix>-<count>"`.
    Counted { next: u64, slots: HashMap<u64, u32>, prefix: Option<Box<str>> },
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    state: State,
    bytes: u32,
    serial: u32,
    /// What `Ids::Counted` gave out.
    counted: u64,
    deadline: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Waiting,
    Sent,
    /// A ping has been sent: only a pong ends it.
    Pinged,
}

/// A call that has left the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The application's index of it.
    pub slot: u32,
    /// Its id, if the peer was told of it.
    pub id: Option<Id>,
}

impl InFlight {
    /// An empty table.
    pub(crate) fn new(style: IdStyle) -> Self {
        let counted = |next, prefix| Ids::Counted { next, slots: HashMap::new(), prefix };
        let ids = match style {
            IdStyle::Joined => Ids::Joined,
            IdStyle::CountedFrom(base) => counted(base, None),
            IdStyle::Prefixed(prefix) => counted(0, Some(prefix.to_string().into())),
        };
        Self {
            entries: Vec::new(),
            serial: 0,
            ids,
            sent: 0,
            sent_bytes: 0,
            open: 0,
            next_deadline: None,
            swept: 0,
        }
    }

    /// Takes up a call that waits to be sent. False if the slot is taken or out of range: the
    /// application's fault.
    #[inline]
    pub(crate) fn insert(&mut self, slot: u32, bytes: u32, deadline: Option<Instant>) -> bool {
        let index = slot as usize;
        if index >= self.entries.len() {
            if slot >= MAX_SLOTS {
                return false;
            }
            self.entries.resize(index + 1, Entry::FREE);
        }
        let entry = &mut self.entries[index];
        if entry.state != State::Free {
            return false;
        }
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        *entry = Entry { state: State::Waiting, bytes, serial, counted: 0, deadline };
        self.open += 1;
        if let Some(deadline) = deadline {
            self.next_deadline =
                Some(self.next_deadline.map_or(deadline, |next| next.min(deadline)));
        }
        true
    }

    /// Marks a waiting call as sent and gives it its wire id.
    #[inline]
    pub(crate) fn send(&mut self, slot: u32) -> Option<Id> {
        let entry = self.entries.get_mut(slot as usize)?;
        if entry.state != State::Waiting {
            return None;
        }
        entry.state = State::Sent;
        self.sent += 1;
        self.sent_bytes += u64::from(entry.bytes);
        if let Ids::Counted { next, slots, .. } = &mut self.ids {
            entry.counted = *next;
            slots.insert(*next, slot);
            *next += 1;
        }
        Some(self.ids.of(entry, slot))
    }

    /// Marks a waiting call as a ping that was sent: no answer to a request settles it.
    pub(crate) fn send_ping(&mut self, slot: u32) -> Option<Id> {
        let id = self.send(slot)?;
        self.entries[slot as usize].state = State::Pinged;
        Some(id)
    }

    /// The serial of the call in this slot, if it still waits: tells a call from its successor.
    pub(crate) fn waiting_serial(&self, slot: u32) -> Option<u32> {
        let entry = self.entries.get(slot as usize)?;
        (entry.state == State::Waiting).then_some(entry.serial)
    }

    /// The answer to this id has come: its slot, or `None` for an id that is not pending.
    #[inline]
    pub(crate) fn complete(&mut self, id: &Id) -> Option<u32> {
        self.complete_in(id, State::Sent)
    }

    /// The pong of this id has come: its slot, or `None` for an id that is no ping's.
    pub(crate) fn complete_ping(&mut self, id: &Id) -> Option<u32> {
        self.complete_in(id, State::Pinged)
    }

    #[inline]
    fn complete_in(&mut self, id: &Id, state: State) -> Option<u32> {
        let slot = match &self.ids {
            Ids::Joined => {
                let &Id::Number(number) = id else { return None };
                let slot = (number & u64::from(MAX_SLOTS - 1)) as u32;
                let entry = self.entries.get(slot as usize)?;
                if u64::from(entry.serial) != number >> SLOT_BITS {
                    return None;
                }
                slot
            }
            Ids::Counted { slots, prefix, .. } => *slots.get(&count(id, prefix.as_deref())?)?,
        };
        if self.entries[slot as usize].state != state {
            return None;
        }
        self.release(slot);
        Some(slot)
    }

    /// The application no longer wants the answer.
    pub(crate) fn cancel(&mut self, slot: u32) -> Option<Settled> {
        let state = self.entries.get(slot as usize)?.state;
        (state != State::Free).then(|| self.release(slot))
    }

    /// Takes out one call whose deadline has passed. Asked again until it says `None`.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Settled> {
        if self.next_deadline.is_none_or(|next| next > now) {
            return None;
        }
        let due = |entry: &Entry| {
            entry.state != State::Free && entry.deadline.is_some_and(|deadline| deadline <= now)
        };
        if let Some(slot) = self.sweep(due) {
            return Some(self.release(slot));
        }
        let open = self.entries.iter().filter(|entry| entry.state != State::Free);
        self.next_deadline = open.filter_map(|entry| entry.deadline).min();
        None
    }

    /// Takes out one call, whichever. Asked again until it says `None`.
    pub(crate) fn fail_one(&mut self) -> Option<Settled> {
        if self.open == 0 {
            self.next_deadline = None;
            return None;
        }
        let slot = self.sweep(|entry| entry.state != State::Free)?;
        Some(self.release(slot))
    }

    /// Takes out one call that the peer has, whichever. Asked again until it says `None`.
    pub(crate) fn fail_sent(&mut self) -> Option<Settled> {
        if self.sent == 0 {
            return None;
        }
        let has_it = |entry: &Entry| matches!(entry.state, State::Sent | State::Pinged);
        let slot = self.sweep(has_it)?;
        Some(self.release(slot))
    }

    /// An entry that fits, looked for from where the last one was found.
    fn sweep(&mut self, fits: impl Fn(&Entry) -> bool) -> Option<u32> {
        let (before, rest) = self.entries.split_at(self.swept.min(self.entries.len()));
        let found = rest.iter().position(&fits).map(|at| before.len() + at);
        let found = found.or_else(|| before.iter().position(&fits));
        self.swept = found.unwrap_or_default();
        found.map(|slot| slot as u32)
    }

    #[inline]
    fn release(&mut self, slot: u32) -> Settled {
        let entry = &mut self.entries[slot as usize];
        let mut id = None;
        if matches!(entry.state, State::Sent | State::Pinged) {
            self.sent -= 1;
            self.sent_bytes -= u64::from(entry.bytes);
            id = Some(self.ids.of(entry, slot));
            if let Ids::Counted { slots, .. } = &mut self.ids {
                slots.remove(&entry.counted);
            }
        }
        entry.state = State::Free;
        self.open -= 1;
        Settled { slot, id }
    }

    /// When [`expire`](Self::expire) should be asked next.
    pub(crate) const fn next_deadline(&self) -> Option<Instant> {
        self.next_deadline
    }

    /// Calls that have not settled.
    pub(crate) const fn open(&self) -> u32 {
        self.open
    }

    /// Calls that the peer has.
    pub(crate) const fn sent(&self) -> u32 {
        self.sent
    }

    /// The bytes of the calls that the peer has.
    pub(crate) const fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }
}

impl Ids {
    #[inline]
    fn of(&self, entry: &Entry, slot: u32) -> Id {
        match self {
            Self::Joined => Id::Number(u64::from(entry.serial) << SLOT_BITS | u64::from(slot)),
            Self::Counted { prefix: None, .. } => Id::Number(entry.counted),
            Self::Counted { prefix: Some(prefix), .. } => {
                Id::Text(format!("\"{prefix}-{}\"", entry.counted).into())
            }
        }
    }
}

/// The count in an id; `None` for one that we never gave.
fn count(id: &Id, prefix: Option<&str>) -> Option<u64> {
    match (id, prefix) {
        (Id::Number(number), None) => Some(*number),
        (Id::Text(text), Some(prefix)) => {
            let count = text.strip_prefix('"')?.strip_prefix(prefix)?.strip_prefix('-')?;
            let count = count.strip_suffix('"')?;
            count.bytes().all(|byte| byte.is_ascii_digit()).then(|| count.parse().ok())?
        }
        _ => None,
    }
}

impl Entry {
    const FREE: Self = Self { state: State::Free, bytes: 0, serial: 0, counted: 0, deadline: None };
}

/// How many bits of a wire id are the slot.
const SLOT_BITS: u32 = 20;
/// The most calls that can be open on one connection, whatever the options say.
pub(crate) const MAX_SLOTS: u32 = 1 << SLOT_BITS;
