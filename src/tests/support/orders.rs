//! Batches as the JavaScript side makes and reads them.

use crate::{
    driver::batch::{BLOB, Blob, Inbound, Outbound, WORDS, kind},
    message::BodyKind,
};

/// A batch of orders, joined as `lib/core/core.js` does it.
#[derive(Debug, Default)]
pub(in crate::tests) struct Orders {
    records: Vec<u32>,
    text: String,
    bytes: Option<Vec<u8>>,
}

/// An item that an application got, with its texts cut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tests) struct Item {
    pub(in crate::tests) kind: u32,
    pub(in crate::tests) subject: u32,
    pub(in crate::tests) topic: String,
    pub(in crate::tests) body: String,
    pub(in crate::tests) extra: u32,
}

impl Orders {
    /// No order yet.
    pub(in crate::tests) fn new() -> Self {
        Self::default()
    }

    pub(in crate::tests) fn request(self, slot: u32, json: &str) -> Self {
        self.order(kind::REQUEST, slot, "", json, 0)
    }

    pub(in crate::tests) fn request_within(self, slot: u32, json: &str, timeout_ms: u32) -> Self {
        self.order(kind::REQUEST, slot, "", json, timeout_ms)
    }

    pub(in crate::tests) fn respond(self, token: u32, json: &str) -> Self {
        self.order(kind::RESPONSE, token, "", json, 0)
    }

    pub(in crate::tests) fn send(self, slot: u32, json: &str) -> Self {
        self.order(kind::MESSAGE, slot, "", json, 0)
    }

    pub(in crate::tests) fn hello(self, json: &str) -> Self {
        self.order(kind::HELLO, 0, "", json, 0)
    }

    pub(in crate::tests) fn welcome(self, id: &str) -> Self {
        self.order(kind::WELCOME, 0, id, "", 0)
    }

    pub(in crate::tests) fn refuse(self, reason: &str) -> Self {
        self.order(kind::REFUSED, 0, "", reason, 0)
    }

    pub(in crate::tests) fn cancel(self, slot: u32) -> Self {
        self.order(kind::CANCEL, slot, "", "", 0)
    }

    pub(in crate::tests) fn ping(self, slot: u32) -> Self {
        self.order(kind::PING, slot, "", "", 0)
    }

    pub(in crate::tests) fn order(
        mut self,
        kind: u32,
        subject: u32,
        topic: &str,
        json: &str,
        extra: u32,
    ) -> Self {
        let units = |text: &str| text.encode_utf16().count() as u32;
        let head = kind | (BodyKind::Json as u32) << 8;
        self.records.extend_from_slice(&[head, subject, units(topic), units(json), extra]);
        self.text.push_str(topic);
        self.text.push_str(json);
        self
    }

    /// One order whose body is bytes.
    pub(in crate::tests) fn of_bytes(kind: u32, subject: u32, topic: &str, bytes: &[u8]) -> Self {
        let head = kind | (BodyKind::Bytes as u32) << 8;
        let records = vec![head, subject, topic.encode_utf16().count() as u32, 0, 0];
        Self { records, text: topic.to_owned(), bytes: Some(bytes.to_vec()) }
    }

    pub(in crate::tests) fn outbound(&self) -> Outbound<'_> {
        Outbound { records: &self.records, text: &self.text, bytes: self.bytes.as_deref() }
    }
}

/// The items of a batch, cut as `lib/core/core.js` cuts them: by UTF-16 offsets. Bytes come as hex.
pub(in crate::tests) fn items(inbound: &Inbound) -> Vec<Item> {
    let text: Vec<u16> = str::from_utf8(inbound.text()).expect("UTF-8").encode_utf16().collect();
    let share = |from: usize, to: usize| String::from_utf16(&text[from..to]).expect("whole");
    let mut start = 0;
    let mut items = Vec::new();
    for words in inbound.records().chunks_exact(WORDS) {
        let [head, subject, topic_end, end, extra] = *words else { unreachable!("five words") };
        let topic = share(start, topic_end as usize);
        start = topic_end as usize;
        let body = if head & BLOB != 0 {
            blob(&inbound.blobs()[end as usize])
        } else {
            let body = share(start, end as usize);
            start = end as usize;
            body
        };
        items.push(Item { kind: head & 0xff, subject, topic, body, extra });
    }
    assert_eq!(start, text.len(), "text that belongs to nobody");
    items
}

fn blob(blob: &Blob) -> String {
    match blob {
        Blob::Ascii(buffer, range) => {
            str::from_utf8(&buffer[range.clone()]).expect("ASCII").to_owned()
        }
        Blob::Wide(buffer, range) => {
            let units: Vec<u16> = bytemuck::allocation::pod_collect_to_vec(&buffer[range.clone()]);
            String::from_utf16(&units).expect("whole characters")
        }
        Blob::Utf16(units) => String::from_utf16(units).expect("whole characters"),
        Blob::Bytes(buffer, range) => {
            buffer[range.clone()].iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}
