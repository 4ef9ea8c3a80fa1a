//! Two machines in conversation over a pipe that cuts wherever it likes.

use std::{collections::HashMap, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::support::{
    orders::Orders,
    pair::{Pair, parting},
};
use crate::{
    config::{Format, Limits},
    driver::batch::{MAYBE_DELIVERED, kind},
    error::Kind,
    session::State,
};

const SECOND: Duration = Duration::from_secs(1);

/// The server answers everything it was asked with what it was asked.
fn answer_all(pair: &mut Pair) {
    let asked = std::mem::take(&mut pair.server.heard);
    for item in asked {
        if item.kind == kind::REQUEST {
            pair.server_wants(&Orders::new().respond(item.subject, &item.body));
        }
    }
}

#[test]
fn they_meet_and_a_call_is_answered() {
    let mut pair = Pair::new(Limits::default());
    pair.client_wants(&Orders::new().order(kind::REQUEST, 4, "größe", "\"é🌍\"", 0));
    pair.open();
    pair.run();
    let asked = pair.server.of_kind(kind::REQUEST);
    assert_eq!((asked[0].topic.as_str(), asked[0].body.as_str()), ("größe", "\"é🌍\""));
    answer_all(&mut pair);
    pair.run();
    let answered = pair.client.of_kind(kind::RESPONSE);
    assert_eq!((answered[0].subject, answered[0].body.as_str()), (4, "\"é🌍\""));
}

#[test]
fn every_cut_gives_the_same_conversation() {
    let large = format!("\"{}\"", "é".repeat(40_000));
    for cut in [1, 2, 7, 16, 17, 31, 33, 1000, 65_535, 65_536, 65_537] {
        let mut pair = Pair::new(Limits::default());
        pair.cuts = vec![cut];
        pair.open();
        let calls = Orders::new().request(0, "1").request(1, if cut < 7 { "2" } else { &large });
        pair.client_wants(&calls.request(2, "\"é\""));
        pair.run();
        answer_all(&mut pair);
        pair.run();
        let answers: Vec<_> =
            pair.client.of_kind(kind::RESPONSE).iter().map(|item| item.subject).collect();
        assert_eq!(answers, [0, 1, 2], "cut after {cut}");
        assert_eq!(pair.client.heard.last().map(|item| item.body.as_str()), Some("\"é\""));
    }
}

#[test]
fn a_deadline_travels_as_what_is_left_of_it() {
    let mut pair = Pair::new(Limits::default());
    pair.client_wants(&Orders::new().request_within(0, "1", 1000));
    pair.advance(Duration::from_millis(400));
    pair.open();
    pair.run();
    assert_eq!(pair.server.of_kind(kind::REQUEST)[0].extra, 600);
}

#[test]
fn a_call_without_an_answer_times_out_and_is_taken_back() {
    let mut pair = Pair::met(Limits::default());
    pair.client_wants(&Orders::new().request_within(3, "1", 1000));
    pair.run();
    pair.advance(SECOND);
    let failed = pair.client.of_kind(kind::FAILED);
    assert_eq!((failed[0].subject, failed[0].extra), (3, Kind::Timeout as u32 | MAYBE_DELIVERED));
    assert_eq!(pair.server.of_kind(kind::CANCEL).len(), 1);
}

#[test]
fn an_answer_that_comes_too_late_is_counted_and_nothing_else() {
    let mut pair = Pair::met(Limits::default());
    pair.latency = 2 * SECOND;
    pair.client_wants(&Orders::new().request_within(3, "1", 3000));
    pair.run();
    pair.advance(2 * SECOND);
    answer_all(&mut pair);
    pair.run();
    pair.advance(SECOND);
    pair.client_wants(&Orders::new().request(3, "\"another in the same slot\""));
    pair.advance(SECOND);
    assert_eq!(pair.client.of_kind(kind::RESPONSE).len(), 0);
    assert_eq!(pair.client.machine.stats().counters.late_responses, 1);
}

#[test]
fn a_call_that_was_taken_back_is_told_of_once() {
    let mut pair = Pair::met(Limits::default());
    pair.client_wants(&Orders::new().request(0, "1").cancel(0).cancel(0));
    pair.run();
    let failed = pair.client.of_kind(kind::FAILED);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].extra, Kind::Aborted as u32 | MAYBE_DELIVERED);
    answer_all(&mut pair);
    pair.run();
    assert_eq!(pair.client.of_kind(kind::RESPONSE).len(), 0);
    assert_eq!(pair.server.machine.stats().serving, 0);
}

