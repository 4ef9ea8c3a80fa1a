//! Who may send how much: admission, the waiting queue, the peer's limits and our own.

use std::time::{Duration, Instant};

use crate::{
    config::{IdStyle, Limits},
    error::Kind,
    message::{Body, BodyKind, Hello, Id, Malformed, Message, Request},
    session::{Admission, Event, Session, State},
};

fn hello(max_in_flight: u32, max_in_flight_bytes: u32) -> Message<'static> {
    let (version, capabilities, max_frame_bytes) = (1, 0, 1 << 20);
    let hello =
        Hello { version, capabilities, max_frame_bytes, max_in_flight, max_in_flight_bytes };
    Message::Hello(hello)
}

/// A session that has met a peer with these limits.
fn met(limits: Limits, max_in_flight: u32, max_in_flight_bytes: u32) -> (Session, Instant) {
    let now = Instant::now();
    let mut session = Session::new(limits, IdStyle::Joined);
    session.open(now, true);
    assert_eq!(
        session.handle_message(&hello(max_in_flight, max_in_flight_bytes), now),
        Event::Ready
    );
    (session, now)
}

/// Asks, and waits if it must.
fn ask(session: &mut Session, slot: u32, bytes: u32) -> Admission {
    let admission = session.request(slot, bytes, None);
    if admission == Admission::Wait {
        session.wait(slot, "", BodyKind::Json, vec![b'1'; bytes as usize], None, None);
    }
    admission
}

/// The slots of those that may go now.
fn pumped(session: &mut Session) -> Vec<u32> {
    std::iter::from_fn(|| session.poll_waiting()).map(|(_, waiting)| waiting.slot).collect()
}

fn asked(id: u64, data: &[u8]) -> Message<'_> {
    let body = Body::json(data);
    Message::Request(Request { id: Id::Number(id), topic: "", body, deadline_ms: 0, trace: None })
}

fn answer(id: Id) -> Message<'static> {
    Message::Response { id, body: Body::NONE }
}

#[test]
fn calls_wait_for_the_hello_and_go_in_order() {
    let now = Instant::now();
    let mut session = Session::new(Limits::default(), IdStyle::Joined);
    assert_eq!(ask(&mut session, 2, 1), Admission::Wait);
    session.open(now, true);
    assert_eq!(ask(&mut session, 0, 1), Admission::Wait);
    assert!(pumped(&mut session).is_empty());
    session.handle_message(&hello(10, 10), now);
    assert_eq!(pumped(&mut session), [2, 0]);
}

#[test]
fn calls_beyond_the_peers_number_wait_for_an_answer() {
    let (mut session, now) = met(Limits::default(), 2, 1000);
    let Admission::Send(id) = ask(&mut session, 0, 1) else { panic!("there is room") };
    assert!(matches!(ask(&mut session, 1, 1), Admission::Send(_)));
    assert_eq!(ask(&mut session, 2, 1), Admission::Wait);
    assert!(pumped(&mut session).is_empty());
    session.handle_message(&answer(id), now);
    assert_eq!(pumped(&mut session), [2]);
}

#[test]
fn calls_beyond_the_peers_bytes_wait_but_one_alone_may_be_larger() {
    let (mut session, now) = met(Limits::default(), 10, 100);
    let Admission::Send(id) = ask(&mut session, 0, 500) else { panic!("alone") };
    assert_eq!(ask(&mut session, 1, 1), Admission::Wait);
    session.handle_message(&answer(id), now);
    assert_eq!(pumped(&mut session), [1]);
}

#[test]
fn a_small_call_does_not_overtake_one_that_waits() {
    let (mut session, _) = met(Limits::default(), 10, 100);
    ask(&mut session, 0, 60);
    assert_eq!(ask(&mut session, 1, 60), Admission::Wait);
    assert_eq!(ask(&mut session, 2, 1), Admission::Wait);
}

#[test]
fn a_peer_that_takes_nothing_gets_nothing() {
    let (mut session, _) = met(Limits::default(), 0, 0);
    assert_eq!(ask(&mut session, 0, 1), Admission::Wait);
    assert!(pumped(&mut session).is_empty());
}

#[test]
fn a_full_queue_refuses_by_number() {
    let limits = Limits { max_queued_messages: 2, ..Limits::default() };
    let mut session = Session::new(limits, IdStyle::Joined);
    assert_eq!(ask(&mut session, 0, 1), Admission::Wait);
    assert_eq!(ask(&mut session, 1, 1), Admission::Wait);
    assert!(matches!(ask(&mut session, 2, 1), Admission::Refuse(Kind::Overflow, _)));
    assert_eq!(session.pending(), 2);
}

#[test]
fn a_full_queue_refuses_by_bytes() {
    let limits = Limits { max_queued_bytes: 100, ..Limits::default() };
    let mut session = Session::new(limits, IdStyle::Joined);
    assert_eq!(ask(&mut session, 0, 80), Admission::Wait);
    assert!(matches!(ask(&mut session, 1, 30), Admission::Refuse(Kind::Overflow, _)));
    assert_eq!(ask(&mut session, 2, 20), Admission::Wait);
}

