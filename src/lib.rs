//! shortwire: fast, safe conversation between Node processes. The Rust core.
//!
//! The layers, top to bottom; imports point downward only (`scripts/check-layers.mjs`):
//!
//! ```text
//!                bridge        what crosses into JavaScript (feature "napi")
//!                   │
//!                driver        where a connection runs: a tokio task, or Node's own event loop
//!        ┌──────────┼──────────┐
//!    transport    codec     session
//!    sockets      bytes ⇄    what a connection means:
//!    (tokio)      messages   calls, limits, deadlines
//!        └── config · message · error ──┘
//! ```
//!
//! `codec` and `session` are pure and never see each other. `docs/architecture.md` tells the whole
//! story.

pub mod codec;
pub mod config;
pub mod driver;
pub mod error;
pub mod message;
pub mod session;
#[cfg(unix)]
pub mod transport;

#[cfg(feature = "napi")]
#[expect(
    unnameable_types,
    unreachable_pub,
    reason = "napi-rs asks for `pub`; Rust has no use for it"
)]
mod bridge;

#[cfg(test)]
mod tests;
