//! Orders for a task that can take nothing new: what still passes keeps all that belongs to it.

use super::support::orders::Orders;
use crate::{
    driver::{
        batch::{Outbound, TRACED, kind},
        owned_outbound::OwnedOutbound,
    },
    error::Kind,
};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Each order that passes: its kind, its trace and topic, its payload, and its last word.
fn passing(orders: &Orders, traced: bool, flooded: bool) -> Vec<(u32, String, String, u32)> {
    let given = orders.outbound();
    let mut records = given.records.to_vec();
    if traced {
        records.chunks_exact_mut(5).for_each(|words| words[0] |= TRACED);
    }
    let owned = OwnedOutbound::answers(Outbound { records: &records, ..given }, flooded);
    let pass = owned.borrow();
    pass.orders()
        .map(|order| {
            let (trace, topic) = order.trace_and_topic();
            let trace = trace.map(|trace| trace.before("")).unwrap_or_default();
            let body = str::from_utf8(order.body.data).expect("UTF-8").to_owned();
            (order.kind, format!("{trace} {topic}"), body, order.extra)
        })
        .collect()
}

#[test]
fn an_open_keeps_its_trace_and_its_topic() {
    let orders = Orders::new().order(kind::OPEN, 1, &format!("{TRACE}größe"), "{\"a\":1}", 1);
    for flooded in [false, true] {
        let expected = (kind::OPEN, format!("{TRACE} größe"), "{\"a\":1}".to_owned(), 1);
        assert_eq!(passing(&orders, true, flooded), [expected]);
    }
}

#[test]
fn an_open_without_a_trace_has_none() {
    let orders = Orders::new().order(kind::OPEN, 1, "a topic", "1", 0);
    assert_eq!(passing(&orders, false, false), [(kind::OPEN, " a topic".into(), "1".into(), 0)]);
}

#[test]
fn nothing_new_passes_and_answers_do() {
    let orders = Orders::new().request(1, "1").respond(2, "2").send(3, "3").cancel(4).ping(5);
    let kinds = |flooded| -> Vec<u32> {
        passing(&orders, false, flooded).iter().map(|order| order.0).collect()
    };
    assert_eq!(kinds(false), [kind::RESPONSE, kind::CANCEL]);
    assert_eq!(kinds(true), [kind::FAILED, kind::CANCEL]);
    assert_eq!(passing(&orders, false, true)[0].3, Kind::Overflow as u32);
}
