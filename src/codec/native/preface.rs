//! The first bytes that each side sends: who it is, which versions it speaks, what it accepts.
//!
//! ```text
//!  0        8        9        10       12             16              20
//!  ┌────────┬────────┬────────┬────────┬──────────────┬───────────────┬ ─ ─
//!  │ magic  │ newest │ oldest │ length │ capabilities │ max_frame     │
//!  └────────┴────────┴────────┴────────┴──────────────┴───────────────┴ ─ ─
//!  20              24                    28         32        length
//!  ┌───────────────┬─────────────────────┬──────────┬ ─ ─ ─ ─ ┐
//!  │ max_in_flight │ max_in_flight_bytes │ reserved │ skipped   all little-endian
//!  └───────────────┴─────────────────────┴──────────┴ ─ ─ ─ ─ ┘
//! ```
//!
//! Must not know: frames, or what the peer's limits lead to.

use crate::{
    codec::{Decoded, number},
    error::{Error, Kind, Result},
    message::{Hello, Message},
};

/// Reads the peer's preface.
pub(super) fn decode(input: &[u8]) -> Result<Decoded<'static>> {
    let known = input.len().min(MAGIC.len());
    if input.get(..known) != MAGIC.get(..known) {
        // An alert, from a server that took our preface for the beginning of a handshake; or one.
        let secure = matches!(input, [0x15 | 0x16, ..]);
        let why = "the peer does not speak shortwire: its magic is missing";
        return Err(Error::protocol(if secure { "the peer speaks TLS" } else { why }));
    }
    let Some(&[newest, oldest, l0, l1]) = input.get(MAGIC.len()..).and_then(<[u8]>::first_chunk)
    else {
        return Ok(Decoded::Incomplete { needed: PREFACE_BYTES });
    };
    if newest < OLDEST_VERSION || oldest > VERSION {
        let why = format!(
            "the peer speaks versions {oldest} to {newest} of shortwire, this side \
             {OLDEST_VERSION} to {VERSION}"
        );
        return Err(Error::remote(Kind::Unsupported, why));
    }
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if !(PREFACE_BYTES..=MAX_PREFACE_BYTES).contains(&length) {
        return Err(Error::protocol("a preface of an impossible length"));
    }
    if input.len() < length {
        return Ok(Decoded::Incomplete { needed: length });
    }
    let field = |at| number::u32_le(input, at).unwrap_or_default();
    let hello = Hello {
        version: newest.min(VERSION),
        capabilities: field(12),
        max_frame_bytes: field(16),
        max_in_flight: field(20),
        max_in_flight_bytes: field(24),
    };
    Ok(Decoded::Message { consumed: length, message: Message::Hello(hello) })
}

/// Writes this side's preface.
pub(super) fn encode(hello: &Hello) -> [u8; PREFACE_BYTES] {
    let mut preface = [0u8; PREFACE_BYTES];
    let parts: [&[u8]; 8] = [
        &MAGIC,
        &[hello.version, OLDEST_VERSION],
        &(PREFACE_BYTES as u16).to_le_bytes(),
        &hello.capabilities.to_le_bytes(),
        &hello.max_frame_bytes.to_le_bytes(),
        &hello.max_in_flight.to_le_bytes(),
        &hello.max_in_flight_bytes.to_le_bytes(),
        &[0; 4],
    ];
    for (to, from) in preface.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    preface
}

/// The first bytes of a preface. The first tells it from every other dialect; the last two do not
/// survive a transport that mends line ends.
pub const MAGIC: [u8; 8] = *b"\xd7swire\r\n";
/// The newest version of the format that this codec speaks.
pub const VERSION: u8 = 1;
/// The oldest that it still speaks. A connection uses the newest that both sides know.
pub const OLDEST_VERSION: u8 = 1;
/// The length of the preface that this version sends.
pub const PREFACE_BYTES: usize = 32;
/// What a peer's preface may grow to in a later revision; what is behind the known is skipped.
pub const MAX_PREFACE_BYTES: usize = 1024;
