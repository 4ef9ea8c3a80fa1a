//! From the peer's preface to calls: the greeting, the decision, and their time limit.

use std::time::{Duration, Instant};

use super::support::{orders::Orders, pair::Pair};
use crate::{
    config::{Format, IdStyle, Limits},
    driver::batch::kind,
    error::Kind,
    message::{Body, Hello, Message, Role, capability},
    session::{Event, Session, State, Timeout},
};

const SECOND: Duration = Duration::from_secs(1);
const GREETING: Message<'static> = Message::Greeting { body: Body::NONE };
const WELCOME: Message<'static> = Message::Welcome { id: "x" };
const REFUSED: Message<'static> = Message::Refused { reason: "no" };

fn hello(capabilities: u32) -> Message<'static> {
    Message::Hello(Hello {
        version: 1,
        capabilities,
        max_frame_bytes: 1 << 20,
        max_in_flight: 2,
        max_in_flight_bytes: 1000,
    })
}

fn opened(role: Role) -> (Session, Instant) {
    let now = Instant::now();
    let limits = Limits { handshake_timeout: SECOND, ..Limits::default() };
    let mut session = Session::of(role, limits, IdStyle::Joined);
    session.open(now, true);
    (session, now)
}

#[test]
fn a_client_greets_and_is_ready_when_it_is_welcome() {
    let (mut session, now) = opened(Role::Client);
    assert_eq!(session.handle_message(&hello(capability::HELLO), now), Event::Greet);
    assert_eq!((session.state(), session.is_met()), (State::Handshaking, false));
    assert_eq!(session.handle_message(&WELCOME, now), Event::Ready);
    assert_eq!((session.state(), session.is_met()), (State::Ready, true));
}

#[test]
fn a_peer_without_greeting_is_ready_at_once() {
    for role in [Role::Client, Role::Server] {
        let (mut session, now) = opened(role);
        assert_eq!(session.handle_message(&hello(!capability::HELLO), now), Event::Ready);
    }
}

#[test]
fn a_server_lets_the_application_decide_and_looks_at_nothing_meanwhile() {
    let (mut session, now) = opened(Role::Server);
    assert_eq!(session.handle_message(&hello(capability::HELLO), now), Event::Ignored);
    assert!(!session.is_deciding());
    assert_eq!(session.handle_message(&GREETING, now), Event::Decide);
    assert!(session.is_deciding());
    assert_eq!(session.welcome(now), Some(true));
    assert_eq!((session.is_deciding(), session.state()), (false, State::Ready));
    assert_eq!(session.welcome(now), None);
}

#[test]
fn a_gated_server_decides_on_peers_without_greeting_too() {
    let (mut session, now) = opened(Role::Server);
    session.gate();
    assert_eq!(session.handle_message(&hello(0), now), Event::Decide);
    assert_eq!(session.welcome(now), Some(false));
    let mut silent = Session::of(Role::Server, Limits::default(), IdStyle::Joined);
    silent.gate();
    silent.open(now, false);
    assert!(silent.is_deciding());
    assert!(silent.poll_timeout().is_some());
}

#[test]
fn only_what_belongs_to_the_introduction_is_heard_before_it_is_over() {
    let event = Message::Event { topic: "", body: Body::NONE, trace: None };
    let (no_preface, _) = (&GREETING, &WELCOME);
    let table: [(Role, u32, &Message<'_>); 9] = [
        (Role::Client, capability::HELLO, &GREETING),
        (Role::Client, capability::HELLO, &event),
        (Role::Server, capability::HELLO, &WELCOME),
        (Role::Server, capability::HELLO, &REFUSED),
        (Role::Server, capability::HELLO, &event),
        (Role::Server, capability::HELLO, &hello(0)),
        (Role::Server, 0, &GREETING),
        (Role::Client, 0, &WELCOME),
        (Role::Client, 0, &REFUSED),
    ];
    for (role, capabilities, message) in table {
        let (mut session, now) = opened(role);
        session.handle_message(&hello(capabilities), now);
        let heard = session.handle_message(message, now);
        assert!(matches!(heard, Event::Violation(_)), "{role:?} heard {message:?}: {heard:?}");
    }
    let (mut session, now) = opened(Role::Server);
    assert!(matches!(session.handle_message(no_preface, now), Event::Violation(_)));
    let (mut session, now) = opened(Role::Client);
    session.handle_message(&hello(capability::HELLO), now);
    assert_eq!(session.handle_message(&Message::Ping { token: 3 }, now), Event::SendPong(3));
}

#[test]
fn the_time_for_the_handshake_covers_greeting_and_decision() {
    let (mut session, now) = opened(Role::Server);
    session.handle_message(&hello(capability::HELLO), now + SECOND / 2);
    session.handle_message(&GREETING, now + SECOND / 2);
    assert_eq!(session.poll_timeout(), Some(now + SECOND));
    let over = session.handle_timeout(now + SECOND);
    assert!(matches!(over, Some(Timeout::Over(Kind::Timeout, _))));
}

#[test]
fn a_decision_after_the_goodbye_is_nobodys() {
    let (mut session, now) = opened(Role::Server);
    session.handle_message(&hello(capability::HELLO), now);
    session.handle_message(&GREETING, now);
    session.close(now, SECOND);
    assert_eq!((session.welcome(now), session.decided()), (None, None));
}

#[test]
fn hello_and_id_travel_and_calls_wait_for_the_welcome() {
    let mut pair = Pair::new(Limits::default());
    pair.welcomes = false;
    pair.client_wants(&Orders::new().hello("{\"token\":1}").request(0, "1"));
    pair.open();
    pair.run();
    let asked = pair.server.of_kind(kind::HELLO);
    assert_eq!(asked[0].body, "{\"token\":1}");
    assert!(pair.server.of_kind(kind::REQUEST).is_empty());
    pair.server_wants(&Orders::new().welcome("größe"));
    pair.run();
    assert_eq!(pair.client.of_kind(kind::READY)[0].body, "größe");
    assert_eq!(pair.server.of_kind(kind::READY).len(), 1);
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1);
}

#[test]
fn who_is_turned_away_hears_why_and_it_is_over() {
    let mut pair = Pair::new(Limits::default());
    pair.welcomes = false;
    pair.client_wants(&Orders::new().request(7, "1"));
    pair.open();
    pair.run();
    pair.server_wants(&Orders::new().refuse("not you"));
    pair.run();
    let error = pair.client.over.as_ref().expect("over");
    assert_eq!((error.kind(), error.message()), (Kind::Refused, "not you"));
    let failed = pair.client.of_kind(kind::FAILED);
    assert_eq!((failed[0].subject, failed[0].extra), (7, Kind::Refused as u32));
    assert!(pair.server.machine.is_drained());
    assert!(pair.server.of_kind(kind::READY).is_empty());
}

#[test]
fn what_comes_before_the_decision_waits_undecoded_and_is_bounded() {
    let mut pair = Pair::of(Format::JftpD, Limits::default(), Limits::default());
    pair.server = pair.server.gated();
    pair.welcomes = false;
    let calls = (0..200).fold(Orders::new(), |orders, slot| {
        orders.request(slot, &format!("\"{}\"", "x".repeat(1000)))
    });
    pair.open();
    pair.client_wants(&calls);
    pair.run();
    assert_eq!(pair.server.of_kind(kind::HELLO).len(), 1);
    assert!(pair.server.of_kind(kind::REQUEST).is_empty());
    assert!(pair.server.machine.held_bytes() <= 512 * 1024);
    assert!(!pair.server.machine.wants_read());
    pair.server_wants(&Orders::new().welcome("unheard"));
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 200);
}
