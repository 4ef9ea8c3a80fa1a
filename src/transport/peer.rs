//! Who is at the other end of a connection.
//!
//! Everything here comes from the kernel; nothing a peer says about itself is ever mixed in.

use tokio::net::UnixStream;

/// The credentials of a peer: those it had when it connected or, seen from a client, those the
/// server had when it began to listen. A field is `None` where the platform doesn't tell, or where
/// the kernel can't name the process in our namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peer {
    /// The effective user id.
    pub uid: Option<u32>,
    /// The effective group id.
    pub gid: Option<u32>,
    /// The process id. Good for logs, not for decisions: ids of ended processes are given out
    /// again.
    pub pid: Option<i32>,
}

impl Peer {
    /// Asks the kernel. A connection that it no longer knows (macOS forgets a peer that left) is no
    /// reason to fail: reading from it will tell.
    pub(super) fn of(stream: &UnixStream) -> Self {
        stream.peer_cred().map_or_else(
            |_| Self::default(),
            |cred| Self {
                uid: Some(cred.uid()),
                gid: Some(cred.gid()),
                // Linux says 0 of a process outside of our pid namespace.
                pid: cred.pid().filter(|&pid| pid > 0),
            },
        )
    }
}