#[test]
fn a_ping_comes_back_and_so_does_a_message_that_has_left() {
    let mut pair = Pair::met(Limits::default());
    pair.client_wants(&Orders::new().ping(5).send(6, "\"hi\""));
    pair.run();
    let subjects = |kind| pair.client.of_kind(kind).iter().map(|i| i.subject).collect::<Vec<_>>();
    assert_eq!((subjects(kind::PING), subjects(kind::SENT)), (vec![5], vec![6]));
    assert_eq!(pair.server.of_kind(kind::MESSAGE)[0].body, "\"hi\"");
}

#[test]
fn the_peers_limit_on_messages_is_heeded() {
    let server = Limits { max_frame_bytes: 2000, ..Limits::default() };
    let mut pair = Pair::of(Format::Shortwire, Limits::default(), server);
    pair.open();
    pair.run();
    let large = "1".repeat(2001);
    pair.client_wants(&Orders::new().request(0, &large).request(1, "1"));
    pair.run();
    let failed = pair.client.of_kind(kind::FAILED);
    assert_eq!((failed[0].subject, failed[0].extra), (0, Kind::TooLarge as u32));
    assert_eq!(pair.server.of_kind(kind::REQUEST).len(), 1, "the connection goes on");
}

#[test]
fn an_answer_that_is_too_large_for_the_caller_fails_its_call_alone() {
    let client = Limits { max_frame_bytes: 2000, ..Limits::default() };
    let mut pair = Pair::of(Format::Shortwire, client, Limits::default());
    pair.open();
    pair.client_wants(&Orders::new().request(0, "1").request(1, "1"));
    pair.run();
    pair.server_wants(&Orders::new().respond(0, &"1".repeat(2001)).respond(1, "2"));
    pair.run();
    assert_eq!(pair.client.of_kind(kind::FAILED)[0].extra & 0xff, Kind::TooLarge as u32);
    assert_eq!(pair.client.of_kind(kind::RESPONSE)[0].subject, 1);
}

#[test]
fn a_goodbye_finishes_what_is_open_and_then_both_are_drained() {
    let mut pair = Pair::met(Limits::default());
    pair.client_wants(&Orders::new().request(0, "1"));
    pair.run();
    let now = pair.now;
    pair.server.machine.close(now, &parting(SECOND, "good night"));
    pair.run();
    assert_eq!(pair.client.of_kind(kind::GOAWAY)[0].body, "good night");
    assert!(!pair.server.machine.is_drained());
    pair.client_wants(&Orders::new().request(1, "2"));
    assert_eq!(pair.client.of_kind(kind::FAILED)[0].extra, Kind::Closed as u32);
    answer_all(&mut pair);
    pair.run();
    assert_eq!(pair.client.of_kind(kind::RESPONSE).len(), 1);
    assert!(pair.server.machine.is_drained());
}

#[test]
fn the_end_fails_every_call_and_says_which_may_have_been_delivered() {
    let mut pair = Pair::of(
        Format::Shortwire,
        Limits::default(),
        Limits { max_in_flight: 1, ..Limits::default() },
    );
    pair.open();
    pair.client_wants(&Orders::new().request(0, "1").request(1, "2"));
    pair.run();
    pair.client.end();
    let failed = pair.client.of_kind(kind::FAILED);
    let failed: HashMap<u32, u32> = failed.iter().map(|i| (i.subject, i.extra)).collect();
    let lost = Kind::Disconnected as u32;
    assert_eq!(failed, HashMap::from([(0, lost | MAYBE_DELIVERED), (1, lost)]));
    assert_eq!(pair.client.heard.last().map(|item| item.kind), Some(kind::CLOSED));
    assert_eq!(pair.client.machine.state(), State::Closed);
}

