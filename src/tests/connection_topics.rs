//! Subscriptions and broadcasts between two machines: what is said when, who gets what.

use std::time::Duration;

use super::support::{
    orders::Orders,
    pair::{Pair, parting},
};
use crate::{
    config::{Format, Limits},
    driver::{
        batch::{Inbound, NO_SLOT, kind},
        broadcast::Broadcast,
        connection::Receipt,
    },
    error::{Error, Kind},
    message::Body,
};

const MOST: u32 = 16 << 20;

fn subscription(kind: u32, slot: u32, pattern: &str) -> Orders {
    Orders::new().order(kind, slot, pattern, "", 0)
}

/// The server's client gets this, or why not.
fn broadcast(pair: &mut Pair, topic: &str, json: &str) -> Receipt {
    let message = Broadcast::new(topic, Body::json(json.as_bytes()), None, MOST).expect("it fits");
    let receipt = pair.server.machine.broadcast(&message);
    pair.run();
    receipt
}

fn heard(pair: &Pair) -> Vec<(&str, &str)> {
    let messages = pair.client.of_kind(kind::MESSAGE);
    messages.into_iter().map(|item| (item.topic.as_str(), item.body.as_str())).collect()
}

#[test]
fn a_broadcast_reaches_who_wants_it() {
    let mut pair = Pair::met(Limits::default());
    assert_eq!(broadcast(&mut pair, "a.b", "1"), Receipt::Queued, "nothing was subscribed to yet");
    pair.client_wants(&subscription(kind::SUBSCRIBE, NO_SLOT, "a.*"));
    pair.run();
    assert_eq!(broadcast(&mut pair, "a.c", "\"é🌍\""), Receipt::Queued);
    assert_eq!(broadcast(&mut pair, "b", "3"), Receipt::NotForIt);
    assert_eq!(broadcast(&mut pair, "", "4"), Receipt::Queued);
    pair.client_wants(&subscription(kind::UNSUBSCRIBE, NO_SLOT, "a.*"));
    pair.run();
    assert_eq!(broadcast(&mut pair, "a.b", "5"), Receipt::NotForIt);
    assert_eq!(heard(&pair), [("a.b", "1"), ("a.c", "\"é🌍\""), ("", "4")]);
}

#[test]
fn who_waits_is_told_when_the_peer_knows() {
    let mut pair = Pair::met(Limits::default());
    pair.client_wants(&subscription(kind::SUBSCRIBE, 3, "a"));
    assert!(pair.client.of_kind(kind::PING).is_empty());
    pair.run();
    assert_eq!(pair.client.of_kind(kind::PING)[0].subject, 3);
    assert_eq!(broadcast(&mut pair, "b", "1"), Receipt::NotForIt);
}

#[test]
fn what_was_wanted_before_the_peer_was_there_is_said_first() {
    let mut pair = Pair::new(Limits::default());
    pair.client_wants(&Orders::new().request(0, "1"));
    for (kind, pattern) in
        [(kind::SUBSCRIBE, "a"), (kind::SUBSCRIBE, "b"), (kind::UNSUBSCRIBE, "a")]
    {
        pair.client_wants(&subscription(kind, NO_SLOT, pattern));
    }
    pair.open();
    pair.run();
    // The request that waited came behind it.
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1);
    assert_eq!(broadcast(&mut pair, "a", "1"), Receipt::NotForIt);
    assert_eq!(broadcast(&mut pair, "b", "2"), Receipt::Queued);
}

#[test]
fn an_empty_set_is_not_the_same_as_none() {
    let mut pair = Pair::new(Limits::default());
    pair.client_wants(&subscription(kind::UNSUBSCRIBE, NO_SLOT, ""));
    pair.open();
    pair.run();
    assert_eq!(broadcast(&mut pair, "a", "1"), Receipt::NotForIt);
    assert_eq!(broadcast(&mut pair, "", "2"), Receipt::Queued);
}

#[test]
fn a_peer_that_wants_too_much_is_at_fault() {
    let few = Limits { max_subscriptions: 2, ..Limits::default() };
    let mut pair = Pair::of(Format::Shortwire, Limits::default(), few);
    pair.open();
    for pattern in ["a", "b", "a", "c"] {
        assert!(pair.server.over.is_none());
        pair.client_wants(&subscription(kind::SUBSCRIBE, NO_SLOT, pattern));
        pair.run();
    }
    assert_eq!(pair.server.over.as_ref().map(|error| error.kind()), Some(Kind::Protocol));
}

