//! The integers that the formats use, all checked against the end of the input.
//!
//! Must not know: which format asks.

/// A little-endian `u16` at `at`.
#[inline]
pub fn u16_le(input: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*input.get(at..)?.first_chunk()?))
}

/// A little-endian `u32` at `at`.
#[inline]
pub fn u32_le(input: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*input.get(at..)?.first_chunk()?))
}

/// A little-endian `u64` at `at`.
#[inline]
pub fn u64_le(input: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*input.get(at..)?.first_chunk()?))
}

/// A big-endian `u32` at `at`.
#[inline]
pub fn u32_be(input: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*input.get(at..)?.first_chunk()?))
}

/// A number of decimal digits, all of them, as a fixed-width header has it.
#[inline]
pub fn decimal(digits: &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))?;
    }
    (!digits.is_empty()).then_some(number)
}

/// Writes a number as decimal digits that fill all of `digits`, with zeros in front. Of a number
/// that is too long, only the last digits are written.
#[inline]
pub fn fill_decimal(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' | (number % 10) as u8;
        number /= 10;
    }
}

/// Writes a number as decimal digits and gives back those that count.
#[inline]
pub fn write_decimal(digits: &mut [u8; 20], number: u64) -> &[u8] {
    fill_decimal(digits, number);
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    digits.get(zeros.min(digits.len().saturating_sub(1))..).unwrap_or_default()
}
