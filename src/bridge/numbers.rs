//! The numbers that cross, by name: a test compares them with `lib/`.

use napi_derive::napi;

use super::{host, hot};
use crate::{
    config::Format,
    driver::{
        batch, numbers,
        thread::{NEWS, flags},
    },
    error::Kind,
    message::{BodyKind, capability},
};

/// Names and numbers that both sides must agree on.
#[napi(object)]
pub struct NativeNumber {
    pub group: String,
    pub name: String,
    pub value: u32,
}

/// All numbers that cross, for the test that compares them with `lib/`.
#[napi]
pub fn numbers() -> Vec<NativeNumber> {
    use batch::kind;
    let kinds = [
        ("REQUEST", kind::REQUEST),
        ("RESPONSE", kind::RESPONSE),
        ("FAILURE", kind::FAILURE),
        ("MESSAGE", kind::MESSAGE),
        ("CANCEL", kind::CANCEL),
        ("PING", kind::PING),
        ("FAILED", kind::FAILED),
        ("SENT", kind::SENT),
        ("READY", kind::READY),
        ("GOAWAY", kind::GOAWAY),
        ("DRAIN", kind::DRAIN),
        ("CLOSED", kind::CLOSED),
        ("OPENED", kind::OPENED),
        ("OUTPUT", kind::OUTPUT),
        ("HELLO", kind::HELLO),
        ("WELCOME", kind::WELCOME),
        ("REFUSED", kind::REFUSED),
        ("LOST", kind::LOST),
        ("DIAL_FAILED", kind::DIAL_FAILED),
        ("OPEN", kind::OPEN),
        ("DATA", kind::DATA),
        ("CREDIT", kind::CREDIT),
        ("END", kind::END),
        ("RESET", kind::RESET),
        ("TAKEN", kind::TAKEN),
        ("SUBSCRIBE", kind::SUBSCRIBE),
        ("UNSUBSCRIBE", kind::UNSUBSCRIBE),
        ("DROPPED", kind::DROPPED),
        ("SHAPE", kind::SHAPE),
    ];
    let servers = [
        ("LISTENING", host::LISTENING),
        ("FAILED", host::FAILED),
        ("CLOSED", host::CLOSED),
        ("TURNED_AWAY", host::TURNED_AWAY),
    ];
    let bodies = [
        ("NONE", BodyKind::None as u32),
        ("JSON", BodyKind::Json as u32),
        ("BYTES", BodyKind::Bytes as u32),
        ("MESSAGE_PACK", BodyKind::MessagePack as u32),
    ];
    let capabilities =
        [("MESSAGE_PACK", capability::MESSAGE_PACK), ("DEFLATE", capability::DEFLATE)];
    let layout = [
        ("WORDS", batch::WORDS as u32),
        ("BLOB", batch::BLOB),
        ("VALUES", batch::VALUES),
        ("TRACED", batch::TRACED),
        ("MAYBE_DELIVERED", batch::MAYBE_DELIVERED),
        ("NO_SLOT", batch::NO_SLOT),
        ("INBOUND_HEAD", host::HEAD as u32),
        ("OUTBOUND_HEAD", hot::HEAD as u32),
        ("OUTBOUND_RECORDS", hot::SHARED_RECORDS as u32),
        ("FLAG_PENDING", flags::PENDING),
        ("FLAG_HIGH", flags::HIGH),
        ("NEWS", NEWS),
    ];
    let errors = Kind::ALL.map(|kind| (kind.code(), kind as u32));
    let formats = Format::ALL.map(|format| (format.name(), format as u32));
    let group = |group: &str, names: &[(&str, u32)]| -> Vec<NativeNumber> {
        let number = |&(name, value): &(&str, u32)| NativeNumber {
            group: group.to_owned(),
            name: name.to_owned(),
            value,
        };
        names.iter().map(number).collect()
    };
    let groups = [
        group("kind", &kinds),
        group("serverEvent", &servers),
        group("body", &bodies),
        group("capability", &capabilities),
        group("layout", &layout),
        group("error", &errors),
        group("format", &formats),
        group("shape", &numbers::NAMES),
    ];
    groups.into_iter().flatten().collect()
}