#[test]
fn a_full_queue_drops_for_that_peer_and_says_when_it_has_room() {
    let limits = Limits { max_queued_bytes: 100_000, ..Limits::default() };
    let mut pair = Pair::met(limits);
    pair.client.deaf = true;
    pair.capacity = 0;
    let json = format!("\"{}\"", "x".repeat(30_000));
    let receipts: Vec<_> = (0..200).map(|_| broadcast(&mut pair, "", &json)).collect();
    assert_eq!(receipts.iter().filter(|receipt| **receipt == Receipt::Queued).count(), 3);
    assert_eq!(receipts.last(), Some(&Receipt::Dropped(Kind::Overflow)));
    assert!(pair.server.machine.stats().queued_bytes <= 100_000);
    pair.client.deaf = false;
    pair.capacity = usize::MAX;
    pair.run();
    assert_eq!(pair.server.of_kind(kind::DRAIN).len(), 1);
    assert_eq!(pair.client.of_kind(kind::MESSAGE).len(), 3);
}

#[test]
fn a_message_over_the_peers_limit_is_dropped_for_it() {
    let small = Limits { max_frame_bytes: 2000, ..Limits::default() };
    let mut pair = Pair::of(Format::Shortwire, small, Limits::default());
    pair.open();
    pair.run();
    let json = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(broadcast(&mut pair, "ab", &json(1998)), Receipt::Queued);
    assert_eq!(broadcast(&mut pair, "ab", &json(1999)), Receipt::Dropped(Kind::TooLarge));
    assert_eq!(pair.client.of_kind(kind::MESSAGE).len(), 1);
}

#[test]
fn our_own_limit_is_looked_at_before_anybody_gets_it() {
    let error = Broadcast::new("ab", Body::json(b"123"), None, 4).expect_err("one byte too many");
    assert_eq!(error.kind(), Kind::TooLarge);
    let message = Broadcast::new("ab", Body::json(b"12"), None, 4).expect("it fits");
    assert_eq!(
        (message.topic(), message.body(), message.content_bytes()),
        ("ab", Body::json(b"12"), 4)
    );
}

#[test]
fn a_format_without_messages_gets_none() {
    let mut pair = Pair::of(Format::JftpD, Limits::default(), Limits::default());
    pair.open();
    pair.client_wants(&Orders::new().request(0, "1"));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1);
    assert_eq!(broadcast(&mut pair, "", "1"), Receipt::NotForIt);
    assert_eq!(broadcast(&mut pair, "a", "1"), Receipt::NotForIt);
    pair.client_wants(&subscription(kind::SUBSCRIBE, 7, "a"));
    assert_eq!(pair.client.of_kind(kind::FAILED)[0].extra, Kind::Unsupported as u32);
}

#[test]
fn nobody_who_isnt_there_yet_or_any_more_gets_one() {
    let mut pair = Pair::new(Limits::default());
    assert_eq!(broadcast(&mut pair, "", "1"), Receipt::NotForIt);
    pair.open();
    pair.run();
    pair.server.machine.close(pair.now, &parting(Duration::from_secs(1), ""));
    assert_eq!(broadcast(&mut pair, "", "1"), Receipt::NotForIt);
}

#[test]
fn the_next_peer_is_told_again() {
    let mut pair = Pair::met(Limits::default());
    for (kind, pattern) in
        [(kind::SUBSCRIBE, "a.*"), (kind::SUBSCRIBE, "b"), (kind::UNSUBSCRIBE, "b")]
    {
        pair.client_wants(&subscription(kind, NO_SLOT, pattern));
    }
    pair.run();
    let lost = Error::remote(Kind::Disconnected, "the peer left");
    pair.client.machine.lose(&lost, &mut Inbound::default());
    pair.client_wants(&subscription(kind::SUBSCRIBE, NO_SLOT, "c"));
    let mut next = Pair::new(Limits::default());
    next.client.machine = pair.client.machine;
    next.open();
    next.run();
    let receipts = ["a.x", "b", "c"].map(|topic| broadcast(&mut next, topic, "1"));
    assert_eq!(receipts, [Receipt::Queued, Receipt::NotForIt, Receipt::Queued]);
}
