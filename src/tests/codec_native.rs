//! The native format against its vectors, its specification and random streams.

use proptest::{collection::vec, prelude::*};

use super::support::{
    sink::Sink,
    wire::{Example, Outcome, Vector, decode_each, describe, feed},
};
use crate::{
    codec::{
        Codec, Decoded,
        native::{HEADER_BYTES, MAX_CONTROL_BYTES, MAX_PREFACE_BYTES, MIN_PIECE_BYTES, VERSION},
    },
    config::{Format, Limits},
    error::Kind,
    message::{
        Body, BodyKind, Comeback, Failure, Hello, Id, Message, Request, Role, TRACE_BYTES, Trace,
        capability,
    },
};

const VECTORS: &str = include_str!("../../__test__/fixtures/wire/shortwire.json");
/// How many kinds of messages are generated, and which of them is the event.
const KINDS: u8 = 12;
const EVENT: u8 = 3;
const SPECIFICATION: &str = include_str!("../../docs/wire/shortwire.md");

fn limits(max_frame_bytes: u32) -> Limits {
    Limits { max_frame_bytes, ..Limits::default() }
}

fn hello_with(capabilities: u32) -> Hello {
    let Limits { max_frame_bytes, max_in_flight, max_in_flight_bytes, .. } = Limits::default();
    let version = VERSION;
    Hello { version, capabilities, max_frame_bytes, max_in_flight, max_in_flight_bytes }
}

fn hello() -> Message<'static> {
    Message::Hello(hello_with(capability::MESSAGE_PACK))
}

/// A codec that has had the peer's preface, and the most it may ask for.
fn greeted(max_frame_bytes: u32) -> (Codec, usize) {
    let mut codec = Codec::new(Format::Shortwire, Role::Server, &limits(max_frame_bytes));
    let mut preface = Sink::default();
    preface.encode(&mut codec, &hello()).expect("a preface");
    let decoded = codec.decode(&preface.bytes).expect("a preface");
    let Decoded::Message { message: Message::Hello(hello), .. } = decoded else {
        panic!("a preface: {decoded:?}");
    };
    codec.meet(&Hello { max_frame_bytes: u32::MAX, ..hello });
    (codec, HEADER_BYTES + max_frame_bytes as usize)
}

fn codec_of(vector: &Vector) -> (Codec, usize) {
    let default = u64::from(Limits::default().max_frame_bytes);
    let max = vector.json["maxFrameBytes"].as_u64().unwrap_or(default) as u32;
    if vector.json["preface"] == true {
        let codec = Codec::new(Format::Shortwire, Role::Server, &limits(max));
        return (codec, MAX_PREFACE_BYTES.max(HEADER_BYTES + max as usize));
    }
    greeted(max)
}

#[test]
fn vectors_decode_in_any_portions() {
    for vector in Vector::read_all(VECTORS) {
        if vector.json["long"] == true {
            let (codec, limit) = codec_of(&vector);
            let outcome = feed(codec, limit, &vector.bytes, &[vector.bytes.len()]);
            assert_eq!(outcome.messages, vector.messages, "{}", vector.name());
            assert_eq!(outcome.error, vector.text("error"), "{}", vector.name());
        } else {
            vector.check(|| codec_of(&vector));
        }
    }
}

