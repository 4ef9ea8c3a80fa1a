//! Where connections run.
//!
//! Knows: transports, codecs and sessions, and is the only layer in which they meet. Must not
//! know: napi, JavaScript values, a wire format by name (beyond greeting), policy.
//!
//! ```text
//!   thread/        one JavaScript thread's connections and servers, by index; dials
//!     ├─ inline.rs   a connection in libuv's loop (uv.rs, busy_poll.rs)
//!     ├─ task/       a connection in a tokio task ──inbox.rs──► back to the thread
//!     └─ server.rs   a tokio task that accepts    ──inbox.rs──► back to the thread
//!   connection/    the machine that both drivers turn; batch.rs, large_text.rs,
//!                  write_queue.rs, pool.rs
//! ```

pub mod batch;
pub mod blob;
pub mod broadcast;
pub mod busy_poll;
pub mod connection;
pub mod inbox;
#[cfg(unix)]
pub mod inline;
pub mod large_text;
pub mod numbers;
pub mod owned_outbound;
pub mod packing;
pub mod pool;
pub mod server;
pub mod task;
mod text_units;
pub mod thread;
pub mod turn_away;
pub mod uv;
pub mod write_queue;