#[test]
fn a_jftp_client_of_each_generation_talks_to_our_server() {
    for format in [Format::JftpA, Format::JftpB, Format::JftpD] {
        let mut pair = Pair::of(format, Limits::default(), Limits::default());
        pair.cuts = vec![1, 3, 2];
        pair.open();
        pair.client_wants(&Orders::new().request(0, "\"é\"").request(1, "[1,2]"));
        pair.run();
        answer_all(&mut pair);
        pair.run();
        let answers = pair.client.of_kind(kind::RESPONSE);
        let bodies: Vec<_> = answers.iter().map(|item| item.body.as_str()).collect();
        assert_eq!(bodies, ["\"é\"", "[1,2]"], "{format:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Ask(bool, u32, usize),
    Cancel(bool, u32),
    Answer(bool, usize),
    Run(usize),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![20 => 0usize..40, 2 => Just(20_000), 1 => Just(150_000)];
    let step = prop_oneof![
        4 => (any::<bool>(), 0u32..6, size).prop_map(|(c, slot, size)| Step::Ask(c, slot, size)),
        1 => (any::<bool>(), 0u32..6).prop_map(|(client, slot)| Step::Cancel(client, slot)),
        3 => (any::<bool>(), 0usize..6).prop_map(|(client, at)| Step::Answer(client, at)),
        4 => (1usize..20).prop_map(Step::Run),
        1 => (1u64..600).prop_map(Step::Wait),
    ];
    vec(step, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever both sides ask, answer, take back and wait for, over whatever pipe: every call is
    /// settled exactly once, and an answer is the one to its own question.
    #[test]
    fn every_call_settles_exactly_once(
        steps in steps(),
        cuts in vec(prop_oneof![1usize..40, Just(5_000), Just(usize::MAX)], 1..6),
        max_in_flight in 1u32..5,
        latency_ms in 0u64..20,
    ) {
        let mut pair = Pair::new(Limits { max_in_flight, ..Limits::default() });
        pair.cuts = cuts;
        pair.latency = Duration::from_millis(latency_ms);
        pair.open();
        // By side (the client is 1) and slot: the serial of the open call.
        let mut open: [HashMap<u32, String>; 2] = Default::default();
        let mut asked: [Vec<(u32, String)>; 2] = Default::default();
        let mut serial = 0u32;
        for step in steps {
            match step {
                Step::Ask(client, slot, size) if !open[usize::from(client)].contains_key(&slot) => {
                    serial += 1;
                    let question = format!("\"{serial}é{}\"", "x".repeat(size));
                    let orders = Orders::new().request_within(slot, &question, 500);
                    open[usize::from(client)].insert(slot, question);
                    let now = pair.now;
                    let end = if client { &mut pair.client } else { &mut pair.server };
                    end.submit(&orders, now);
                }
                Step::Cancel(client, slot) => {
                    let now = pair.now;
                    let end = if client { &mut pair.client } else { &mut pair.server };
                    end.submit(&Orders::new().cancel(slot), now);
                }
                Step::Answer(client, at) if at < asked[usize::from(client)].len() => {
                    let (token, question) = asked[usize::from(client)].remove(at);
                    let now = pair.now;
                    let end = if client { &mut pair.client } else { &mut pair.server };
                    end.submit(&Orders::new().respond(token, &question), now);
                }
                Step::Run(times) => for _ in 0..times { pair.step(); },
                Step::Wait(ms) => pair.advance(Duration::from_millis(ms)),
                _ => {}
            }
            settle(&mut pair, &mut open, &mut asked)?;
        }
        pair.client.end();
        pair.server.end();
        settle(&mut pair, &mut open, &mut asked)?;
        prop_assert!(open.iter().all(HashMap::is_empty), "calls that never settled: {open:?}");
    }
}

/// Takes up what both sides were told; a call that isn't open, or isn't answered with its own
/// question, is a failure.
fn settle(
    pair: &mut Pair,
    open: &mut [HashMap<u32, String>; 2],
    asked: &mut [Vec<(u32, String)>; 2],
) -> Result<(), TestCaseError> {
    for (side, end) in [&mut pair.server, &mut pair.client].into_iter().enumerate() {
        for item in std::mem::take(&mut end.heard) {
            match item.kind {
                kind::REQUEST => asked[side].push((item.subject, item.body)),
                kind::RESPONSE => {
                    prop_assert_eq!(open[side].remove(&item.subject), Some(item.body));
                }
                kind::FAILED => {
                    prop_assert!(open[side].remove(&item.subject).is_some(), "failed twice");
                }
                _ => {}
            }
        }
        prop_assert!(end.over.as_ref().is_none_or(|error| error.kind() == Kind::Disconnected));
    }
    Ok(())
}
