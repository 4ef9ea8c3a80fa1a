//! Any bytes, in any portions, into a native codec. What comes out can be sent again and arrives as
//! the same message.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use shortwire::{
    codec::{Codec, Decoded},
    config::Format,
    error::Kind,
    message::{Hello, Message, Role},
};

fuzz_target!(|data: &[u8]| {
    let [choice, seed, bytes @ ..] = data else { return };
    let role = if choice & 1 == 0 { Role::Client } else { Role::Server };
    let fresh = || Codec::new(Format::Shortwire, role, &support::limits());
    let greeted = || {
        let mut codec = fresh();
        let mut preface = Vec::new();
        codec.encode(&Message::Hello(HELLO), &mut preface).expect("a preface");
        codec.decode(&preface).expect("a preface");
        // Streams are unknown kinds otherwise.
        codec.meet(&HELLO);
        codec
    };
    let (mut again, mut sink) = (greeted(), Vec::new());
    let each = |message: &Message<'_>| {
        sink.clear();
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

const HELLO: Hello = Hello {
    version: 1,
    capabilities: 1,
    max_frame_bytes: u32::MAX,
    max_in_flight: 1,
    max_in_flight_bytes: 1,
};
