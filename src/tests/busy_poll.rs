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
fn arrivals_out_of_reach_are_hardly_probed_even_after_a_pause() {
    let mut judge = BusyPoll::new(BUDGET);
    let mut now = Instant::now();
    let mut spins = |gap| (0..1024).filter(|_| work(&mut judge, &mut now, gap)).count();
    spins(4 * BUDGET);
    let pause = Duration::from_millis(20);
    let after_pauses: usize = (0..8).map(|_| spins(pause) + spins(4 * BUDGET)).sum();
    assert!(after_pauses <= 8 * 2 * 1024 / 512, "{after_pauses} probes of what none can catch");
    assert!(after_pauses > 0, "what is slow to wake may still pay");
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

/// One of two who talk to each other, each with a core of its own.
struct Side {
    judge: BusyPoll,
    now: Instant,
    spins: bool,
}

impl Side {
    fn new(now: Instant) -> Self {
        Self { judge: BusyPoll::new(BUDGET), now, spins: false }
    }

    /// Takes what was sent at that moment, which wakes it if need be; says when it has answered.
    fn answer(&mut self, sent: Instant, waking: Duration) -> Instant {
        while self.spins && self.now < sent {
            self.now += Duration::from_micros(1);
            self.spins = self.judge.spin(self.now) == Spin::On;
        }
        self.now = sent + if self.spins { Duration::ZERO } else { waking };
        self.judge.arrived(FROM, self.now);
        self.now += Duration::from_micros(3);
        self.spins = self.judge.worked(self.now);
        self.now
    }
}

#[test]
fn two_who_both_sleep_find_out_that_it_pays_to_be_awake() {
    for waking in [20, 40, 60, 80, 90].map(Duration::from_micros) {
        let mut now = Instant::now();
        let (mut one, mut other) = (Side::new(now), Side::new(now));
        // Few and far between, until neither expects anything.
        for _ in 0..200 {
            now = other.answer(one.answer(now, waking), waking) + Duration::from_millis(20);
        }
        // From now on each waits for nothing but the other.
        for _ in 0..2000 {
            now = other.answer(one.answer(now, waking), waking);
        }
        assert!(one.spins && other.spins, "still asleep, if waking takes {waking:?}");
    }
}
