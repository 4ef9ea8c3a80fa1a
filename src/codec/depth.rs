//! Keeps deeply nested JSON away from handlers.
//!
//! V8 parses a million levels without complaint; it is the handler, or the serializer of its
//! answer, that overflows its stack on them. Almost every payload has fewer brackets than the
//! limit has levels, so counting brackets, which the compiler turns into vector code, settles it;
//! only the others are walked. Must not know: what the payload means, or whether it is valid.

/// How deep arrays and objects of a payload may be nested.
pub const MAX_DEPTH: usize = 512;

/// Whether no value of this JSON text is nested deeper than [`MAX_DEPTH`]. Text that isn't JSON
/// gets an answer too, and fails later, where it is parsed.
#[inline]
pub fn is_shallow(json: &[u8]) -> bool {
    json.len() <= MAX_DEPTH || opening_brackets(json) <= MAX_DEPTH || is_shallow_walk(json)
}

/// `[` is 0x5b and `{` is 0x7b: one bit apart, and nothing else becomes 0x7b with it.
fn opening_brackets(json: &[u8]) -> usize {
    let blocks = json.chunks(255);
    blocks
        .map(|block| {
            let count = block
                .iter()
                .fold(0u8, |sum, &byte| sum.wrapping_add(u8::from((byte | 0x20) == b'{')));
            usize::from(count)
        })
        .fold(0usize, usize::saturating_add)
}

fn is_shallow_walk(json: &[u8]) -> bool {
    let mut depth = 0usize;
    let mut rest = json;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => rest = after_string(rest),
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > MAX_DEPTH {
                    return false;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// What follows the string whose opening quote has just been passed; empty if it never ends.
pub(super) fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        let (found, after) = rest.get(at..).and_then(<[u8]>::split_first).unwrap_or((&b'"', &[]));
        if *found == b'"' {
            return after;
        }
        rest = after.get(1..).unwrap_or_default();
    }
    &[]
}