#[test]
fn calls_that_settle_while_they_wait_leave_room() {
    let limits = Limits { max_queued_messages: 10, ..Limits::default() };
    let mut session = Session::new(limits, IdStyle::Joined);
    for round in 0..100 {
        for slot in 0..10 {
            assert_eq!(ask(&mut session, slot, 100), Admission::Wait, "round {round}");
        }
        for slot in 0..10 {
            assert!(session.cancel(slot).is_some());
        }
        assert_eq!(session.waiting(), (0, 0));
    }
}

#[test]
fn a_call_that_was_taken_back_is_not_sent_for_the_next_in_its_slot() {
    let (mut session, now) = met(Limits::default(), 1, 1000);
    let Admission::Send(id) = ask(&mut session, 0, 1) else { panic!("there is room") };
    for (slot, bytes) in [(1, 11), (2, 12), (3, 13)] {
        ask(&mut session, slot, bytes);
    }
    session.cancel(1);
    ask(&mut session, 1, 14);
    let mut lengths = Vec::new();
    let mut open = id;
    for _ in 0..3 {
        session.handle_message(&answer(open), now);
        let (id, waiting) = session.poll_waiting().expect("room for one");
        lengths.push(waiting.body.len());
        open = id;
    }
    assert_eq!(lengths, [12, 13, 14]);
}

#[test]
fn a_call_may_expire_while_it_waits() {
    let now = Instant::now();
    let mut session = Session::new(Limits::default(), IdStyle::Joined);
    let deadline = Some(now + Duration::from_millis(10));
    assert_eq!(session.request(0, 4, deadline), Admission::Wait);
    session.wait(0, "", BodyKind::Json, b"null".to_vec(), deadline, None);
    assert_eq!(session.poll_timeout(), deadline);
    assert!(session.handle_timeout(now + Duration::from_millis(10)).is_some());
    assert_eq!((session.pending(), session.waiting()), (0, (0, 0)));
}

#[test]
fn our_limits_are_in_our_hello() {
    let limits = Limits {
        max_frame_bytes: 5000,
        max_in_flight: 3,
        max_in_flight_bytes: 77,
        ..Limits::default()
    };
    let Hello { max_frame_bytes, max_in_flight, max_in_flight_bytes, .. } =
        Session::new(limits, IdStyle::Joined).hello(1);
    assert_eq!((max_frame_bytes, max_in_flight, max_in_flight_bytes), (5000, 3, 77));
}

#[test]
fn a_peer_over_our_number_is_refused_request_by_request() {
    let (mut session, now) = met(Limits { max_in_flight: 1, ..Limits::default() }, 10, 10);
    let Event::Request(token) = session.handle_message(&asked(1, b"1"), now) else {
        panic!("there is room")
    };
    let refused = session.handle_message(&asked(2, b"1"), now);
    assert!(matches!(refused, Event::Refuse(Id::Number(2), Kind::Overflow, _)));
    session.reply(token);
    assert!(matches!(session.handle_message(&asked(3, b"1"), now), Event::Request(_)));
    assert_eq!((session.counters().requests_in, session.counters().refused), (2, 1));
}

#[test]
fn a_peer_over_our_bytes_is_refused_request_by_request() {
    let (mut session, now) = met(Limits { max_in_flight_bytes: 5, ..Limits::default() }, 10, 10);
    let large = session.handle_message(&asked(1, b"123456789"), now);
    assert!(matches!(large, Event::Request(_)), "alone it may be larger");
    let refused = session.handle_message(&asked(2, b"1"), now);
    assert!(matches!(refused, Event::Refuse(Id::Number(2), Kind::Overflow, _)));
}

#[test]
fn a_peer_that_asks_and_takes_back_is_refused_while_handlers_run() {
    let (mut session, now) = met(Limits { max_in_flight: 3, ..Limits::default() }, 10, 10);
    let mut handed = 0;
    for id in 0..100 {
        if let Event::Request(_) = session.handle_message(&asked(id, b"1"), now) {
            handed += 1;
            session.handle_message(&Message::Cancel { id: id.into() }, now);
        }
    }
    assert_eq!((handed, session.serving()), (3, 3));
}

#[test]
fn a_malformed_request_is_refused_and_costs_no_place() {
    let (mut session, now) = met(Limits::default(), 10, 10);
    let malformed = Message::Malformed { of: Malformed::Request(7.into()), why: "odd" };
    let event = session.handle_message(&malformed, now);
    assert_eq!(event, Event::Refuse(7.into(), Kind::Serialize, "odd"));
    assert_eq!((session.serving(), session.counters().malformed), (0, 1));
}

#[test]
fn answers_that_nobody_waits_for_are_counted() {
    let (mut session, now) = met(Limits::default(), 10, 10);
    let Admission::Send(id) = ask(&mut session, 0, 1) else { panic!("there is room") };
    assert_eq!(session.handle_message(&answer(id.clone()), now), Event::Settle(0));
    assert_eq!(session.handle_message(&answer(id), now), Event::Ignored);
    assert_eq!(session.handle_message(&answer(99.into()), now), Event::Ignored);
    let malformed = Message::Malformed { of: Malformed::Response(98.into()), why: "odd" };
    assert_eq!(session.handle_message(&malformed, now), Event::Ignored);
    assert_eq!(session.counters().late_responses, 3);
}

#[test]
fn a_second_hello_is_a_violation() {
    let (mut session, now) = met(Limits::default(), 10, 10);
    assert!(matches!(session.handle_message(&hello(1, 1), now), Event::Violation(_)));
    assert_eq!(session.state(), State::Ready);
}
