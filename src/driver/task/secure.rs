//! The handshake of TLS, before a connection's own conversation begins.
//!
//! It takes place in the connection's task, after its server has let it in: a slow peer is counted,
//! can be ended, and delays nobody. Must not know: certificates, what is said afterwards.

use std::time::Duration;

use super::handle::{Destination, Handle};
use crate::{
    driver::inbox::Mail,
    error::{Error, Kind, Result},
    transport::Stream,
};

/// What became of a handshake that hasn't failed.
pub(super) enum Agreement {
    /// The conversation may begin.
    Reached,
    /// The application wants the connection's end before.
    CalledOff,
}

/// Agrees on TLS with the peer, if there is any; the peer has this much time, zero is for ever.
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
    handle: &Handle,
    to: &Destination,
) -> Result<Agreement> {
    if !stream.is_handshaking() {
        return Ok(Agreement::Reached);
    }
    tokio::select! {
        biased;
        done = stream.shake_hands() => done?,
        () = handle.ending() => return Ok(Agreement::CalledOff),
        () = tokio::time::sleep(patience), if !patience.is_zero() => {
            let late = "the peer did not finish the handshake of TLS in time";
            return Err(Error::remote(Kind::Timeout, late));
        }
    }
    // Only now it is known who the peer is.
    to.inbox.push(Mail::Identified(to.index, stream.peer()));
    Ok(Agreement::Reached)
}
