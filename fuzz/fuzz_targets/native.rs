//! Any bytes, in any portions, into a native codec. What comes out can be sent again and arrives as
//! the same message.
//!
//! Bits of the choice: 1, the client's side; 2, no preface has passed; 4, a greeting comes first;
//! 8, the peer has neither streams nor UTF-16 nor MessagePack.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use shortwire::{
    codec::{Codec, Decoded},
    config::Format,
    error::Kind,
    message::{BodyKind, Hello, Message, Role, capability},
};

fuzz_target!(|data: &[u8]| {
    let [choice, seed, bytes @ ..] = data else { return };
    let role = if choice & 1 == 0 { Role::Client } else { Role::Server };
    let mut capabilities = if choice & 8 == 0 { ALL } else { 0 };
    if choice & 4 != 0 {
        capabilities |= capability::HELLO;
    }
    let hello = Hello { capabilities, ..HELLO };
    let fresh = || Codec::new(Format::Shortwire, role, &support::limits());
    let greeted = || {
        let mut codec = fresh();
        let mut preface = Vec::new();
        codec.encode(&Message::Hello(hello), &mut preface).expect("a preface");
        codec.decode(&preface).expect("a preface");
        codec.meet(&hello);
        codec
    };
    let (mut again, mut sink) = (greeted(), Vec::new());
    let each = |message: &Message<'_>| {
        sink.clear();
        // Whoever doesn't read an encoding is sent another or none; and nothing passes twice of what
        // is said at first.
        let strange = matches!(kind_of(message), Some(BodyKind::WideJson | BodyKind::MessagePack));
        if (strange && choice & 8 != 0) || choice & 4 != 0 {
            return;
        }
        match again.encode(message, &mut sink) {
            Ok(()) if !matches!(message, Message::Hello(_)) => {
                let Ok(Decoded::Message { consumed, message: same }) = again.decode(&sink) else {
                    panic!("{message:?} can't be read again");
                };
                assert_eq!((consumed, &same), (sink.len(), message));
            }
            Ok(()) => {}
            Err(error) => {
                let expected = [Kind::Internal, Kind::TooLarge].contains(&error.kind());
                assert!(expected && sink.is_empty(), "{message:?}: {error}");
            }
        }
    };
    if choice & 2 == 0 {
        support::check(greeted, *seed, bytes, each);
    } else {
        support::check(fresh, *seed, bytes, each);
    }
});

fn kind_of(message: &Message<'_>) -> Option<BodyKind> {
    support::body_of(message).map(|body| body.kind)
}

const ALL: u32 = capability::STREAMS | capability::WIDE | capability::MESSAGE_PACK;
const HELLO: Hello = Hello {
    version: 1,
    capabilities: 0,
    max_frame_bytes: u32::MAX,
    max_in_flight: 1,
    max_in_flight_bytes: 1,
};
