//! The numbers of a batch's payloads that travel as values: see `codec::shape`.
//!
//! ```text
//!   head | records | ints | (one word, if needed) | doubles
//! ```
//!
//! Before each payload's own ints stand [`HEAD`] that say which shape it has and how much of each is its. Must not know:
//! what the numbers mean.

use super::batch::{Inbound, Record, VALUES};
use crate::{
    codec::shape::{IN_DOUBLES, IN_LONG, Scalars, Values, tag},
    message::BodyKind,
};

/// The numbers of a batch.
#[derive(Debug, Default)]
pub struct Numbers {
    ints: Vec<i32>,
    doubles: Vec<f64>,
}

impl Numbers {
    /// Whether there are none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.ints.is_empty()
    }

    /// Whether another payload's are still welcome.
    #[inline]
    pub const fn has_room(&self) -> bool {
        self.ints.len() + self.doubles.len() * 2 < ROOM_WORDS
    }

    /// How many ints there are.
    pub const fn ints(&self) -> usize {
        self.ints.len()
    }

    /// How many words of 32 bits they take behind so many others.
    pub const fn words_behind(&self, before: usize) -> usize {
        if self.is_empty() { 0 } else { self.doubles_at(before) + self.doubles.len() * 2 - before }
    }

    /// Writes them into `shared`, behind `before` words of it.
    pub fn write(&self, shared: &mut [u32], before: usize) {
        if self.is_empty() {
            return;
        }
        let doubles_at = self.doubles_at(before);
        for (word, int) in shared[before..].iter_mut().zip(&self.ints) {
            *word = int.cast_unsigned();
        }
        for (words, double) in
            shared[doubles_at..].as_chunks_mut::<2>().0.iter_mut().zip(&self.doubles)
        {
            let bytes = double.to_ne_bytes();
            let (first, second) = bytes.split_at(4);
            for (word, half) in words.iter_mut().zip([first, second]) {
                *word = half.try_into().map_or(0, u32::from_ne_bytes);
            }
        }
    }

    /// Where doubles may begin: at a multiple of their size.
    const fn doubles_at(&self, before: usize) -> usize {
        (before + self.ints.len()).next_multiple_of(2)
    }

    /// Adds those of a later batch.
    pub fn append(&mut self, later: &Self) {
        self.ints.extend_from_slice(&later.ints);
        self.doubles.extend_from_slice(&later.doubles);
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.ints.clear();
        self.ints.shrink_to(KEEP);
        self.doubles.clear();
        self.doubles.shrink_to(KEEP);
    }

    /// What they hold in memory.
    pub const fn bytes(&self) -> usize {
        self.ints.len() * 4 + self.doubles.len() * 8
    }
}

impl Inbound {
    /// Adds an item whose body travels as values of a shape, if `read` finds that it has one: it
    /// adds the values, and says the shape's number. False if nothing was added.
    #[inline]
    pub fn push_values(
        &mut self,
        record: Record,
        topic: &str,
        read: impl FnOnce(&mut Values<'_>) -> Option<u8>,
    ) -> bool {
        let Record { kind, subject, extra } = record;
        let (text_at, units_at) = (self.text.len(), self.units);
        let topic_end = self.append_text(topic.as_bytes());
        let Numbers { ints, doubles } = &mut self.numbers;
        let (ints_at, doubles_at) = (ints.len(), doubles.len());
        ints.extend_from_slice(&[0; HEAD]);
        let short_at = self.text.len();
        self.long.clear();
        let found =
            read(&mut Values { ints, doubles, short: &mut self.text, long: &mut self.long });
        let Some(shape) = found else {
            ints.truncate(ints_at);
            self.text.truncate(text_at);
            self.units = units_at;
            return false;
        };
        let ints_len = (ints.len() - ints_at - HEAD) as i32;
        let doubles_len = (doubles.len() - doubles_at) as i32;
        self.units += (self.text.len() - short_at) as u32;
        let short_end = self.units;
        let long = std::mem::take(&mut self.long);
        let end = self.append_text(&long);
        self.long = long;
        let head = [i32::from(shape), ints_len, doubles_len, (end - short_end) as i32];
        self.numbers.ints[ints_at..ints_at + HEAD].copy_from_slice(&head);
        let head = kind | (BodyKind::Json as u32) << 8 | VALUES;
        self.records.extend_from_slice(&[head, subject, topic_end, end, extra]);
        true
    }
}

/// Before the ints of a payload: the shape's number, how many ints, how many doubles, and how many
/// units of its text are its long strings.
pub const HEAD: usize = 4;
/// What `lib/core/records.js` has to know.
pub const NAMES: [(&str, u32); 12] = [
    ("HEAD", HEAD as u32),
    ("STRING", Scalars::STRING.bits()),
    ("NUMBER", Scalars::NUMBER.bits()),
    ("BOOLEAN", Scalars::BOOLEAN.bits()),
    ("NULL", Scalars::NULL.bits()),
    ("NULL_HERE", tag::NULL.cast_unsigned()),
    ("FALSE", tag::FALSE.cast_unsigned()),
    ("TRUE", tag::TRUE.cast_unsigned()),
    ("NUMBER_NEXT", tag::NUMBER.cast_unsigned()),
    ("STRING_NEXT", tag::STRING.cast_unsigned()),
    ("IN_DOUBLES", IN_DOUBLES.cast_unsigned()),
    ("IN_LONG", IN_LONG.cast_unsigned()),
];
/// From so many words on, payloads travel as text: what is shared with JavaScript has its size.
const ROOM_WORDS: usize = 32 * 1024;
/// Larger buffers are not kept between turns.
const KEEP: usize = 32 * 1024;
