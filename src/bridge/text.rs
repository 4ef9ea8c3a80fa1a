//! Text between V8 and Rust, by the fastest way that is right for all text.
//!
//! Out of V8, UTF-8 is written straight into our buffer, with room for ASCII first: asking for the
//! length beforehand would cost three times as much, and writing Latin-1 would silently damage
//! what isn't. Into V8, ASCII goes as Latin-1 and everything else as UTF-16, decoded here: V8's own
//! UTF-8 decoder is several times slower.
#![expect(unsafe_code, reason = "N-API is a C interface")]

use std::cell::Cell;

use napi::sys;

use super::{
    external,
    raw::{Env, Failed, Value},
};
use crate::driver::{batch::Blob, large_text::LargeText, pool};

/// Reads a string of `units` UTF-16 code units into `buffer`, as UTF-8. `buffer` is emptied first.
#[inline]
pub(super) fn read(
    env: Env,
    value: Value,
    units: usize,
    buffer: &mut Vec<u8>,
) -> Result<(), Failed> {
    // Room for ASCII and a little more: when it all fits and is no longer than ASCII would be,
    // nothing was cut. A character takes at most 4 bytes, so a cut text is longer than `units`.
    let room = units + 8;
    let written = write_utf8(env, value, room, buffer)?;
    if written <= units {
        return Ok(());
    }
    // Each unit becomes at most three bytes.
    write_utf8(env, value, units * 3 + 1, buffer)?;
    Ok(())
}

#[inline]
fn write_utf8(env: Env, value: Value, room: usize, buffer: &mut Vec<u8>) -> Result<usize, Failed> {
    buffer.clear();
    buffer.reserve(room);
    let mut written = 0;
    let start = buffer.as_mut_ptr().cast();
    // SAFETY: on the environment's thread; the buffer has room for that many bytes.
    let status =
        unsafe { sys::napi_get_value_string_utf8(env.0, value, start, room, &raw mut written) };
    if status != sys::Status::napi_ok || written >= room {
        return Err(Failed);
    }
    // SAFETY: N-API has initialised so many bytes, which fit.
    unsafe { buffer.set_len(written) };
    Ok(written)
}

/// The common text of a batch as a string.
#[inline]
pub(super) fn make(env: Env, text: &[u8], ascii: bool) -> Result<Value, Failed> {
    if ascii { env.latin1(text) } else { env.utf16(&utf16(text)) }
}

/// A payload that is handed over whole. Where the host can, the string is made of our memory
/// instead of a copy of it, and gives it back when it is collected.
pub(super) fn make_blob(env: Env, blob: Blob) -> Result<Value, Failed> {
    match blob {
        Blob::Ascii(buffer, range) => external::latin1(env, buffer, range),
        Blob::Utf16(units) => external::utf16(env, units),
        Blob::Wide(buffer, range) => external::wide(env, buffer, range),
        Blob::Bytes(buffer, range) => external::bytes(env, buffer, range),
    }
}

/// Reads a large string: as UTF-8 if it may be ASCII, else as UTF-16 for a task to convert. `wide`
/// says what the last one was, and learns what this one is.
pub(super) fn read_large(
    env: Env,
    value: Value,
    units: usize,
    wide: &Cell<bool>,
) -> Result<LargeText, Failed> {
    if !wide.get() {
        let room = units + 8;
        let mut text = pool::take(room);
        if write_utf8(env, value, room, &mut text)? <= units {
            return Ok(LargeText::Utf8(text));
        }
        wide.set(true);
        pool::give(text);
    }
    // Room for the NUL that N-API adds.
    let room = units + 1;
    let mut bytes = pool::take(room * 2);
    let mut written = 0;
    let start = bytes.as_mut_ptr().cast::<u16>();
    if !start.is_aligned() {
        return Err(Failed);
    }
    // SAFETY: on the environment's thread; the buffer is aligned and has room for that many units.
    let status =
        unsafe { sys::napi_get_value_string_utf16(env.0, value, start, room, &raw mut written) };
    if status != sys::Status::napi_ok || written > units {
        return Err(Failed);
    }
    // SAFETY: N-API has initialised so many units, which fit.
    unsafe { bytes.set_len(written * 2) };
    let text = LargeText::Utf16(bytes);
    wide.set(!text.is_latin1());
    Ok(text)
}

fn utf16(text: &[u8]) -> Vec<u16> {
    let mut units = vec![0; text.len() + 1];
    let mut decoder = encoding_rs::UTF_8.new_decoder_without_bom_handling();
    let (_, _, written, _) = decoder.decode_to_utf16(text, &mut units, true);
    units.truncate(written);
    units
}
