//! Which MessagePack may reach a decoder that was not written for enemies.
//!
//! Everything that MessagePack itself has, and of its extensions those that carry values of
//! JavaScript (`docs/wire/shortwire.md`, section 3): the payload must be whole, its lengths those of
//! what is there, its text UTF-8, its nesting no deeper than JSON's. What is left out can run up
//! costs that don't show in its size: references, records, regular expressions, joined strings. Must
//! not know: what a payload means.

use super::{depth::MAX_DEPTH, number};

/// Whether this is one value, whole, and nothing but it.
pub fn is_sound(input: &[u8]) -> bool {
    let mut rest = input;
    value(&mut rest, 0).is_some() && rest.is_empty()
}

/// Passes one value. The recursion ends at [`MAX_DEPTH`].
fn value(rest: &mut &[u8], depth: usize) -> Option<()> {
    let &[token] = take(rest, 1)? else { return None };
    match token {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Some(()),
        0x80..=0x8f => pairs(rest, u32::from(token & 0x0f), depth),
        0x90..=0x9f => values(rest, u32::from(token & 0x0f), depth),
        0xa0..=0xbf => text(rest, u32::from(token & 0x1f)),
        0xc4..=0xc6 => {
            let length = length(rest, token.wrapping_sub(0xc4))?;
            skip(rest, length)
        }
        0xc7..=0xc9 => {
            let length = length(rest, token.wrapping_sub(0xc7))?;
            extension(rest, length)
        }
        0xca | 0xce | 0xd2 => skip(rest, 4),
        0xcb | 0xcf | 0xd3 => skip(rest, 8),
        0xcc | 0xd0 => skip(rest, 1),
        0xcd | 0xd1 => skip(rest, 2),
        0xd4 => following(rest, depth),
        0xd5..=0xd8 => extension(rest, 1u32.wrapping_shl(token.wrapping_sub(0xd4).into())),
        0xd9..=0xdb => {
            let length = length(rest, token.wrapping_sub(0xd9))?;
            text(rest, length)
        }
        0xdc | 0xdd => {
            let count = length(rest, token.wrapping_sub(0xdb))?;
            values(rest, count, depth)
        }
        0xde | 0xdf => {
            let count = length(rest, token.wrapping_sub(0xdd))?;
            pairs(rest, count, depth)
        }
        0xc1 => None,
    }
}

/// So many values in a container. Each has a byte at least, so a count that promises more than there
/// is fails when that has been passed.
fn values(rest: &mut &[u8], count: u32, depth: usize) -> Option<()> {
    let depth = depth.saturating_add(1);
    if depth > MAX_DEPTH || count as usize > rest.len() {
        return None;
    }
    (0..count).try_for_each(|_| value(rest, depth))
}

fn pairs(rest: &mut &[u8], count: u32, depth: usize) -> Option<()> {
    let depth = depth.saturating_add(1);
    if depth > MAX_DEPTH || (count as usize).saturating_mul(2) > rest.len() {
        return None;
    }
    (0..count).try_for_each(|_| {
        value(rest, depth)?;
        value(rest, depth)
    })
}

fn text(rest: &mut &[u8], length: u32) -> Option<()> {
    let text = take(rest, length as usize)?;
    simdutf8::basic::from_utf8(text).ok().map(|_| ())
}

/// An extension with one byte of data: `undefined`, an impossible date, or the head of a set or a
/// map, whose contents follow as an array.
fn following(rest: &mut &[u8], depth: usize) -> Option<()> {
    let &[kind, _] = take(rest, 2)? else { return None };
    match kind {
        UNDEFINED | TIMESTAMP => Some(()),
        SET | MAP => {
            let is_array = matches!(rest.first(), Some(0x90..=0x9f | 0xdc | 0xdd));
            if is_array { value(rest, depth.saturating_add(1)) } else { None }
        }
        _ => None,
    }
}

/// An extension whose data is all there is.
fn extension(rest: &mut &[u8], length: u32) -> Option<()> {
    let &[kind] = take(rest, 1)? else { return None };
    let data = take(rest, length as usize)?;
    let fits = match kind {
        TIMESTAMP => matches!(length, 4 | 8 | 12),
        BIG_INT => (1..=MAX_BIG_INT_BYTES).contains(&length),
        TYPED_ARRAY => match data.split_first() {
            Some((&element, elements)) => is_typed_array(element, elements.len()),
            None => false,
        },
        _ => false,
    };
    fits.then_some(())
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

/// A length of 1, 2 or 4 bytes, big-endian.
fn length(rest: &mut &[u8], size: u8) -> Option<u32> {
    match size {
        0 => take(rest, 1)?.first().copied().map(u32::from),
        1 => take(rest, 2)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes).into()),
        _ => number::u32_be(take(rest, 4)?, 0),
    }
}

#[inline]
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[inline]
fn skip(rest: &mut &[u8], count: u32) -> Option<()> {
    take(rest, count as usize).map(|_| ())
}

// Types of extensions: one of MessagePack's own, the others as msgpackr has them, and the map.
const TIMESTAMP: u8 = 0xff;
const UNDEFINED: u8 = 0x00;
const BIG_INT: u8 = 0x42;
const MAP: u8 = 0x6d;
const SET: u8 = 0x73;
const TYPED_ARRAY: u8 = 0x74;
/// Larger integers take time that grows faster than they do.
const MAX_BIG_INT_BYTES: u32 = 1024;
