//! Text by JavaScript's measure: UTF-16 code units, of which an order's lengths and a record's ends
//! are counts. Must not know: what the text says.

/// UTF-16 code units of valid UTF-8: one for each character, two for those of four bytes.
pub(super) fn units(utf8: &[u8]) -> u32 {
    utf8.iter().map(|&byte| u32::from(byte & 0xc0 != 0x80) + u32::from(byte >= 0xf0)).sum()
}

/// How many bytes of `text` are its first `units` UTF-16 code units.
pub(super) fn bytes_of_units(text: &str, units: u32) -> usize {
    let bytes = text.as_bytes();
    if let Some(start) = bytes.get(..units as usize)
        && start.is_ascii()
    {
        return units as usize;
    }
    let mut left = units as usize;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(character.len_utf16());
    }
    text.len()
}

pub(super) fn utf16(utf8: &[u8]) -> Vec<u16> {
    // One more than needed: the decoder wants room for a replacement character.
    let mut units = vec![0u16; utf8.len() + 1];
    let (_, _, written, _) = encoding_rs::UTF_8
        .new_decoder_without_bom_handling()
        .decode_to_utf16(utf8, &mut units, true);
    units.truncate(written);
    units
}
