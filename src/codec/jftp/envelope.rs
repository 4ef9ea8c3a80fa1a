//! Cuts the elements out of a jftp message, without parsing them.
//!
//! Only strings and brackets are followed, as far as it takes to see where an element ends. An
//! element that has been cut out is parsed alone, later and elsewhere, so whatever text is in it,
//! it can't become part of its neighbour. Must not know: frames, roles, what an element means.

use crate::{
    codec::{
        depth::{MAX_DEPTH, after_string},
        number,
    },
    message::Id,
};

/// What was found in a message, as raw JSON text without space around it.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    /// The id; there even if a fault was found after it.
    pub(super) id: Option<&'a [u8]>,
    /// The payload.
    pub(super) data: Option<&'a [u8]>,
    /// The error of an answer.
    pub(super) error: Option<&'a [u8]>,
    /// Why the message can't be used.
    pub(super) fault: Option<&'static str>,
}

/// What remains to be read, and how deep the deepest element was.
struct Scanner<'a> {
    rest: &'a [u8],
    deepest: usize,
}

type Scanned<T> = Result<T, &'static str>;

impl<'a> Envelope<'a> {
    /// Reads `[id,data,error]`; all but the id may be missing, and more is ignored.
    pub(super) fn of_array(text: &'a [u8]) -> Self {
        Self::read(text, |found, scanner| {
            scanner.expect(b'[', "a message that is not an array")?;
            found.id = Some(scanner.value()?);
            let mut others = [&mut found.data, &mut found.error].into_iter();
            while scanner.more(b']')? {
                let value = scanner.value()?;
                if let Some(element) = others.next() {
                    *element = Some(value);
                }
            }
            Ok(())
        })
    }

    /// Reads `{"id":…,"data":…,"error":…}`; of keys that come twice the last counts, as it does
    /// in JavaScript, and others are ignored.
    pub(super) fn of_object(text: &'a [u8]) -> Self {
        Self::read(text, |found, scanner| {
            scanner.expect(b'{', "a message that is not an object")?;
            if scanner.take(b'}') {
                return Ok(());
            }
            loop {
                let key = scanner.key()?;
                let value = scanner.value()?;
                match key {
                    Key::Id => found.id = Some(value),
                    Key::Data => found.data = Some(value),
                    Key::Error => found.error = Some(value),
                    Key::Other => {}
                }
                if !scanner.more(b'}')? {
                    return Ok(());
                }
            }
        })
    }

    fn read(
        text: &'a [u8],
        elements: impl FnOnce(&mut Self, &mut Scanner<'a>) -> Scanned<()>,
    ) -> Self {
        let mut found = Self::default();
        let mut scanner = Scanner { rest: text, deepest: 0 };
        found.fault = match elements(&mut found, &mut scanner) {
            Err(why) => Some(why),
            Ok(()) if !scanner.is_at_end() => Some("a message with something behind it"),
            Ok(()) if scanner.deepest > MAX_DEPTH => Some("a payload that is nested too deeply"),
            Ok(()) => None,
        };
        found
    }
}

/// The names that count.
enum Key {
    Id,
    Data,
    Error,
    Other,
}

impl<'a> Scanner<'a> {
    /// One element: everything up to the comma or closing bracket that isn't its own.
    fn value(&mut self) -> Scanned<&'a [u8]> {
        let whole = self.rest;
        let mut rest = whole;
        let mut depth = 0usize;
        while let Some((&byte, after)) = rest.split_first() {
            match byte {
                b'"' => {
                    rest = after_string(after);
                    continue;
                }
                b'[' | b'{' => {
                    depth = depth.saturating_add(1);
                    self.deepest = self.deepest.max(depth);
                }
                b',' | b']' | b'}' if depth == 0 => {
                    self.rest = rest;
                    let value = whole.get(..whole.len().saturating_sub(rest.len()));
                    let value = trim(value.unwrap_or_default());
                    return if value.is_empty() {
                        Err("an element that is missing")
                    } else {
                        Ok(value)
                    };
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            rest = after;
        }
        Err(CUT_SHORT)
    }

    /// A member's name and the colon after it.
    fn key(&mut self) -> Scanned<Key> {
        self.expect(b'"', "a member without a name")?;
        let whole = self.rest;
        self.rest = after_string(whole);
        let name = whole.get(..whole.len().saturating_sub(self.rest.len())).unwrap_or_default();
        self.expect(b':', "a member without a colon")?;
        Ok(match name {
            b"id\"" => Key::Id,
            b"data\"" => Key::Data,
            b"error\"" => Key::Error,
            _ if name.contains(&b'\\') => unescaped_key(name),
            _ => Key::Other,
        })
    }

    /// Passes a comma, or the bracket `close`, which tells that there is no more.
    fn more(&mut self, close: u8) -> Scanned<bool> {
        if self.take(b',') {
            return Ok(true);
        }
        self.expect(close, "a bracket that closes another kind").map(|()| false)
    }

    fn expect(&mut self, byte: u8, otherwise: &'static str) -> Scanned<()> {
        if self.take(byte) {
            return Ok(());
        }
        Err(if self.rest.is_empty() { CUT_SHORT } else { otherwise })
    }

    fn take(&mut self, byte: u8) -> bool {
        self.rest = trim_start(self.rest);
        let after = self.rest.split_first().filter(|(first, _)| **first == byte);
        after.inspect(|(_, after)| self.rest = after).is_some()
    }

    fn is_at_end(&self) -> bool {
        trim_start(self.rest).is_empty()
    }
}

/// The id in an element's text. What isn't a number that this library could have chosen itself is
/// kept word for word, since it will be sent back.
pub(super) fn id(text: &[u8]) -> Option<Id> {
    let is_canonical = text.first() != Some(&b'0') || text.len() == 1;
    if let Some(number) = number::decimal(text).filter(|_| is_canonical) {
        return Some(Id::Number(number));
    }
    if text.len() > MAX_ID_BYTES {
        return None;
    }
    let text = str::from_utf8(text).ok()?;
    // Sent back unchecked, `1 2` or `nope` would spoil the answer.
    let is_valid = is_plain_string(text) || serde_json::from_str::<serde_json::Value>(text).is_ok();
    is_valid.then(|| Id::Text(text.into()))
}

/// The two elements of `data,error`.
pub(super) fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    // A value only ends at a comma or a bracket, so the second is what the first leaves over.
    let mut scanner = Scanner { rest: text, deepest: 0 };
    let data = scanner.value().ok()?;
    let error = scanner.take(b',').then(|| trim(scanner.rest))?;
    (!error.is_empty()).then_some((data, error))
}

/// Whether this is surely a whole JSON string, as the ids of generation A are.
fn is_plain_string(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\'))
}

#[cold]
fn unescaped_key(name: &[u8]) -> Key {
    let quoted = [b"\"", name].concat();
    match serde_json::from_slice::<String>(&quoted).as_deref() {
        Ok("id") => Key::Id,
        Ok("data") => Key::Data,
        Ok("error") => Key::Error,
        _ => Key::Other,
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let mut text = trim_start(text);
    while let Some((b' ' | b'\t' | b'\n' | b'\r', before)) = text.split_last() {
        text = before;
    }
    text
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t' | b'\n' | b'\r', after)) = text.split_first() {
        text = after;
    }
    text
}

/// The longest id that is kept for a peer; numbers and `"pid-counter"` take a dozen bytes.
const MAX_ID_BYTES: usize = 1024;
const CUT_SHORT: &str = "a message that ends too early";
