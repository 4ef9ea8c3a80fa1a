//! Which MessagePack may reach a decoder that was not written for enemies.
//!
//! Everything that MessagePack itself has, and of its extensions those that carry values of
//! JavaScript (`docs/wire/shortwire.md`, section 3): the payload must be whole, its lengths those of
//! what is there, its text UTF-8, its nesting no deeper than JSON's. What is left out can run up
//! costs that don't show in its size: references, records, regular expressions, joined strings. What
//! passes is weighed, since a small value isn't small in memory. Must not know: what a payload means.

use super::{depth::MAX_DEPTH, number};

/// What is wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It isn't one value, whole, of what may pass.
    Unsound,
    /// It weighs more than it may.
    TooHeavy,
}

/// Whether this is one value, whole, and nothing but it; and weighs no more than `limit`.
///
/// A byte of MessagePack can be an empty object, sixty of the heap. The weight of a payload is what its
/// decoded form takes, in units of what JSON's worst takes for a byte of text (`docs/design/encodings.md`):
/// about as much as the same in JSON has bytes. So a message comes to no more than JSON could make of one
/// that is as large as the limit.
///
/// # Errors
///
/// See [`Fault`].
pub fn check(input: &[u8], limit: usize) -> Result<(), Fault> {
    let Some(spare) = limit.checked_sub(input.len()) else { return Err(Fault::TooHeavy) };
    let mut walk = Walk { rest: input, spare, heavy: false };
    match walk.value(0) {
        Some(()) if walk.rest.is_empty() => Ok(()),
        None if walk.heavy => Err(Fault::TooHeavy),
        _ => Err(Fault::Unsound),
    }
}

/// A walk over a payload.
struct Walk<'a> {
    rest: &'a [u8],
    /// What may be weighed beside the bytes themselves.
    spare: usize,
    heavy: bool,
}

impl<'a> Walk<'a> {
    /// Passes one value. The recursion ends at [`MAX_DEPTH`].
    fn value(&mut self, depth: usize) -> Option<()> {
        let &[token] = self.take(1)? else { return None };
        match token {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Some(()),
            0x80..=0x8f => self.pairs(u32::from(token & 0x0f), depth),
            0x90..=0x9f => self.values(u32::from(token & 0x0f), depth),
            0xa0..=0xbf => self.text(u32::from(token & 0x1f)),
            0xc4..=0xc6 => {
                self.weigh(BYTES_WEIGHT)?;
                let length = self.length(token.wrapping_sub(0xc4))?;
                self.skip(length)
            }
            0xc7..=0xc9 => {
                let length = self.length(token.wrapping_sub(0xc7))?;
                self.extension(length)
            }
            0xca | 0xce | 0xd2 => self.skip(4),
            0xcb | 0xcf | 0xd3 => self.skip(8),
            0xcc | 0xd0 => self.skip(1),
            0xcd | 0xd1 => self.skip(2),
            0xd4 => self.following(depth),
            0xd5..=0xd8 => self.extension(1u32.wrapping_shl(token.wrapping_sub(0xd4).into())),
            0xd9..=0xdb => {
                let length = self.length(token.wrapping_sub(0xd9))?;
                self.text(length)
            }
            0xdc | 0xdd => {
                let count = self.length(token.wrapping_sub(0xdb))?;
                self.values(count, depth)
            }
            0xde | 0xdf => {
                let count = self.length(token.wrapping_sub(0xdd))?;
                self.pairs(count, depth)
            }
            0xc1 => None,
        }
    }

    /// So many values in a container. Each has a byte at least, so a count that promises more than
    /// there is fails when that has been passed.
    fn values(&mut self, count: u32, depth: usize) -> Option<()> {
        let depth = depth.saturating_add(1);
        if depth > MAX_DEPTH || count as usize > self.rest.len() {
            return None;
        }
        self.weigh(CONTAINER_WEIGHT)?;
        (0..count).try_for_each(|_| self.value(depth))
    }

