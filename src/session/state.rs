//! The life of one connection.
//!
//! ```text
//!   Idle ──open──► Handshaking ──hello──► Ready ──close──► Draining ──done──► Closed
//!                       │    (formats without a handshake                       ▲
//!                       │     pass through at once)                             │
//!                       └────────────── lost, refused, violated ────────────────┘
//! ```

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No transport yet; calls wait.
    Idle,
    /// The transport is there, the peer's hello is not.
    Handshaking,
    /// Calls flow.
    Ready,
    /// No new calls in either direction; what is open is finished.
    Draining,
    /// Over.
    Closed,
}
