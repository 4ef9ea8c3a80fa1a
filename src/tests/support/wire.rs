//! Reads the wire vectors, feeds bytes to a codec in any portions, and puts what came out into the
//! words of the vectors.
//!
//! The files (`__test__/fixtures/wire/*.json`) are read by the JavaScript tests too. In them, bytes
//! are hex with spaces anywhere, and `61*1024` stands for 1,024 times 0x61. Texts may be
//! `{"repeat": "a", "times": 3}` or a list of such parts. Ids are strings, as JavaScript can't hold
//! all of them as numbers.

use serde_json::{Value, json};

use crate::{
    codec::{Codec, Decoded},
    error::Error,
    message::{Body, BodyKind, Comeback, Failure, Id, Malformed, Message, Part, Trace},
};

/// What came of some bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::tests) struct Outcome {
    /// The messages, described.
    pub(in crate::tests) messages: Vec<Value>,
    /// The code of the error that ended it.
    pub(in crate::tests) error: Option<&'static str>,
    /// Bytes that were left over, waiting for more.
    pub(in crate::tests) left: usize,
}

/// One vector: a name, bytes, and what they mean.
#[derive(Debug)]
pub(in crate::tests) struct Vector {
    /// As it stands in the file.
    pub(in crate::tests) json: Value,
    /// The bytes, unfolded.
    pub(in crate::tests) bytes: Vec<u8>,
    /// The messages, unfolded.
    pub(in crate::tests) messages: Vec<Value>,
}

impl Vector {
    /// The vectors of a file.
    pub(in crate::tests) fn read_all(file: &str) -> Vec<Self> {
        let file: Value = serde_json::from_str(file).expect("valid JSON");
        let vectors = file["vectors"].as_array().expect("vectors").iter();
        vectors.map(|vector| Self::read(vector.clone())).collect()
    }

    fn read(json: Value) -> Self {
        let bytes = unhex(json["hex"].as_str().expect("hex"));
        let messages = json["messages"].as_array().cloned().unwrap_or_default();
        let messages = messages.into_iter().map(unfold).collect();
        Self { json, bytes, messages }
    }

    /// Its name, for messages of failed tests.
    pub(in crate::tests) fn name(&self) -> &str {
        self.text("name").expect("a name")
    }

    /// A field that is text.
    pub(in crate::tests) fn text(&self, field: &str) -> Option<&str> {
        self.json[field].as_str()
    }

    /// Whether its messages, encoded, are its bytes.
    pub(in crate::tests) fn encodes(&self) -> bool {
        self.json["encodes"].as_bool().unwrap_or_else(|| self.text("error").is_none())
    }

    /// Checks the vector whole, byte by byte, and split at every offset, each with a new codec.
    pub(in crate::tests) fn check(&self, codec: impl Fn() -> (Codec, usize)) {
        let whole = self.bytes.len();
        let ones = vec![1; whole];
        let mut portions = vec![vec![whole], ones];
        portions.extend((1..whole).map(|at| vec![at, whole - at]));
        for portions in portions {
            let (codec, limit) = codec();
            let outcome = feed(codec, limit, &self.bytes, &portions);
            let place = format!("{} in portions of {portions:?}", self.name());
            assert_eq!(outcome.messages, self.messages, "{place}");
            assert_eq!(outcome.error, self.text("error"), "{place}");
            if outcome.error.is_none() {
                let left = self.json["incomplete"].as_u64().unwrap_or_default();
                assert_eq!(outcome.left as u64, left, "bytes left over: {place}");
            }
        }
    }
}

/// An example in a document: bytes in a block marked `hex`, and a block marked `json` that says what
/// they mean. What follows a semicolon is a comment.
#[derive(Debug)]
pub(in crate::tests) struct Example {
    /// What stands behind `hex`.
    pub(in crate::tests) label: String,
    /// The bytes.
    pub(in crate::tests) bytes: Vec<u8>,
    /// The messages.
    pub(in crate::tests) messages: Vec<Value>,
}

impl Example {
    /// The examples of a document.
    pub(in crate::tests) fn read_all(document: &str) -> Vec<Self> {
        document.split("\n```hex ").skip(1).map(Self::read).collect()
    }

