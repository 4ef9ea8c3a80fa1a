//! Tells a peer that can understand it why it isn't let in: the server is full.
//!
//! ```text
//!   preface ──native, with a greeting──► our preface, REFUSED ──► waits for the peer to leave
//!      └──anything else, nothing, too slow──► closed
//! ```
//!
//! It costs no place in any table and never reaches the application. Only so many are told at a
//! time ([`MAX_AT_ONCE`]): the next are closed without a word, as a flood of them would be. Must not
//! know: why the server is full.

use std::{io, sync::Arc, time::Duration};

use tokio::{runtime, sync::Semaphore};

use crate::{
    codec::{Codec, Decoded, Detected, detect, native},
    config::{Format, IdStyle, Limits},
    error::{Error, Result},
    message::{Message, Role, capability},
    session::Session,
    transport::Stream,
};

/// Tells those whom a server turns away.
#[derive(Debug, Clone)]
pub struct Doorman {
    hands: Arc<Semaphore>,
}

impl Default for Doorman {
    fn default() -> Self {
        Self { hands: Arc::new(Semaphore::new(MAX_AT_ONCE)) }
    }
}

impl Doorman {
    /// Tells one peer, in a task of this runtime.
    pub fn turn_away(
        &self,
        runtime: &runtime::Handle,
        mut stream: Stream,
        limits: Limits,
        reason: &'static str,
    ) {
        let Ok(hand) = Arc::clone(&self.hands).try_acquire_owned() else { return };
        runtime.spawn(async move {
            // What doesn't work out is no loss: the stream is closed in any case.
            let _ = tokio::time::timeout(PATIENCE, tell(&mut stream, limits, reason)).await;
            stream.end().await;
            drop(hand);
        });
    }
}

/// # Cancel safety
///
/// Cancel safe: the peer hears nothing, or the whole.
async fn tell(stream: &mut Stream, limits: Limits, reason: &str) -> Result<()> {
    stream.shake_hands().await?;
    let mut codec = Codec::new(Format::Shortwire, Role::Server, &limits);
    let mut heard = Vec::with_capacity(native::MAX_PREFACE_BYTES);
    loop {
        if !receive(stream, &mut heard).await? {
            return Ok(());
        }
        match detect(&heard) {
            Detected::More => continue,
            Detected::Format(Format::Shortwire) => {}
            Detected::Format(_) | Detected::Stranger(_) => return Ok(()),
        }
        match codec.decode(&heard)? {
            Decoded::Message { message: Message::Hello(hello), .. }
                if hello.capabilities & capability::HELLO != 0 =>
            {
                break;
            }
            Decoded::Incomplete { .. } => {}
            _ => return Ok(()),
        }
    }
    let mut words = Vec::new();
    let mut session = Session::of(Role::Server, limits, IdStyle::Joined);
    // What follows is said in plain words.
    session.forbid_compression();
    let hello = session.hello(native::VERSION);
    codec.encode(&Message::Hello(hello), &mut words)?;
    codec.encode(&Message::Refused { reason }, &mut words)?;
    stream.ready(false, true).await.map_err(Error::disconnected)?;
    stream.try_write(&[io::IoSlice::new(&words)]).map_err(Error::disconnected)?;
    // Closing with bytes of the peer's unread could take ours away from it.
    loop {
        heard.clear();
        if !receive(stream, &mut heard).await? {
            return Ok(());
        }
    }
}

/// Reads what is there, as far as there is room. False at the end.
async fn receive(stream: &mut Stream, heard: &mut Vec<u8>) -> Result<bool> {
    loop {
        stream.ready(true, false).await.map_err(Error::disconnected)?;
        match stream.try_read(heard) {
            Ok(count) => return Ok(count != 0),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(Error::disconnected(error)),
        }
    }
}

/// How many are told at a time.
const MAX_AT_ONCE: usize = 64;
/// How long one of them may take.
const PATIENCE: Duration = Duration::from_secs(1);
