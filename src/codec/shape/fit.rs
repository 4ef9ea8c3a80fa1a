//! A text against the shape that it is expected to have: checks it byte by byte, and takes the
//! values out of it.
//!
//! ```text
//!   {"id":7,"name":"Ada","tags":["a","b"]}      the text
//!   {"id":N,"name":S,"tags":[S…]}               the shape
//!   numbers 7 · 3 · 2 · 1 · 1   short "Adaab"   what is left of it
//! ```
//!
//! What fits is valid JSON by the way it was made; anything else is not judged here. Must not know:
//! what becomes of texts that don't fit.

use super::{
    node::{Node, Scalars},
    scan::{self, Number},
};

/// Where the values of a text go, in its order, as `lib/core/shapes.js` reads them back. Whoever lends
/// these has things of its own before them.
#[derive(Debug)]
pub struct Values<'a> {
    /// One for each place, and the count before the elements of an array: a whole number, or
    /// [`IN_DOUBLES`]; the length of a short string, or [`IN_LONG`]; 0 or 1 for `false` and `true`,
    /// or for an object or array that is `null` and one that isn't. Before a value that may be of
    /// several kinds stands its kind: [`tag`].
    pub ints: &'a mut Vec<i32>,
    /// The other numbers.
    pub doubles: &'a mut Vec<f64>,
    /// The short strings, one after the other: ASCII.
    pub short: &'a mut Vec<u8>,
    /// The others, as a JSON array; nothing if there are none.
    pub long: &'a mut Vec<u8>,
}

/// How much there was before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    ints: usize,
    doubles: usize,
    short: usize,
    long: usize,
}

/// Kinds of a value that may be of several.
pub mod tag {
    /// `null`.
    pub const NULL: i32 = 0;
    /// `false`.
    pub const FALSE: i32 = 1;
    /// `true`.
    pub const TRUE: i32 = 2;
    /// A number follows.
    pub const NUMBER: i32 = 3;
    /// A string follows.
    pub const STRING: i32 = 4;
}

impl Values<'_> {
    /// Takes `text` apart. `Err` says how far it fitted, in bytes; nothing is added then.
    pub fn fill(&mut self, shape: &Node, text: &[u8]) -> Result<(), usize> {
        let mark = self.mark();
        let mut fit = Fit { rest: text, values: self, long_at: mark.long };
        if fit.node(shape).is_some() && fit.rest.is_empty() {
            if self.long.len() != mark.long {
                self.long.push(b']');
            }
            return Ok(());
        }
        let far = text.len().saturating_sub(fit.rest.len());
        self.cut(mark);
        Err(far)
    }

    pub(super) const fn mark(&self) -> Mark {
        Mark {
            ints: self.ints.len(),
            doubles: self.doubles.len(),
            short: self.short.len(),
            long: self.long.len(),
        }
    }

    /// Bytes of long strings that have been added since.
    pub(super) const fn long_since(&self, mark: Mark) -> usize {
        self.long.len().saturating_sub(mark.long)
    }

    /// Takes back what has been added since.
    pub(super) fn cut(&mut self, mark: Mark) {
        self.ints.truncate(mark.ints);
        self.doubles.truncate(mark.doubles);
        self.short.truncate(mark.short);
        self.long.truncate(mark.long);
    }
}

struct Fit<'a, 'b, 'c> {
    rest: &'a [u8],
    values: &'b mut Values<'c>,
    /// Where the long strings begin.
    long_at: usize,
}

