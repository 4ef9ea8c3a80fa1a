//! What streams may do: ids, halves, credit, overdrafts, limits. No bytes, no clock.

use std::time::Instant;

use crate::{
    config::{IdStyle, Limits},
    error::Kind,
    message::{
        Body, BodyKind, Failure, Hello, Malformed, Message, Part, Role, capability, setting,
    },
    session::{Event, PEERS, Session},
};

const WINDOW: usize = 64 * 1024;

/// A session on the side that accepted, which has met a peer with streams.
fn met(limits: Limits) -> Session {
    met_as(Role::Server, limits, capability::STREAMS)
}

fn met_as(role: Role, limits: Limits, capabilities: u32) -> Session {
    let now = Instant::now();
    let mut session = Session::of(role, limits, IdStyle::Joined);
    session.open(now, true);
    let (version, max_in_flight, max_in_flight_bytes) = (1, 10, 1000);
    let max_frame_bytes = limits.max_frame_bytes;
    let hello =
        Hello { version, capabilities, max_frame_bytes, max_in_flight, max_in_flight_bytes };
    assert_eq!(session.handle_message(&Message::Hello(hello), now), Event::Ready);
    session
}

fn hear(session: &mut Session, id: u64, part: Part<'_>) -> Event {
    session.handle_message(&Message::Stream { id, part }, Instant::now())
}

fn opening(settings: u32) -> Part<'static> {
    Part::Open { topic: "", body: Body::NONE, settings, trace: None }
}

fn reset() -> Part<'static> {
    Part::Reset(Failure::Kind { kind: 3, text: "" })
}

fn data(length: usize) -> Vec<u8> {
    vec![0; length]
}

/// A stream that the peer has opened, and its number.
fn opened(session: &mut Session, id: u64, settings: u32) -> u32 {
    match hear(session, id, opening(settings)) {
        Event::Opened(number) => number,
        other => panic!("not opened: {other:?}"),
    }
}

fn is_violation(event: &Event) -> bool {
    matches!(event, Event::Violation(_))
}

#[test]
fn a_stream_is_over_when_both_sides_have_ended() {
    let mut session = met(Limits::default());
    let number = opened(&mut session, 1, 0);
    assert_eq!(number, PEERS);
    assert_eq!(hear(&mut session, 1, Part::End), Event::Ended(number));
    assert_eq!(session.open_streams(), 1);
    assert_eq!(session.streams().is_writable(number), Some(false));
    assert_eq!(session.streams().end(number), Some(1));
    assert_eq!(session.open_streams(), 0);
    assert_eq!(session.streams().end(number), None);
}

#[test]
fn our_end_leaves_their_direction_open() {
    let mut session = met(Limits::default());
    let number = opened(&mut session, 1, 0);
    assert_eq!(session.streams().end(number), Some(1));
    assert_eq!(session.streams().is_writable(number), None);
    let body = Body::bytes(b"late");
    assert_eq!(hear(&mut session, 1, Part::Data(body)), Event::Data(number, 20));
    assert_eq!(hear(&mut session, 1, Part::End), Event::Ended(number));
    assert_eq!(session.open_streams(), 0);
}

#[test]
fn a_second_end_and_data_after_it_are_violations() {
    for part in [Part::End, Part::Data(Body::bytes(b"1"))] {
        let mut session = met(Limits::default());
        opened(&mut session, 1, 0);
        hear(&mut session, 1, Part::End);
        assert!(is_violation(&hear(&mut session, 1, part)), "{part:?}");
    }
}

#[test]
fn what_comes_for_a_stream_that_is_over_is_late_and_no_offence() {
    let mut session = met(Limits::default());
    let number = opened(&mut session, 1, 0);
    assert_eq!(session.streams().reset(number), Some(1));
    for part in [Part::Data(Body::bytes(b"1")), Part::Credit(1), Part::End, reset()] {
        assert_eq!(hear(&mut session, 1, part), Event::Ignored, "{part:?}");
    }
}

