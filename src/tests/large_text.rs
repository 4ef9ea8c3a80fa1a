//! Large texts: the form in which they travel, and their way back to UTF-8.

use proptest::prelude::*;

use crate::{
    codec::Codec,
    config::{Format, Limits},
    driver::large_text::LargeText,
    message::{Body, BodyKind, Id, Message, Role},
};

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_ne_bytes).collect()
}

#[test]
fn text_stays_wide_where_that_is_hardly_longer() {
    let wide = |text: &str| LargeText::Utf16(utf16(text)).is_best_wide();
    assert!(wide("привет мир"));
    assert!(wide("套接字 消息"));
    assert!(wide("🚀🚀"));
    assert!(!wide("Größe über allem"));
    assert!(!wide("plain"));
    assert!(!LargeText::Utf8("привет".into()).is_best_wide());
}

#[test]
fn the_estimate_counts_across_its_blocks() {
    let long = "п".repeat(100_000);
    assert!(LargeText::Utf16(utf16(&long)).is_best_wide());
    let long = "a".repeat(100_000);
    assert!(!LargeText::Utf16(utf16(&long)).is_best_wide());
}

#[test]
fn latin1_is_told_from_the_rest() {
    assert!(LargeText::Utf16(utf16("Größe")).is_latin1());
    assert!(!LargeText::Utf16(utf16("Größe ☃")).is_latin1());
}

proptest! {
    #[test]
    fn utf16_becomes_the_same_text_in_utf8(text in "\\PC*") {
        prop_assert_eq!(LargeText::Utf16(utf16(&text)).into_utf8(), text.as_bytes());
    }

    #[test]
    fn a_peer_that_reads_no_utf16_gets_utf8(text in "\\PC*") {
        let mut codec = Codec::new(Format::Shortwire, Role::Client, &Limits::default());
        let (mut wide, mut narrow) = (Vec::new(), Vec::new());
        let data: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let response = |body| Message::Response { id: Id::Number(1), body };
        let body = Body { kind: BodyKind::WideJson, data: &data };
        codec.encode(&response(body), &mut wide).expect("it fits");
        codec.encode(&response(Body::json(text.as_bytes())), &mut narrow).expect("it fits");
        prop_assert_eq!(wide, narrow);
    }
}
