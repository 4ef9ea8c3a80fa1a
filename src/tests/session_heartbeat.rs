//! Deadlines of the connection itself: the handshake, the frame, the heartbeat. No time passes here.

use std::time::{Duration, Instant};

use crate::{
    config::{IdStyle, Limits},
    error::Kind,
    message::{Hello, Message},
    session::{
        Event, Session, Timeout,
        heartbeat::{Beat, HEARTBEAT_TOKEN, Heartbeat},
    },
};

const SECOND: Duration = Duration::from_secs(1);

const HELLO: Message<'static> = Message::Hello(Hello {
    version: 1,
    capabilities: 0,
    max_frame_bytes: 1 << 20,
    max_in_flight: 10,
    max_in_flight_bytes: 1000,
});

fn limits() -> Limits {
    Limits {
        handshake_timeout: 10 * SECOND,
        frame_timeout: 30 * SECOND,
        heartbeat: Some(60 * SECOND),
        ..Limits::default()
    }
}

fn opened(limits: Limits) -> (Session, Instant) {
    let now = Instant::now();
    let mut session = Session::new(limits, IdStyle::Joined);
    session.open(now, true);
    (session, now)
}

/// What comes of the session's next deadline.
fn next(session: &mut Session) -> (Instant, Option<Timeout>) {
    let due = session.poll_timeout().expect("something is due");
    assert_eq!(session.handle_timeout(due - Duration::from_nanos(1)), None);
    (due, session.handle_timeout(due))
}

fn is_over(timeout: Option<Timeout>) -> bool {
    matches!(timeout, Some(Timeout::Over(Kind::Timeout, _)))
}

#[test]
fn a_peer_that_says_nothing_has_the_time_of_the_handshake() {
    let (mut session, began) = opened(limits());
    let (due, timeout) = next(&mut session);
    assert_eq!(due, began + 10 * SECOND);
    assert!(is_over(timeout));
}

#[test]
fn bytes_that_are_no_hello_do_not_prolong_the_handshake() {
    let (mut session, began) = opened(limits());
    session.heard(true, began + 9 * SECOND);
    let (due, timeout) = next(&mut session);
    assert_eq!(due, began + 10 * SECOND);
    assert!(is_over(timeout));
}

#[test]
fn what_suits_the_transport_counts_where_the_application_has_no_wish() {
    let wish = |heartbeat| Limits { heartbeat, ..limits() };
    for (limits, interval) in [
        (wish(None), Some(30 * SECOND)),
        (wish(Some(5 * SECOND)), Some(5 * SECOND)),
        (wish(Some(Duration::ZERO)), None),
    ] {
        let now = Instant::now();
        let mut session = Session::new(limits, IdStyle::Joined);
        session.presume_heartbeat(30 * SECOND);
        session.open(now, true);
        session.handle_message(&HELLO, now);
        assert_eq!(session.poll_timeout(), interval.map(|interval| now + interval));
    }
}

#[test]
fn a_hello_ends_the_handshake() {
    let (mut session, began) = opened(Limits { heartbeat: Some(Duration::ZERO), ..limits() });
    session.handle_message(&HELLO, began);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn a_peer_that_stops_within_a_frame_has_the_time_of_a_frame() {
    let (mut session, began) = opened(Limits { heartbeat: Some(Duration::ZERO), ..limits() });
    session.handle_message(&HELLO, began);
    session.heard(true, began + 5 * SECOND);
    let (due, timeout) = next(&mut session);
    assert_eq!(due, began + 35 * SECOND);
    assert!(is_over(timeout));
}

#[test]
fn more_of_the_frame_prolongs_it_and_its_end_ends_it() {
    let (mut session, began) = opened(Limits { heartbeat: Some(Duration::ZERO), ..limits() });
    session.handle_message(&HELLO, began);
    session.heard(true, began);
    session.heard(true, began + 20 * SECOND);
    assert_eq!(session.poll_timeout(), Some(began + 50 * SECOND));
    session.heard(false, began + 21 * SECOND);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn zero_is_never() {
    let never = Duration::ZERO;
    let limits = Limits {
        handshake_timeout: never,
        frame_timeout: never,
        heartbeat: Some(never),
        ..Limits::default()
    };
    let (mut session, began) = opened(limits);
    session.heard(true, began);
    assert_eq!(session.poll_timeout(), None);
    session.handle_message(&HELLO, began);
    session.heard(true, began);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn silence_brings_two_pings_and_then_the_end() {
    let (mut session, began) = opened(limits());
    session.handle_message(&HELLO, began);
    for beat in 1..=2 {
        let (due, timeout) = next(&mut session);
        assert_eq!(due, began + beat * 60 * SECOND);
        assert_eq!(timeout, Some(Timeout::SendPing(HEARTBEAT_TOKEN)));
    }
    let (due, timeout) = next(&mut session);
    assert_eq!(due, began + 180 * SECOND);
    assert!(is_over(timeout));
}

#[test]
fn any_sign_of_life_begins_anew() {
    let (mut session, began) = opened(limits());
    session.handle_message(&HELLO, began);
    next(&mut session);
    next(&mut session);
    session.heard(false, began + 179 * SECOND);
    let (due, timeout) = next(&mut session);
    assert_eq!(due, began + 239 * SECOND);
    assert_eq!(timeout, Some(Timeout::SendPing(HEARTBEAT_TOKEN)));
}

#[test]
fn the_answer_to_a_heartbeat_settles_no_call() {
    let (mut session, began) = opened(limits());
    session.handle_message(&HELLO, began);
    session.ping(0, None).expect("ready");
    let pong = Message::Pong { token: HEARTBEAT_TOKEN };
    assert_eq!(session.handle_message(&pong, began), Event::Ignored);
    assert_eq!(session.pending(), 1);
}

#[test]
fn where_there_are_no_pings_silence_means_nothing() {
    let now = Instant::now();
    let mut session = Session::new(limits(), IdStyle::Joined);
    session.open(now, false);
    assert_eq!(session.poll_timeout(), None);
    session.heard(false, now);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn the_watch_comes_back_after_a_long_sleep_without_a_burst_of_pings() {
    let began = Instant::now();
    let mut watch = Heartbeat::new(SECOND);
    watch.heard(began);
    let later = began + 3600 * SECOND;
    assert_eq!(watch.handle_timeout(later), Beat::Ping);
    assert_eq!(watch.handle_timeout(later), Beat::Quiet);
    assert_eq!(watch.due(), Some(later + SECOND));
}

#[test]
fn while_nothing_is_read_pings_go_out_and_none_counts() {
    let now = Instant::now();
    let mut watch = Heartbeat::new(60 * SECOND);
    watch.heard(now);
    watch.set_deaf(true);
    for beat in 1..10 {
        assert_eq!(watch.handle_timeout(now + 60 * SECOND * beat), Beat::Ping);
        assert!(!watch.is_missed());
    }
}

#[test]
fn reading_again_gives_the_peer_all_its_time() {
    let (mut session, began) = opened(limits());
    session.handle_message(&HELLO, began);
    session.heard(true, began);
    session.stop_listening();
    let (later, timeout) = next(&mut session);
    // The rest of the frame is here, perhaps: it just isn't looked at.
    assert_eq!((later, timeout), (began + 60 * SECOND, Some(Timeout::SendPing(HEARTBEAT_TOKEN))));
    session.listen_again(true, later);
    let (due, timeout) = next(&mut session);
    assert_eq!(due, later + 30 * SECOND);
    assert!(is_over(timeout));
}
