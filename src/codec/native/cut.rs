//! Messages that leave in pieces, and what has to be known of one before it is cut.
//!
//! Must not know: where to cut, or why.

use super::{Extensions, NO_EXTENSIONS, Native, frame::kind, over};
use crate::{
    codec::{FrameSink, Piece, msgpack},
    error::{Error, Kind, Result},
    message::{Body, BodyKind, Message, Part, Request, capability},
};

impl Native {
    /// See [`super::Codec::encode_piece`].
    pub fn encode_piece(
        &mut self,
        message: &Message<'_>,
        piece: Piece,
        sink: &mut impl FrameSink,
    ) -> Result<()> {
        let mut extensions = Extensions { more: piece.more, ..NO_EXTENSIONS };
        let (kind, id, mut topic, body) = match message {
            Message::Request(Request { id, topic, body, deadline_ms, trace }) => {
                let trace = trace.as_deref();
                extensions = Extensions { deadline_ms: *deadline_ms, trace, more: piece.more };
                (kind::REQUEST, id.clone(), *topic, *body)
            }
            Message::Response { id, body } => (kind::RESPONSE, id.clone(), "", *body),
            Message::Event { topic, body, trace } => {
                extensions.trace = trace.as_deref();
                (kind::EVENT, piece.event.into(), *topic, *body)
            }
            Message::Stream { id, part: Part::Data(body) } => (kind::DATA, (*id).into(), "", *body),
            _ => return Err(Error::library(Kind::Internal, "can't be cut")),
        };
        if !piece.first {
            topic = "";
            extensions = Extensions { more: piece.more, ..NO_EXTENSIONS };
        }
        self.put_piece(kind, &id, topic, body, extensions, sink)
    }

    /// See [`super::Codec::check_length`].
    pub fn check_length(&self, length: usize) -> Result<()> {
        let limit = self.largest_sent();
        if length > limit as usize {
            return Err(Error::local(Kind::TooLarge, over(length as u64, limit)));
        }
        Ok(())
    }

    /// See [`super::Codec::check_body`].
    #[inline]
    pub fn check_body(&self, body: Body<'_>) -> Result<()> {
        if body.kind == BodyKind::MessagePack { self.check_packed(body.data) } else { Ok(()) }
    }

    /// Whether a payload of MessagePack can go to this peer, which would refuse what we refuse.
    fn check_packed(&self, data: &[u8]) -> Result<()> {
        if self.peer_capabilities & capability::MESSAGE_PACK == 0 {
            return Err(Error::local(Kind::Serialize, "the peer does not read MessagePack"));
        }
        self.check_length(data.len())?;
        let why = match msgpack::check(data, self.largest_sent() as usize) {
            Ok(()) => return Ok(()),
            Err(msgpack::Fault::TooHeavy) => {
                let why = "the payload has so many values that it would be over the limit as JSON";
                return Err(Error::local(Kind::TooLarge, why));
            }
            Err(msgpack::Fault::Unsound) => {
                "the payload is nested too deeply, or has something that can't travel: an Error, a \
                 RegExp, a BigInt of more than 8,192 bits"
            }
        };
        Err(Error::local(Kind::Serialize, why))
    }
}
