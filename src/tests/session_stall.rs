//! A peer that takes nothing of what waits for it, on a virtual clock.

use std::time::{Duration, Instant};

use crate::{
    config::{IdStyle, Limits},
    error::Kind,
    session::{Session, Timeout},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn session(patience: Duration, now: Instant) -> Session {
    let limits = Limits { stall_timeout: patience, ..Limits::default() };
    let mut session = Session::new(limits, IdStyle::Joined);
    session.open(now, false);
    session
}

fn is_over(timeout: Option<Timeout>) -> bool {
    matches!(timeout, Some(Timeout::Over(Kind::Timeout, _)))
}

#[test]
fn nothing_taken_for_too_long_ends_the_connection_once() {
    let now = Instant::now();
    let mut session = session(PATIENCE, now);
    session.note_output(0, true, now);
    assert_eq!(session.poll_timeout(), Some(now + PATIENCE));
    assert_eq!(session.handle_timeout(now + PATIENCE - Duration::from_millis(1)), None);
    assert!(is_over(session.handle_timeout(now + PATIENCE)));
    assert_eq!(session.handle_timeout(now + PATIENCE * 2), None);
}

#[test]
fn a_single_byte_begins_the_watch_anew() {
    let now = Instant::now();
    let mut session = session(PATIENCE, now);
    for step in 0..10 {
        session.note_output(step, true, now + PATIENCE / 2 * step as u32);
    }
    assert_eq!(session.poll_timeout(), Some(now + PATIENCE / 2 * 9 + PATIENCE));
}

#[test]
fn more_that_waits_is_no_progress() {
    let now = Instant::now();
    let mut session = session(PATIENCE, now);
    session.note_output(7, true, now);
    session.note_output(7, true, now + PATIENCE / 2);
    assert!(is_over(session.handle_timeout(now + PATIENCE)));
}

#[test]
fn a_peer_that_has_taken_all_is_not_watched() {
    let now = Instant::now();
    let mut session = session(PATIENCE, now);
    session.note_output(0, true, now);
    session.note_output(9, false, now + PATIENCE / 2);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn without_the_option_nobody_is_watched() {
    let now = Instant::now();
    let mut session = session(Duration::ZERO, now);
    session.note_output(0, true, now);
    assert_eq!(session.poll_timeout(), None);
}
