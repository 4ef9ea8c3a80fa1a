//! Connections that lose their transport and go on with another.

use std::time::Duration;

use super::support::{
    orders::Orders,
    pair::{End, Pair},
};
use crate::{
    config::{Format, Formats, Limits},
    driver::{
        batch::{Inbound, MAYBE_DELIVERED, kind},
        connection::{Connection, Endurance, Parting},
    },
    error::{Error, Kind},
    message::Comeback,
    session::State,
};

const SECOND: Duration = Duration::from_secs(1);
const ALL: Endurance = Endurance { attempts: true, losses: true };
const DISCONNECTED: u32 = Kind::Disconnected as u32;

/// Both sides, met; the client survives what it can.
fn lasting(limits: Limits) -> Pair {
    let mut pair = Pair::new(limits);
    pair.client.machine.endure(ALL);
    pair.open();
    pair.run();
    pair.client.heard.clear();
    pair
}

/// The client has lost its server, and another one is there.
fn reconnect(pair: &mut Pair) {
    pair.client.over = None;
    pair.server = End::new(Connection::server(Formats::ALL, Limits::default(), None));
    pair.open();
    pair.run();
}

#[test]
fn what_was_sent_fails_and_what_was_not_waits_for_the_next_transport() {
    let mut pair = lasting(Limits { max_in_flight: 1, ..Limits::default() });
    pair.client_wants(&Orders::new().request(0, "0").request(1, "1").request(2, "2"));
    pair.run();
    pair.client.end();
    let failed = pair.client.of_kind(kind::FAILED);
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].subject, failed[0].extra), (0, DISCONNECTED | MAYBE_DELIVERED));
    assert_eq!(pair.client.of_kind(kind::LOST)[0].extra, DISCONNECTED);
    assert!(pair.client.of_kind(kind::CLOSED).is_empty());
    assert_eq!(pair.client.machine.stats().pending, 2);
    reconnect(&mut pair);
    let asked: Vec<_> =
        pair.server.of_kind(kind::REQUEST).iter().map(|item| item.body.clone()).collect();
    assert_eq!(asked, ["1", "2"]);
}

#[test]
fn pings_and_messages_under_way_fail_with_the_transport() {
    let mut pair = lasting(Limits::default());
    pair.client_wants(&Orders::new().ping(3).send(4, "4"));
    pair.client.end();
    let failed: Vec<_> =
        pair.client.of_kind(kind::FAILED).iter().map(|item| item.subject).collect();
    assert_eq!((failed.contains(&3), failed.contains(&4)), (true, true));
    assert_eq!(pair.client.machine.stats().pending, 0);
}

#[test]
fn calls_made_while_away_queue_within_limits_and_expire() {
    let mut pair = lasting(Limits { max_queued_messages: 2, ..Limits::default() });
    pair.client.end();
    pair.client.heard.clear();
    let calls = Orders::new().request_within(0, "0", 500).request(1, "1").request(2, "2");
    pair.client_wants(&calls);
    let refused = pair.client.of_kind(kind::FAILED);
    assert_eq!((refused[0].subject, refused[0].extra), (2, Kind::Overflow as u32));
    pair.client.heard.clear();
    pair.now += SECOND;
    pair.client.pass_time(pair.now);
    let late = pair.client.of_kind(kind::FAILED);
    assert_eq!((late[0].subject, late[0].extra), (0, Kind::Timeout as u32));
    reconnect(&mut pair);
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1);
}

#[test]
fn the_greeting_is_said_to_every_peer() {
    let mut pair = Pair::new(Limits::default());
    pair.client_wants(&Orders::new().hello("\"me\""));
    pair.client.machine.endure(ALL);
    pair.open();
    pair.run();
    pair.client.end();
    pair.welcomes = false;
    reconnect(&mut pair);
    assert_eq!(pair.server.of_kind(kind::HELLO)[0].body, "\"me\"");
}

#[test]
fn an_answer_of_the_former_peer_is_nobodys() {
    let mut pair = lasting(Limits::default());
    pair.client_wants(&Orders::new().request(0, "0"));
    pair.run();
    pair.client.end();
    reconnect(&mut pair);
    pair.client.heard.clear();
    pair.client_wants(&Orders::new().request(0, "\"again\""));
    pair.run();
    let token = pair.server.of_kind(kind::REQUEST)[0].subject;
    pair.server_wants(&Orders::new().respond(token, "1"));
    pair.run();
    assert_eq!(pair.client.of_kind(kind::RESPONSE)[0].body, "1");
    assert_eq!(pair.client.machine.stats().counters.late_responses, 0);
}

#[test]
fn half_a_frame_is_forgotten_with_its_peer() {
    let mut pair = lasting(Limits::default());
    pair.client.feed(pair.now, &[2, 1, 0, 0, 9, 0, 0, 0, 1]);
    pair.client.end();
    reconnect(&mut pair);
    assert_eq!(pair.client.machine.state(), State::Ready);
}

