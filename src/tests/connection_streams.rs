//! Streams and large messages between two machines: who waits for whom, and for how long.

use super::support::{
    orders::{Item, Orders},
    pair::{End, Pair},
};
use crate::{config::Limits, driver::batch::kind, error::Kind, message::setting, session::PEERS};

const VALUES: u32 = setting::VALUES;

fn open(number: u32, settings: u32) -> Orders {
    Orders::new().order(kind::OPEN, number, "t", "{}", settings)
}

fn bytes(number: u32, length: usize) -> Orders {
    Orders::of_bytes(kind::DATA, number, "", &vec![7; length])
}

fn plain(kind: u32, number: u32, extra: u32) -> Orders {
    Orders::new().order(kind, number, "", "", extra)
}

/// A met pair with a stream of the client's; the server knows it as `PEERS`.
fn with_stream(settings: u32) -> Pair {
    let mut pair = Pair::met(Limits::default());
    pair.client_wants(&open(1, settings));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::OPEN)[0].subject, PEERS);
    pair
}

fn length(end: &End) -> usize {
    end.of_kind(kind::DATA).iter().map(|item| item.body.len() / 2).sum()
}

/// The server uses whatever has come.
fn use_up(pair: &mut Pair) -> usize {
    let come: Vec<Item> = std::mem::take(&mut pair.server.heard);
    let mut used = 0;
    for item in come.iter().filter(|item| item.kind == kind::DATA) {
        used += item.body.len() / 2;
        pair.server_wants(&plain(kind::CREDIT, item.subject, item.extra));
    }
    pair.run();
    used
}

#[test]
fn a_stream_carries_bytes_both_ways_and_ends_by_halves() {
    let mut pair = with_stream(0);
    pair.client_wants(&bytes(1, 10));
    pair.client_wants(&plain(kind::END, 1, 0));
    pair.run();
    assert_eq!(length(&pair.server), 10);
    assert_eq!(pair.server.of_kind(kind::END).len(), 1);
    pair.server_wants(&bytes(PEERS, 20));
    pair.server_wants(&plain(kind::END, PEERS, 0));
    pair.run();
    assert_eq!(length(&pair.client), 20);
    assert_eq!(pair.client.of_kind(kind::END).len(), 1);
    for end in [&pair.client, &pair.server] {
        assert_eq!(end.machine.stats().streams.open, 0);
        assert_eq!(end.of_kind(kind::TAKEN).last().map(|item| item.extra), Some(0));
    }
}

#[test]
fn a_consumer_that_stops_is_sent_its_window_and_no_more() {
    let mut pair = with_stream(0);
    for _ in 0..8 {
        pair.client_wants(&bytes(1, 64 * 1024));
    }
    pair.run();
    assert_eq!(length(&pair.server), 64 * 1024 - 16);
    let mut used = 0;
    while !pair.server.of_kind(kind::DATA).is_empty() {
        used += use_up(&mut pair);
    }
    assert_eq!(used, 8 * 64 * 1024);
    assert_eq!(pair.client.machine.stats().stream_queued_bytes, 0);
}

#[test]
fn a_call_overtakes_the_data_of_many_streams() {
    let mut pair = Pair::met(Limits::default());
    pair.server.deaf = true;
    for number in 1..100 {
        pair.client_wants(&open(number, 0));
        pair.client_wants(&bytes(number, 60_000));
    }
    pair.run();
    pair.client_wants(&Orders::new().request(0, "1"));
    pair.server.deaf = false;
    let mut seen = 0;
    while pair.server.of_kind(kind::REQUEST).is_empty() {
        assert!(pair.step(), "the call never came");
        seen = length(&pair.server);
    }
    // What the kernel had, and what the write queue may hold.
    assert!(seen < (208 + 256) * 1024, "{seen} bytes came first");
}

#[test]
fn streams_take_turns() {
    let mut pair = Pair::met(Limits::default());
    for number in 1..=4 {
        pair.client_wants(&open(number, 0));
    }
    pair.run();
    pair.server.deaf = true;
    for number in 1..=4 {
        pair.client_wants(&bytes(number, 64 * 1024 - 16));
        pair.client_wants(&bytes(number, 64 * 1024));
    }
    pair.server.deaf = false;
    pair.run();
    let mut order: Vec<_> =
        pair.server.of_kind(kind::DATA).iter().map(|item| item.subject).collect();
    order.dedup();
    assert_eq!(order, [PEERS, PEERS + 1, PEERS + 2, PEERS + 3]);
}

