//! What the application gets to see of a message: which record, which topic, which body.
//!
//! Must not know: the session's reasons, how a batch is made.

use crate::{
    driver::batch::{self, Record, kind},
    error::Kind,
    message::{Body, BodyKind, Failure, Message, Part},
    session::Event,
};

/// What of a message the application gets to see.
#[inline]
pub(super) fn delivery<'a, 'b>(
    event: &Event,
    message: &'b Message<'a>,
) -> Option<(Record, &'b str, Body<'a>)> {
    Some(match (event, message) {
        (Event::Request(token), Message::Request(request)) => {
            let extra = request.deadline_ms;
            (Record { kind: kind::REQUEST, subject: *token, extra }, request.topic, request.body)
        }
        (Event::Settle(slot), Message::Response { body, .. }) => {
            (Record { kind: kind::RESPONSE, subject: *slot, extra: 0 }, "", *body)
        }
        (Event::Message, Message::Event { topic, body, .. }) => {
            (Record { kind: kind::MESSAGE, subject: 0, extra: 0 }, *topic, *body)
        }
        _ => return rest(event, message),
    })
}

/// Of those that are rarer: out of the way of calls and messages.
#[inline(never)]
fn rest<'a, 'b>(event: &Event, message: &'b Message<'a>) -> Option<(Record, &'b str, Body<'a>)> {
    Some(match (event, message) {
        (Event::Settle(slot), Message::Failure { error, .. }) => match *error {
            Failure::Body(body) => {
                (Record { kind: kind::FAILURE, subject: *slot, extra: 0 }, "", body)
            }
            Failure::Kind { kind, text } => {
                let extra = refused(kind);
                let body = Body { kind: BodyKind::None, data: text.as_bytes() };
                (Record { kind: kind::FAILED, subject: *slot, extra }, "", body)
            }
        },
        (Event::Decide, Message::Greeting { body }) => {
            (Record { kind: kind::HELLO, subject: 0, extra: 0 }, "", *body)
        }
        (Event::Data(number, cost), Message::Stream { part: Part::Data(body), .. }) => {
            (Record { kind: kind::DATA, subject: *number, extra: *cost }, "", *body)
        }
        (Event::Opened(number), Message::Stream { part, .. }) => {
            let Part::Open { topic, body, settings, .. } = *part else { return None };
            (Record { kind: kind::OPEN, subject: *number, extra: settings }, topic, body)
        }
        (Event::Reset(number), Message::Stream { part: Part::Reset(error), .. }) => match *error {
            Failure::Body(body) => {
                (Record { kind: kind::RESET, subject: *number, extra: 0 }, "", body)
            }
            Failure::Kind { kind, text } => {
                let extra = refused(kind);
                let body = Body { kind: BodyKind::None, data: text.as_bytes() };
                (Record { kind: kind::RESET, subject: *number, extra }, "", body)
            }
        },
        _ => return None,
    })
}

/// The last word of a failure of the peer's library. One that leaves or has enough begins nothing.
fn refused(kind: u8) -> u32 {
    let untouched = kind == Kind::Closed as u8 || kind == Kind::Overflow as u8;
    u32::from(kind) | if untouched { 0 } else { batch::MAYBE_DELIVERED }
}
