//! Where in a trace something belongs: as text, as bytes, and on its way between two machines.

use proptest::prelude::*;

use super::support::{orders::Orders, pair::Pair};
use crate::{
    config::{Format, Limits},
    driver::batch::{TRACED, kind},
    message::{TRACE_BYTES, TRACE_CHARACTERS, Trace},
};

const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn written(trace: &Trace) -> String {
    let mut text = String::new();
    trace.write(&mut text);
    text
}

#[test]
fn a_text_is_read_and_written() {
    let trace = Trace::parse(TEXT).expect("a valid text");
    assert_eq!((trace.bytes()[0], trace.bytes()[1], trace.bytes()[25]), (0, 0x4b, 1));
    assert_eq!((written(&trace).as_str(), TEXT.len()), (TEXT, TRACE_CHARACTERS));
}

#[test]
fn what_the_standard_forbids_is_none() {
    let zeros = |digits: usize| "0".repeat(digits);
    let refused = [
        String::new(),
        TEXT[..54].into(),
        format!("{TEXT}-00"),
        format!("{TEXT}-"),
        TEXT.to_uppercase(),
        TEXT.replace('-', "_"),
        TEXT.replacen("00", "ff", 1),
        TEXT.replacen("4b", "4é", 1),
        TEXT.replacen("4b", "+b", 1),
        format!("00-{}-00f067aa0ba902b7-01", zeros(32)),
        format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", zeros(16)),
    ];
    for text in refused {
        assert_eq!(Trace::parse(&text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn bytes_come_back_from_their_text(bytes in any::<[u8; TRACE_BYTES]>()) {
        if let Some(trace) = Trace::from_bytes(&bytes) {
            prop_assert_eq!(Trace::parse(&written(&trace)), Some(trace));
            prop_assert_eq!(trace.bytes(), &bytes);
        }
    }

    #[test]
    fn no_text_does_harm(text in "\\PC{0,60}|[0-9a-f-]{50,60}") {
        let _ = Trace::parse(&text);
    }
}

#[test]
fn it_travels_with_a_request_and_a_message() {
    let mut pair = Pair::met(Limits::default());
    let topic = format!("{TEXT}größe");
    let calls = Orders::new().order(kind::REQUEST | TRACED, 0, &topic, "1", 0);
    pair.client_wants(&calls.order(kind::MESSAGE | TRACED, 1, TEXT, "2", 0).request(2, "3"));
    pair.run();
    let heard: Vec<_> = pair.server.heard.iter().map(|item| item.topic.as_str()).collect();
    assert_eq!(heard, [topic.as_str(), TEXT, ""]);
}

#[test]
fn it_waits_with_its_request_and_travels_with_a_large_one() {
    let mut pair = Pair::new(Limits::default());
    let large = "1".repeat(300_000);
    let topic = format!("{TEXT}t");
    pair.client_wants(&Orders::new().order(kind::REQUEST | TRACED, 0, &topic, &large, 0));
    pair.open();
    pair.run();
    let asked = pair.server.of_kind(kind::REQUEST);
    assert_eq!((asked[0].topic.as_str(), asked[0].body.len()), (topic.as_str(), large.len()));
}

#[test]
fn it_travels_with_the_first_word_of_a_stream() {
    let mut pair = Pair::met(Limits::default());
    let topic = format!("{TEXT}größe");
    pair.client_wants(&Orders::new().order(kind::OPEN | TRACED, 1, &topic, "1", 1));
    pair.run();
    let opened = pair.server.of_kind(kind::OPEN);
    assert_eq!((opened[0].topic.as_str(), opened[0].extra), (topic.as_str(), 1));
}

#[test]
fn a_dialect_without_traces_leaves_it_behind() {
    let limits = Limits::default();
    let mut pair = Pair::of(Format::JftpD, limits, limits);
    pair.open();
    pair.client_wants(&Orders::new().order(kind::REQUEST | TRACED, 0, TEXT, "1", 0));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST)[0].topic, "");
}

#[test]
fn one_that_is_none_leaves_the_topic_alone() {
    let mut pair = Pair::met(Limits::default());
    let topic = TEXT.replacen('-', "_", 1);
    pair.client_wants(&Orders::new().order(
        kind::REQUEST | TRACED,
        0,
        &format!("{topic}t"),
        "1",
        0,
    ));
    pair.client_wants(&Orders::new().order(kind::REQUEST | TRACED, 1, "short", "1", 0));
    pair.run();
    let asked = pair.server.of_kind(kind::REQUEST);
    assert_eq!((asked[0].topic.as_str(), asked[1].topic.as_str()), ("t", "short"));
}