#[test]
fn vectors_encode_to_the_same_bytes() {
    for vector in Vector::read_all(VECTORS).iter().filter(|vector| vector.encodes()) {
        let name = vector.name();
        let (mut encoder, _) = greeted(Limits::default().max_frame_bytes);
        let mut sink = Sink::default();
        let (decoder, _) = codec_of(vector);
        decode_each(decoder, &vector.bytes, |message| {
            sink.encode(&mut encoder, message).unwrap_or_else(|error| panic!("{name}: {error}"));
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sink.bytes, vector.bytes, "{name}");
    }
}

#[test]
fn examples_of_the_specification_are_true() {
    let examples = Example::read_all(SPECIFICATION);
    for Example { label, bytes, messages } in &examples {
        let (codec, limit) = if label.contains("preface") {
            let codec = Codec::new(Format::Shortwire, Role::Server, &Limits::default());
            (codec, MAX_PREFACE_BYTES)
        } else {
            let (mut codec, limit) = greeted(Limits::default().max_frame_bytes);
            // Once both have said hello, that is behind them.
            let greets = ["hello", "welcome", "refused"].contains(&label.as_str());
            codec.meet(&hello_with(if greets { u32::MAX } else { !capability::HELLO }));
            (codec, limit)
        };
        let outcome = feed(codec, limit, bytes, &[bytes.len()]);
        assert_eq!(&outcome.messages, messages, "{label}");
        assert_eq!((outcome.error, outcome.left), (None, 0), "{label}");
    }
    assert!(examples.len() >= 8, "only {} examples were found", examples.len());
}

#[test]
fn a_peers_limit_binds_what_is_sent() {
    let (mut codec, _) = greeted(1 << 20);
    codec.meet(&Hello {
        version: VERSION,
        capabilities: 0,
        max_frame_bytes: 10,
        max_in_flight: 1,
        max_in_flight_bytes: 1,
    });
    let mut sink = Sink::default();
    let message = |data| Message::Response { id: Id::Number(1), body: Body::json(data) };
    sink.encode(&mut codec, &message(b"1234567890")).expect("a message at the limit");
    let error = sink.encode(&mut codec, &message(b"12345678901")).expect_err("one over it");
    assert_eq!(error.kind(), Kind::TooLarge);
}

#[test]
fn a_topic_counts_towards_the_limit() {
    let (mut codec, _) = greeted(10);
    let topic = "a.topic";
    let mut encode = |data, deadline_ms| {
        let body = Body::json(data);
        let request = Request { id: Id::Number(1), topic, body, deadline_ms, trace: None };
        Sink::default().encode(&mut codec, &Message::Request(request)).map_err(|e| e.kind())
    };
    assert_eq!(encode(b"123", 0), Ok(()));
    assert_eq!(encode(b"1234", 0), Err(Kind::TooLarge));
    assert_eq!(encode(b"1", 1), Err(Kind::TooLarge));
}

#[test]
fn a_topic_has_at_most_65535_bytes() {
    let (mut codec, _) = greeted(1 << 20);
    let topic = "t".repeat(65_536);
    for (topic, expected) in [(&topic[1..], None), (&topic[..], Some(Kind::TooLarge))] {
        let message = Message::Event { topic, body: Body::NONE, trace: None };
        let result = Sink::default().encode(&mut codec, &message);
        assert_eq!(result.err().map(|error| error.kind()), expected);
    }
}

#[test]
fn a_long_goodbye_is_cut_at_a_character() {
    let (mut codec, _) = greeted(1 << 20);
    let reason = format!("{}é", "a".repeat(MAX_CONTROL_BYTES as usize - 1));
    let mut sink = Sink::default();
    sink.encode(&mut codec, &Message::Goaway { reason: &reason, comeback: Comeback::Unsaid })
        .expect("a goaway");
    assert_eq!(sink.bytes.len(), HEADER_BYTES + MAX_CONTROL_BYTES as usize - 1);
    let outcome = feed(codec, HEADER_BYTES + 1024, &sink.bytes, &[sink.bytes.len()]);
    assert_eq!(outcome.messages[0]["reason"], reason[..reason.len() - 2]);
}

#[test]
fn what_the_format_has_no_words_for_is_not_sent() {
    let (mut codec, _) = greeted(1 << 20);
    let id = Id::Text("\"a\"".into());
    let bytes = Failure::Body(Body::bytes(b"\x01"));
    let messages = [
        Message::Response { id, body: Body::NONE },
        Message::Failure { id: Id::Number(1), error: bytes },
        Message::Malformed { of: crate::message::Malformed::Other, why: "" },
    ];
    for message in messages {
        let error = Sink::default().encode(&mut codec, &message).expect_err("no words");
        assert_eq!(error.kind(), Kind::Internal);
    }
}

#[test]
fn a_second_preface_is_not_a_frame() {
    let (mut codec, limit) = greeted(16 << 20);
    let mut preface = Sink::default();
    preface.encode(&mut codec, &hello()).expect("a preface");
    let outcome = feed(codec, limit, &preface.bytes, &[preface.bytes.len()]);
    assert_eq!(outcome.error, Some(Kind::TooLarge.code()));
}

/// A message that owns its parts.
#[derive(Debug, Clone)]
struct Owned {
    kind: u8,
    id: u64,
    topic: String,
    body: (BodyKind, Vec<u8>),
    deadline_ms: u32,
    trace: Option<Box<Trace>>,
}

impl Owned {
    fn message(&self) -> Message<'_> {
        let Self { kind, id, topic, body: (body_kind, data), deadline_ms, trace } = self;
        let (id, topic, deadline_ms) = (Id::Number(*id), topic.as_str(), *deadline_ms);
        let (body, trace) = (Body { kind: *body_kind, data }, trace.clone());
        match kind % KINDS {
            0 => Message::Request(Request { id, topic, body, deadline_ms, trace }),
            1 => Message::Response { id, body },
            2 if body.kind == BodyKind::Bytes => {
                Message::Failure { id, error: Failure::Kind { kind: *kind, text: topic } }
            }
            2 => Message::Failure { id, error: Failure::Body(body) },
            3 => Message::Event { topic, body, trace },
            4 => Message::Cancel { id },
            5 => Message::Ping { token: self.id },
            6 => Message::Pong { token: self.id },
            7 => Message::Goaway { reason: topic, comeback: Comeback::from_number(self.id % 3) },
            8 if topic.len() <= 1024 => Message::Welcome { id: topic },
            9 => Message::Refused { reason: topic },
            10 if body.data.len() <= 65_536 => Message::Greeting { body },
            _ => Message::Response { id, body: Body::NONE },
        }
    }
}

