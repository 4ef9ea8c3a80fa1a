//! A pause of the application's: how much it is still handed before reading stops.
//!
//! What a paused application gets, it keeps for later (`lib/calls/hold.js`); here that is only counted.
//! Answers, pings and goodbyes don't count: they go on while there is room, and stop with the rest
//! once there is none, since whoever reads on for their sake would read without end. Must not know:
//! what is held back.

use std::{collections::HashSet, time::Instant};

use super::Connection;
use crate::{
    driver::batch::{Record, kind},
    message::setting,
};

/// What has been handed over since the pause began.
#[derive(Debug, Default)]
pub(super) struct Hold {
    paused: bool,
    items: usize,
    bytes: usize,
    /// Streams among the items: what comes in them waits with them.
    streams: HashSet<u32>,
}

impl Hold {
    /// Counts what is on its way to the application, if it is something that waits there. A file
    /// isn't: what it belongs to waits itself, or is being handled and in want of it.
    #[inline]
    pub(super) fn note(&mut self, record: Record, bytes: usize) {
        if !self.paused {
            return;
        }
        match record.kind {
            kind::REQUEST | kind::MESSAGE => self.items += 1,
            kind::OPEN if record.extra & setting::FILE == 0 => {
                self.items += 1;
                self.streams.insert(record.subject);
            }
            kind::DATA if self.streams.contains(&record.subject) => {}
            _ => return,
        }
        self.bytes += bytes;
    }

    /// What was handed over came from a peer that is gone.
    pub(super) fn forget(&mut self) {
        *self = Self { paused: self.paused, ..Self::default() };
    }

    /// Whether nothing more may be read.
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.paused && (self.items >= MAX_ITEMS || self.bytes >= MAX_BYTES)
    }
}

impl Connection {
    /// The application takes no requests, messages and streams for a while, or takes them again.
    pub fn set_paused(&mut self, paused: bool, now: Instant) {
        if self.hold.paused == paused {
            return;
        }
        let was_full = self.hold.is_full();
        self.hold = Hold { paused, ..Hold::default() };
        if was_full {
            self.session.listen_again(self.is_within_frame(), now);
        }
    }
}

/// What is handed over during a pause, in items and in bytes of payload. What was read at once with
/// the last of them comes on top: 64 KiB, or a message of up to `maxFrameBytes`.
const MAX_ITEMS: usize = 1024;
const MAX_BYTES: usize = 1024 * 1024;
