//! How a session ends: the goodbye, what is still finished, who hears what.

use std::time::{Duration, Instant};

use crate::{
    config::{IdStyle, Limits},
    error::Kind,
    message::{Body, BodyKind, Comeback, Hello, Id, Message, Request},
    session::{Admission, Event, Reply, Session, Settled, State, Timeout},
};

const HELLO: Message<'static> = Message::Hello(Hello {
    version: 1,
    capabilities: 0,
    max_frame_bytes: 1 << 20,
    max_in_flight: 2,
    max_in_flight_bytes: 1000,
});

fn ready() -> (Session, Instant) {
    let now = Instant::now();
    let mut session = Session::new(Limits::default(), IdStyle::Joined);
    session.open(now, true);
    session.handle_message(&HELLO, now);
    (session, now)
}

fn asked(id: u64) -> Message<'static> {
    let (id, topic, body, deadline_ms) = (Id::Number(id), "", Body::NONE, 0);
    Message::Request(Request { id, topic, body, deadline_ms, trace: None })
}

fn send(session: &mut Session, slot: u32) -> Id {
    let Admission::Send(id) = session.request(slot, 1, None) else { panic!("there is room") };
    id
}

#[test]
fn a_session_without_anything_open_is_drained_at_once() {
    let (mut session, now) = ready();
    assert!(session.close(now, Duration::from_secs(1)));
    assert!(session.is_drained());
}

#[test]
fn a_goodbye_is_said_once() {
    let (mut session, now) = ready();
    assert!(session.close(now, Duration::from_secs(1)));
    assert!(!session.close(now, Duration::from_secs(9)));
    assert_eq!(session.poll_timeout(), Some(now + Duration::from_secs(1)));
}

#[test]
fn after_our_goodbye_new_calls_fail_and_certainly_never_left() {
    let (mut session, now) = ready();
    session.close(now, Duration::from_secs(1));
    assert!(matches!(session.request(0, 1, None), Admission::Refuse(Kind::Closed, _)));
    assert_eq!(session.pending(), 0);
}

#[test]
fn after_our_goodbye_new_requests_are_refused() {
    let (mut session, now) = ready();
    session.close(now, Duration::from_secs(1));
    let refused = session.handle_message(&asked(1), now);
    assert!(matches!(refused, Event::Refuse(Id::Number(1), Kind::Closed, _)));
}

#[test]
fn what_is_open_is_finished_in_both_directions() {
    let (mut session, now) = ready();
    let id = send(&mut session, 0);
    let Event::Request(token) = session.handle_message(&asked(5), now) else { panic!("ready") };
    session.close(now, Duration::from_secs(1));
    assert!(!session.is_drained());
    assert_eq!(
        session.handle_message(&Message::Response { id, body: Body::NONE }, now),
        Event::Settle(0)
    );
    assert!(!session.is_drained());
    assert_eq!(session.reply(token), Reply::Send(5.into()));
    assert!(session.is_drained());
}

#[test]
fn what_waited_before_the_goodbye_is_still_sent() {
    let (mut session, now) = ready();
    let id = send(&mut session, 0);
    send(&mut session, 1);
    assert_eq!(session.request(2, 1, None), Admission::Wait);
    session.wait(2, "", BodyKind::Json, b"1".to_vec(), None, None);
    session.close(now, Duration::from_secs(1));
    session.handle_message(&Message::Response { id, body: Body::NONE }, now);
    assert_eq!(session.poll_waiting().map(|(_, waiting)| waiting.slot), Some(2));
}

#[test]
fn draining_takes_no_longer_than_it_may() {
    let (mut session, now) = ready();
    send(&mut session, 0);
    session.close(now, Duration::from_secs(1));
    let end = now + Duration::from_secs(1);
    assert_eq!(session.handle_timeout(end - Duration::from_millis(1)), None);
    assert!(matches!(session.handle_timeout(end), Some(Timeout::Over(Kind::Closed, _))));
}

#[test]
fn after_the_peers_goodbye_new_calls_fail_and_open_ones_go_on() {
    let (mut session, now) = ready();
    let id = send(&mut session, 0);
    assert_eq!(
        session.handle_message(&Message::Goaway { reason: "", comeback: Comeback::Unsaid }, now),
        Event::Goaway
    );
    assert!(matches!(session.request(1, 1, None), Admission::Refuse(Kind::Closed, _)));
    assert_eq!(
        session.handle_message(&Message::Response { id, body: Body::NONE }, now),
        Event::Settle(0)
    );
}

#[test]
fn the_end_fails_every_call_once_and_says_which_the_peer_may_have() {
    let (mut session, _) = ready();
    let ids = [send(&mut session, 0), send(&mut session, 1)];
    assert_eq!(session.request(2, 1, None), Admission::Wait);
    session.finish();
    let mut failed: Vec<Settled> = std::iter::from_fn(|| session.fail_one()).collect();
    failed.sort_by_key(|settled| settled.slot);
    let [first, second] = ids.map(Some);
    let settled = |slot, id| Settled { slot, id };
    assert_eq!(failed, [settled(0, first), settled(1, second), settled(2, None)]);
    assert_eq!((session.pending(), session.state()), (0, State::Closed));
}

#[test]
fn after_the_end_nothing_is_due() {
    let (mut session, now) = ready();
    session.heard(true, now);
    session.close(now, Duration::from_secs(1));
    session.finish();
    while session.fail_one().is_some() {}
    assert_eq!(session.poll_timeout(), None);
    assert!(matches!(session.request(0, 1, None), Admission::Refuse(Kind::Closed, _)));
    assert_eq!(session.reply(0), Reply::Drop);
}

#[test]
fn pings_need_a_peer() {
    let now = Instant::now();
    let mut session = Session::new(Limits::default(), IdStyle::Joined);
    assert_eq!(session.ping(0, None), Err(Kind::Disconnected));
    session.open(now, true);
    session.handle_message(&HELLO, now);
    let token = session.ping(0, None).expect("ready");
    assert_eq!(session.handle_message(&Message::Pong { token }, now), Event::Pong(0));
    session.close(now, Duration::ZERO);
    assert_eq!(session.ping(0, None), Err(Kind::Closed));
}
