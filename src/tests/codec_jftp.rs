//! jftp's three generations against their vectors and random streams.

use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::support::{
    sink::Sink,
    wire::{Example, Outcome, Vector, decode_each, describe, feed},
};
use crate::{
    codec::{
        Codec, Decoded,
        jftp::{Generation, Jftp},
    },
    config::{Format, Limits},
    error::Kind,
    message::{Body, BodyKind, Comeback, Failure, Id, Malformed, Message, Request, Role},
};

const VECTORS: &str = include_str!("../../__test__/fixtures/wire/jftp.json");
const DESCRIPTION: &str = include_str!("../../docs/wire/jftp.md");

const GENERATIONS: [Generation; 3] = [Generation::A, Generation::B, Generation::D];
const HEADER_BYTES: usize = 15;

fn codec(generation: Generation, role: Role) -> Codec {
    Codec::Jftp(Jftp::new(generation, role, &Limits::default()))
}

fn generation(name: &str) -> Generation {
    match name {
        "A" => Generation::A,
        "B" => Generation::B,
        "D" => Generation::D,
        other => panic!("generation {other}"),
    }
}

/// The codec of the side that a vector's bytes come to, or that they come from.
fn codec_of(vector: &Vector, receives: bool) -> (Codec, usize) {
    let default = Limits::default();
    let number = |field: &str| vector.json[field].as_u64();
    let max_frame_bytes = number("maxFrameBytes").map_or(default.max_frame_bytes, |max| max as u32);
    let role = match (vector.text("role"), receives) {
        (Some("server"), true) | (Some("client"), false) => Role::Server,
        _ => Role::Client,
    };
    let limits = Limits { max_frame_bytes, ..default };
    let generation = generation(vector.text("generation").expect("a generation"));
    let jftp = Jftp::new(generation, role, &limits);
    let jftp = jftp.with_header_digits(number("headerDigits").unwrap_or(7) as u8);
    (Codec::Jftp(jftp), HEADER_BYTES + max_frame_bytes as usize)
}

#[test]
fn vectors_decode_in_any_portions() {
    for vector in Vector::read_all(VECTORS) {
        vector.check(|| codec_of(&vector, true));
    }
}

