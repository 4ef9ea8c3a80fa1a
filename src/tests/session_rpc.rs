//! The tables of calls: each call settles once, and never with a stranger's answer.

use std::time::{Duration, Instant};

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    config::IdStyle,
    message::Id,
    session::{
        Reply, Settled,
        in_flight::{InFlight, MAX_SLOTS},
        serving::Serving,
    },
};

const STYLES: [IdStyle; 3] = [IdStyle::Joined, IdStyle::CountedFrom(4711), IdStyle::Prefixed(4711)];

fn sent(table: &mut InFlight, slot: u32) -> Id {
    assert!(table.insert(slot, 10, None));
    table.send(slot).expect("it waits")
}

#[test]
fn an_answer_settles_the_call_with_its_id() {
    for style in STYLES {
        let mut table = InFlight::new(style);
        let (first, second) = (sent(&mut table, 0), sent(&mut table, 1));
        assert_eq!(table.complete(&second), Some(1));
        assert_eq!(table.complete(&first), Some(0));
        assert_eq!((table.open(), table.sent(), table.sent_bytes()), (0, 0, 0));
    }
}

#[test]
fn a_pong_settles_pings_and_an_answer_settles_calls_only() {
    let mut table = InFlight::new(IdStyle::Joined);
    let call = sent(&mut table, 0);
    assert!(table.insert(1, 0, None));
    let ping = table.send_ping(1).expect("it waits");
    assert_eq!((table.complete_ping(&call), table.complete(&ping)), (None, None));
    assert_eq!((table.complete(&call), table.complete_ping(&ping)), (Some(0), Some(1)));
    assert_eq!((table.open(), table.sent()), (0, 0));
}

#[test]
fn a_second_answer_settles_nothing() {
    for style in STYLES {
        let mut table = InFlight::new(style);
        let id = sent(&mut table, 0);
        table.complete(&id);
        assert_eq!(table.complete(&id), None);
    }
}

#[test]
fn a_late_answer_does_not_settle_the_next_call_in_the_slot() {
    for style in STYLES {
        let mut table = InFlight::new(style);
        let late = sent(&mut table, 3);
        table.cancel(3);
        let next = sent(&mut table, 3);
        assert_eq!(table.complete(&late), None);
        assert_eq!(table.complete(&next), Some(3));
    }
}

#[test]
fn ids_look_as_their_style_has_them() {
    let first = |style| sent(&mut InFlight::new(style), 0);
    assert_eq!(first(IdStyle::CountedFrom(4711)), Id::Number(4711));
    assert_eq!(first(IdStyle::Prefixed(4711)), Id::Text("\"4711-0\"".into()));
}

#[test]
fn texts_that_only_resemble_an_id_settle_nothing() {
    let mut table = InFlight::new(IdStyle::Prefixed(4711));
    sent(&mut table, 0);
    for text in ["4711-0", "\"4711-\"", "\"4711-+0\"", "\"4711-1\"", "\"471-0\"", "\"\"", "0"] {
        assert_eq!(table.complete(&Id::Text(text.into())), None, "{text}");
    }
    assert_eq!(table.complete(&Id::Number(0)), None);
}

#[test]
fn an_answer_to_a_call_that_was_never_sent_settles_nothing() {
    let mut table = InFlight::new(IdStyle::Joined);
    let id = sent(&mut table, 0);
    table.cancel(0);
    assert!(table.insert(0, 10, None));
    // The serial of the waiting call, guessed.
    let Id::Number(number) = id else { panic!("a number") };
    assert_eq!(table.complete(&Id::Number(number + u64::from(MAX_SLOTS))), None);
    assert_eq!(table.open(), 1);
}

#[test]
fn ids_that_nobody_gave_out_settle_nothing() {
    let mut table = InFlight::new(IdStyle::Joined);
    sent(&mut table, 0);
    for number in [0, 1, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
        assert_eq!(table.complete(&Id::Number(number)), None, "{number}");
    }
    assert_eq!(table.complete(&Id::Text("\"0\"".into())), None);
}

#[test]
fn a_slot_that_is_taken_or_out_of_range_is_refused() {
    let mut table = InFlight::new(IdStyle::Joined);
    assert!(table.insert(7, 0, None));
    assert!(!table.insert(7, 0, None));
    assert!(!table.insert(MAX_SLOTS, 0, None));
    assert!(!table.insert(u32::MAX, 0, None));
    assert_eq!(table.open(), 1);
}

#[test]
fn calls_expire_each_at_its_time() {
    let now = Instant::now();
    let in_ms = |ms| Some(now + Duration::from_millis(ms));
    let mut table = InFlight::new(IdStyle::Joined);
    for (slot, deadline) in [(0, in_ms(30)), (1, in_ms(10)), (2, None), (3, in_ms(10))] {
        assert!(table.insert(slot, 0, deadline));
    }
    assert_eq!(table.next_deadline(), in_ms(10));
    let mut expired = |ms| {
        let now = now + Duration::from_millis(ms);
        let expired = std::iter::from_fn(|| table.expire(now));
        expired.map(|Settled { slot, .. }| slot).collect::<Vec<_>>()
    };
    assert!(expired(9).is_empty());
    assert_eq!(expired(10), [1, 3]);
    assert!(expired(29).is_empty());
    assert_eq!(expired(1000), [0]);
    assert_eq!((table.next_deadline(), table.open()), (None, 1));
}

#[test]
fn a_call_that_expires_says_whether_the_peer_has_it() {
    let now = Instant::now();
    let mut table = InFlight::new(IdStyle::Joined);
    assert!(table.insert(0, 0, Some(now)));
    assert!(table.insert(1, 0, Some(now)));
    let id = table.send(1);
    assert_eq!(table.expire(now), Some(Settled { slot: 0, id: None }));
    assert_eq!(table.expire(now), Some(Settled { slot: 1, id }));
}

