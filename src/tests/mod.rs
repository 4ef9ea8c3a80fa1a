//! Tests of the core: everything that needs no JavaScript.

mod batch;
mod busy_poll;
mod codec_jftp;
mod codec_native;
mod connection;
mod connection_floods;
mod connection_pause;
mod connection_topics;
mod detect;
mod large_text;
mod session_close;
mod session_greeting;
mod session_heartbeat;
mod session_limits;
mod session_rpc;
mod session_stall;
mod session_topics;
mod support;
mod trace;
mod transport_endpoint;
mod transport_fd;
mod transport_lock;
mod transport_stream;
mod transport_tcp;
mod transport_unix;
mod write_queue;
