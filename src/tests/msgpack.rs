//! Which MessagePack passes, and that none of it is taken on trust.

use proptest::{collection::vec, prelude::*};

use crate::codec::{
    depth::MAX_DEPTH,
    msgpack::{Fault, check},
};

fn is_sound(input: &[u8]) -> bool {
    check(input, usize::MAX).is_ok()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let pair = |pair: &[u8]| {
        u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")
    };
    digits.chunks(2).map(pair).collect()
}

/// One of each, as msgpackr writes them.
const SOUND: &[&str] = &[
    "00",
    "7f",
    "e0",
    "c0",
    "c2",
    "c3",
    "cc ff",
    "cd ffff",
    "ce ffffffff",
    "cf ffffffffffffffff",
    "d0 80",
    "d1 8000",
    "d2 80000000",
    "d3 8000000000000000",
    "ca 00000000",
    "cb 0000000000000000",
    "a0",
    "a2 c3a4",
    "d9 01 61",
    "da 0001 61",
    "db 00000001 61",
    "c4 00",
    "c5 0001 ff",
    "c6 00000002 ffff",
    "90",
    "92 01 02",
    "dc 0001 01",
    "dd 00000001 01",
    "80",
    "82 a1 61 01 a1 62 90",
    "de 0001 01 02",
    "df 00000001 01 02",
    "d4 00 00",
    "d4 ff ff",
    "d6 ff 00000000",
    "d7 ff 0000000000000000",
    "c7 0c ff 000000000000000000000000",
    "c7 01 42 05",
    "d8 42 00000000000000000000000000000000",
    "d4 73 00 92 01 02",
    "d4 6d 00 dc 0002 01 02",
    "c7 01 74 00",
    "c7 05 74 03 00000000",
    "c7 09 74 08 0000000000000000",
    "c7 04 74 10 000000",
];

/// Each breaks one rule.
const UNSOUND: &[&str] = &[
    // Nothing, more than one, what never is.
    "",
    "00 00",
    "c1",
    // Less than it says.
    "cc",
    "cb 00",
    "a1",
    "d9",
    "d9 02 61",
    "c6 ffffffff",
    "91",
    "dd ffffffff 00",
    "81 01",
    "df ffffffff 00 00",
    "d4",
    "d4 00",
    "c7 02 42 01",
    // Text that isn't UTF-8.
    "a2 c328",
    "81 a1 ff 01",
    // Extensions that aren't ours, or not like this.
    "d4 01 00",
    "d4 78 00 92 a1 78 a0",
    "d4 65 00 93 a0 a0 c0",
    "d4 72 40 91 a1 61 01",
    "d5 72 40 00 91 a1 61 01",
    "d6 70 00000001",
    "d6 69 00000001 90",
    "d6 62 00000000 01",
    "d4 73 00 01",
    "d4 6d 00 81 01 02",
    "d5 ff 0000",
    "c7 00 42",
    "c7 00 74",
    "c7 02 74 03 00",
    "c7 04 74 05 000000",
    "c7 02 74 0b 00",
];

#[test]
fn what_javascript_needs_passes() {
    for sound in SOUND {
        assert!(is_sound(&hex(sound)), "{sound}");
    }
}

#[test]
fn nothing_passes_that_breaks_a_rule() {
    for unsound in UNSOUND {
        assert!(!is_sound(&hex(unsound)), "{unsound}");
    }
}

#[test]
fn it_may_be_as_deep_as_json_and_no_deeper() {
    for (open, close) in [(vec![0x91], vec![]), (vec![0x81, 0xc0], vec![])] {
        let nested = |depth: usize| [open.repeat(depth), vec![0xc0], close.repeat(depth)].concat();
        assert!(is_sound(&nested(MAX_DEPTH)));
        assert!(!is_sound(&nested(MAX_DEPTH + 1)));
        assert!(!is_sound(&nested(1_000_000)));
    }
    let sets = [0xd4, 0x73, 0x00, 0x91].repeat(MAX_DEPTH);
    assert!(!is_sound(&[sets, vec![0xc0]].concat()));
}

#[test]
fn a_large_integer_has_an_end() {
    let big = |bytes: u16| {
        let head = [&[0xc8][..], &bytes.to_be_bytes(), &[0x42]].concat();
        [head, vec![1; usize::from(bytes)]].concat()
    };
    assert!(is_sound(&big(1024)));
    assert!(!is_sound(&big(1025)));
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in vec(any::<u8>(), 0..200)) {
        is_sound(&bytes);
    }

    #[test]
    fn nothing_passes_cut_short_or_with_more_behind(at in 0..SOUND.len(), more in any::<u8>()) {
        let sound = hex(SOUND[at]);
        for end in 0..sound.len() {
            prop_assert!(!is_sound(&sound[..end]));
        }
        prop_assert!(!is_sound(&[sound, vec![more]].concat()));
    }
}

#[test]
fn a_payload_weighs_about_what_it_would_as_json() {
    // Of each, a thousand in an array: bytes, and what one weighs.
    for (one, weight) in [
        ("01", 1),
        ("a2 6161", 3),
        ("cb 0000000000000000", 9),
        ("80", 3),
        ("90", 3),
        ("91 90", 6),
        ("81 a1 61 01", 9),
        ("81 01 01", 12),
        ("c4 00", 5),
        ("d4 73 00 90", 11),
        ("d4 6d 00 90", 11),
        ("c7 01 74 00", 9),
        ("d6 ff 00000000", 7),
        ("d4 00 00", 3),
    ] {
        let all = [hex("dc 03e8"), hex(one).repeat(1000)].concat();
        let whole = 5 + 1000 * weight;
        assert_eq!(check(&all, whole), Ok(()), "{one}");
        assert_eq!(check(&all, whole - 1), Err(Fault::TooHeavy), "{one}");
    }
}

#[test]
fn what_is_unsound_is_so_whatever_it_weighs() {
    assert_eq!(check(&hex("c1"), 100), Err(Fault::Unsound));
    assert_eq!(check(&hex("91"), 100), Err(Fault::Unsound));
    assert_eq!(check(&hex("90 90"), 100), Err(Fault::Unsound));
    assert_eq!(check(&hex("00"), 0), Err(Fault::TooHeavy));
}