#[test]
fn half_a_frame_of_a_stream_is_forgotten_with_its_peer() {
    let mut pair = lasting(Limits::default());
    pair.client_wants(&Orders::new().order(kind::OPEN, 1, "t", "{}", 0));
    pair.run();
    let mut frame = vec![0x11, 2, 0, 0];
    frame.extend(60_000u32.to_le_bytes());
    frame.extend(1u64.to_le_bytes());
    frame.extend([7; 100]);
    pair.client.feed(pair.now, &frame);
    assert_eq!(pair.client.of_kind(kind::DATA).len(), 1);
    pair.client.end();
    reconnect(&mut pair);
    assert_eq!(pair.client.machine.state(), State::Ready);
}

/// A client that has paused and been sent as much as it reads meanwhile, without its server.
fn paused_and_away(limits: Limits) -> Pair {
    let mut pair = lasting(limits);
    pair.client.machine.set_paused(true, pair.now);
    for slot in 0..1024 {
        pair.server_wants(&Orders::new().send(slot, "1"));
        pair.run();
    }
    assert!(!pair.client.machine.wants_read());
    pair.client.end();
    pair
}

#[test]
fn a_pause_that_was_full_lets_the_next_peer_in() {
    let mut pair = paused_and_away(Limits::default());
    reconnect(&mut pair);
    assert_eq!(pair.client.machine.state(), State::Ready);
}

#[test]
fn a_pause_that_ends_while_away_awaits_no_sign_of_life() {
    let mut pair = paused_and_away(Limits { heartbeat: Some(SECOND), ..Limits::default() });
    pair.client.machine.set_paused(false, pair.now);
    pair.now += SECOND * 10;
    pair.client.pass_time(pair.now);
    reconnect(&mut pair);
    assert_eq!(pair.client.machine.state(), State::Ready);
}

#[test]
fn only_accidents_are_survived_and_only_if_wanted() {
    let error = |kind| Error::remote(kind, "so");
    let own = Error::local(Kind::Closed, "own");
    let table = [
        (error(Kind::Disconnected), true),
        (error(Kind::Timeout), true),
        (error(Kind::Closed), true),
        (own, false),
        (error(Kind::Refused), false),
        (error(Kind::Protocol), false),
        (error(Kind::TooLarge), false),
        (error(Kind::Unsupported), false),
        (error(Kind::Overflow), false),
        (Error::library(Kind::Internal, "so"), false),
    ];
    for (error, survived) in table {
        let mut pair = lasting(Limits::default());
        assert_eq!(pair.client.machine.outlives(&error), survived, "{error:?}");
        pair.client.machine.endure(Endurance { attempts: true, losses: false });
        assert!(!pair.client.machine.outlives(&error));
        let mut fresh = Pair::new(Limits::default());
        fresh.client.machine.endure(Endurance { attempts: false, losses: true });
        assert!(!fresh.client.machine.outlives(&error));
        fresh.client.machine.endure(ALL);
        assert_eq!(fresh.client.machine.outlives(&error), survived);
    }
}

#[test]
fn a_goodbye_decides_whether_its_end_is_survived() {
    for (comeback, survived) in
        [(Comeback::Welcome, true), (Comeback::Unwelcome, false), (Comeback::Unsaid, false)]
    {
        let mut pair = lasting(Limits::default());
        let parting = Parting { timeout: SECOND, reason: "restart".into(), comeback };
        pair.server.machine.close(pair.now, &parting);
        pair.run();
        pair.client_wants(&Orders::new().request(5, "5"));
        let refused = !pair.client.of_kind(kind::FAILED).is_empty();
        assert_eq!(refused, !survived, "a call after the goodbye waits for the peer's return");
        pair.client.end();
        let record = if survived { kind::LOST } else { kind::CLOSED };
        assert_eq!(pair.client.of_kind(record)[0].body, "restart");
        if survived {
            reconnect(&mut pair);
            assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1);
        }
    }
}

#[test]
fn our_own_goodbye_is_final() {
    let mut pair = lasting(Limits::default());
    let parting = Parting { timeout: SECOND, reason: "".into(), comeback: Comeback::Unsaid };
    pair.client_wants(&Orders::new().request(0, "0"));
    pair.run();
    pair.client.machine.close(pair.now, &parting);
    pair.client.end();
    assert_eq!(pair.client.of_kind(kind::CLOSED).len(), 1);
}

#[test]
fn a_handshake_that_fails_can_be_tried_again_by_any_format() {
    for format in [Format::Shortwire, Format::JftpD] {
        let mut pair = Pair::of(format, Limits::default(), Limits::default());
        pair.client.machine.endure(ALL);
        pair.client_wants(&Orders::new().request(0, "\"0\""));
        let mut inbound = Inbound::default();
        pair.client.machine.open(pair.now, &mut inbound);
        pair.client.end();
        reconnect(&mut pair);
        let asked = pair.server.of_kind(kind::REQUEST).len();
        // jftp is ready at once: its call had been sent.
        assert_eq!(asked, usize::from(format == Format::Shortwire));
    }
}