#[test]
fn what_comes_for_a_stream_that_never_was_is_a_violation() {
    for id in [0, 1, 2, 5] {
        for part in [Part::Data(Body::bytes(b"1")), Part::Credit(1), Part::End, reset()] {
            let mut session = met(Limits::default());
            assert!(is_violation(&hear(&mut session, id, part)), "{id} {part:?}");
        }
    }
}

#[test]
fn ids_go_up_and_have_their_sides_parity() {
    for (role, fits, other) in [(Role::Server, 5, 4), (Role::Client, 4, 5)] {
        let mut session = met_as(role, Limits::default(), capability::STREAMS);
        opened(&mut session, fits, 0);
        for id in [0, other, fits, fits - 2] {
            assert!(is_violation(&hear(&mut session, id, opening(0))), "{role:?} {id}");
        }
        opened(&mut session, fits + 2, 0);
    }
}

#[test]
fn our_own_ids_are_odd_on_the_side_that_connected() {
    let mut client = met_as(Role::Client, Limits::default(), capability::STREAMS);
    assert_eq!(client.open_stream(7, 0), Ok(1));
    assert_eq!(client.open_stream(8, 0), Ok(3));
    assert_eq!(client.open_stream(7, 0).map_err(|(kind, _)| kind), Err(Kind::Overflow));
    let mut server = met(Limits::default());
    assert_eq!(server.open_stream(7, 0), Ok(2));
}

#[test]
fn a_peer_without_streams_is_sent_none() {
    let mut session = met_as(Role::Client, Limits::default(), 0);
    assert_eq!(session.open_stream(1, 0).map_err(|(kind, _)| kind), Err(Kind::Unsupported));
}

#[test]
fn one_stream_too_many_is_refused_and_the_next_is_not() {
    let mut session = met(Limits { max_streams: 1, ..Limits::default() });
    let first = opened(&mut session, 1, 0);
    let refused = hear(&mut session, 3, opening(0));
    assert!(matches!(refused, Event::RefuseStream(3, Kind::Overflow, _)), "{refused:?}");
    // What was under way to it meanwhile.
    assert_eq!(hear(&mut session, 3, Part::Data(Body::bytes(b"1"))), Event::Ignored);
    session.streams().reset(first);
    opened(&mut session, 5, 0);
    assert_eq!(session.stream_counters().refused, 1);
}

#[test]
fn the_window_is_all_that_may_come_until_it_is_granted_again() {
    let mut session = met(Limits::default());
    let number = opened(&mut session, 1, 0);
    let whole = data(WINDOW - 16);
    let body = Body::bytes(&whole);
    assert_eq!(hear(&mut session, 1, Part::Data(body)), Event::Data(number, WINDOW as u32));
    assert_eq!(session.streams().grant(number, 17), Some(1));
    assert_eq!(hear(&mut session, 1, Part::Data(Body::bytes(b"1"))), Event::Data(number, 17));
    assert!(is_violation(&hear(&mut session, 1, Part::Data(Body::bytes(b"")))));
}

#[test]
fn tiny_data_costs_as_much_as_its_frame() {
    let mut session = met(Limits::default());
    opened(&mut session, 1, 0);
    let come = (0..).take_while(|_| {
        !is_violation(&hear(&mut session, 1, Part::Data(Body { kind: BodyKind::Bytes, data: b"" })))
    });
    assert_eq!(come.count(), WINDOW / 16);
}

#[test]
fn bytes_are_parted_by_what_credit_there_is() {
    let mut session = met(Limits::default());
    session.open_stream(1, 0).expect("a stream");
    assert_eq!(session.streams().spend(1, 60_000), Some(60_000));
    assert_eq!(session.streams().spend(1, 60_000), Some(WINDOW - 60_016 - 16));
    assert_eq!(session.streams().spend(1, 1), None);
    // Not worth a frame while there is more to send, but enough for all there is.
    hear(&mut session, 2, Part::Credit(100));
    assert_eq!(session.streams().spend(1, 60_000), None);
    assert_eq!(session.streams().spend(1, 84), Some(84));
}

