//! The frames of streams against their vectors.

use super::support::{
    sink::Sink,
    wire::{Vector, decode_each},
};
use crate::{
    codec::{
        Codec,
        native::{HEADER_BYTES, VERSION},
    },
    config::{Format, Limits},
    message::{Hello, Message, Role, capability},
};

const VECTORS: &str = include_str!("../../__test__/fixtures/wire/shortwire-streams.json");

/// A codec that has had the preface of a peer with streams, unless the vector says otherwise; and
/// the most it may ask for.
fn greeted(vector: &Vector) -> (Codec, usize) {
    let limits = Limits::default();
    let default = u64::from(capability::STREAMS);
    let hello = Hello {
        version: VERSION,
        capabilities: vector.json["capabilities"].as_u64().unwrap_or(default) as u32,
        max_frame_bytes: limits.max_frame_bytes,
        max_in_flight: limits.max_in_flight,
        max_in_flight_bytes: limits.max_in_flight_bytes,
    };
    let mut codec = Codec::new(Format::Shortwire, Role::Server, &limits);
    let mut preface = Sink::default();
    preface.encode(&mut codec, &Message::Hello(hello)).expect("a preface");
    codec.decode(&preface.bytes).expect("a preface");
    codec.meet(&hello);
    (codec, HEADER_BYTES + limits.max_frame_bytes as usize)
}

#[test]
fn vectors_of_streams_decode_in_any_portions() {
    for vector in Vector::read_all(VECTORS) {
        vector.check(|| greeted(&vector));
    }
}

#[test]
fn vectors_of_streams_encode_to_the_same_bytes() {
    for vector in Vector::read_all(VECTORS).iter().filter(|vector| vector.encodes()) {
        let (name, mut sink) = (vector.name(), Sink::default());
        let (mut encoder, _) = greeted(vector);
        decode_each(greeted(vector).0, &vector.bytes, |message| {
            sink.encode(&mut encoder, message).unwrap_or_else(|error| panic!("{name}: {error}"));
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sink.bytes, vector.bytes, "{name}");
    }
}