fn message() -> impl Strategy<Value = Owned> {
    let body = prop_oneof![
        Just((BodyKind::None, Vec::new())),
        "\\PC{0,40}".prop_map(|text| (BodyKind::Json, text.into_bytes())),
        vec(any::<u8>(), 0..40).prop_map(|data| (BodyKind::Bytes, data)),
        vec(any::<u8>(), 1024..5000).prop_map(|data| (BodyKind::MessagePack, packed(&data))),
    ];
    let trace = any::<Option<[u8; TRACE_BYTES]>>();
    let parts = (any::<u8>(), any::<u64>(), "\\PC{0,10}", body, any::<u32>(), trace);
    parts.prop_map(|(kind, id, topic, body, deadline_ms, trace)| Owned {
        kind,
        id,
        topic,
        body,
        deadline_ms,
        trace: trace.as_ref().and_then(Trace::from_bytes).map(Box::new),
    })
}

/// Bytes as a value of MessagePack.
fn packed(data: &[u8]) -> Vec<u8> {
    [&[0xc5][..], &(data.len() as u16).to_be_bytes(), data].concat()
}

/// Cuts a frame into pieces where its kind allows it.
fn cut(frame: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, content) = frame.split_at(HEADER_BYTES);
    let size =
        size.max(MIN_PIECE_BYTES + usize::from(header[2]) + usize::from(header[3]) * 256 + 30);
    if header[0] > 4 || content.len() <= size {
        return vec![frame.to_vec()];
    }
    let last = content.len().div_ceil(size) - 1;
    let pieces = content.chunks(size).enumerate().map(|(at, piece)| {
        let mut cut = header.to_vec();
        cut[4..8].copy_from_slice(&(piece.len() as u32).to_le_bytes());
        if at > 0 {
            cut[1] &= 0b0000_0011;
            cut[2..4].fill(0);
        }
        cut[1] |= if at < last { 0b0000_0100 } else { 0 };
        cut.extend_from_slice(piece);
        cut
    });
    pieces.collect()
}

fn encode(message: &Message<'_>) -> Vec<u8> {
    let (mut codec, _) = greeted(1 << 20);
    let mut sink = Sink::default();
    sink.encode(&mut codec, message).expect("an honest message");
    sink.bytes
}

