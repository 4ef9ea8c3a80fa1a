//! When the loop spins and when it sleeps, by a clock that only the test moves.

use std::time::{Duration, Instant};

use crate::driver::busy_poll::{BusyPoll, Spin};

const BUDGET: Duration = Duration::from_micros(50);
/// The connection that everything comes from, where that doesn't matter.
const FROM: u32 = 7;

/// One arrival after `gap`, and the piece of work it brings. Says whether the loop spins after it.
fn work(judge: &mut BusyPoll, now: &mut Instant, gap: Duration) -> bool {
    // The idle callback runs while it spins, and stops it when the budget is over.
    let end = *now + gap;
    while *now < end {
        let step = Duration::from_micros(1).min(end - *now);
        *now += step;
        if judge.spin(*now) == Spin::Off {
            *now = end;
        }
    }
    judge.arrived(FROM, *now);
    judge.worked(*now)
}

#[test]
fn it_spins_for_the_budget_and_no_longer() {
    let mut now = Instant::now();
    let mut judge = BusyPoll::new(BUDGET);
    assert!(judge.worked(now));
    let began = now;
    while judge.spin(now) == Spin::On {
        now += Duration::from_micros(1);
        assert!(now - began <= 2 * BUDGET, "it spins for ever");
    }
    assert!(now - began >= BUDGET);
    assert_eq!(judge.spin(now), Spin::Off);
}

#[test]
fn it_does_not_spin_before_anything_has_happened() {
    assert_eq!(BusyPoll::new(BUDGET).spin(Instant::now()), Spin::Off);
}

#[test]
fn a_budget_of_zero_never_spins() {
    let mut judge = BusyPoll::new(Duration::ZERO);
    let mut now = Instant::now();
    for _ in 0..1000 {
        assert!(!work(&mut judge, &mut now, Duration::from_micros(1)));
    }
}

#[test]
fn arrivals_close_together_keep_it_spinning() {
    let mut judge = BusyPoll::new(BUDGET);
    let mut now = Instant::now();
    for _ in 0..1000 {
        assert!(work(&mut judge, &mut now, Duration::from_micros(10)));
    }
}

#[test]
fn arrivals_far_apart_let_it_sleep() {
    let mut judge = BusyPoll::new(BUDGET);
    let mut now = Instant::now();
    let mut spins = || (0..320).filter(|_| work(&mut judge, &mut now, 10 * BUDGET)).count();
    spins();
    let spins = spins();
    assert!(spins <= 320 / 16, "{spins} spins for nothing in 320 pieces of work");
}

#[test]
fn it_finds_out_when_arrivals_come_close_together_again() {
    let mut judge = BusyPoll::new(BUDGET);
    let mut now = Instant::now();
    for _ in 0..200 {
        work(&mut judge, &mut now, 10 * BUDGET);
    }
    for _ in 0..200 {
        work(&mut judge, &mut now, Duration::from_micros(5));
    }
    assert!(work(&mut judge, &mut now, Duration::from_micros(5)));
}

#[test]
fn who_alone_has_been_heard_for_a_while_is_the_partner() {
    let now = Instant::now();
    let mut judge = BusyPoll::new(BUDGET);
    assert_eq!(judge.partner(), None, "nobody has been heard yet");
    judge.arrived(3, now);
    assert_eq!(judge.partner(), None, "once may be chance");
    for _ in 0..8 {
        judge.arrived(3, now);
    }
    assert_eq!(judge.partner(), Some(3));
    judge.arrived(4, now);
    assert_eq!(judge.partner(), None, "somebody else is there");
}

#[test]
fn of_several_in_turn_none_is_the_partner() {
    let now = Instant::now();
    let mut judge = BusyPoll::new(BUDGET);
    for _ in 0..100 {
        for from in 0..3 {
            judge.arrived(from, now);
            assert_eq!(judge.partner(), None);
        }
    }
}