#[test]
fn a_value_goes_whole_and_leaves_an_overdraft() {
    let mut session = met(Limits::default());
    session.open_stream(1, setting::VALUES).expect("a stream");
    assert_eq!(session.streams().spend(1, WINDOW * 3), Some(WINDOW * 3));
    assert_eq!(session.streams().spend(1, 1), None);
    hear(&mut session, 2, Part::Credit(WINDOW as u32 * 2 + 16));
    assert_eq!(session.streams().spend(1, 1), None);
    hear(&mut session, 2, Part::Credit(1));
    assert_eq!(session.streams().spend(1, 1), Some(1));
}

#[test]
fn all_overdrafts_together_are_at_most_one_message() {
    let limits = Limits { max_frame_bytes: 1 << 20, ..Limits::default() };
    let mut sender = met_as(Role::Client, limits, capability::STREAMS);
    let mut receiver = met(limits);
    let large = data(1 << 20);
    for number in [1, 2] {
        let id = sender.open_stream(number, setting::VALUES).expect("a stream");
        opened(&mut receiver, id, setting::VALUES);
    }
    assert_eq!(sender.streams().spend(1, large.len()), Some(large.len()));
    assert_eq!(sender.streams().spend(2, large.len()), None);
    // Small ones of the other stream go on.
    assert_eq!(sender.streams().spend(2, 10), Some(10));
    let value = Body::json(&large);
    assert!(matches!(hear(&mut receiver, 1, Part::Data(value)), Event::Data(..)));
    assert!(is_violation(&hear(&mut receiver, 3, Part::Data(value))));
    // A stream that is over holds up nobody.
    hear(&mut sender, 1, reset());
    assert_eq!(sender.streams().spend(2, large.len()), Some(large.len()));
}

#[test]
fn a_stream_of_bytes_has_no_values() {
    let mut session = met(Limits::default());
    opened(&mut session, 1, 0);
    assert!(is_violation(&hear(&mut session, 1, Part::Data(Body::json(b"1")))));
}

#[test]
fn more_credit_than_anybody_can_mean_is_a_violation() {
    let mut session = met(Limits::default());
    session.open_stream(1, 0).expect("a stream");
    assert_eq!(hear(&mut session, 2, Part::Credit(1 << 30)), Event::Credited(1));
    assert!(is_violation(&hear(&mut session, 2, Part::Credit(u32::MAX))));
}

#[test]
fn what_cannot_be_read_ends_its_stream_alone() {
    let mut session = met(Limits::default());
    let number = opened(&mut session, 1, setting::VALUES);
    let now = Instant::now();
    let malformed = |id, opens| Message::Malformed { of: Malformed::Stream(id, opens), why: "?" };
    let event = session.handle_message(&malformed(1, false), now);
    assert_eq!(event, Event::BrokenStream(number, 1, "?"));
    let event = session.handle_message(&malformed(3, true), now);
    assert_eq!(event, Event::RefuseStream(3, Kind::Serialize, "?"));
    assert_eq!(session.open_streams(), 0);
    opened(&mut session, 5, 0);
}

#[test]
fn a_closing_side_opens_none_and_waits_for_those_it_has() {
    let mut session = met(Limits::default());
    let number = opened(&mut session, 1, 0);
    session.close(Instant::now(), std::time::Duration::from_secs(1));
    assert_eq!(session.open_stream(1, 0).map_err(|(kind, _)| kind), Err(Kind::Closed));
    let refused = hear(&mut session, 3, opening(0));
    assert!(matches!(refused, Event::RefuseStream(3, Kind::Closed, _)));
    assert!(!session.is_drained());
    session.streams().reset(number);
    assert!(session.is_drained());
}
