//! Batches: texts are joined and cut again by UTF-16 offsets, and nobody gets another's.

use proptest::{collection::vec, prelude::*};

use super::support::orders::{Item, Orders, items};
use crate::{
    driver::batch::{Blob, Inbound, JOIN_LIMIT_BYTES, NO_SLOT, Outbound, Record, kind},
    message::{Body, BodyKind},
};

fn item(kind: u32, subject: u32, topic: &str, body: &str, extra: u32) -> Item {
    Item { kind, subject, topic: topic.into(), body: body.into(), extra }
}

fn push(inbound: &mut Inbound, item: &Item) {
    let Item { kind, subject, extra, .. } = *item;
    inbound.push(Record { kind, subject, extra }, &item.topic, Body::json(item.body.as_bytes()));
}

#[test]
fn ascii_is_told_from_what_is_not() {
    let mut inbound = Inbound::default();
    push(&mut inbound, &item(kind::REQUEST, 0, "t", "1", 0));
    assert!(inbound.is_ascii());
    push(&mut inbound, &item(kind::REQUEST, 1, "", "\"é\"", 0));
    assert!(!inbound.is_ascii());
}

#[test]
fn characters_of_every_length_keep_their_neighbours_in_place() {
    let all = [
        item(kind::REQUEST, 1, "größe", "\"é🌍\"", 5),
        item(kind::RESPONSE, 2, "", "\"\u{ffff}\u{10000}\"", 0),
        item(kind::MESSAGE, 0, "🌍", "", 0),
        item(kind::REQUEST, 3, "", "ascii", 0),
    ];
    let mut inbound = Inbound::default();
    all.iter().for_each(|item| push(&mut inbound, item));
    assert_eq!(items(&inbound), all);
}

#[test]
fn a_large_payload_is_handed_over_whole_and_its_neighbours_stay_in_place() {
    let large = "é".repeat(JOIN_LIMIT_BYTES);
    let plain = "a".repeat(JOIN_LIMIT_BYTES);
    let all = [
        item(kind::REQUEST, 0, "é", "1", 0),
        item(kind::REQUEST, 1, "large", &large, 0),
        item(kind::REQUEST, 2, "", &plain, 0),
        item(kind::REQUEST, 3, "é", "2", 0),
    ];
    let mut inbound = Inbound::default();
    all.iter().for_each(|item| push(&mut inbound, item));
    assert_eq!(items(&inbound), all);
    assert!(matches!(inbound.take_blobs()[..], [Blob::Utf16(_), Blob::Ascii(..)]));
}

#[test]
fn bytes_are_handed_over_whole_however_few() {
    let mut inbound = Inbound::default();
    let record = Record { kind: kind::REQUEST, subject: 1, extra: 0 };
    inbound.push(record, "é", Body::bytes(&[0, 0xff]));
    push(&mut inbound, &item(kind::REQUEST, 2, "", "2", 0));
    assert_eq!(items(&inbound)[0].body, "00ff");
    assert_eq!(items(&inbound)[1].body, "2");
}

#[test]
fn a_part_of_a_buffer_is_handed_over_without_the_rest() {
    let mut inbound = Inbound::default();
    let record = Record { kind: kind::RESPONSE, subject: 1, extra: 0 };
    inbound.push_owned(record, "", BodyKind::Json, b"head{\"a\":1}tail".to_vec(), 4..11);
    assert_eq!(items(&inbound)[0].body, "{\"a\":1}");
}

#[test]
fn it_knows_what_it_holds_and_forgets_it() {
    let mut inbound = Inbound::default();
    assert!(inbound.is_empty());
    push(&mut inbound, &item(kind::REQUEST, 0, "", &"x".repeat(JOIN_LIMIT_BYTES), 0));
    push(&mut inbound, &item(kind::REQUEST, 0, "", "abc", 0));
    assert_eq!((inbound.len(), inbound.bytes()), (2, 2 * 20 + JOIN_LIMIT_BYTES + 3));
    inbound.clear();
    assert!(inbound.is_empty() && inbound.bytes() == 0 && inbound.is_ascii());
}