#[test]
fn very_many_calls_end_in_linear_time() {
    let now = Instant::now();
    for expire in [true, false] {
        let mut table = InFlight::new(IdStyle::Joined);
        for slot in 0..300_000 {
            assert!(table.insert(slot, 0, Some(now)));
        }
        // With a search from the start for each, these are 45 thousand million steps.
        let end = || if expire { table.expire(now) } else { table.fail_one() };
        assert_eq!(std::iter::from_fn(end).count(), 300_000);
    }
}

#[test]
fn a_search_that_was_broken_off_misses_nothing() {
    let now = Instant::now();
    let mut table = InFlight::new(IdStyle::Joined);
    for slot in 0..4 {
        assert!(table.insert(slot, 0, Some(now)));
    }
    table.expire(now);
    table.expire(now);
    assert!(table.insert(0, 0, None));
    assert_eq!(std::iter::from_fn(|| table.fail_one()).count(), 3);
}

proptest! {
    /// Whatever happens in whatever order, every answer that counts is the right one.
    #[test]
    fn answers_meet_their_own_calls(steps in vec((0u8..4, 0u32..8), 1..200), style in select(&STYLES)) {
        let mut table = InFlight::new(style);
        let mut open: Vec<(u32, Option<Id>)> = Vec::new();
        let mut gone: Vec<Id> = Vec::new();
        for (step, slot) in steps {
            let at = open.iter().position(|(open, _)| *open == slot);
            match step {
                0 => {
                    prop_assert_eq!(table.insert(slot, 1, None), at.is_none());
                    if at.is_none() {
                        open.push((slot, None));
                    }
                }
                1 => {
                    let id = table.send(slot);
                    let waits = at.filter(|&at| open[at].1.is_none());
                    prop_assert_eq!(id.is_some(), waits.is_some());
                    if let Some(at) = waits {
                        open[at].1 = id;
                    }
                }
                2 => {
                    let settled = table.cancel(slot);
                    prop_assert_eq!(settled.is_some(), at.is_some());
                    if let Some(at) = at {
                        gone.extend(open.remove(at).1);
                    }
                }
                _ => {
                    if let Some(at) = at.filter(|&at| open[at].1.is_some()) {
                        let id = open.remove(at).1.expect("just asked");
                        prop_assert_eq!(table.complete(&id), Some(slot));
                        gone.push(id);
                    }
                }
            }
            for id in &gone {
                prop_assert_eq!(table.complete(id), None);
            }
            prop_assert_eq!(table.open() as usize, open.len());
            let sent = open.iter().filter(|(_, id)| id.is_some()).count();
            prop_assert_eq!((table.sent() as usize, table.sent_bytes() as usize), (sent, sent));
        }
    }
}

#[test]
fn a_request_is_answered_once() {
    let mut table = Serving::default();
    let token = table.accept(7.into(), 10);
    assert_eq!(table.reply(token), Reply::Send(7.into()));
    assert_eq!(table.reply(token), Reply::Drop);
    assert_eq!((table.open(), table.bytes()), (0, 0));
}

#[test]
fn an_answer_to_nothing_is_dropped() {
    assert_eq!(Serving::default().reply(0), Reply::Drop);
    assert_eq!(Serving::default().reply(u32::MAX), Reply::Drop);
}

#[test]
fn a_request_that_was_taken_back_stays_open_until_its_handler_has_settled() {
    let mut table = Serving::default();
    let token = table.accept(7.into(), 10);
    assert_eq!(table.cancel(&7.into()), Some(token));
    assert_eq!((table.open(), table.bytes()), (1, 10));
    assert_eq!(table.reply(token), Reply::Drop);
    assert_eq!((table.open(), table.bytes()), (0, 0));
}

#[test]
fn a_request_is_taken_back_once() {
    let mut table = Serving::default();
    table.accept(7.into(), 0);
    assert!(table.cancel(&7.into()).is_some());
    assert_eq!(table.cancel(&7.into()), None);
    assert_eq!(table.cancel(&8.into()), None);
}

#[test]
fn an_id_that_is_used_again_after_being_taken_back_is_another_request() {
    let mut table = Serving::default();
    let first = table.accept(7.into(), 0);
    table.cancel(&7.into());
    let second = table.accept(7.into(), 0);
    assert_eq!(table.reply(first), Reply::Drop);
    assert_eq!(table.cancel(&7.into()), Some(second), "the index still knows it");
}

#[test]
fn two_requests_with_the_same_id_are_answered_both() {
    let mut table = Serving::default();
    let (first, second) = (table.accept(7.into(), 1), table.accept(7.into(), 1));
    assert_ne!(first, second);
    assert_eq!(table.reply(first), Reply::Send(7.into()));
    assert_eq!(table.reply(second), Reply::Send(7.into()));
}

#[test]
fn requests_of_before_the_first_cancel_can_be_taken_back() {
    let mut table = Serving::default();
    let tokens: Vec<u32> = (0..5).map(|id| table.accept(Id::Number(id), 0)).collect();
    table.reply(tokens[1]);
    assert_eq!(table.cancel(&3.into()), Some(tokens[3]));
    assert_eq!(table.cancel(&1.into()), None);
    assert_eq!(table.cancel(&0.into()), Some(tokens[0]));
}

#[test]
fn asking_and_taking_back_in_turn_opens_no_end_of_requests() {
    let mut table = Serving::default();
    for id in 0..1000u64 {
        table.accept(id.into(), 1);
        table.cancel(&id.into());
    }
    assert_eq!((table.open(), table.bytes()), (1000, 1000), "the handlers still run");
}
