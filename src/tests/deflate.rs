//! Compression: whatever goes in comes out, in whatever portions, and a bomb makes no more than asked.

use proptest::{collection::vec, prelude::*};

use crate::codec::deflate::{Deflater, Inflater};

/// Everything that the stream says, with so much room and so much input at a time.
fn inflate(stream: &[u8], room: usize, portion: usize) -> Vec<u8> {
    let mut inflater = Inflater::new();
    let mut all = Vec::new();
    for part in stream.chunks(portion) {
        let mut rest = part;
        loop {
            let mut output = Vec::with_capacity(room);
            let used = inflater.read(rest, &mut output).expect("DEFLATE");
            assert!(output.len() <= output.capacity());
            rest = &rest[used..];
            all.extend_from_slice(&output);
            if rest.is_empty() && output.len() < output.capacity() {
                break;
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(
        batches in vec(vec(any::<u8>(), 0..2000), 1..10),
        level in 1u32..10,
        room in 1usize..3000,
        portion in 1usize..3000,
    ) {
        let mut deflater = Deflater::new(level);
        let mut stream = Vec::new();
        for batch in &batches {
            deflater.write(batch, true, &mut stream).expect("it is compressed");
        }
        prop_assert_eq!(inflate(&stream, room, portion), batches.concat());
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in vec(any::<u8>(), 0..2000)) {
        let mut inflater = Inflater::new();
        let mut output = Vec::with_capacity(1000);
        let capacity = output.capacity();
        let _ = inflater.read(&bytes, &mut output);
        prop_assert_eq!(output.capacity(), capacity);
    }
}

#[test]
fn what_was_said_before_makes_what_is_said_next_smaller() {
    let mut deflater = Deflater::new(6);
    let message = br#"{"level":"info","text":"a request was answered in good time"}"#;
    let mut first = Vec::new();
    deflater.write(message, true, &mut first).expect("it is compressed");
    let mut second = Vec::new();
    deflater.write(message, true, &mut second).expect("it is compressed");
    assert!(second.len() * 3 < first.len(), "{} and {}", first.len(), second.len());
}
