//! A pause of the application's: how much it is still handed before reading stops.
//!
//! What a paused application gets, it keeps for later (`lib/hold.js`); here that is only counted.
//! Answers, pings and goodbyes don't count: they go on while there is room, and stop with the rest
//! once there is none, since whoever reads on for their sake would read without end. Must not know:
//! what is held back.

use std::time::Instant;

use super::Connection;
use crate::driver::batch::kind;

/// What has been handed over since the pause began.
#[derive(Debug, Default)]
pub(super) struct Hold {
    paused: bool,
    items: usize,
    bytes: usize,
}

impl Hold {
    /// Counts an item on its way to the application, if it is one that waits there.
    #[inline]
    pub(super) fn note(&mut self, record: u32, bytes: usize) {
        if self.paused && matches!(record, kind::REQUEST | kind::MESSAGE) {
            self.items += 1;
            self.bytes += bytes;
        }
    }

    /// What was handed over came from a peer that is gone.
    pub(super) const fn forget(&mut self) {
        (self.items, self.bytes) = (0, 0);
    }

    /// Whether nothing more may be read.
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.paused && (self.items >= MAX_ITEMS || self.bytes >= MAX_BYTES)
    }
}

impl Connection {
    /// The application takes no requests and messages for a while, or takes them again.
    pub fn set_paused(&mut self, paused: bool, now: Instant) {
        if self.hold.paused == paused {
            return;
        }
        let was_full = self.hold.is_full();
        self.hold = Hold { paused, items: 0, bytes: 0 };
        if was_full {
            self.session.listen_again(self.is_within_frame(), now);
        }
    }
}

/// What is handed over during a pause, in items and in bytes of payload. What was read at once with
/// the last of them comes on top: 64 KiB, or a message of up to `maxFrameBytes`.
const MAX_ITEMS: usize = 1024;
const MAX_BYTES: usize = 1024 * 1024;