#[test]
fn a_reset_drops_what_waits_and_tells_the_reason() {
    let mut pair = with_stream(0);
    for _ in 0..4 {
        pair.client_wants(&bytes(1, 64 * 1024));
    }
    pair.run();
    pair.client_wants(&Orders::new().order(kind::RESET, 1, "", "{\"message\":\"enough\"}", 0));
    pair.run();
    let reset = pair.server.of_kind(kind::RESET);
    assert_eq!(reset[0].body, "{\"message\":\"enough\"}");
    assert_eq!(pair.client.machine.stats().stream_queued_bytes, 0);
    // What is still on its way back is late, and no offence.
    pair.server_wants(&bytes(PEERS, 10));
    pair.run();
    assert!(pair.client.over.is_none() && pair.server.over.is_none());
}

#[test]
fn a_value_in_pieces_arrives_whole_and_lets_calls_pass() {
    let mut pair = with_stream(VALUES);
    let large = format!("\"{}\"", "a".repeat(5 << 20));
    pair.client_wants(&Orders::new().order(kind::DATA, 1, "", &large, 0));
    pair.client_wants(&Orders::new().request(0, "1"));
    while pair.server.of_kind(kind::REQUEST).is_empty() {
        assert!(pair.step(), "the call never came");
    }
    assert!(pair.server.of_kind(kind::DATA).is_empty());
    pair.run();
    assert_eq!(pair.server.of_kind(kind::DATA)[0].body, large);
}

#[test]
fn a_value_in_pieces_that_nobody_wants_is_ended_for_both() {
    let mut pair = with_stream(VALUES);
    let large = format!("\"{}\"", "a".repeat(5 << 20));
    pair.client_wants(&Orders::new().order(kind::DATA, 1, "", &large, 0));
    for _ in 0..4 {
        pair.step();
    }
    pair.server_wants(&plain(kind::RESET, PEERS, Kind::Aborted as u32));
    pair.run();
    assert_eq!(pair.client.of_kind(kind::RESET).len(), 1);
    assert_eq!(pair.client.machine.stats().queued_bytes, 0);
    // The pieces are forgotten: as much fits again.
    pair.client_wants(&open(2, VALUES));
    pair.client_wants(&Orders::new().order(
        kind::DATA,
        2,
        "",
        &format!("\"{}\"", "b".repeat(14 << 20)),
        0,
    ));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::DATA).len(), 1);
    assert!(pair.server.over.is_none(), "{:?}", pair.server.over);
}

#[test]
fn a_small_call_overtakes_a_large_one() {
    let mut pair = Pair::met(Limits::default());
    let large = format!("\"{}\"", "a".repeat(8 << 20));
    pair.client_wants(&Orders::new().request(0, &large));
    pair.client_wants(&Orders::new().request(1, "1"));
    pair.run();
    let order: Vec<_> =
        pair.server.of_kind(kind::REQUEST).iter().map(|item| item.body.len()).collect();
    assert_eq!(order, [1, large.len()]);
    let token = pair.server.of_kind(kind::REQUEST)[1].subject;
    pair.server_wants(&Orders::new().respond(token, &large));
    pair.run();
    assert_eq!(pair.client.of_kind(kind::RESPONSE)[0].body, large);
}

#[test]
fn one_way_messages_stay_in_order_whatever_their_size() {
    let mut pair = Pair::met(Limits::default());
    let large = format!("\"{}\"", "a".repeat(4 << 20));
    let orders = Orders::new().send(0, "1").send(1, &large).send(2, "3").send(3, &large);
    pair.client_wants(&orders.send(4, "5"));
    pair.run();
    let heard: Vec<_> =
        pair.server.of_kind(kind::MESSAGE).iter().map(|item| item.body.len()).collect();
    assert_eq!(heard, [1, large.len(), 1, large.len(), 1]);
    let sent: Vec<_> = pair.client.of_kind(kind::SENT).iter().map(|item| item.subject).collect();
    assert_eq!(sent, [0, 1, 2, 3, 4]);
    assert_eq!(pair.client.machine.stats().queued_messages, 0);
}

