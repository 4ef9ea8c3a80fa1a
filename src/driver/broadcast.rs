//! A one-way message for many: encoded once, and the same bytes for all of them.
//!
//! Must not know: who gets it.

use bytes::Bytes;

use crate::{
    codec::{Codec, native},
    config::{Format, Limits},
    error::Result,
    message::{Body, BodyKind, Hello, Message, Role, Trace, capability},
};

/// The message, as frames of the native format have it. Connections that can't use those bytes as
/// they are encode it themselves.
#[derive(Debug)]
pub struct Broadcast {
    topic: Box<str>,
    trace: Option<Box<Trace>>,
    kind: BodyKind,
    /// Where the payload begins in the frame.
    body_at: usize,
    frame: Bytes,
}

impl Broadcast {
    /// Encodes it.
    ///
    /// # Errors
    ///
    /// It is larger than `max_frame_bytes`, or its topic is too long.
    pub fn new(
        topic: &str,
        body: Body<'_>,
        trace: Option<Box<Trace>>,
        max_frame_bytes: u32,
    ) -> Result<Self> {
        let limits = Limits { max_frame_bytes, ..Limits::default() };
        let mut codec = Codec::new(Format::Shortwire, Role::Server, &limits);
        // Whether a receiver reads it is asked receiver by receiver.
        codec.meet(&Hello {
            version: native::VERSION,
            capabilities: capability::MESSAGE_PACK,
            max_frame_bytes,
            max_in_flight: 0,
            max_in_flight_bytes: 0,
        });
        let mut frame = Vec::with_capacity(HEAD_BYTES + topic.len() + body.data.len());
        let event = Message::Event { topic, body, trace: trace.clone() };
        codec.encode(&event, &mut frame)?;
        let body_at = frame.len() - body.data.len();
        Ok(Self { topic: topic.into(), trace, kind: body.kind, body_at, frame: frame.into() })
    }

    /// What it is about; empty for none.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// What a receiver must have said that it can do.
    pub const fn needs(&self) -> u32 {
        match self.kind {
            BodyKind::MessagePack => capability::MESSAGE_PACK,
            _ => 0,
        }
    }

    /// The payload.
    pub fn body(&self) -> Body<'_> {
        Body { kind: self.kind, data: self.frame.get(self.body_at..).unwrap_or_default() }
    }

    /// The payload's bytes, which all receivers may keep.
    pub fn shared_body(&self) -> Bytes {
        self.frame.slice(self.body_at..)
    }

    /// It, for a codec that makes bytes of its own.
    pub fn message(&self) -> Message<'_> {
        Message::Event { topic: &self.topic, body: self.body(), trace: self.trace.clone() }
    }

    /// The whole frame of the native format.
    pub const fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The length of a frame's content: what limits are about.
    pub fn content_bytes(&self) -> usize {
        self.frame.len() - native::HEADER_BYTES
    }
}

/// Room for a header and its extensions.
const HEAD_BYTES: usize = native::HEADER_BYTES + 32;
