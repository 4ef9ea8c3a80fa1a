//! Payloads that look alike: after a few of them, the next is taken apart here, guided by the shape
//! it is expected to have, and JavaScript puts the values together with a function made once for
//! the shape. That is several times faster than JSON.parse, and its result is the same.
//!
//! ```text
//!   payload ──► fits a shape? ──no──► credit? ──no──► plain: JSON.parse
//!                 │ yes                  │ yes: learn its shape (simd-json)
//!                 │                      └──► plain
//!                 ├─ seen enough bytes of it? ──► announce, plain
//!                 └─ announced ──► its values
//! ```
//!
//! Belongs to one connection: a peer can spoil its own shapes only. Work in vain is paid from a
//! credit that grows with a small part of all bytes, and each announcement, for which JavaScript
//! compiles a function, wants twice as many bytes as the one before. Must not know: sockets,
//! batches, JavaScript.

mod fit;
mod learn;
mod node;
mod scan;

pub use self::{
    fit::{IN_DOUBLES, IN_LONG, LONG_UNITS, Values, tag},
    learn::learn,
    node::{Lead, Member, Node, Scalars},
};

/// The shapes of one connection's payloads.
#[derive(Debug)]
pub struct Shapes {
    /// The one that fitted last comes first.
    known: Vec<Shape>,
    /// What may be spent in vain, in bytes looked at. Below zero nothing is tried.
    credit: isize,
    /// How often JavaScript was told of a shape.
    announcements: u32,
    /// How often a payload was looked at to learn from it.
    learned: u32,
}

/// What became of a payload.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// JSON.parse is to read it.
    Plain,
    /// The same, and from now on payloads may come as values of a shape with this number: its
    /// description is for JavaScript. An earlier shape of the same number is forgotten.
    Announced(u8, String),
    /// It has the shape of this number; its values have been added.
    Values(u8),
}

#[derive(Debug)]
struct Shape {
    number: u8,
    node: Node,
    announced: bool,
    /// Bytes of payloads that fitted.
    seen: usize,
}

impl Shapes {
    /// Whether a payload of this size is worth the trouble.
    #[inline]
    pub const fn are_for(bytes: usize) -> bool {
        bytes >= MIN_BYTES && bytes <= MAX_BYTES
    }

    /// How often it tried to learn a shape.
    pub const fn learned(&self) -> u32 {
        self.learned
    }

    /// Looks at a payload: JSON in UTF-8, as far as anybody knows.
    pub fn read(&mut self, text: &[u8], values: &mut Values<'_>) -> Outcome {
        self.earn(text.len() / EARN_PART);
        if self.credit < 0 {
            return Outcome::Plain;
        }
        let mark = values.mark();
        let Some(at) = self.find(text, values) else {
            self.learn_from(text, values);
            return Outcome::Plain;
        };
        if at != 0
            && let Some(upto) = self.known.get_mut(..=at)
        {
            upto.rotate_right(1);
        }
        let Some(shape) = self.known.first_mut() else { return Outcome::Plain };
        if shape.announced {
            let number = shape.number;
            self.earn(text.len() / EARN_FIT_PART);
            return Outcome::Values(number);
        }
        // Mostly long strings: JSON.parse would have to read them anyway.
        let long = values.long_since(mark);
        let pays = long <= text.len() / 2;
        values.cut(mark);
        shape.seen = shape.seen.saturating_add(text.len());
        let wanted = FIRST_BYTES.checked_shl(self.announcements).unwrap_or(usize::MAX);
        if pays && shape.seen >= wanted {
            shape.announced = true;
            self.announcements = self.announcements.saturating_add(1);
            return Outcome::Announced(shape.number, shape.node.describe());
        }
        self.pay(text.len() / FIT_COST_PART);
        Outcome::Plain
    }

    /// The place of the shape that the payload has; its values have been added.
    #[inline]
    fn find(&mut self, text: &[u8], values: &mut Values<'_>) -> Option<usize> {
        for at in 0..self.known.len() {
            let shape = self.known.get(at)?;
            match values.fill(&shape.node, text) {
                Ok(()) => return Some(at),
                Err(far) => self.pay(far.saturating_add(ATTEMPT_COST) / FIT_COST_PART),
            }
            if self.credit < 0 {
                return None;
            }
        }
        None
    }

    #[cold]
    fn learn_from(&mut self, text: &[u8], values: &mut Values<'_>) {
        if self.credit < 0 {
            return;
        }
        self.pay(text.len().saturating_mul(LEARN_COST));
        self.learned = self.learned.saturating_add(1);
        let Some(node) = learn(text) else { return };
        // White space and escaped keys are not the shape's.
        let mark = values.mark();
        if values.fill(&node, text).is_err() {
            return;
        }
        values.cut(mark);
        for shape in &mut self.known {
            if let Some(united) = shape.node.clone().unite(node.clone())
                && united.places() <= MAX_PLACES
            {
                shape.node = united;
                shape.announced = false;
                return;
            }
        }
        let number = if self.known.len() < MAX_SHAPES {
            self.known.len() as u8
        } else {
            self.known.pop().map_or(0, |oldest| oldest.number)
        };
        self.known.insert(0, Shape { number, node, announced: false, seen: text.len() });
    }

    #[inline]
    fn earn(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_add_unsigned(bytes).min(MAX_CREDIT);
    }

    #[inline]
    fn pay(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_sub_unsigned(bytes);
    }
}

impl Default for Shapes {
    fn default() -> Self {
        Self { known: Vec::new(), credit: MAX_CREDIT, announcements: 0, learned: 0 }
    }
}

/// Below this, crossing as values costs as much as JSON.parse.
pub const MIN_BYTES: usize = 256;
/// Larger payloads travel by themselves, and are long strings mostly. Two bytes of text make one
/// number at most.
pub const MAX_BYTES: usize = 256 * 1024;
/// Members of all objects of a shape: what bounds the code that is made for it.
pub const MAX_PLACES: usize = 256;
/// Shapes of a connection; one more replaces the one that wasn't seen for longest.
pub const MAX_SHAPES: usize = 8;
/// So many bytes of a shape must be seen before it is announced; twice as many for the next.
const FIRST_BYTES: usize = 8 * 1024;
/// What a connection may spend in vain at its beginning, and at most later.
const MAX_CREDIT: isize = 256 * 1024;
/// One part in so many of all bytes is credit.
const EARN_PART: usize = 64;
/// And of those that came as values, which were cheap.
const EARN_FIT_PART: usize = 8;
/// Bytes that fitted before one didn't, for one of credit.
const FIT_COST_PART: usize = 4;
/// An attempt costs as much as so many bytes of it, even if it ends at the first.
const ATTEMPT_COST: usize = 32;
/// Credit for a byte to learn from.
const LEARN_COST: usize = 2;