#[test]
fn a_message_that_is_a_piece_with_its_topic_only_is_not_counted_as_cut() {
    let mut pair = Pair::met(Limits::default());
    let large = format!("\"{}\"", "a".repeat(4 << 20));
    let edge = format!("\"{}\"", "a".repeat(128 * 1024 - 12));
    let orders = Orders::new().send(0, &large);
    pair.client_wants(&orders.order(kind::MESSAGE, 1, "a topic of some bytes", &edge, 0));
    pair.client_wants(&Orders::new().send(2, &large));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::MESSAGE).len(), 3);
}

#[test]
fn a_value_that_waits_for_a_large_call_goes_after_it() {
    let mut pair = with_stream(VALUES);
    let large = |mib: usize| format!("\"{}\"", "a".repeat(mib << 20));
    pair.client_wants(&Orders::new().request(0, &large(10)));
    pair.client_wants(&Orders::new().order(kind::DATA, 1, "", &large(8), 0));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1);
    assert_eq!(pair.server.of_kind(kind::DATA).len(), 1);
}

#[test]
fn large_messages_take_turns_within_the_peers_limit() {
    let mut pair = Pair::met(Limits { max_in_flight_bytes: 1 << 30, ..Limits::default() });
    let large = format!("\"{}\"", "a".repeat(10 << 20));
    let orders = Orders::new().request(0, &large).request(1, &large).request(2, &large);
    pair.client_wants(&orders);
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 3, "{:?}", pair.server.over);
}

#[test]
fn a_call_taken_back_in_mid_air_is_forgotten_by_both() {
    let mut pair = Pair::met(Limits::default());
    let large = format!("\"{}\"", "a".repeat(12 << 20));
    for slot in 0..3 {
        pair.client_wants(&Orders::new().request(slot, &large));
        for _ in 0..6 {
            pair.step();
        }
        pair.client_wants(&Orders::new().cancel(slot));
        pair.run();
    }
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 0);
    assert_eq!(pair.client.of_kind(kind::FAILED).len(), 3);
    assert_eq!(pair.client.machine.stats().queued_bytes, 0);
    pair.client_wants(&Orders::new().request(5, &large));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1, "{:?}", pair.server.over);
}

#[test]
fn an_answer_taken_back_in_mid_air_is_forgotten_by_both() {
    let mut pair = Pair::met(Limits::default());
    let large = format!("\"{}\"", "a".repeat(12 << 20));
    for round in 0..3 {
        pair.client_wants(&Orders::new().request(0, "1"));
        pair.run();
        let token = pair.server.of_kind(kind::REQUEST)[round].subject;
        pair.server_wants(&Orders::new().respond(token, &large));
        for _ in 0..6 {
            pair.step();
        }
        pair.client_wants(&Orders::new().cancel(0));
        pair.run();
    }
    assert_eq!(pair.client.of_kind(kind::RESPONSE).len(), 0);
    assert_eq!(pair.server.machine.stats().queued_bytes, 0);
    assert!(pair.client.over.is_none(), "{:?}", pair.client.over);
}

#[test]
fn a_whole_frame_of_a_stream_is_one_part() {
    let mut pair = with_stream(0);
    pair.server_wants(&plain(kind::CREDIT, PEERS, 512 * 1024));
    pair.run();
    // As many as the kernel holds at once.
    for _ in 0..3 {
        pair.client_wants(&bytes(1, 64 * 1024));
    }
    pair.run();
    let parts: Vec<usize> =
        pair.server.of_kind(kind::DATA).iter().map(|item| item.body.len() / 2).collect();
    assert_eq!(parts, [64 * 1024; 3]);
}

#[test]
fn every_cut_gives_the_same_stream() {
    for cut in [1, 15, 16, 17, 1000, 65_551, 65_552, 65_553] {
        let mut pair = Pair::met(Limits::default());
        pair.cuts = vec![cut];
        pair.client_wants(&open(1, 0));
        let total = if cut < 1000 { 2000 } else { 200_000 };
        pair.client_wants(&bytes(1, total));
        pair.client_wants(&plain(kind::END, 1, 0));
        pair.run();
        let mut used = 0;
        while !pair.server.of_kind(kind::DATA).is_empty() {
            used += use_up(&mut pair);
        }
        assert_eq!(used, total, "cut after {cut}");
    }
}
