//! A [`FrameSink`] that remembers what it was given, and holds encoders to their contract.

use crate::{
    codec::{Codec, FrameSink},
    error::Result,
    message::Message,
};

/// The bytes of the messages that were encoded into it.
#[derive(Debug, Default)]
pub(in crate::tests) struct Sink {
    /// All that was put.
    pub(in crate::tests) bytes: Vec<u8>,
    /// Bodies of the message at hand.
    bodies: usize,
}

impl Sink {
    /// Encodes one message. An encoder that fails must not have written anything, and none may
    /// put two bodies.
    pub(in crate::tests) fn encode(
        &mut self,
        codec: &mut Codec,
        message: &Message<'_>,
    ) -> Result<()> {
        let before = self.bytes.len();
        self.bodies = 0;
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
        self.bodies += 1;
        self.bytes.extend_from_slice(body);
    }
}
