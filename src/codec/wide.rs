//! JSON text in UTF-16, little-endian, as it lies in the memory of both sides.
//!
//! Half of what a megabyte of non-ASCII text cost was its way from UTF-16 to UTF-8 and back
//! (`docs/design/large-frames.md`). Unpaired surrogates are not looked for: JSON can say them in
//! escapes anyway. Must not know: what the text means, or whether it is valid JSON.

use super::depth::MAX_DEPTH;

/// As [`super::depth::is_shallow`], for UTF-16.
pub(super) fn is_shallow_wide(json: &[u8]) -> bool {
    json.len() / 2 <= MAX_DEPTH || opening_brackets(json) <= MAX_DEPTH || is_shallow_walk(json)
}

/// The text in UTF-8, for a peer that reads nothing else. An unpaired surrogate becomes a
/// replacement character.
#[cold]
pub(super) fn to_utf8(json: &[u8]) -> Vec<u8> {
    let characters = char::decode_utf16(units(json));
    let text: String = characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

/// Counted in blocks that the compiler turns into vector code.
fn opening_brackets(json: &[u8]) -> usize {
    let blocks = json.chunks(BLOCK_BYTES);
    blocks
        .map(|block| {
            let is_opening = |unit: u16| u16::from((unit | 0x20) == u16::from(b'{'));
            let count = units(block).fold(0u16, |sum, unit| sum.wrapping_add(is_opening(unit)));
            usize::from(count)
        })
        .fold(0usize, usize::saturating_add)
}

fn is_shallow_walk(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for unit in units(json) {
        // What is no byte is no character of JSON's own either.
        let byte = u8::try_from(unit).unwrap_or(b' ');
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' if depth == MAX_DEPTH => return false,
            b'[' | b'{' => depth = depth.saturating_add(1),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

fn units(json: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = json.as_chunks();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair))
}

/// Less than would overflow a count in 16 bits.
const BLOCK_BYTES: usize = 64 * 1024;
