//! Large buffers, used again: a fresh megabyte costs 250 page faults, more than filling it.
//!
//! One pool for the process, since such buffers wander between threads: filled by a task, read by
//! JavaScript, or the other way round. Bounded in number and in size; what doesn't fit is freed.
//! Must not know: what is in them.

use std::sync::{Mutex, PoisonError};

static POOL: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer that goes back to the pool when it is dropped.
pub struct Pooled(Vec<u8>);

/// An empty buffer with room for so many bytes.
pub fn take(capacity: usize) -> Vec<u8> {
    reuse(capacity).unwrap_or_else(|| Vec::with_capacity(capacity))
}

/// An empty buffer with room for so many bytes, if the pool has one.
pub fn reuse(capacity: usize) -> Option<Vec<u8>> {
    let mut buffer = find(capacity)?;
    buffer.clear();
    Some(buffer)
}

/// A buffer of so many bytes, to be overwritten: they are whatever was there before.
pub fn take_filled(length: usize) -> Vec<u8> {
    let mut buffer = find(length).unwrap_or_default();
    buffer.resize(length, 0);
    buffer
}

fn find(capacity: usize) -> Option<Vec<u8>> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let at = pool.iter().position(|buffer| buffer.capacity() >= capacity)?;
    Some(pool.swap_remove(at))
}

/// Gives a buffer to whoever needs one next.
pub fn give(buffer: Vec<u8>) {
    if !(MIN_BYTES..=MAX_BYTES).contains(&buffer.capacity()) {
        return;
    }
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if pool.len() < MAX_BUFFERS {
        pool.push(buffer);
    }
}

impl Pooled {
    /// A buffer, full or not.
    pub const fn new(buffer: Vec<u8>) -> Self {
        Self(buffer)
    }
}

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.0));
    }
}

/// Smaller ones are the allocator's business.
const MIN_BYTES: usize = 128 * 1024;
/// Larger ones are too rare to be kept.
const MAX_BYTES: usize = 4 * 1024 * 1024;
const MAX_BUFFERS: usize = 8;
