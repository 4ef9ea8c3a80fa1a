//! The handshake of TLS, before a connection's own conversation begins.
//!
//! It takes place in the connection's task, after its server has let it in: a slow peer is counted,
//! can be ended, and delays nobody. Calls that are made meanwhile wait in the machine, with its limits
//! and their deadlines. Must not know: certificates, what is said afterwards.

use std::time::Instant;

use super::{Task, sleep_until};
use crate::{
    driver::{batch::Inbound, inbox::Mail},
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

impl Task {
    /// Agrees on TLS with the peer, if there is any; the peer has the time of its introduction.
    ///
    /// # Errors
    ///
    /// It has failed, or took too long.
    ///
    /// # Cancel safety
    ///
    /// Never cancelled, as the task.
    pub(super) async fn shake_hands(
        &mut self,
        stream: &mut Stream,
        inbound: &mut Inbound,
    ) -> Result<Agreement> {
        if !stream.is_handshaking() {
            return Ok(Agreement::Reached);
        }
        let patience = self.machine.handshake_timeout();
        {
            let hands = stream.shake_hands();
            let late = tokio::time::sleep(patience);
            tokio::pin!(hands, late);
            loop {
                let due = self.machine.poll_timeout();
                tokio::select! {
                    biased;
                    done = &mut hands => {
                        done?;
                        break;
                    }
                    () = &mut late, if !patience.is_zero() => {
                        let why = "the peer did not finish the handshake of TLS in time";
                        return Err(Error::remote(Kind::Timeout, why));
                    }
                    () = self.handle.notified() => {}
                    () = sleep_until(due) => {}
                }
                let Some(commands) = self.handle.take_unless_ending() else {
                    return Ok(Agreement::CalledOff);
                };
                let now = Instant::now();
                // None of them ends it.
                let _ = self.obey(commands, now, inbound);
                self.machine.handle_timeout(now, inbound)?;
                self.publish();
                self.deliver(inbound);
            }
        }
        // Only now it is known who the peer is.
        self.to.inbox.push(Mail::Identified(self.to.index, stream.peer()));
        Ok(Agreement::Reached)
    }
}
