//! Any bytes, in any portions, into a jftp codec of any generation, at either side. What comes out
//! can be sent again by the other side and arrives as the same message.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use shortwire::{
    codec::{
        Codec, Decoded,
        jftp::{Generation, Jftp},
    },
    error::Kind,
    message::{Body, BodyKind, Failure, Message, Role},
};

fuzz_target!(|data: &[u8]| {
    let [choice, seed, bytes @ ..] = data else { return };
    let (role, other) =
        if choice & 1 == 0 { (Role::Server, Role::Client) } else { (Role::Client, Role::Server) };
    let generation = match choice >> 1 & 3 {
        0 => Generation::A,
        1 => Generation::B,
        _ => Generation::D,
    };
    let digits = choice >> 3 & 15;
    let codec = |role| {
        let jftp = Jftp::new(generation, role, &support::limits());
        Codec::Jftp(jftp.with_header_digits(digits))
    };
    let mut sink = Vec::new();
    support::check(
        || codec(role),
        *seed,
        bytes,
        |message| {
            sink.clear();
            let pair;
            let sent = match message {
                Message::Failure { id, error: Failure::Body(body) } => {
                    pair = [b"null,", body.data].concat();
                    let error = Failure::Body(Body::json(&pair));
                    Message::Failure { id: id.clone(), error }
                }
                other => other.clone(),
            };
            match codec(other).encode(&sent, &mut sink) {
                Ok(()) => {
                    let mut codec = codec(role);
                    let Ok(Decoded::Message { consumed, message: same }) = codec.decode(&sink)
                    else {
                        panic!("{message:?} can't be read again");
                    };
                    let expected =
                        if generation == Generation::A { message.clone() } else { null(message) };
                    assert_eq!((consumed, same), (sink.len(), expected));
                }
                Err(error) => {
                    let expected = [Kind::Internal, Kind::TooLarge].contains(&error.kind());
                    assert!(expected && sink.is_empty(), "{message:?}: {error}");
                }
            }
        },
    );
});

/// What an array makes of a message without a payload.
fn null<'a>(message: &Message<'a>) -> Message<'a> {
    let mut message = message.clone();
    let body = match &mut message {
        Message::Request(request) => &mut request.body,
        Message::Response { body, .. } => body,
        _ => return message,
    };
    if body.kind == BodyKind::None {
        *body = Body::json(b"null");
    }
    message
}
