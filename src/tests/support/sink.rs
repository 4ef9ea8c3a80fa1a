//! A [`FrameSink`] that remembers what it was given, and holds encoders to their contract.

use std::ops::Range;

use crate::{
    codec::{Codec, FrameSink},
    error::Result,
    message::{Failure, Message, Request},
};

/// The bytes of the messages that were encoded into it.
#[derive(Debug, Default)]
pub(in crate::tests) struct Sink {
    /// All that was put.
    pub(in crate::tests) bytes: Vec<u8>,
    /// Where the body of the message at hand is, and whether it was put.
    body: Option<Range<*const u8>>,
    bodies: usize,
}

impl Sink {
    /// Encodes one message. An encoder that fails must not have written anything. A body is put
    /// once and whole, since a sink may have been lent it and queue that instead.
    pub(in crate::tests) fn encode(
        &mut self,
        codec: &mut Codec,
        message: &Message<'_>,
    ) -> Result<()> {
        let before = self.bytes.len();
        self.bodies = 0;
        self.body = match message {
            Message::Request(Request { body, .. })
            | Message::Response { body, .. }
            | Message::Failure { error: Failure::Body(body), .. }
            | Message::Event { body, .. } => Some(body.data.as_ptr_range()),
            _ => None,
        };
        let result = codec.encode(message, self);
        assert!(self.bodies <= 1, "two bodies for {message:?}");
        if result.is_err() {
            assert_eq!(self.bytes.len(), before, "half of {message:?} was written");
        }
        result
    }
}

impl FrameSink for Sink {
    fn put_slice(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn put_body(&mut self, body: &[u8]) {
        assert!(!body.is_empty(), "an empty body");
        if let Some(whole) = &self.body {
            assert_eq!(&body.as_ptr_range(), whole, "not the whole body");
        }
        self.bodies += 1;
        self.bytes.extend_from_slice(body);
    }
}