#[test]
fn the_end_of_a_connection_is_seen_in_either_half_of_a_batch() {
    let closed = || {
        let mut inbound = Inbound::default();
        inbound.push_note(kind::CLOSED, 0, 0, "bye");
        inbound
    };
    let mut earlier = Inbound::default();
    push(&mut earlier, &item(kind::REQUEST, 0, "", "1", 0));
    assert!(!earlier.is_closed());
    earlier.append(closed());
    assert!(earlier.is_closed());
    let mut empty = Inbound::default();
    empty.append(closed());
    assert!(empty.is_closed());
}

#[test]
fn orders_are_cut_as_they_were_joined() {
    let joined = Orders::new()
        .order(kind::REQUEST, 1, "größe", "\"é\"", 7)
        .order(kind::RESPONSE, 2, "", "\"🌍\"", 0)
        .order(kind::CANCEL, 3, "", "", 0)
        .order(kind::REQUEST, 4, "t", "[1]", 0);
    let orders: Vec<_> = joined.outbound().orders().collect();
    let shown = orders.iter().map(|order| {
        let body = str::from_utf8(order.body.data).expect("UTF-8");
        (order.kind, order.subject, order.topic, body, order.extra)
    });
    let expected = [
        (kind::REQUEST, 1, "größe", "\"é\"", 7),
        (kind::RESPONSE, 2, "", "\"🌍\"", 0),
        (kind::CANCEL, 3, "", "", 0),
        (kind::REQUEST, 4, "t", "[1]", 0),
    ];
    assert!(shown.eq(expected));
}

#[test]
fn an_order_of_bytes_has_these_and_its_topic() {
    let joined = Orders::of_bytes(kind::REQUEST, 1, "größe", &[0xff, 0]);
    let order = joined.outbound().orders().next().expect("one");
    assert_eq!((order.topic, order.body), ("größe", Body::bytes(&[0xff, 0])));
}

#[test]
fn orders_that_claim_more_text_than_there_is_get_none() {
    let records = [kind::REQUEST | 1 << 8, 0, 0, 100, 0, kind::REQUEST, NO_SLOT, 3, 0, 0];
    let outbound = Outbound { records: &records, text: "é", bytes: None };
    for order in outbound.orders() {
        assert!(order.topic.len() <= 2 && order.body.data.len() <= 2);
    }
}

fn texts() -> impl Strategy<Value = (String, String)> {
    let body = prop_oneof![
        20 => "[a-é🌍-🌏\u{ffff}\u{10000}]{0,20}",
        1 => Just("é🌍".repeat(JOIN_LIMIT_BYTES / 4)),
        1 => Just("a".repeat(JOIN_LIMIT_BYTES)),
    ];
    ("[a-zé🌍]{0,5}", body)
}

proptest! {
    /// However batches are appended to each other, the items stay what they were.
    #[test]
    fn appending_shifts_nothing(parts in vec(vec(texts(), 0..6), 1..5)) {
        let mut whole = Inbound::default();
        let mut expected = Vec::new();
        for part in parts {
            let mut later = Inbound::default();
            for (topic, body) in part {
                let item = item(kind::REQUEST, expected.len() as u32, &topic, &body, 1);
                push(&mut later, &item);
                expected.push(item);
            }
            whole.append(later);
        }
        prop_assert_eq!(items(&whole), expected);
    }

    /// What JavaScript joins is cut into the same parts.
    #[test]
    fn joining_and_cutting_are_inverse(parts in vec(texts(), 1..10)) {
        let mut joined = Orders::new();
        for (topic, body) in &parts {
            joined = joined.order(kind::REQUEST, 0, topic, body, 0);
        }
        let orders: Vec<_> = joined.outbound().orders().collect();
        prop_assert_eq!(orders.len(), parts.len());
        for (order, (topic, body)) in orders.iter().zip(&parts) {
            prop_assert_eq!(order.topic, topic);
            prop_assert_eq!(order.body.data, body.as_bytes());
        }
    }
}
