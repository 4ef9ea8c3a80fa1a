//! Strings and numbers of a JSON text, exactly as JSON.parse takes them or not at all.
//!
//! Must not know: where in a shape they stand.

/// A string behind its opening quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text<'a> {
    /// What stands between the quotes.
    pub(super) inner: &'a [u8],
    /// It is ASCII and has no escapes: `inner` is the string itself.
    pub(super) plain: bool,
    /// What follows the closing quote.
    pub(super) rest: &'a [u8],
}

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole number of 32 bits, but not -0 and not [`i32::MIN`].
    Int(i32),
    /// Any other.
    Double(f64),
}

/// Reads a string up to its end; `None` if it isn't one.
#[inline]
pub(super) fn string(text: &[u8]) -> Option<Text<'_>> {
    let mut length = 0usize;
    let (chunks, tail) = text.as_chunks::<8>();
    for chunk in chunks {
        let special = special(u64::from_le_bytes(*chunk));
        if special == 0 {
            length = length.wrapping_add(8);
            continue;
        }
        length = length.wrapping_add((special.trailing_zeros() / 8) as usize);
        return end(text, length);
    }
    let more = tail.iter().position(|&byte| is_special(byte))?;
    end(text, length.wrapping_add(more))
}

/// At the first byte that is special: the end, mostly.
#[inline]
fn end(text: &[u8], length: usize) -> Option<Text<'_>> {
    let (inner, rest) = text.split_at_checked(length)?;
    match rest.split_first()? {
        (b'"', rest) => Some(Text { inner, plain: true, rest }),
        _ => unusual(text, length),
    }
}

/// The rest of a string with escapes or characters beyond ASCII.
#[cold]
fn unusual(text: &[u8], mut length: usize) -> Option<Text<'_>> {
    loop {
        let (&byte, after) = text.get(length..)?.split_first()?;
        let step = match byte {
            b'"' => return Some(Text { inner: text.get(..length)?, plain: false, rest: after }),
            b'\\' => match after.first()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                b'u' if after.get(1..5)?.iter().all(u8::is_ascii_hexdigit) => 6,
                _ => return None,
            },
            0..=0x1f => return None,
            _ => 1,
        };
        length = length.wrapping_add(step);
    }
}

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte >= 0x80 || byte == b'"' || byte == b'\\'
}

/// A word with the top bit set in the first byte that [`is_special`]; those above it may be wrong.
#[inline]
const fn special(word: u64) -> u64 {
    let control = word.wrapping_sub(spread(0x20));
    let quote = word ^ spread(b'"');
    let escape = word ^ spread(b'\\');
    (word | control | quote.wrapping_sub(spread(1)) | escape.wrapping_sub(spread(1))) & spread(0x80)
}

/// This byte, eight times.
const fn spread(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Reads a number at the start of `text`, and says what follows it.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<(Number, &[u8])> {
    let (negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, text),
    };
    let mut value = 0u64;
    let whole = count_digits(digits, &mut value);
    let after = digits.get(whole..)?;
    // No digits, a leading zero, or too many to count.
    if whole == 0 || (whole > 1 && digits.first() == Some(&b'0')) {
        return None;
    }
    match after.first() {
        Some(b'.' | b'e' | b'E') => return fraction(text, negative, whole, value, after),
        _ if whole > MAX_EXACT_DIGITS => return slowly(text, after),
        _ => {}
    }
    let number = match i32::try_from(value) {
        Ok(value) if !negative => Number::Int(value),
        Ok(value) if value != 0 => Number::Int(value.wrapping_neg()),
        // Up to 15 digits are exact in a double.
        _ => Number::Double(if negative { -(value as f64) } else { value as f64 }),
    };
    Some((number, after))
}

/// A number with a fraction or an exponent. `value` are its `whole` digits before the point.
#[inline]
fn fraction<'a>(
    text: &'a [u8],
    negative: bool,
    whole: usize,
    mut value: u64,
    mut after: &'a [u8],
) -> Option<(Number, &'a [u8])> {
    let mut digits = whole;
    let mut places = 0;
    if let Some((b'.', fraction)) = after.split_first() {
        places = count_digits(fraction, &mut value);
        if places == 0 {
            return None;
        }
        digits = digits.wrapping_add(places);
        after = fraction.get(places..)?;
    }
    if let Some((b'e' | b'E', exponent)) = after.split_first() {
        let exponent = match exponent.split_first()? {
            (b'+' | b'-', exponent) => exponent,
            _ => exponent,
        };
        let length = count_digits(exponent, &mut 0);
        return if length == 0 { None } else { slowly(text, exponent.get(length..)?) };
    }
    match POWERS.get(places) {
        // Both are exact, so that one division rounds once.
        Some(power) if digits <= MAX_EXACT_DIGITS => {
            let value = value as f64 / power;
            Some((Number::Double(if negative { -value } else { value }), after))
        }
        _ => slowly(text, after),
    }
}

/// Any number: its text is all of `text` before `rest`.
#[cold]
fn slowly<'a>(text: &'a [u8], rest: &'a [u8]) -> Option<(Number, &'a [u8])> {
    let length = text.len().checked_sub(rest.len())?;
    if length > MAX_NUMBER_BYTES {
        return None;
    }
    let number = std::str::from_utf8(text.get(..length)?).ok()?;
    // Grammar has been checked; what is too large is infinite, as in JavaScript.
    Some((Number::Double(number.parse().ok()?), rest))
}

/// Counts the digits at the start of `text` and adds them to `value`, which is right as long as
/// there are no more than [`MAX_EXACT_DIGITS`] in all.
#[inline]
fn count_digits(text: &[u8], value: &mut u64) -> usize {
    let mut count = 0usize;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        *value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        count = count.wrapping_add(1);
    }
    count
}

/// Whole numbers of so many digits are exact in a double.
const MAX_EXACT_DIGITS: usize = 15;
/// Longer numbers are left to JSON.parse.
const MAX_NUMBER_BYTES: usize = 64;
/// The powers of ten that are exact in a double, as far as [`MAX_EXACT_DIGITS`] can need them.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
