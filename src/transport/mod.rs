//! Sockets: where to listen, how to dial, what bytes go through.
//!
//! | file | lives there |
//! | --- | --- |
//! | `endpoint` | addresses as people write them |
//! | `listener` | listening, accepting, which failures pass by themselves |
//! | `dial` | connecting |
//! | `stream` | one connection's bytes, in tokio's hands |
//! | `wire` | the same outside of tokio |
//! | `socket` | the kernel's bytes under these |
//! | `tls` | the bytes between |
//! | `peer` | who is at the other end, by the kernel's word |
//! | `tcp` | names, addresses, options of TCP |
//! | `unix`, `lock` | socket files: modes, the dead and the living, removal |
//! | `fd` | descriptors: fresh ones and inherited ones |
//! | `pause` | growing pauses between attempts |
//!
//! Must not know: frames, messages, sessions, who uses a stream for what. It holds no policy
//! either: deadlines, limits and reconnection are decided above.

pub mod dial;
pub mod endpoint;
pub mod listener;
pub mod peer;
pub mod stream;
pub mod tcp;
pub mod tls;

mod fd;
pub(crate) mod lock;
mod pause;
mod socket;
mod unix;
mod wire;

pub use self::{
    dial::{connect, connect_within},
    endpoint::Endpoint,
    listener::{AcceptError, Accepted, BindOptions, Listener, bind},
    peer::Peer,
    stream::{Stream, pair},
    tcp::TcpEndpoint,
    wire::Wire,
};
