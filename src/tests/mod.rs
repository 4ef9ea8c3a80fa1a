//! Tests of the core: everything that needs no JavaScript.

mod codec_jftp;
mod codec_native;
mod detect;
mod support;
mod transport_endpoint;
mod transport_fd;
mod transport_lock;
mod transport_stream;
mod transport_unix;
