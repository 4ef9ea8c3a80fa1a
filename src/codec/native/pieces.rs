//! Messages that come in pieces, until their last piece is there.
//!
//! ```text
//!              more                 more
//!   (none) ──────────► unfinished ◄──────┐
//!      │                 │  │  └─────────┘
//!      │ not more        │  │ cancel, a reset, or an error in the answer's place
//!      ▼                 │  ▼
//!    whole ◄─────────────┘ discarded
//! ```
//!
//! What it may cost is bounded three times: in bytes by `max_frame_bytes`, in messages by
//! [`MAX_UNFINISHED`] (each frame looks through them), in frames by [`MIN_PIECE_BYTES`]. Must not
//! know: what a message means.

use super::{
    frame::{First, Header, flag, kind},
    too_large,
};
use crate::error::{Error, Result};

/// The unfinished messages of one connection.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Oldest first.
    unfinished: Vec<Unfinished>,
    /// How many bytes these have together.
    held: usize,
    /// The message that was last put together; lives until the next is decoded.
    assembled: Vec<u8>,
}

/// A message of which some pieces are here.
#[derive(Debug)]
struct Unfinished {
    first: First,
    /// Topic, then body.
    text: Vec<u8>,
}

/// What became of a frame.
pub(super) enum Taken<'a> {
    /// More of its message is to come.
    Kept,
    /// Its message is whole, with this text.
    Whole(First, &'a [u8]),
}

impl Pieces {
    pub(super) const fn new() -> Self {
        Self { unfinished: Vec::new(), held: 0, assembled: Vec::new() }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.unfinished.is_empty()
    }

    /// How many bytes of unfinished messages are here.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// Nothing more has arrived: a large message that has been handed on need not be kept.
    #[inline]
    pub(super) fn release(&mut self) {
        if self.assembled.capacity() > KEEP_BYTES {
            self.assembled = Vec::new();
        }
    }

    /// Takes a frame that has been checked.
    pub(super) fn take<'a>(
        &'a mut self,
        header: Header,
        content: &'a [u8],
        limit: u32,
    ) -> Result<Taken<'a>> {
        let more = header.flags & flag::MORE != 0;
        if more && content.len() < MIN_PIECE_BYTES {
            return Err(Error::protocol("a piece of a message is too small"));
        }
        let Some(at) = self.find(header.kind, header.id) else {
            return self.begin(header, content, limit);
        };
        if header.topic_len != 0 || header.flags & flag::EXTENSIONS != 0 {
            return Err(Error::protocol("only the first piece of a message has a topic"));
        }
        self.hold(content, limit)?;
        if more {
            if let Some(unfinished) = self.unfinished.get_mut(at) {
                unfinished.text.extend_from_slice(content);
            }
            return Ok(Taken::Kept);
        }
        let Unfinished { first, text } = self.unfinished.remove(at);
        self.assembled = text;
        self.assembled.extend_from_slice(content);
        self.held = self.held.saturating_sub(self.assembled.len());
        Ok(Taken::Whole(first, &self.assembled))
    }

    /// The first frame of a message, which may be its only one.
    fn begin<'a>(&mut self, header: Header, content: &'a [u8], limit: u32) -> Result<Taken<'a>> {
        let (first, text) = header.open(content)?;
        match first.kind {
            kind::CANCEL => self.discard(kind::REQUEST, first.id),
            kind::ERROR => self.discard(kind::RESPONSE, first.id),
            kind::RESET => self.discard(kind::DATA, first.id),
            _ => {}
        }
        if header.flags & flag::MORE == 0 {
            return Ok(Taken::Whole(first, text));
        }
        if self.unfinished.len() == MAX_UNFINISHED {
            return Err(Error::protocol("too many messages are unfinished"));
        }
        self.hold(text, limit)?;
        self.unfinished.push(Unfinished { first, text: text.to_vec() });
        Ok(Taken::Kept)
    }

    fn find(&self, kind: u8, id: u64) -> Option<usize> {
        self.unfinished
            .iter()
            .position(|Unfinished { first, .. }| first.kind == kind && first.id == id)
    }

    /// Forgets a message that its sender has given up.
    fn discard(&mut self, kind: u8, id: u64) {
        if let Some(at) = self.find(kind, id) {
            let Unfinished { text, .. } = self.unfinished.remove(at);
            self.held = self.held.saturating_sub(text.len());
        }
    }

    /// Counts bytes before they are copied.
    fn hold(&mut self, text: &[u8], limit: u32) -> Result<()> {
        let held = self.held.saturating_add(text.len());
        if held > limit as usize {
            return Err(too_large(held as u64, limit));
        }
        self.held = held;
        Ok(())
    }
}

/// The least that a piece which isn't a message's last must carry: stops floods of tiny ones.
pub const MIN_PIECE_BYTES: usize = 1024;
/// How many messages may be unfinished at once: every frame in between looks through them.
pub const MAX_UNFINISHED: usize = 64;
/// A buffer up to this size is kept for the next message.
const KEEP_BYTES: usize = 64 * 1024;
