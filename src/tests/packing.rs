//! Compression between a machine and its stream: when it begins, what it costs, what a bomb comes to.

use std::io::{self, IoSlice};

use crate::{
    codec::{
        deflate::{Deflater, Inflater},
        native::PREFACE_BYTES,
    },
    driver::packing::Packing,
};

const PREFACE: [u8; PREFACE_BYTES] = [7; PREFACE_BYTES];

/// Both prefaces have passed.
fn met(level: Option<u32>) -> Packing {
    let mut packing = Packing::default();
    assert_eq!(read(&mut packing, 1000, &mut PREFACE.to_vec()), PREFACE);
    assert_eq!(write(&mut packing, &PREFACE), PREFACE);
    packing.decide(level);
    packing
}

/// What the machine gets of a stream that has this, with so much room.
fn read(packing: &mut Packing, room: usize, stream: &mut Vec<u8>) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(room);
    let read = packing.read(&mut buffer, |into| {
        let count = stream.len().min(into.capacity() - into.len());
        into.extend(stream.drain(..count));
        if count == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
    });
    match read {
        Ok(count) => assert_eq!(count, buffer.len()),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
    }
    buffer
}

/// What the stream gets of this.
fn write(packing: &mut Packing, bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let written = packing.write(&[IoSlice::new(bytes)], |slices| {
        let before = stream.len();
        slices.iter().for_each(|slice| stream.extend_from_slice(slice));
        Ok(stream.len() - before)
    });
    assert_eq!(written.expect("it is written"), bytes.len());
    stream
}

#[test]
fn nothing_is_made_for_a_peer_that_says_nothing() {
    let mut packing = met(Some(6));
    assert!(read(&mut packing, 1000, &mut Vec::new()).is_empty());
    assert_eq!(packing.made(), (false, false));
}

#[test]
fn each_direction_is_made_when_it_is_used() {
    let mut packing = met(Some(6));
    let mut said = Vec::new();
    Deflater::new(6).write(b"a hello", true, &mut said).expect("it is compressed");
    assert_eq!(read(&mut packing, 1000, &mut said), b"a hello");
    assert_eq!(packing.made(), (false, true));
    let answer = write(&mut packing, b"a welcome");
    assert_eq!(packing.made(), (true, true));
    let mut plain = Vec::with_capacity(1000);
    Inflater::new().read(&answer, &mut plain).expect("DEFLATE");
    assert_eq!(plain, b"a welcome");
}

#[test]
fn without_an_agreement_bytes_pass_as_they_are() {
    let mut packing = met(None);
    assert_eq!(read(&mut packing, 1000, &mut b"plain".to_vec()), b"plain");
    assert_eq!(write(&mut packing, b"plain"), b"plain");
    assert_eq!(packing.made(), (false, false));
}

#[test]
fn a_bomb_makes_no_more_at_a_time_than_there_is_room() {
    let mut packing = met(Some(6));
    let zeros = vec![0; 16 << 20];
    let mut bomb = Vec::new();
    Deflater::new(9).write(&zeros, true, &mut bomb).expect("it is compressed");
    assert!(bomb.len() * 900 < zeros.len(), "{} bytes", bomb.len());
    let mut all = 0;
    loop {
        let made = read(&mut packing, 64 * 1024, &mut bomb).len();
        assert!(made <= 64 * 1024);
        if made == 0 {
            break;
        }
        all += made;
    }
    assert_eq!(all, zeros.len());
    assert!(!packing.has_input());
}
