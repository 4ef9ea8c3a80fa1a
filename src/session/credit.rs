//! How much of a stream may be sent: credit, spent by data and given back by whoever has used it.
//!
//! ```text
//!            spend: a frame's length, header included
//!   left > 0 ─────────────────────────────────────────► left ≤ 0: nothing more
//!      ▲                                                    │
//!      └──────────────── grant ─────────────────────────────┘
//! ```
//!
//! A frame may be begun while anything is left, and so may take more than that: an *overdraft*. It
//! lets values pass that are larger than the window, and all overdrafts of one direction together
//! are bounded by the receiver's `max_frame_bytes`. Both ends keep the same account; the sender's
//! is never ahead of the receiver's, so that what the sender allows itself is no violation. Must
//! not know: what is sent, whose stream it is.

/// The account of one direction of one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credit {
    left: i64,
}

/// The overdrafts of all streams of one direction.
#[derive(Debug)]
pub(crate) struct Overdraft {
    total: u64,
    limit: u64,
}

impl Credit {
    /// As every stream begins.
    pub(crate) const fn new() -> Self {
        Self { left: INITIAL_WINDOW_BYTES as i64 }
    }

    /// How many bytes of `length` may go in one frame now without an overdraft; `None`: wait. A
    /// part that is hardly worth its frame waits too, since more credit must be under way.
    pub(crate) fn part(self, length: usize) -> Option<usize> {
        let room = usize::try_from(self.left - FRAME_BYTES).ok()?;
        let part = length.min(room);
        (part == length || part >= MIN_PART_BYTES).then_some(part)
    }

    /// Spends a frame with so many bytes. False if it may not be: nothing is left, or the overdraft
    /// would be too large.
    pub(crate) fn spend(&mut self, length: usize, overdraft: &mut Overdraft) -> bool {
        if self.left <= 0 {
            return false;
        }
        let left = self.left - FRAME_BYTES - length as i64;
        let over = left.min(0).unsigned_abs();
        if overdraft.total + over > overdraft.limit {
            return false;
        }
        overdraft.total += over;
        self.left = left;
        true
    }

    /// Adds credit. False if that is more than any receiver can mean.
    pub(crate) fn grant(&mut self, bytes: u32, overdraft: &mut Overdraft) -> bool {
        overdraft.total -= self.over();
        self.left += i64::from(bytes);
        overdraft.total += self.over();
        self.left <= MAX_WINDOW_BYTES
    }

    /// The stream is over: its overdraft counts no more.
    pub(crate) const fn close(self, overdraft: &mut Overdraft) {
        overdraft.total -= self.over();
    }

    const fn over(self) -> u64 {
        if self.left < 0 { self.left.unsigned_abs() } else { 0 }
    }
}

impl Overdraft {
    /// None, of at most so many bytes.
    pub(crate) const fn new(limit: u32) -> Self {
        Self { total: 0, limit: limit as u64 }
    }

    /// The peer has told its limit.
    pub(crate) const fn set_limit(&mut self, limit: u32) {
        self.limit = limit as u64;
    }
}

/// What each direction of a stream may send before any credit has come.
pub(crate) const INITIAL_WINDOW_BYTES: u32 = 64 * 1024;
/// What a frame costs beside its content: without it, tiny frames would hold memory for nothing.
pub(crate) const FRAME_BYTES: i64 = 16;
/// More credit than this is a mistake.
const MAX_WINDOW_BYTES: i64 = (1 << 31) - 1;
/// Less than this is not worth a frame while there is more to send.
const MIN_PART_BYTES: usize = 4096;
