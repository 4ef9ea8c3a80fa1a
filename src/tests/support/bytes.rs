//! All of some bytes, through a stream.

use std::io::{ErrorKind, IoSlice};

use crate::transport::Stream;

/// Writes all of them.
pub(crate) async fn write_all(stream: &mut Stream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        stream.ready(false, true).await.expect("the runtime lives");
        match stream.try_write(&[IoSlice::new(bytes)]) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}

/// Reads so many bytes, or fewer if the stream ends before.
pub(crate) async fn read_up_to(stream: &mut Stream, count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count);
    while bytes.len() < count {
        stream.ready(true, false).await.expect("the runtime lives");
        match stream.try_read(&mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    bytes
}
