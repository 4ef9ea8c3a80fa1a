//! Who is at the other end of a connection.
//!
//! Everything here comes from the kernel or was proven in a handshake; nothing a peer says about
//! itself is ever mixed in.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::{TcpStream, UnixStream};

use super::tls::TlsPeer;

/// The credentials of a peer on this machine: those it had when it connected or, seen from a client,
/// those the server had when it began to listen. Or the address of a peer over TCP. A field is
/// `None` where the platform doesn't tell, or where the kernel can't name the process in our
/// namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// The effective user id.
    pub uid: Option<u32>,
    /// The effective group id.
    pub gid: Option<u32>,
    /// The process id. Good for logs, not for decisions: ids of ended processes are given out
    /// again.
    pub pid: Option<i32>,
    /// Of a connection over TCP.
    pub address: Option<SocketAddr>,
    /// What a handshake of TLS has told.
    pub tls: Option<Arc<TlsPeer>>,
}

impl Peer {
    /// After which silence it is worth asking whether it is there. The kernel of this machine tells
    /// by itself that a process has died; of another machine nobody does.
    pub const fn usual_heartbeat(&self) -> Duration {
        if self.address.is_some() { REMOTE_HEARTBEAT } else { Duration::ZERO }
    }

    /// Asks the kernel. A connection that it no longer knows (macOS forgets a peer that left) is no
    /// reason to fail: reading from it will tell.
    pub(super) fn of_unix(stream: &UnixStream) -> Self {
        stream.peer_cred().map_or_else(
            |_| Self::default(),
            |cred| Self {
                uid: Some(cred.uid()),
                gid: Some(cred.gid()),
                // Linux says 0 of a process outside of our pid namespace.
                pid: cred.pid().filter(|&pid| pid > 0),
                ..Self::default()
            },
        )
    }

    /// Asks the kernel; one that has left again may have no address any more.
    pub(super) fn of_tcp(stream: &TcpStream) -> Self {
        Self { address: stream.peer_addr().ok(), ..Self::default() }
    }
}

/// Often enough that address translators on the way, which forget after minutes, don't.
const REMOTE_HEARTBEAT: Duration = Duration::from_secs(30);
