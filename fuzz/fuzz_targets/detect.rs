//! Any first bytes. An answer doesn't change when more arrives, comes soon, and the codec that it
//! names survives the bytes.

#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use shortwire::{
    codec::{Codec, Detected, detect},
    message::Role,
};

fuzz_target!(|data: &[u8]| {
    let [choice, seed, bytes @ ..] = data else { return };
    let role = if choice & 1 == 0 { Role::Client } else { Role::Server };
    let mut decided = Detected::More;
    for end in 0..=bytes.len().min(64) {
        let answer = detect(&bytes[..end]);
        assert!(decided == Detected::More || answer == decided);
        assert!(end < 8 || answer != Detected::More);
        decided = answer;
    }
    assert!(bytes.len() > 64 || detect(bytes) == decided);
    if let Detected::Format(format) = decided {
        support::check(|| Codec::new(format, role, &support::limits()), *seed, bytes, |_| {});
    }
});