    fn read(text: &str) -> Self {
        let (hex, after) = text.split_once("\n```").expect("the end of the bytes");
        let mut lines = hex.lines();
        let label = lines.next().expect("a label").to_owned();
        let hex: Vec<_> = lines.filter_map(|line| line.split(';').next()).collect();
        let (_, json) = after.split_once("\n```json\n").expect("what the bytes mean");
        let (json, _) = json.split_once("\n```").expect("the end of what they mean");
        let messages: Vec<Value> = serde_json::from_str(json).expect("JSON");
        let messages = messages.into_iter().map(unfold).collect();
        Self { label, bytes: unhex(&hex.join(" ")), messages }
    }
}

/// Hands bytes to a codec in portions, as a driver does. The codec must not ask for more than
/// `limit` bytes, nor for what is there already.
pub(in crate::tests) fn feed(
    mut codec: Codec,
    limit: usize,
    bytes: &[u8],
    portions: &[usize],
) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut start, mut end) = (0, 0);
    for portion in portions {
        end = bytes.len().min(end + portion);
        loop {
            let input = &bytes[start..end];
            outcome.left = input.len();
            match codec.decode(input) {
                Ok(Decoded::Incomplete { needed }) => {
                    assert!(needed > input.len(), "{needed} bytes are there already");
                    assert!(needed <= limit, "{needed} bytes are over the limit");
                    break;
                }
                Ok(Decoded::Skip { consumed }) => {
                    assert!(consumed > 0 && consumed <= input.len());
                    start += consumed;
                }
                Ok(Decoded::Message { consumed, message }) => {
                    assert!(consumed > 0 && consumed <= input.len());
                    start += consumed;
                    outcome.messages.push(describe(&message));
                }
                Err(error) => {
                    assert!(!error.message().is_empty());
                    outcome.error = Some(error.kind().code());
                    return outcome;
                }
            }
        }
    }
    outcome
}

/// A message in the words of the vectors.
pub(in crate::tests) fn describe(message: &Message<'_>) -> Value {
    match message {
        Message::Hello(hello) => json!({
            "kind": "hello",
            "version": hello.version,
            "capabilities": hello.capabilities,
            "maxFrameBytes": hello.max_frame_bytes,
            "maxInFlight": hello.max_in_flight,
            "maxInFlightBytes": hello.max_in_flight_bytes,
        }),
        Message::Request(request) => {
            let description = json!({
                "kind": "request",
                "id": describe_id(&request.id),
                "topic": request.topic,
                "body": describe_body(request.body),
                "deadlineMs": request.deadline_ms,
            });
            with_trace(description, request.trace.as_deref())
        }
        Message::Response { id, body } => {
            json!({ "kind": "response", "id": describe_id(id), "body": describe_body(*body) })
        }
        Message::Failure { id, error: Failure::Body(body) } => {
            json!({ "kind": "failure", "id": describe_id(id), "body": describe_body(*body) })
        }
        Message::Failure { id, error: Failure::Kind { kind, text } } => {
            json!({ "kind": "failure", "id": describe_id(id), "error": kind, "text": text })
        }
        Message::Event { topic, body, trace } => {
            let description =
                json!({ "kind": "event", "topic": topic, "body": describe_body(*body) });
            with_trace(description, trace.as_deref())
        }
        Message::Cancel { id } => json!({ "kind": "cancel", "id": describe_id(id) }),
        Message::Ping { token } => json!({ "kind": "ping", "token": token.to_string() }),
        Message::Pong { token } => json!({ "kind": "pong", "token": token.to_string() }),
        Message::Goaway { reason, comeback: Comeback::Unsaid } => {
            json!({ "kind": "goaway", "reason": reason })
        }
        Message::Goaway { reason, comeback } => {
            json!({ "kind": "goaway", "reason": reason, "comeback": *comeback as u8 })
        }
        Message::Greeting { body } => json!({ "kind": "greeting", "body": describe_body(*body) }),
        Message::Welcome { id } => json!({ "kind": "welcome", "id": id }),
        Message::Refused { reason } => json!({ "kind": "refused", "reason": reason }),
        Message::Subscribe { pattern } => json!({ "kind": "subscribe", "pattern": pattern }),
        Message::Unsubscribe { pattern } => json!({ "kind": "unsubscribe", "pattern": pattern }),
        Message::Malformed { of: Malformed::Request(id), .. } => {
            json!({ "kind": "malformed", "of": "request", "id": describe_id(id) })
        }
        Message::Malformed { of: Malformed::Response(id), .. } => {
            json!({ "kind": "malformed", "of": "response", "id": describe_id(id) })
        }
        Message::Stream { id, part } => describe_part(*id, part),
        Message::Malformed { of: Malformed::Stream(id, opens), .. } => {
            json!({ "kind": "malformed", "of": "stream", "id": id.to_string(), "opens": opens })
        }
        Message::Malformed { of: Malformed::Other, .. } => {
            json!({ "kind": "malformed", "of": "other" })
        }
    }
}

