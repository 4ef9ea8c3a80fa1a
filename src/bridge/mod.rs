//! What crosses between Rust and JavaScript, and in which shape.
//!
//! ```text
//!   lifecycle   NativeThread, a #[napi] class     a few calls per connection; slow is fine
//!   out         flush(text, bytes?)               raw N-API: records in shared memory, one text
//!   to many     fanOut(text, targets, bytes?)     raw N-API: one order, many connections
//!   in          deliver(text, blobs?, records?)   one call per turn: the same, the other way round
//! ```
//!
//! A method of a `#[napi]` class costs 340 ns a call, a raw function 11 to 20; so the hot
//! crossings are raw, and carry a batch. Everything here runs on the JavaScript thread, except
//! [`waker`], which any thread may call. Must not know: codecs, sockets, session state.

mod cleanup;
mod endpoint;
mod external;
mod fan_out;
mod host;
mod hot;
mod identity;
mod native_thread;
mod numbers;
mod options;
mod peer;
mod raw;
mod runtime;
mod text;
mod tls;
mod waker;
