//! Orders on their way to another thread.
//!
//! Must not know: who carries them out.

use super::{
    batch::{self, Order, Outbound},
    connection::TOO_MUCH_WAITS,
    text_units::units,
};
use crate::{error::Kind, message::Body};

/// An [`Outbound`] that can travel.
pub struct OwnedOutbound {
    records: Vec<u32>,
    text: String,
    bytes: Option<Vec<u8>>,
}

impl OwnedOutbound {
    /// A copy of these orders.
    pub fn new(orders: Outbound<'_>) -> Self {
        Self {
            records: orders.records.to_vec(),
            text: orders.text.to_owned(),
            bytes: orders.bytes.map(<[u8]>::to_vec),
        }
    }

    /// Nothing.
    pub const fn none() -> Self {
        Self { records: Vec::new(), text: String::new(), bytes: None }
    }

    /// A copy of those among these orders that take nothing new on. With `flooded` there is no room
    /// for payloads either: answers become failures.
    pub fn answers(orders: Outbound<'_>, flooded: bool) -> Self {
        let mut answers = Self { records: Vec::new(), text: String::new(), bytes: None };
        for order in orders.orders().filter(|order| !order.is_new()) {
            let Order { mut kind, subject, topic, mut body, mut extra, .. } = order;
            let mut text = "";
            if flooded && kind != batch::kind::CANCEL && !order.is_of_stream() {
                (kind, body, extra) = (batch::kind::FAILED, Body::NONE, Kind::Overflow as u32);
                text = TOO_MUCH_WAITS;
            } else if orders.bytes.is_some() {
                answers.bytes = orders.bytes.map(<[u8]>::to_vec);
            } else {
                text = std::str::from_utf8(body.data).unwrap_or_default();
            }
            let traced = if order.traced { batch::TRACED } else { 0 };
            let head = kind | (body.kind as u32) << 8 | traced;
            let lengths = [units(topic.as_bytes()), units(text.as_bytes())];
            answers.records.extend_from_slice(&[head, subject, lengths[0], lengths[1], extra]);
            answers.text.push_str(topic);
            answers.text.push_str(text);
        }
        answers
    }

    /// The orders.
    pub fn borrow(&self) -> Outbound<'_> {
        Outbound { records: &self.records, text: &self.text, bytes: self.bytes.as_deref() }
    }

    /// What their texts and bytes take.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.bytes.as_ref().map_or(0, Vec::len)
    }
}
