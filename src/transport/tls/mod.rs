//! TLS: whom to trust, how to prove who we are, and the bytes between a socket and a conversation.
//!
//! | file | lives there |
//! | --- | --- |
//! | `config` | one side's certificates and demands, made once and shared by its connections |
//! | `verify` | whether a certificate is good |
//! | `session` | one connection: bytes of the kernel ⇄ bytes of the conversation |
//! | `reason` | what went wrong, in words |
//!
//! Must not know: frames, tokio's side of a socket, where certificates come from.

mod config;
mod reason;
mod session;
mod verify;

pub use self::config::{ClientTls, Identity, ServerTls, TlsOptions, Version};
pub(super) use self::session::Session;

/// What a handshake has told about the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsPeer {
    /// Its own certificate, in DER; none if it showed none.
    pub certificate: Option<Vec<u8>>,
    /// Whether that is one to trust.
    pub authorized: bool,
    /// Why not, where that was no reason to refuse it.
    pub complaint: Option<String>,
    /// The name that a client asked for.
    pub servername: Option<String>,
}
