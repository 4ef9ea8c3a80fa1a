//! A one-way message for many: encoded once, and the same bytes for all of them.
//!
//! Must not know: who gets it.

use bytes::Bytes;

use crate::{
    codec::{Codec, native},
    config::{Format, Limits},
    error::Result,
    message::{Body, BodyKind, Message, Role},
};

/// The message, as frames of the native format have it. Connections that can't use those bytes as
/// they are encode it themselves.
#[derive(Debug)]
pub struct Broadcast {
    topic: Box<str>,
    kind: BodyKind,
    frame: Bytes,
}

impl Broadcast {
    /// Encodes it.
    ///
    /// # Errors
    ///
    /// It is larger than `max_frame_bytes`, or its topic is too long.
    pub fn new(topic: &str, body: Body<'_>, max_frame_bytes: u32) -> Result<Self> {
        let limits = Limits { max_frame_bytes, ..Limits::default() };
        let mut codec = Codec::new(Format::Shortwire, Role::Server, &limits);
        let mut frame = Vec::with_capacity(native::HEADER_BYTES + topic.len() + body.data.len());
        codec.encode(&Message::Event { topic, body }, &mut frame)?;
        Ok(Self { topic: topic.into(), kind: body.kind, frame: frame.into() })
    }

    /// What it is about; empty for none.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The payload.
    pub fn body(&self) -> Body<'_> {
        let start = native::HEADER_BYTES + self.topic.len();
        Body { kind: self.kind, data: self.frame.get(start..).unwrap_or_default() }
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