impl Fit<'_, '_, '_> {
    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Scalar(Scalars::STRING) => self.string(),
            Node::Scalar(Scalars::NUMBER) => self.number(),
            Node::Scalar(Scalars::BOOLEAN) => self.boolean(),
            Node::Scalar(Scalars::NULL) => self.skip(b"null"),
            Node::Scalar(scalars) => self.any(*scalars),
            Node::Object { nullable, members } => {
                if *nullable && self.is_null() {
                    return Some(());
                }
                for member in members {
                    self.rest = member.lead.skip(self.rest)?;
                    match &member.value {
                        Node::Scalar(Scalars::STRING) => self.string()?,
                        Node::Scalar(Scalars::NUMBER) => self.number()?,
                        value => self.node(value)?,
                    }
                }
                self.skip(b"}")
            }
            Node::Array { nullable, element } => {
                if *nullable && self.is_null() {
                    return Some(());
                }
                self.skip(b"[")?;
                self.elements(element.as_deref())
            }
        }
    }

    fn elements(&mut self, element: Option<&Node>) -> Option<()> {
        let count_at = self.values.ints.len();
        self.values.ints.push(0);
        if self.skip(b"]").is_some() {
            return Some(());
        }
        let element = element?;
        let mut count = 0i32;
        loop {
            self.node(element)?;
            count = count.checked_add(1)?;
            match self.rest.split_first()? {
                (b',', rest) => self.rest = rest,
                (b']', rest) => {
                    self.rest = rest;
                    *self.values.ints.get_mut(count_at)? = count;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// For what may be `null`: notes whether it is.
    fn is_null(&mut self) -> bool {
        let null = self.skip(b"null").is_some();
        self.values.ints.push(i32::from(!null));
        null
    }

    fn any(&mut self, scalars: Scalars) -> Option<()> {
        let (kind, kinds) = match self.rest.first()? {
            b'"' => (tag::STRING, Scalars::STRING),
            b'n' => (tag::NULL, Scalars::NULL),
            b't' => (tag::TRUE, Scalars::BOOLEAN),
            b'f' => (tag::FALSE, Scalars::BOOLEAN),
            _ => (tag::NUMBER, Scalars::NUMBER),
        };
        if scalars.and(kinds) != scalars {
            return None;
        }
        self.values.ints.push(kind);
        match kind {
            tag::STRING => self.string(),
            tag::NULL => self.skip(b"null"),
            tag::TRUE => self.skip(b"true"),
            tag::FALSE => self.skip(b"false"),
            _ => self.number(),
        }
    }

    #[inline]
    fn string(&mut self) -> Option<()> {
        let (b'"', inner) = self.rest.split_first()? else { return None };
        let text = scan::string(inner)?;
        self.rest = text.rest;
        let length = text.inner.len();
        let values = &mut *self.values;
        if text.plain && length < LONG_UNITS {
            values.ints.push(length as i32);
            // What follows is copied and cut off again: a copy of a fixed size is a fast one.
            if let Some(inner) = inner.first_chunk::<{ LONG_UNITS + 3 }>() {
                let end = values.short.len().saturating_add(length);
                values.short.extend_from_slice(inner);
                values.short.truncate(end);
            } else {
                values.short.extend_from_slice(text.inner);
            }
        } else {
            values.ints.push(IN_LONG);
            values.long.push(if values.long.len() == self.long_at { b'[' } else { b',' });
            values.long.push(b'"');
            values.long.extend_from_slice(text.inner);
            values.long.push(b'"');
        }
        Some(())
    }

    #[inline]
    fn number(&mut self) -> Option<()> {
        let (number, rest) = scan::number(self.rest)?;
        self.rest = rest;
        match number {
            Number::Int(int) => self.values.ints.push(int),
            Number::Double(double) => {
                self.values.ints.push(IN_DOUBLES);
                self.values.doubles.push(double);
            }
        }
        Some(())
    }

    #[inline]
    fn boolean(&mut self) -> Option<()> {
        let value = self.skip(b"true").is_some();
        if !value {
            self.skip(b"false")?;
        }
        self.values.ints.push(i32::from(value));
        Some(())
    }

    #[inline]
    fn skip(&mut self, literal: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }
}

/// The number is the next of the doubles.
pub const IN_DOUBLES: i32 = i32::MIN;
/// The string is the next of the long ones.
pub const IN_LONG: i32 = -1;
/// From this length on, V8 makes a substring that keeps the whole string alive which it was cut
/// out of. Longer ones are therefore left to JSON.parse, which copies.
pub const LONG_UNITS: usize = 13;
