//! Payloads that are too large to be joined with others, or not text. Must not know: whose they are.

use std::ops::Range;

use super::text_units::utf16;

/// A payload that is handed over whole.
#[derive(Debug, PartialEq, Eq)]
pub enum Blob {
    /// ASCII text: part of a buffer.
    Ascii(Vec<u8>, Range<usize>),
    /// Any other text, decoded.
    Utf16(Vec<u16>),
    /// Text that came in UTF-16, in this machine's order: part of a buffer.
    Wide(Vec<u8>, Range<usize>),
    /// Raw bytes: part of a buffer.
    Bytes(Vec<u8>, Range<usize>),
}

impl Blob {
    /// Text in UTF-8, decoded.
    pub fn utf16(utf8: &[u8]) -> Self {
        Self::Utf16(utf16(utf8))
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Ascii(_, range) | Self::Wide(_, range) | Self::Bytes(_, range) => range.len(),
            Self::Utf16(units) => units.len() * 2,
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