fn describe_part(id: u64, part: &Part<'_>) -> Value {
    let id = id.to_string();
    match part {
        Part::Open { topic, body, settings, trace } => with_trace(
            json!({
                "kind": "open", "id": id, "topic": topic, "body": describe_body(*body),
                "settings": settings,
            }),
            trace.as_ref(),
        ),
        Part::Data(body) => json!({ "kind": "data", "id": id, "body": describe_body(*body) }),
        Part::Credit(bytes) => json!({ "kind": "credit", "id": id, "bytes": bytes }),
        Part::End => json!({ "kind": "end", "id": id }),
        Part::Reset(Failure::Body(body)) => {
            json!({ "kind": "reset", "id": id, "body": describe_body(*body) })
        }
        Part::Reset(Failure::Kind { kind, text }) => {
            json!({ "kind": "reset", "id": id, "error": kind, "text": text })
        }
    }
}

/// A trace is mentioned only where there is one.
fn with_trace(mut description: Value, trace: Option<&Trace>) -> Value {
    if let Some(trace) = trace {
        let mut text = String::new();
        trace.write(&mut text);
        description["trace"] = text.into();
    }
    description
}

fn describe_id(id: &Id) -> Value {
    match id {
        Id::Number(number) => json!(number.to_string()),
        Id::Text(text) => json!({ "text": text }),
    }
}

fn describe_body(body: Body<'_>) -> Value {
    let hex = || body.data.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match body.kind {
        BodyKind::None => Value::Null,
        BodyKind::Json => json!({ "json": str::from_utf8(body.data).expect("UTF-8 was checked") }),
        BodyKind::Bytes => json!({ "bytes": hex() }),
        BodyKind::MessagePack => json!({ "msgpack": hex() }),
        BodyKind::WideJson => {
            let units: Vec<u16> = bytemuck::allocation::pod_collect_to_vec(body.data);
            json!({ "json": String::from_utf16_lossy(&units) })
        }
    }
}

/// Decodes everything and encodes it again, each message through `send`.
pub(in crate::tests) fn decode_each(
    mut codec: Codec,
    bytes: &[u8],
    mut send: impl FnMut(&Message<'_>),
) -> Result<(), Error> {
    let mut rest = bytes;
    loop {
        match codec.decode(rest)? {
            Decoded::Incomplete { .. } => return Ok(()),
            Decoded::Skip { consumed } => rest = &rest[consumed..],
            Decoded::Message { consumed, message } => {
                rest = &rest[consumed..];
                send(&message);
            }
        }
    }
}

/// Bytes from hex with spaces and `61*1024`.
pub(in crate::tests) fn unhex(hex: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in hex.split_whitespace() {
        let (word, times) = word.split_once('*').unwrap_or((word, "1"));
        let digits = word.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("ASCII"));
        let part: Vec<u8> =
            digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex digits")).collect();
        bytes.extend(part.repeat(times.parse().expect("a count")));
    }
    bytes
}

/// Puts repeated texts in the place of their descriptions.
fn unfold(value: Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("repeat") => {
            let times = map["times"].as_u64().expect("a count") as usize;
            map["repeat"].as_str().expect("a text").repeat(times).into()
        }
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, unfold(value))).collect(),
        Value::Array(parts) => {
            let parts = parts.into_iter().map(unfold);
            parts.map(|part| part.as_str().expect("a text").to_owned()).collect::<String>().into()
        }
        other => other,
    }
}
