//! Bytes that wait for the kernel: small writes flattened, large ones queued as they are.
//!
//! Counts bytes and messages, and tells whose messages have left. Must not know: whose socket it
//! is, what the bytes mean.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
};

use bytes::Bytes;

use crate::codec::FrameSink;

/// One connection's outgoing bytes.
#[derive(Debug, Default)]
pub struct WriteQueue {
    /// Full segments, before `tail` in order.
    segments: VecDeque<Bytes>,
    /// Where small writes are joined.
    tail: Vec<u8>,
    /// How much of the first segment, or of the tail if there is none, has been written.
    offset: usize,
    /// Bytes ever pushed and ever written.
    pushed: u64,
    written: u64,
    /// The end of each unwritten message, and who wants to know of it.
    marks: VecDeque<(u64, u32)>,
    /// A body to be queued without a copy by the next `put_body`.
    owned: Option<Bytes>,
    /// The kernel took less than there was: what follows is queued in segments, each of which is
    /// given back once written. A tail that is never empty would only grow.
    blocked: bool,
}

impl WriteQueue {
    /// Marks the end of a message. `slot` is told when it has been written, if it isn't `none`.
    #[inline]
    pub fn end_message(&mut self, slot: u32) {
        self.owned = None;
        self.marks.push_back((self.pushed, slot));
        if self.blocked && self.tail.len() >= SEGMENT_BYTES {
            self.segments.push_back(std::mem::take(&mut self.tail).into());
        }
    }

    /// The body that the next message may have; it is queued as it is then instead of being copied.
    pub fn lend(&mut self, body: Bytes) {
        self.owned = Some(body);
    }

    /// The body that was lent, if it is this one.
    pub fn take_loan(&mut self, body: &[u8]) -> Option<Bytes> {
        self.owned.take_if(|owned| owned.as_ptr() == body.as_ptr() && owned.len() == body.len())
    }

    /// Queues a whole message that others get as well: copied if it is small, shared if not.
    pub fn put_shared(&mut self, message: &Bytes) {
        if message.len() >= SHARE_BYTES {
            self.owned = Some(message.clone());
        }
        self.put_body(message);
    }

    /// Nobody wanted it.
    pub fn end_loan(&mut self) {
        self.owned = None;
    }

    /// Writes as much as the kernel takes. True when nothing is left.
    ///
    /// # Errors
    ///
    /// Those of `write`, except that "would block" is a false and an interrupt is tried again.
    #[inline]
    pub fn write_to(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<bool> {
        while self.pushed != self.written {
            let result = if self.segments.is_empty() {
                write(&[IoSlice::new(&self.tail[self.offset..])])
            } else {
                self.write_segments(&mut write)
            };
            match result {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.blocked = false;
        Ok(true)
    }

    fn write_segments(
        &self,
        write: &mut impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let parts = self.segments.iter().map(|segment| &segment[..]).chain([&self.tail[..]]);
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(if count == 0 { &part[self.offset..] } else { part });
            count += 1;
        }
        write(&slices[..count])
    }

    #[inline]
    fn advance(&mut self, written: usize) {
        self.written += written as u64;
        if self.written == self.pushed {
            self.segments.clear();
            self.tail.clear();
            self.tail.shrink_to(KEEP_BYTES);
            self.offset = 0;
            return;
        }
        self.offset += written;
        while let Some(first) = self.segments.front() {
            if self.offset < first.len() {
                return;
            }
            self.offset -= first.len();
            self.segments.pop_front();
        }
    }

    /// The next message that has been written whole: the slot that wants to know of it.
    #[inline]
    pub fn poll_written(&mut self) -> Option<u32> {
        let &(end, slot) = self.marks.front()?;
        if end > self.written {
            return None;
        }
        self.marks.pop_front();
        Some(slot)
    }

    /// The slots of messages that were never written whole.
    pub fn unwritten(&mut self) -> impl Iterator<Item = u32> + '_ {
        self.marks.drain(..).map(|(_, slot)| slot)
    }

    /// Bytes that wait.
    #[inline]
    pub const fn bytes(&self) -> usize {
        (self.pushed - self.written) as usize
    }

    /// Messages that wait, the one that has been begun included.
    pub fn messages(&self) -> usize {
        self.marks.len()
    }

    /// Bytes ever written.
    pub const fn written(&self) -> u64 {
        self.written
    }
}

impl FrameSink for WriteQueue {
    #[inline]
    fn put_slice(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.pushed += bytes.len() as u64;
    }

    #[inline]
    fn put_body(&mut self, body: &[u8]) {
        let Some(owned) = self.owned.take_if(|owned| owned.as_ptr() == body.as_ptr()) else {
            return self.put_slice(body);
        };
        if !self.tail.is_empty() {
            self.segments.push_back(std::mem::take(&mut self.tail).into());
        }
        self.pushed += owned.len() as u64;
        self.segments.push_back(owned);
    }
}

/// Slices of one write: more gain nothing.
const MAX_SLICES: usize = 16;
/// From this size on a message for many is shared by their queues: below it, an own segment for each
/// costs more than the copy.
const SHARE_BYTES: usize = 16 * 1024;
/// Where a blocked queue cuts.
const SEGMENT_BYTES: usize = 64 * 1024;
/// A tail that has grown larger than this is given back once it is empty.
const KEEP_BYTES: usize = 256 * 1024;
