//! Where in a distributed trace a request or a message belongs: W3C's `traceparent`.
//!
//! ```text
//! text     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01      55 characters
//! bytes    version 1 │ trace id 16 │ parent id 8 │ flags 1              26
//! ```
//!
//! Carried, never interpreted. Must not know: who made it, or what becomes of it.

use super::{Message, Part, Request};

/// A valid `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace([u8; TRACE_BYTES]);

impl Trace {
    /// Of its binary form. `None` if it is none: the version 255, or an id of zeros only.
    pub fn from_bytes(bytes: &[u8; TRACE_BYTES]) -> Option<Self> {
        let none = |id: &[u8]| id.iter().all(|&byte| byte == 0);
        let [version, ids @ .., _] = bytes;
        let (trace, parent) = ids.split_at_checked(TRACE_ID_BYTES)?;
        (*version != FORBIDDEN_VERSION && !none(trace) && !none(parent)).then_some(Self(*bytes))
    }

    /// Of its text, in lower case as the standard has it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; TRACE_BYTES];
        let mut left = bytes.iter_mut();
        let mut parts = text.split('-');
        for length in PART_BYTES {
            let part = parts.next().filter(|part| part.len() == length * 2)?;
            for pair in part.as_bytes().chunks_exact(2) {
                let &[high, low] = pair else { return None };
                *left.next()? = digit(high)? << 4 | digit(low)?;
            }
        }
        parts.next().is_none().then(|| Self::from_bytes(&bytes)).flatten()
    }

    /// Its binary form.
    pub const fn bytes(&self) -> &[u8; TRACE_BYTES] {
        &self.0
    }

    /// Its text with another behind it: how it crosses into JavaScript.
    #[cold]
    pub fn before(&self, topic: &str) -> String {
        let mut text = String::with_capacity(TRACE_CHARACTERS + topic.len());
        self.write(&mut text);
        text + topic
    }

    /// Appends its text.
    pub fn write(&self, text: &mut String) {
        let mut bytes = self.0.iter();
        for (part, length) in PART_BYTES.into_iter().enumerate() {
            if part > 0 {
                text.push('-');
            }
            for byte in bytes.by_ref().take(length) {
                text.extend([byte >> 4, byte & 0xf].map(|digit| HEX[usize::from(digit)]));
            }
        }
    }
}

impl Message<'_> {
    /// Which trace it says that it belongs to.
    #[inline]
    pub fn trace(&self) -> Option<&Trace> {
        match self {
            Self::Request(Request { trace, .. }) | Self::Event { trace, .. } => trace.as_deref(),
            Self::Stream { part: Part::Open { trace, .. }, .. } => trace.as_ref(),
            _ => None,
        }
    }
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// The length of its binary form.
pub const TRACE_BYTES: usize = 26;
/// The length of its text, in characters, all of them ASCII.
pub const TRACE_CHARACTERS: usize = 55;
const TRACE_ID_BYTES: usize = 16;
/// Version, trace id, parent id, flags.
const PART_BYTES: [usize; 4] = [1, TRACE_ID_BYTES, 8, 1];
/// The one that the standard will never give to anything.
const FORBIDDEN_VERSION: u8 = 0xff;
const HEX: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