    fn pairs(&mut self, count: u32, depth: usize) -> Option<()> {
        let depth = depth.saturating_add(1);
        if depth > MAX_DEPTH || (count as usize).saturating_mul(2) > self.rest.len() {
            return None;
        }
        self.weigh(CONTAINER_WEIGHT)?;
        (0..count).try_for_each(|_| {
            let is_text = matches!(self.rest.first(), Some(0xa0..=0xbf | 0xd9..=0xdb));
            self.weigh(if is_text { NAME_WEIGHT } else { INDEX_WEIGHT })?;
            self.value(depth)?;
            self.value(depth)
        })
    }

    fn text(&mut self, length: u32) -> Option<()> {
        let text = self.take(length as usize)?;
        simdutf8::basic::from_utf8(text).ok().map(|_| ())
    }

    /// An extension with one byte of data: `undefined`, an impossible date, or the head of a set or a
    /// map, whose contents follow as an array.
    fn following(&mut self, depth: usize) -> Option<()> {
        let &[kind, _] = self.take(2)? else { return None };
        match kind {
            UNDEFINED => Some(()),
            TIMESTAMP => self.weigh(DATE_WEIGHT),
            SET | MAP => {
                self.weigh(COLLECTION_WEIGHT)?;
                let is_array = matches!(self.rest.first(), Some(0x90..=0x9f | 0xdc | 0xdd));
                if is_array { self.value(depth.saturating_add(1)) } else { None }
            }
            _ => None,
        }
    }

    /// An extension whose data is all there is.
    fn extension(&mut self, length: u32) -> Option<()> {
        let &[kind] = self.take(1)? else { return None };
        let data = self.take(length as usize)?;
        let fits = match kind {
            TIMESTAMP => {
                self.weigh(DATE_WEIGHT)?;
                matches!(length, 4 | 8 | 12)
            }
            BIG_INT => (1..=MAX_BIG_INT_BYTES).contains(&length),
            TYPED_ARRAY => {
                self.weigh(COLLECTION_WEIGHT)?;
                match data.split_first() {
                    Some((&element, elements)) => is_typed_array(element, elements.len()),
                    None => false,
                }
            }
            _ => false,
        };
        fits.then_some(())
    }

    /// A length of 1, 2 or 4 bytes, big-endian.
    fn length(&mut self, size: u8) -> Option<u32> {
        match size {
            0 => self.take(1)?.first().copied().map(u32::from),
            1 => self.take(2)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()),
            _ => number::u32_be(self.take(4)?, 0),
        }
    }

    #[inline]
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, after) = self.rest.split_at_checked(count)?;
        self.rest = after;
        Some(taken)
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Option<()> {
        self.take(count as usize).map(|_| ())
    }

    /// Something takes more than its bytes say.
    #[inline]
    fn weigh(&mut self, more: usize) -> Option<()> {
        let left = self.spare.checked_sub(more);
        self.heavy |= left.is_none();
        self.spare = left?;
        Some(())
    }
}

/// Whether so many bytes are whole elements of this kind.
fn is_typed_array(element: u8, bytes: usize) -> bool {
    match element {
        // Int8, Uint8, Uint8Clamped; ArrayBuffer, DataView.
        0..=2 | 16 | 17 => true,
        3 | 4 => bytes.is_multiple_of(2),
        5..=7 => bytes.is_multiple_of(4),
        8..=10 => bytes.is_multiple_of(8),
        _ => false,
    }
}

// What things weigh beside their bytes, as measured on V8: docs/design/encodings.md.
/// An array or an object: `[],` has three bytes.
const CONTAINER_WEIGHT: usize = 2;
/// The name of a property: quotes and a colon.
const NAME_WEIGHT: usize = 3;
/// A property whose name is no text, and makes a table of the object.
const INDEX_WEIGHT: usize = 7;
const BYTES_WEIGHT: usize = 3;
const DATE_WEIGHT: usize = 1;
/// A set, a map or a typed array.
const COLLECTION_WEIGHT: usize = 5;

// Types of extensions: one of MessagePack's own, the others as msgpackr has them, and the map.
const TIMESTAMP: u8 = 0xff;
const UNDEFINED: u8 = 0x00;
const BIG_INT: u8 = 0x42;
const MAP: u8 = 0x6d;
const SET: u8 = 0x73;
const TYPED_ARRAY: u8 = 0x74;
/// Larger integers take time that grows faster than they do.
const MAX_BIG_INT_BYTES: u32 = 1024;
