//! Any bytes to what looks at payloads before JavaScript does: how deeply JSON is nested, in UTF-8
//! and in UTF-16, and which MessagePack is sound. Each is held against a plain rendering of the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shortwire::codec::{
    deflate::Inflater,
    depth::{MAX_DEPTH, is_shallow},
    msgpack::check,
};

fuzz_target!(|data: &[u8]| {
    let [choice, bytes @ ..] = data else { return };
    match choice % 3 {
        0 => {
            // Short inputs are never deep: repeated, they are.
            let long = bytes.repeat(1 + usize::from(*choice));
            assert_eq!(is_shallow(&long), depth(&long) <= MAX_DEPTH);
        }
        1 => {
            let is_sound = |bytes: &[u8]| check(bytes, usize::MAX).is_ok();
            let sound = is_sound(bytes);
            // With less allowed, less passes.
            let limit = usize::from(*choice);
            assert!(check(bytes, limit).is_err() || (sound && bytes.len() <= limit));
            // One value, whole: neither a part of it nor anything behind it is one.
            if sound {
                assert!((0..bytes.len()).all(|end| !is_sound(&bytes[..end])));
                assert!(!is_sound(&[bytes, &[0xc0]].concat()));
            }
        }
        _ => {
            let room = 1 + usize::from(*choice) * 16;
            let (mut inflater, mut rest) = (Inflater::new(), bytes);
            for _ in 0..1000 {
                let mut output = Vec::with_capacity(room);
                let capacity = output.capacity();
                let Ok(used) = inflater.read(rest, &mut output) else { return };
                assert_eq!(output.capacity(), capacity);
                rest = &rest[used..];
                if rest.is_empty() && output.len() < capacity {
                    return;
                }
            }
        }
    }
});

/// The deepest level, counted one byte after the other.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut text, mut escaped) = (false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'[' | b'{' if !text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
