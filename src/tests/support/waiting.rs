//! Asserting that something waits, without sleeping to see.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Polls a future once and asserts that it isn't done. It can be awaited after that.
pub(crate) async fn assert_waits<F: Future>(mut future: Pin<&mut F>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending(), "it should be waiting");
        Poll::Ready(())
    })
    .await;
}