proptest! {
    #[test]
    fn any_portions_give_the_same_messages(
        messages in vec(message(), 0..12),
        portions in vec(1..700usize, 0..40),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|owned| encode(&owned.message())).collect();
        let expected: Vec<_> = messages.iter().map(|owned| describe(&owned.message())).collect();
        let portions: Vec<_> = portions.into_iter().chain([bytes.len()]).collect();
        let (codec, limit) = greeted(1 << 20);
        let outcome = feed(codec, limit, &bytes, &portions);
        prop_assert_eq!(outcome, Outcome { messages: expected, error: None, left: 0 });
    }

    #[test]
    fn cut_messages_come_out_whole(
        first in message(), second in message(), size in 1024..3000usize, portion in 1..2000usize,
    ) {
        // Two streams of pieces, taken in turn; the same id would make them one.
        let mut frames = [first.clone(), second.clone()]
            .map(|owned| cut(&encode(&owned.message()), size).into_iter());
        prop_assume!(first.id != second.id && first.kind % KINDS != EVENT);
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        while !frames.iter().all(|frames| frames.len() == 0) {
            for (at, frames) in frames.iter_mut().enumerate() {
                if let Some(frame) = frames.next() {
                    bytes.extend(frame);
                    if frames.len() == 0 {
                        ends.push(at);
                    }
                }
            }
        }
        let owned = [first, second];
        let expected: Vec<_> = ends.iter().map(|&at| describe(&owned[at].message())).collect();
        let portions = vec![portion; bytes.len().div_ceil(portion)];
        let (codec, limit) = greeted(1 << 20);
        let outcome = feed(codec, limit, &bytes, &portions);
        prop_assert_eq!(outcome, Outcome { messages: expected, error: None, left: 0 });
    }

    #[test]
    fn random_bytes_are_survived(
        bytes in vec(any::<u8>(), 0..300), portion in 1..300usize, said_hello in any::<bool>(),
    ) {
        let (codec, limit) = if said_hello {
            greeted(4096)
        } else {
            let codec = Codec::new(Format::Shortwire, Role::Client, &limits(4096));
            (codec, HEADER_BYTES + 4096)
        };
        feed(codec, limit, &bytes, &vec![portion; bytes.len().div_ceil(portion)]);
    }

    #[test]
    fn random_frames_are_survived(
        frames in vec((0..12u8, any::<u8>(), 0..6u16, 0..3u64, vec(any::<u8>(), 0..2100)), 0..20),
        portion in 1..3000usize,
    ) {
        let mut bytes = Vec::new();
        for (kind, flags, topic_len, id, content) in frames {
            bytes.extend([kind, flags & 0b0001_1111]);
            bytes.extend(topic_len.to_le_bytes());
            bytes.extend((content.len() as u32).to_le_bytes());
            bytes.extend(id.to_le_bytes());
            bytes.extend(content);
        }
        let (codec, limit) = greeted(8192);
        let whole = feed(codec, limit, &bytes, &[bytes.len()]);
        let (codec, limit) = greeted(8192);
        let portions = vec![portion; bytes.len().div_ceil(portion)];
        let split = feed(codec, limit, &bytes, &portions);
        prop_assert_eq!((whole.messages, whole.error), (split.messages, split.error));
    }
}

#[test]
fn a_decoder_keeps_no_large_message_while_nothing_arrives() {
    let (mut codec, _) = greeted(1 << 24);
    let large = vec![b' '; 1 << 20];
    let frame = encode_large(&large);
    let Ok(Decoded::Skip { consumed }) = codec.decode(&frame) else { panic!("a piece") };
    let Ok(Decoded::Message { .. }) = codec.decode(&frame[consumed..]) else { panic!("a message") };
    assert!(format!("{codec:?}").len() > large.len(), "the message lives until the next call");
    assert_eq!(codec.decode(&[]).expect("nothing"), Decoded::Incomplete { needed: HEADER_BYTES });
    assert!(format!("{codec:?}").len() < 1000);
}

/// A message in two pieces, the second empty.
fn encode_large(data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![4, 1 | 4, 0, 0];
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(data);
    bytes.extend([4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}
