//! Growing pauses between attempts that nothing in the kernel would wake us for.
//!
//! Must not know: what is attempted, or when to give up.

use std::time::Duration;

use tokio::time;

/// The pauses of one row of attempts: 1, 2, 4, … up to 32 ms.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    waited: Duration,
}

impl Pauses {
    /// None has been made yet.
    pub(super) const fn new() -> Self {
        Self { next: FIRST, waited: Duration::ZERO }
    }

    /// Waits, a little longer each time.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a pause that was cut short doesn't count.
    pub(super) async fn wait(&mut self) {
        time::sleep(self.next).await;
        self.waited += self.next;
        self.next = (self.next * 2).min(LONGEST);
    }

    /// The sum of all pauses made.
    pub(super) const fn waited(&self) -> Duration {
        self.waited
    }
}

/// Long enough for a server that is merely busy to accept a few.
const FIRST: Duration = Duration::from_millis(1);

/// Short enough that a caller's deadline, which is seconds, isn't missed by much.
const LONGEST: Duration = Duration::from_millis(32);
