//! Which format a stranger speaks, told from its first bytes.
//!
//! The first byte tells most apart: the native preface starts with [`native::MAGIC`], jftp with a
//! decimal digit or 0x00. Raw modes and custom delimiters are never guessed. Must not know: what
//! follows from the answer.

use super::{jftp, native};
use crate::config::Format;

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detected {
    /// Not enough to tell.
    More,
    /// A format of ours.
    Format(Format),
    /// Somebody else, by the name to put into the error.
    Stranger(&'static str),
}

/// Looks at everything that a new peer has sent so far.
pub fn detect(input: &[u8]) -> Detected {
    let Some(&first) = input.first() else {
        return Detected::More;
    };
    match first {
        _ if first == native::MAGIC[0] => Detected::Format(Format::Shortwire),
        0x00 | b'0'..=b'9' => jftp::detect(input),
        0x16 => Detected::Stranger("TLS"),
        b'G' | b'P' | b'H' | b'D' | b'O' | b'C' | b'T' => Detected::Stranger("HTTP or text"),
        b'{' => Detected::Stranger("node-ipc or socket-ipc"),
        b'I' => Detected::Stranger("net-ipc"),
        0xe0..=0xe3 => Detected::Stranger("Sockety"),
        _ => Detected::Stranger("an unknown protocol"),
    }
}
