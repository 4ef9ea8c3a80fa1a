//! The handshake of TLS, before a connection's own conversation begins.
//!
//! It takes place in the connection's task, after its server has let it in: a slow peer is counted,
//! can be ended, and delays nobody. Must not know: certificates, what is said afterwards.

use std::{future::Future, time::Duration};

use crate::{
    error::{Error, Kind, Result},
    transport::Stream,
};

/// Agrees on TLS with the peer, which has this much time; zero is for ever. False if `interrupted` was
/// done before.
///
/// # Errors
///
/// It has failed, or took too long.
///
/// # Cancel safety
///
/// Cancel safe, as [`Stream::shake_hands`].
pub(super) async fn shake_hands(
    stream: &mut Stream,
    patience: Duration,
    interrupted: impl Future<Output = ()>,
) -> Result<bool> {
    tokio::select! {
        biased;
        done = stream.shake_hands() => done.map(|()| true),
        () = interrupted => Ok(false),
        () = tokio::time::sleep(patience), if !patience.is_zero() => {
            Err(Error::remote(Kind::Timeout, "the peer did not finish the handshake of TLS in time"))
        }
    }
}
