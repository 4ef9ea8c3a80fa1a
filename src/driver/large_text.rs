//! A single order's topic and body, too large to be copied about: read out of V8 on the JavaScript
//! thread by a plain copy, made fit for the wire by whoever has the time.
//!
//! Must not know: who ordered what, wire formats.

use super::pool;

/// Topic and body, one after the other.
#[derive(Debug)]
pub enum LargeText {
    /// UTF-8.
    Utf8(Vec<u8>),
    /// The bytes of UTF-16 code units, in this machine's order.
    Utf16(Vec<u8>),
}

impl LargeText {
    /// The text in UTF-8, in a buffer of the pool.
    pub fn into_utf8(self) -> Vec<u8> {
        match self {
            Self::Utf8(text) => text,
            Self::Utf16(bytes) => {
                let text = utf8(&units(&bytes));
                pool::give(bytes);
                text
            }
        }
    }

    /// Its bytes, in whatever form.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Utf8(bytes) | Self::Utf16(bytes) => bytes,
        }
    }

    /// Whether all its characters are of Latin-1, as far as it is UTF-16.
    pub fn is_latin1(&self) -> bool {
        match self {
            Self::Utf8(text) => text.is_ascii(),
            Self::Utf16(bytes) => encoding_rs::mem::is_utf16_latin1(&units(bytes)),
        }
    }

    /// Whether it may stay in UTF-16 on the wire: text that is mostly ASCII is half as long in
    /// UTF-8, and quickly converted.
    pub fn is_best_wide(&self) -> bool {
        match self {
            Self::Utf8(_) => false,
            Self::Utf16(bytes) => {
                let units = units(bytes);
                utf8_length(&units) * 3 >= units.len() * 4
            }
        }
    }
}

/// The first `length` units of UTF-16, in UTF-8.
pub(super) fn utf16_prefix(bytes: &[u8], length: usize) -> String {
    String::from_utf16_lossy(&units(&bytes[..length * 2]))
}

/// Buffers come from the allocator and are aligned; one that weren't would be copied.
fn units(bytes: &[u8]) -> std::borrow::Cow<'_, [u16]> {
    match bytemuck::try_cast_slice(bytes) {
        Ok(units) => units.into(),
        Err(_) => bytemuck::allocation::pod_collect_to_vec(bytes).into(),
    }
}

fn utf8(units: &[u16]) -> Vec<u8> {
    // Three bytes for each unit are always enough: four-byte characters have two units.
    let mut text = pool::take_filled(units.len() * 3);
    let written = encoding_rs::mem::convert_utf16_to_utf8(units, &mut text);
    text.truncate(written);
    text
}

/// A sum that the compiler turns into vector code.
fn utf8_length(units: &[u16]) -> usize {
    let bytes = |unit: u16| {
        let is_surrogate = unit & 0xf800 == 0xd800;
        1 + u16::from(unit >= 0x80) + u16::from(unit >= 0x800) - u16::from(is_surrogate)
    };
    let sums = units.chunks(BLOCK_UNITS).map(|block| block.iter().map(|&unit| bytes(unit)).sum());
    sums.map(|sum: u16| usize::from(sum)).sum()
}

/// So many units have fewer bytes than 16 bits can count.
const BLOCK_UNITS: usize = 16 * 1024;
