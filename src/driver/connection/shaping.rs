//! Payloads on their way to the application as values, where they have a shape that it knows.
//!
//! Must not know: how shapes are learned, or what the values are.

use crate::{
    codec::shape::{Outcome, Shapes},
    driver::batch::{Inbound, Record, kind},
    message::{Body, BodyKind},
};

/// The shapes of a connection.
#[derive(Debug)]
pub(super) enum Shaping {
    /// The application takes text only.
    Off,
    /// No payload was of a size that would make it worth the trouble.
    Idle,
    /// Some were.
    On(Box<Shapes>),
}

impl Shaping {
    pub(super) const fn new(on: bool) -> Self {
        if on { Self::Idle } else { Self::Off }
    }

    /// Adds an item as values; false if it is to be added as it came.
    #[inline]
    pub(super) fn hand_over(
        &mut self,
        record: Record,
        topic: &str,
        body: Body<'_>,
        inbound: &mut Inbound,
    ) -> bool {
        let fit = Shapes::are_for(body.data.len()) && body.kind == BodyKind::Json;
        let kind = record.kind & 0xff;
        let payload = matches!(kind, kind::REQUEST | kind::RESPONSE | kind::MESSAGE | kind::DATA);
        if !fit || !payload || matches!(self, Self::Off) || !inbound.numbers().has_room() {
            return false;
        }
        self.read(record, topic, body.data, inbound)
    }

    fn read(&mut self, record: Record, topic: &str, text: &[u8], inbound: &mut Inbound) -> bool {
        if matches!(self, Self::Idle) {
            *self = Self::On(Box::default());
        }
        let Self::On(shapes) = self else { return false };
        let mut news = None;
        let added = inbound.push_values(record, topic, |values| match shapes.read(text, values) {
            Outcome::Plain => None,
            Outcome::Values(number) => Some(number),
            Outcome::Announced(number, description) => {
                news = Some((number, description));
                None
            }
        });
        if let Some((number, description)) = news {
            inbound.push_note(kind::SHAPE, u32::from(number), 0, &description);
        }
        added
    }
}
