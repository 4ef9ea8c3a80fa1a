//! The peer's requests that we are answering: limits, cancellation, one reply each.
//!
//! The application knows a request by its token, the index here. A request stays open until its
//! handler has settled, even when the peer has taken it back: otherwise a peer could start any
//! number of handlers by asking and cancelling in turn. Must not know: bytes, handlers, time.

use std::collections::HashMap;

use crate::message::Id;

/// The table of open requests.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    entries: Vec<Entry>,
    free: Vec<u32>,
    bytes: u64,
    /// Ids to tokens, kept only on connections that have cancelled something.
    index: Option<HashMap<Id, u32>>,
}

#[derive(Debug, Default)]
struct Entry {
    id: Option<Id>,
    bytes: u32,
    cancelled: bool,
}

/// What becomes of a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// Send it, to this id.
    Send(Id),
    /// The peer no longer wants it, or has had it.
    Drop,
}

impl Serving {
    /// Opens a request and gives it its token.
    #[inline]
    pub(crate) fn accept(&mut self, id: Id, bytes: u32) -> u32 {
        let token = self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry::default());
            (self.entries.len() - 1) as u32
        });
        if let Some(index) = &mut self.index {
            index.insert(id.clone(), token);
        }
        self.bytes += u64::from(bytes);
        self.entries[token as usize] = Entry { id: Some(id), bytes, cancelled: false };
        token
    }

    /// The handler of this request has settled.
    #[inline]
    pub(crate) fn reply(&mut self, token: u32) -> Reply {
        let Some(entry) = self.entries.get_mut(token as usize) else {
            return Reply::Drop;
        };
        let Some(id) = entry.id.take() else {
            return Reply::Drop;
        };
        self.bytes -= u64::from(entry.bytes);
        self.free.push(token);
        if let Some(index) = &mut self.index {
            // The peer may have used the id again after taking this request back.
            if index.get(&id) == Some(&token) {
                index.remove(&id);
            }
        }
        if entry.cancelled { Reply::Drop } else { Reply::Send(id) }
    }

    /// The peer has taken a request back: its token, if it is still open.
    pub(crate) fn cancel(&mut self, id: &Id) -> Option<u32> {
        let index = self.index.get_or_insert_with(|| {
            let open = self.entries.iter().zip(0u32..);
            open.filter_map(|(entry, token)| Some((entry.id.clone()?, token))).collect()
        });
        let token = index.remove(id)?;
        let entry = self.entries.get_mut(token as usize)?;
        entry.cancelled = true;
        Some(token)
    }

    /// How many requests are open.
    pub(crate) const fn open(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// How many bytes they have together.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }
}
