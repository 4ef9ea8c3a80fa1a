//! What a JSON text is made of, without its values: one node for each place where a value stands.
//!
//! An array is one node whatever its length, so its elements must be alike. What stands in the same
//! place of two texts may differ a little: [`Node::unite`] finds the node that covers both. Must
//! not know: how a text is read, or who rebuilds the value.

use std::fmt::Write as _;

/// A place of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// One value without parts.
    Scalar(Scalars),
    /// An object with exactly these members.
    Object {
        /// `null` may stand here instead.
        nullable: bool,
        /// In the order of the text.
        members: Vec<Member>,
    },
    /// An array of any length.
    Array {
        /// `null` may stand here instead.
        nullable: bool,
        /// What each element is; `None` while only empty arrays were seen.
        element: Option<Box<Self>>,
    },
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Everything that stands before its value: `{"key":` or `,"key":`.
    pub lead: Lead,
    /// Its value.
    pub value: Node,
}

/// Bytes that a text is compared with again and again: in two words, where they fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    bytes: Box<[u8]>,
    /// The first eight bytes, or what there is of them.
    first: u64,
    /// Which of these there are.
    mask: u64,
}

/// A set of kinds of scalars. The bits are known to `lib/core/shapes.js`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalars(u8);

impl Scalars {
    /// A string.
    pub const STRING: Self = Self(1);
    /// A number.
    pub const NUMBER: Self = Self(2);
    /// `true` or `false`.
    pub const BOOLEAN: Self = Self(4);
    /// `null`.
    pub const NULL: Self = Self(8);

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0 as u32
    }

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Member {
    /// A member with this key, which must stand for itself in JSON: see [`is_plain`].
    pub fn new(first: bool, key: &str, value: Node) -> Self {
        let open = if first { '{' } else { ',' };
        Self { lead: Lead::new(format!("{open}\"{key}\":").into_bytes()), value }
    }

    /// Its key.
    pub fn key(&self) -> &str {
        let lead = &self.lead.bytes;
        let inner = lead.get(2..lead.len().saturating_sub(2));
        inner.and_then(|key| std::str::from_utf8(key).ok()).unwrap_or_default()
    }
}

impl Lead {
    fn new(bytes: Vec<u8>) -> Self {
        let mut first = [0; WORD];
        let mut mask = [0; WORD];
        for ((byte, mask), from) in first.iter_mut().zip(&mut mask).zip(&bytes) {
            (*byte, *mask) = (*from, u8::MAX);
        }
        let (first, mask) = (u64::from_ne_bytes(first), u64::from_ne_bytes(mask));
        Self { bytes: bytes.into(), first, mask }
    }

    /// What follows it at the start of `text`; `None` if it isn't there.
    #[inline]
    pub fn skip<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let length = self.bytes.len();
        let (Some(first), Some((lead, rest))) =
            (text.first_chunk::<WORD>(), text.split_at_checked(length))
        else {
            return text.strip_prefix(&*self.bytes);
        };
        let same = (u64::from_ne_bytes(*first) ^ self.first) & self.mask == 0;
        // The last word may overlap the first.
        let all = length <= WORD
            || (lead.last_chunk::<WORD>() == self.bytes.last_chunk::<WORD>()
                && (length <= WORD * 2 || *lead == *self.bytes));
        (same && all).then_some(rest)
    }
}

impl Node {
    /// The node that covers this one and another; `None` if none does.
    pub fn unite(self, other: Self) -> Option<Self> {
        const NULL: Scalars = Scalars::NULL;
        Some(match (self, other) {
            (Self::Scalar(mine), Self::Scalar(theirs)) => Self::Scalar(mine.and(theirs)),
            (Self::Scalar(NULL), Self::Object { members, .. })
            | (Self::Object { members, .. }, Self::Scalar(NULL)) => {
                Self::Object { nullable: true, members }
            }
            (Self::Scalar(NULL), Self::Array { element, .. })
            | (Self::Array { element, .. }, Self::Scalar(NULL)) => {
                Self::Array { nullable: true, element }
            }
            (
                Self::Object { nullable, members },
                Self::Object { nullable: other_nullable, members: others },
            ) => {
                if members.len() != others.len() {
                    return None;
                }
                let pairs = members.into_iter().zip(others);
                let united = pairs.map(|(mine, theirs)| {
                    if mine.lead != theirs.lead {
                        return None;
                    }
                    let value = mine.value.unite(theirs.value)?;
                    Some(Member { lead: mine.lead, value })
                });
                let members = united.collect::<Option<Vec<_>>>()?;
                Self::Object { nullable: nullable || other_nullable, members }
            }
            (
                Self::Array { nullable, element },
                Self::Array { nullable: other_nullable, element: other },
            ) => {
                let element = match (element, other) {
                    (Some(mine), Some(theirs)) => Some(Box::new(mine.unite(*theirs)?)),
                    (mine, theirs) => mine.or(theirs),
                };
                Self::Array { nullable: nullable || other_nullable, element }
            }
            _ => return None,
        })
    }

    /// How many members its objects have.
    pub fn places(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::Array { element, .. } => element.as_ref().map_or(0, |element| element.places()),
            Self::Object { members, .. } => members
                .iter()
                .fold(members.len(), |sum, member| sum.saturating_add(member.value.places())),
        }
    }

    /// The shape in words, as JSON for `lib/core/shapes.js`: a number is a set of scalars,
    /// `{nullable, members: [[key, value], …]}` an object, `{nullable, element}` an array.
    pub fn describe(&self) -> String {
        let mut words = String::new();
        self.write(&mut words);
        words
    }

    fn write(&self, words: &mut String) {
        match self {
            Self::Scalar(scalars) => {
                // A string takes everything.
                let _ = write!(words, "{}", scalars.0);
            }
            Self::Object { nullable, members } => {
                let _ = write!(words, "{{\"nullable\":{nullable},\"members\":[");
                for (at, member) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    let _ = write!(words, "{comma}[\"{}\",", member.key());
                    member.value.write(words);
                    words.push(']');
                }
                words.push_str("]}");
            }
            Self::Array { nullable, element } => {
                let _ = write!(words, "{{\"nullable\":{nullable},\"element\":");
                match element {
                    Some(element) => element.write(words),
                    None => words.push_str("null"),
                }
                words.push('}');
            }
        }
    }
}

/// Whether a key stands for itself in JSON, and an object that has it is built by adding members one
/// after the other: keys that are array indices come first whenever they are added, and
/// `__proto__` is written with care by whoever writes it.
pub(super) fn is_plain(key: &str) -> bool {
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let digit_first = key.as_bytes().first().is_some_and(u8::is_ascii_digit);
    key.len() <= MAX_KEY_BYTES && !key.bytes().any(special) && !digit_first && key != "__proto__"
}

/// Bytes of a word.
const WORD: usize = 8;
/// Longer keys are data.
const MAX_KEY_BYTES: usize = 64;
