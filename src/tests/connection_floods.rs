//! Peers that want too much of a machine: what waits for them stays bounded.

use std::time::Duration;

use super::support::{orders::Orders, pair::Pair};
use crate::{
    codec::{Codec, native::MAGIC},
    config::{Format, Formats, Limits},
    driver::{
        batch::{Inbound, kind},
        connection::{Connection, SCRATCH_BYTES},
    },
    error::Kind,
    message::{Body, Hello, Id, Message, Role, capability},
};

const KIB: usize = 1024;

fn small() -> Limits {
    Limits {
        max_frame_bytes: 64 * KIB as u32,
        max_queued_bytes: 64 * KIB,
        max_in_flight: 1000,
        ..Limits::default()
    }
}

/// The bytes of messages, as a client sends them.
fn bytes(messages: &[Message<'_>]) -> Vec<u8> {
    let mut codec = Codec::new(Format::Shortwire, Role::Client, &Limits::default());
    let mut bytes = Vec::new();
    for message in messages {
        codec.encode(message, &mut bytes).expect("it can be sent");
    }
    bytes
}

fn queued(pair: &Pair) -> usize {
    pair.server.machine.stats().queued_bytes as usize
}

#[test]
fn a_peer_that_doesnt_read_is_not_read_either() {
    let mut pair = Pair::met(Limits::default());
    pair.client.deaf = true;
    let large = "1".repeat(300 * KIB);
    for slot in 0..20 {
        pair.client_wants(&Orders::new().request(slot, "1"));
        pair.run();
        let asked = std::mem::take(&mut pair.server.heard);
        for item in asked {
            pair.server_wants(&Orders::new().respond(item.subject, &large));
        }
    }
    assert!(!pair.server.machine.wants_read());
    assert!(queued(&pair) < 2 * KIB * KIB, "{} bytes wait", queued(&pair));
}

#[test]
fn what_it_asked_before_that_costs_no_more_than_the_limit() {
    let mut pair = Pair::met(small());
    pair.client.deaf = true;
    for slot in 0..1000 {
        pair.client_wants(&Orders::new().request(slot, "1"));
    }
    pair.run();
    let asked: Vec<u32> = pair.server.of_kind(kind::REQUEST).iter().map(|i| i.subject).collect();
    assert_eq!(asked.len(), 1000);
    for token in asked {
        pair.server_wants(&Orders::new().respond(token, &"1".repeat(10 * KIB)));
    }
    assert!(queued(&pair) < 300 * KIB, "{} bytes wait", queued(&pair));
}

#[test]
fn answers_beyond_the_limit_fail_their_calls_alone() {
    let mut pair = Pair::met(small());
    pair.capacity = 0;
    for slot in 0..100 {
        pair.client_wants(&Orders::new().request(slot, "1"));
    }
    pair.capacity = usize::MAX;
    pair.run();
    for token in 0..100 {
        pair.server_wants(&Orders::new().respond(token, &"1".repeat(10 * KIB)));
    }
    pair.run();
    let (answers, failures) =
        (pair.client.of_kind(kind::RESPONSE).len(), pair.client.of_kind(kind::FAILED));
    assert!(answers >= 12, "{answers} answers");
    assert_eq!(answers + failures.len(), 100);
    assert!(failures.iter().all(|item| item.extra & 0xff == Kind::Overflow as u32));
    assert!(pair.server.over.is_none());
}

#[test]
fn a_flood_of_pings_without_reading_ends_or_pauses_the_connection() {
    for limits in [small(), Limits::default()] {
        let mut pair = Pair::met(limits);
        let pings: Vec<_> = (0..1000).map(|token| Message::Ping { token }).collect();
        let flood = bytes(&pings);
        let now = pair.now;
        for _ in 0..1000 {
            pair.server.feed(now, &flood);
        }
        let stopped = pair.server.over.is_some() || !pair.server.machine.wants_read();
        assert!(stopped);
        assert!(queued(&pair) < 2 * KIB * KIB, "{} bytes wait", queued(&pair));
    }
}

#[test]
fn a_flood_of_pings_ends_the_connection_even_while_we_wait_for_an_answer() {
    let mut pair = Pair::met(small());
    pair.server_wants(&Orders::new().request(0, "1"));
    let pings: Vec<_> = (0..1000).map(|token| Message::Ping { token }).collect();
    let (flood, now) = (bytes(&pings), pair.now);
    for _ in 0..1000 {
        pair.server.feed(now, &flood);
    }
    assert_eq!(pair.server.over.as_ref().map(|error| error.kind()), Some(Kind::Overflow));
}

#[test]
fn a_large_answer_under_way_is_no_reason_to_end_a_peer_that_pings() {
    let mut pair = Pair::met(Limits { max_queued_bytes: KIB, ..Limits::default() });
    pair.client_wants(&Orders::new().request(0, "1"));
    pair.run();
    pair.client.deaf = true;
    pair.server_wants(&Orders::new().respond(0, &"1".repeat(900 * KIB)));
    pair.client_wants(&Orders::new().ping(1));
    pair.run();
    pair.client.deaf = false;
    pair.run();
    assert!(pair.server.over.is_none());
    assert_eq!(pair.client.of_kind(kind::PING).len(), 1);
}

#[test]
fn a_header_that_announces_much_reserves_little() {
    let limits = Limits { max_frame_bytes: 1 << 30, ..Limits::default() };
    let mut pair = Pair::met(limits);
    let now = pair.now;
    let mut header = vec![1, 1, 0, 0];
    header.extend_from_slice(&(1u32 << 30).to_le_bytes());
    header.extend_from_slice(&[0; 8]);
    pair.server.feed(now, &header);
    for _ in 0..100 {
        pair.server.feed(now, b"x");
    }
    assert!(pair.server.machine.held_bytes() < KIB * KIB);
}

#[test]
fn one_turn_reads_little_ahead_of_a_peer_that_is_not_let_in() {
    let machine = Connection::server(Formats::ALL, Limits::default(), None).gated();
    let (mut machine, mut inbound) = (machine, Inbound::default());
    let now = std::time::Instant::now();
    machine.open(now, &mut inbound);
    let hello = Hello {
        version: 1,
        capabilities: capability::HELLO,
        max_frame_bytes: 1 << 24,
        max_in_flight: 1,
        max_in_flight_bytes: 1,
    };
    let greeting = Message::Greeting { body: Body::NONE };
    let mut introduction = bytes(&[Message::Hello(hello), greeting]).into_iter();
    let mut given = 0;
    let receive = |buffer: &mut Vec<u8>| {
        let room = buffer.capacity() - buffer.len();
        buffer.extend((0..room).map(|_| introduction.next().unwrap_or_default()));
        given += room;
        Ok(room)
    };
    let turn = machine.read(now, &mut Vec::new(), &mut inbound, receive);
    assert!(turn.is_ok() && !machine.wants_read(), "{turn:?}");
    assert!(given < 256 * KIB, "{given} bytes");
}

#[test]
fn a_large_message_leaves_no_room_behind() {
    let mut pair = Pair::met(Limits { max_in_flight: 0, ..Limits::default() });
    // Refused, so that nobody takes its buffer along; then half a header.
    let large = bytes(&[Message::Request(crate::message::Request {
        id: Id::Number(1),
        topic: "",
        body: Body::json(&[b'1'; 8 * KIB * KIB]),
        deadline_ms: 0,
        trace: None,
    })]);
    let now = pair.now;
    for part in large.chunks(200 * KIB) {
        pair.server.feed(now, part);
    }
    pair.server.feed(now, &[5, 0, 0]);
    assert!(
        pair.server.machine.held_bytes() <= SCRATCH_BYTES,
        "{}",
        pair.server.machine.held_bytes()
    );
}

#[test]
fn half_a_frame_ends_the_connection_when_its_time_is_over() {
    let mut pair = Pair::met(Limits::default());
    let now = pair.now;
    pair.server.feed(now, &[1, 1, 0]);
    pair.advance(Duration::from_secs(29));
    assert!(pair.server.over.is_none());
    pair.advance(Duration::from_secs(1));
    assert_eq!(pair.server.over.as_ref().map(|error| error.kind()), Some(Kind::Timeout));
}

#[test]
fn a_peer_that_leaves_within_a_frame_is_told_from_one_that_just_leaves() {
    for (bytes, why) in [(&[][..], "the peer left"), (&[1, 1], "the peer left within a frame")] {
        let mut pair = Pair::met(Limits::default());
        let now = pair.now;
        pair.server.feed(now, bytes);
        assert_eq!(pair.server.machine.farewell().message(), why);
    }
}

#[test]
fn nothing_but_a_magic_is_waited_for_and_then_refused() {
    let now = std::time::Instant::now();
    let mut inbound = Inbound::default();
    let mut machine = Connection::server(Formats::ALL, Limits::default(), None);
    machine.open(now, &mut inbound);
    let mut source = Some(MAGIC);
    let mut receive = |buffer: &mut Vec<u8>| match source.take() {
        Some(bytes) => {
            buffer.extend_from_slice(&bytes);
            Ok(bytes.len())
        }
        None => Err(std::io::ErrorKind::WouldBlock.into()),
    };
    machine.read(now, &mut Vec::new(), &mut inbound, &mut receive).expect("not over yet");
    let late = now + Limits::default().handshake_timeout;
    let error = machine.handle_timeout(late, &mut inbound).expect_err("over");
    assert_eq!(error.kind(), Kind::Timeout);
}

#[test]
fn a_second_hello_is_no_message_any_more() {
    let mut pair = Pair::met(Limits::default());
    let hello = Hello {
        version: 1,
        capabilities: 0,
        max_frame_bytes: 1,
        max_in_flight: 1,
        max_in_flight_bytes: 1,
    };
    let now = pair.now;
    pair.server.feed(now, &bytes(&[Message::Hello(hello)]));
    assert!(pair.server.over.is_some());
}
