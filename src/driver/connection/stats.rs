//! A connection's numbers, for whoever watches it.
//!
//! Each queue of `docs/architecture.md` has its own here.

use super::Connection;
use crate::{
    codec::Codec,
    session::{Counters, StreamCounters},
};

/// Plain numbers of one connection.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes the kernel has taken.
    pub bytes_out: u64,
    /// What a stream with compression has carried for these, on this connection.
    pub wire_bytes_in: u64,
    /// The same, outwards.
    pub wire_bytes_out: u64,
    /// Bytes that wait to be sent.
    pub queued_bytes: u64,
    /// Messages that wait to be sent.
    pub queued_messages: u64,
    /// Our calls that have not settled.
    pub pending: u32,
    /// The peer's requests that have not been answered.
    pub serving: u32,
    /// The payloads of these, in bytes.
    pub serving_bytes: u64,
    /// Bytes of messages that aren't whole yet.
    pub partial_bytes: u64,
    /// Bytes of batches that a task has made and the application hasn't had.
    pub undelivered_bytes: u64,
    /// What the session counts.
    pub counters: Counters,
    /// What it counts of streams.
    pub streams: StreamCounters,
    /// Those of the bytes that wait to be sent which are of streams.
    pub stream_queued_bytes: u64,
}

impl Connection {
    /// Plain numbers for the application.
    pub fn stats(&self) -> Stats {
        let (waiting, waiting_bytes) = self.session.waiting();
        let pieces = self.codec.as_ref().map_or(0, Codec::unfinished_bytes);
        Stats {
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out + self.queue.written(),
            queued_bytes: (self.queued_bytes() + waiting_bytes) as u64,
            queued_messages: (self.queue.messages() + self.lanes.messages() + waiting) as u64,
            pending: self.session.pending(),
            serving: self.session.serving() as u32,
            serving_bytes: self.session.serving_bytes(),
            partial_bytes: (self.partial.len() + pieces) as u64,
            undelivered_bytes: 0,
            wire_bytes_in: 0,
            wire_bytes_out: 0,
            counters: *self.session.counters(),
            streams: self.session.stream_counters(),
            stream_queued_bytes: self.lanes.stream_bytes() as u64,
        }
    }
}
