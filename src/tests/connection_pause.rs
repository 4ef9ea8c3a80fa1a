//! A machine whose application takes nothing new: how far it reads, and how it goes on.

use std::time::Duration;

use super::support::{orders::Orders, pair::Pair};
use crate::{config::Limits, driver::batch::kind, message::setting};

const KIB: usize = 1024;
const SECOND: Duration = Duration::from_secs(1);

fn pause(pair: &mut Pair, paused: bool) {
    pair.server.machine.set_paused(paused, pair.now);
}

fn messages(pair: &Pair) -> usize {
    pair.server.of_kind(kind::MESSAGE).len()
}

/// Sends one by one, so that the machine is asked each time whether it reads on.
fn send(pair: &mut Pair, count: u32, json: &str) {
    for slot in 0..count {
        pair.client_wants(&Orders::new().send(slot, json));
        pair.run();
    }
}

#[test]
fn reading_stops_after_enough_items() {
    let mut pair = Pair::met(Limits::default());
    pause(&mut pair, true);
    send(&mut pair, 2000, "1");
    assert_eq!(messages(&pair), 1024);
    assert!(!pair.server.machine.wants_read());
    pause(&mut pair, false);
    pair.run();
    assert_eq!(messages(&pair), 2000);
}

#[test]
fn reading_stops_after_enough_bytes() {
    let mut pair = Pair::met(Limits::default());
    pause(&mut pair, true);
    send(&mut pair, 40, &"1".repeat(64 * KIB));
    assert_eq!(messages(&pair), 16);
    pause(&mut pair, false);
    pair.run();
    assert_eq!(messages(&pair), 40);
}

#[test]
fn one_read_goes_over_by_what_it_found() {
    let mut pair = Pair::met(Limits::default());
    pause(&mut pair, true);
    let mut orders = Orders::new();
    for slot in 0..5000 {
        orders = orders.send(slot, "1");
    }
    pair.client_wants(&orders);
    pair.run();
    // 64 KiB of frames of 17 bytes.
    assert!((1024..4096).contains(&messages(&pair)), "{}", messages(&pair));
}

#[test]
fn answers_and_pings_pass_as_long_as_it_reads() {
    let mut pair = Pair::met(Limits::default());
    pause(&mut pair, true);
    pair.server_wants(&Orders::new().request(0, "1").ping(1));
    pair.run();
    let token = pair.client.of_kind(kind::REQUEST)[0].subject;
    pair.client_wants(&Orders::new().respond(token, "2"));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::RESPONSE).len(), 1);
    assert_eq!(pair.server.of_kind(kind::PING).len(), 1);
}

fn open(number: u32, settings: u32) -> Orders {
    Orders::new().order(kind::OPEN, number, "t", "{}", settings)
}

#[test]
fn streams_count_as_what_else_is_held() {
    let mut pair = Pair::met(Limits { max_streams: 4096, ..Limits::default() });
    pause(&mut pair, true);
    for number in 1..=2000 {
        pair.client_wants(&open(number, 0));
        pair.run();
    }
    assert_eq!(pair.server.of_kind(kind::OPEN).len(), 1024);
    pause(&mut pair, false);
    pair.run();
    assert_eq!(pair.server.of_kind(kind::OPEN).len(), 2000);
}

#[test]
fn what_comes_in_a_held_stream_counts_and_in_an_older_one_or_a_file_it_doesnt() {
    let data = |number| Orders::of_bytes(kind::DATA, number, "", &vec![7; 48 * KIB]);
    for (settings, opened_before, reads_on) in
        [(0, false, false), (0, true, true), (setting::FILE, false, true)]
    {
        let mut pair = Pair::met(Limits::default());
        if !opened_before {
            pause(&mut pair, true);
        }
        for number in 1..=40 {
            pair.client_wants(&open(number, settings));
        }
        pair.run();
        pause(&mut pair, true);
        for number in 1..=40 {
            pair.client_wants(&data(number));
            pair.run();
        }
        assert_eq!(pair.server.machine.wants_read(), reads_on, "{settings}, {opened_before}");
    }
}

#[test]
fn a_pause_too_long_for_the_heartbeat_ends_nothing() {
    let limits = Limits { heartbeat: Some(30 * SECOND), ..Limits::default() };
    let mut pair = Pair::met(limits);
    pause(&mut pair, true);
    send(&mut pair, 60, &"1".repeat(64 * KIB));
    assert!(!pair.server.machine.wants_read());
    for _ in 0..100 {
        pair.advance(10 * SECOND);
    }
    assert!(pair.server.over.is_none() && pair.client.over.is_none());
    pause(&mut pair, false);
    pair.run();
    assert_eq!(messages(&pair), 60);
}

#[test]
fn half_a_frame_may_wait_as_long_as_the_pause_lasts() {
    let mut pair = Pair::met(Limits::default());
    pair.cuts = vec![60_000];
    pause(&mut pair, true);
    send(&mut pair, 40, &"1".repeat(100 * KIB));
    pair.advance(90 * SECOND);
    assert!(pair.server.over.is_none());
    pause(&mut pair, false);
    pair.run();
    assert_eq!(messages(&pair), 40);
}

#[test]
fn a_peer_that_takes_nothing_is_cut_and_a_slow_one_isnt() {
    let limits = Limits { stall_timeout: 60 * SECOND, ..Limits::default() };
    for (deaf, is_over) in [(true, true), (false, false)] {
        let mut pair = Pair::met(limits);
        pair.capacity = KIB;
        pair.client.deaf = deaf;
        pair.server_wants(&Orders::new().send(0, &"1".repeat(100 * KIB)));
        for _ in 0..13 {
            pair.step();
            pair.now += 10 * SECOND;
            let now = pair.now;
            pair.server.pass_time(now);
        }
        assert_eq!(pair.server.over.is_some(), is_over, "deaf: {deaf}");
    }
}