#[test]
fn vectors_encode_to_the_same_bytes() {
    for vector in Vector::read_all(VECTORS).iter().filter(|vector| vector.encodes()) {
        let name = vector.name();
        let (decoder, _) = codec_of(vector, true);
        let (mut encoder, _) = codec_of(vector, false);
        let mut sink = Sink::default();
        decode_each(decoder, &vector.bytes, |message| {
            let pair;
            let message = match message {
                // A failure carries the request's data back, which its receiver doesn't look at.
                Message::Failure { id, error: Failure::Body(error) } => {
                    let data = vector.text("requestData").expect("requestData");
                    pair = [data.as_bytes(), b",", error.data].concat();
                    let error = Failure::Body(Body::json(&pair));
                    &Message::Failure { id: id.clone(), error }
                }
                other => other,
            };
            sink.encode(&mut encoder, message).unwrap_or_else(|error| panic!("{name}: {error}"));
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sink.bytes, vector.bytes, "{name}");
    }
}

#[test]
fn examples_of_the_description_are_true() {
    let examples = Example::read_all(DESCRIPTION);
    for Example { label, bytes, messages } in &examples {
        let (name, role) = label.split_once(' ').expect("a generation and a side");
        let role = if role == "to-server" { Role::Server } else { Role::Client };
        let outcome = feed(codec(generation(name), role), 1000, bytes, &[bytes.len()]);
        assert_eq!(&outcome.messages, messages, "{label}");
        assert_eq!((outcome.error, outcome.left), (None, 0), "{label}");
    }
    assert!(examples.len() >= 4, "only {} examples were found", examples.len());
}

/// The text of the frame that a message becomes.
fn sent(generation: Generation, role: Role, message: &Message<'_>) -> Result<String, Kind> {
    let mut sink = Sink::default();
    let mut codec = codec(generation, role);
    sink.encode(&mut codec, message).map_err(|error| error.kind())?;
    let header = if generation == Generation::D { 7 } else { 4 };
    let text = sink.bytes.get(header..).unwrap_or_default().to_vec();
    Ok(String::from_utf8(text).expect("UTF-8"))
}

#[test]
fn a_failure_of_the_core_is_written_as_a_thrown_error() {
    let error = Failure::Kind { kind: Kind::NoHandler as u8, text: "nobody \"here\"\n" };
    let message = Message::Failure { id: Id::Number(7), error };
    let json = r#"{"code":"SHORTWIRE_ERR_NO_HANDLER","message":"nobody \"here\"\n"}"#;
    let written = |generation| sent(generation, Role::Server, &message).expect("a frame");
    assert_eq!(written(Generation::D), format!("[7,null,{json}]"));
    assert_eq!(written(Generation::B), format!("[7,null,{json}]"));
    assert_eq!(written(Generation::A), format!("{{\"id\":7,\"error\":{json}}}"));
}

#[test]
fn a_failure_of_an_unknown_kind_is_a_remote_one() {
    let message =
        Message::Failure { id: Id::Number(7), error: Failure::Kind { kind: 200, text: "" } };
    let text = sent(Generation::D, Role::Server, &message).expect("a frame");
    assert!(text.contains(Kind::Remote.code()), "{text}");
}

#[test]
fn a_failure_needs_two_values() {
    let failure =
        |pair| Message::Failure { id: Id::Number(7), error: Failure::Body(Body::json(pair)) };
    let written = |pair| sent(Generation::A, Role::Server, &failure(pair));
    assert_eq!(written(b"[1,\"}\"],{}").as_deref(), Ok(r#"{"id":7,"data":[1,"}"],"error":{}}"#));
    for pair in [&b"1"[..], b"", b"1,", b",1"] {
        assert_eq!(written(pair), Err(Kind::Internal), "{pair:?}");
    }
}

#[test]
fn nothing_is_undefined() {
    let none = Message::Response { id: Id::Number(1), body: Body::NONE };
    assert_eq!(sent(Generation::D, Role::Server, &none).as_deref(), Ok("[1,null]"));
    assert_eq!(sent(Generation::A, Role::Server, &none).as_deref(), Ok(r#"{"id":1}"#));
}

#[test]
fn what_jftp_has_no_words_for_is_unsupported() {
    let request = |topic, body| {
        Message::Request(Request { id: Id::Number(1), topic, body, deadline_ms: 5, trace: None })
    };
    let json = Body::json(b"1");
    let answer = Message::Response { id: Id::Number(1), body: json };
    let cases = [
        (Role::Client, request("topic", json)),
        (Role::Client, request("", Body::bytes(b"1"))),
        (Role::Client, request("", Body { kind: BodyKind::MessagePack, data: b"1" })),
        (Role::Server, request("", json)),
        (Role::Client, answer),
        (Role::Server, Message::Event { topic: "", body: json, trace: None }),
        (Role::Server, Message::Ping { token: 1 }),
        (Role::Client, Message::Pong { token: 1 }),
    ];
    for (role, message) in cases {
        for generation in GENERATIONS {
            let result = sent(generation, role, &message);
            assert_eq!(result, Err(Kind::Unsupported), "{message:?}");
        }
    }
}

#[test]
fn a_cancel_and_a_goodbye_are_not_said() {
    for message in [
        Message::Cancel { id: Id::Number(1) },
        Message::Goaway { reason: "bye", comeback: Comeback::Unsaid },
    ] {
        for generation in GENERATIONS {
            let mut sink = Sink::default();
            sink.encode(&mut codec(generation, Role::Client), &message).expect("nothing to say");
            assert!(sink.bytes.is_empty());
        }
    }
}

#[test]
fn the_largest_frame_is_that_of_the_original() {
    let cases = [
        (Generation::A, "{\"id\":1,\"data\":}".len(), 1024 * 1024),
        (Generation::B, "[1,]".len(), 1024 * 1024),
        (Generation::D, "[1,]".len(), 9_999_999),
    ];
    for (generation, envelope, limit) in cases {
        let data = vec![b'1'; limit - envelope + 1];
        let encode = |data| {
            let body = Body::json(data);
            let request =
                Request { id: Id::Number(1), topic: "", body, deadline_ms: 0, trace: None };
            let mut codec = codec(generation, Role::Client);
            Sink::default().encode(&mut codec, &Message::Request(request)).map_err(|e| e.kind())
        };
        assert_eq!(encode(&data[1..]), Ok(()), "{generation:?}");
        assert_eq!(encode(&data), Err(Kind::TooLarge), "{generation:?}");
    }
}

#[test]
fn the_width_of_a_header_has_bounds() {
    let jftp = Jftp::new(Generation::D, Role::Server, &Limits::default());
    for (digits, frame) in [(0, "0000005[1,2]"), (16, "0000005[1,2]"), (1, "5[1,2]")] {
        let decoded = jftp.with_header_digits(digits).decode(frame.as_bytes());
        let Ok(Decoded::Message { consumed, .. }) = decoded else {
            panic!("{digits}: {decoded:?}")
        };
        assert_eq!(consumed, frame.len());
    }
    let narrow = jftp.with_header_digits(1);
    let body = Body::json(b"1234567");
    let request = Message::Request(Request {
        id: Id::Number(1),
        topic: "",
        body,
        deadline_ms: 0,
        trace: None,
    });
    let mut client = Codec::Jftp(Jftp::new(Generation::D, Role::Client, &Limits::default()));
    assert!(Sink::default().encode(&mut client, &request).is_ok());
    let answer = Message::Response { id: Id::Number(1), body };
    let error = Sink::default().encode(&mut Codec::Jftp(narrow), &answer).expect_err("ten bytes");
    assert_eq!(error.kind(), Kind::TooLarge);
}

#[test]
fn formats_are_named() {
    let formats = [Format::JftpA, Format::JftpB, Format::JftpD];
    for (generation, format) in GENERATIONS.into_iter().zip(formats) {
        assert_eq!(codec(generation, Role::Client).format(), format);
        assert_eq!(Codec::new(format, Role::Client, &Limits::default()).format(), format);
    }
}

/// Any JSON value, as text.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        r#"[\[\]{},:"\\]{0,8}"#.prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 20, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,4}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    tree.prop_map(|value| value.to_string())
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![
        any::<u64>().prop_map(Id::Number),
        "[a-z0-9-]{1,12}".prop_map(|text| Id::Text(format!("\"{text}\"").into())),
    ]
}

fn any_generation() -> impl Strategy<Value = Generation> {
    proptest::sample::select(&GENERATIONS[..])
}

proptest! {
    #[test]
    fn any_portions_give_the_same_requests(
        generation in any_generation(),
        requests in vec((id(), value()), 0..8),
        portions in vec(1..60usize, 0..40),
    ) {
        let requests: Vec<_> = requests
            .iter()
            .map(|(id, value)| {
                let (id, body) = (id.clone(), Body::json(value.as_bytes()));
                Message::Request(Request { id, topic: "", body, deadline_ms: 0, trace: None })
            })
            .collect();
        let mut client = codec(generation, Role::Client);
        let mut sink = Sink::default();
        for request in &requests {
            sink.encode(&mut client, request).expect("a request");
        }
        let portions: Vec<_> = portions.into_iter().chain([sink.bytes.len()]).collect();
        let server = codec(generation, Role::Server);
        let outcome = feed(server, 20 << 20, &sink.bytes, &portions);
        let messages = requests.iter().map(describe).collect();
        prop_assert_eq!(outcome, Outcome { messages, error: None, left: 0 });
    }

    #[test]
    fn answers_and_errors_arrive(
        generation in any_generation(), id in id(), data in value(), error in value(),
    ) {
        let pair = format!("{data},{error}");
        let failure = Failure::Body(Body::json(pair.as_bytes()));
        let mut server = codec(generation, Role::Server);
        let mut sink = Sink::default();
        let response = Message::Response { id: id.clone(), body: Body::json(data.as_bytes()) };
        sink.encode(&mut server, &response).expect("an answer");
        sink.encode(&mut server, &Message::Failure { id: id.clone(), error: failure })
            .expect("an error");
        // A thrown null looks like a success with the request's data.
        let second = if error == "null" {
            response.clone()
        } else {
            Message::Failure { id, error: Failure::Body(Body::json(error.as_bytes())) }
        };
        let client = codec(generation, Role::Client);
        let outcome = feed(client, 20 << 20, &sink.bytes, &[sink.bytes.len()]);
        prop_assert_eq!(outcome.messages, vec![describe(&response), describe(&second)]);
    }

    #[test]
    fn a_payload_never_becomes_its_neighbour(
        generation in any_generation(), text in r#"[\[\]{},:"\\ 12a]{0,12}"#,
    ) {
        // Whatever is written in the data's place, it comes out as it went in, or not at all, and
        // the message behind it is untouched.
        let id = Id::Number(1);
        let frame = |data: &[u8]| {
            let body = Body::json(data);
            let mut sink = Sink::default();
            let request = Request { id: id.clone(), topic: "", body, deadline_ms: 0, trace: None };
            let mut client = codec(generation, Role::Client);
            sink.encode(&mut client, &Message::Request(request)).expect("a request");
            sink.bytes
        };
        let bytes = [frame(text.as_bytes()), frame(b"\"next\"")].concat();
        let mut outcome = feed(codec(generation, Role::Server), 20 << 20, &bytes, &[bytes.len()]);
        let next = outcome.messages.pop().expect("the next message");
        prop_assert_eq!(&next["body"]["json"], "\"next\"");
        prop_assert_eq!(outcome.messages.len(), 1);
        if serde_json::from_str::<Value>(&text).is_ok() {
            prop_assert_eq!(&outcome.messages[0]["body"]["json"], text.trim());
        }
    }

    #[test]
    fn random_bytes_are_survived(
        generation in any_generation(),
        server in any::<bool>(),
        bytes in vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"0123[]{},:\"\\"[..])], 0..300),
        portion in 1..300usize,
    ) {
        let role = if server { Role::Server } else { Role::Client };
        let limits = Limits { max_frame_bytes: 4096, ..Limits::default() };
        let codec = Codec::Jftp(Jftp::new(generation, role, &limits));
        feed(codec, HEADER_BYTES + 4096, &bytes, &vec![portion; bytes.len().div_ceil(portion)]);
    }

    #[test]
    fn random_text_in_a_frame_is_survived(
        generation in any_generation(), text in r#"[\[{]?["id1, :\[\]{}\\taerorx]{0,40}"#,
    ) {
        let header = match generation {
            Generation::D => format!("{:07}", text.len()).into_bytes(),
            Generation::A | Generation::B => (text.len() as u32).to_be_bytes().to_vec(),
        };
        let bytes = [header, text.clone().into_bytes()].concat();
        for role in [Role::Server, Role::Client] {
            let outcome = feed(codec(generation, role), 20 << 20, &bytes, &[bytes.len()]);
            prop_assert_eq!((outcome.messages.len(), outcome.error), (1, None));
            let valid = serde_json::from_str::<Value>(&text);
            if outcome.messages[0]["kind"] == "malformed" && let Ok(value) = valid {
                // Only what has no id may be refused although it is JSON.
                let id = if generation == Generation::A { &value["id"] } else { &value[0] };
                prop_assert!(id.is_null(), "{text}");
            }
        }
    }
}

#[test]
fn a_request_that_cannot_be_read_is_told_from_an_answer() {
    for (role, of) in [
        (Role::Server, Malformed::Request(Id::Number(1))),
        (Role::Client, Malformed::Response(Id::Number(1))),
    ] {
        let mut codec = codec(Generation::D, role);
        let Ok(Decoded::Message { message: Message::Malformed { of: found, why }, .. }) =
            codec.decode(b"0000003[1,")
        else {
            panic!("a malformed message")
        };
        assert_eq!(found, of);
        assert!(!why.is_empty());
    }
}
