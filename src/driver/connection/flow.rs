//! Data of a stream of bytes that is handed on as it arrives.
//!
//! A frame of 64 KiB hardly ever comes in one read. Waiting for the rest would mean to copy what is
//! there twice more, so once its header has been read and paid for, the application gets each part
//! when it comes, in the buffer it was read into where that is worth it. Must not know: credit,
//! formats.

use super::{Connection, read::TAKE_BYTES};
use crate::{
    driver::batch::{Inbound, Record, kind},
    error::{Error, Result},
    message::{Body, BodyKind},
    session::Event,
};

/// A frame that has begun.
#[derive(Debug)]
pub(super) struct Flow {
    number: u32,
    /// Bytes that are still to come.
    left: usize,
    /// What the next part costs beside its own length.
    extra: u32,
}

impl Connection {
    /// Begins with a frame of which only the first bytes are at the start of `input`. How long its
    /// header is, or `None` if it has to be whole.
    pub(super) fn begin_flow(&mut self, input: &[u8]) -> Result<Option<usize>> {
        let Some(data) = self.codec.as_ref().and_then(|codec| codec.begins_bytes(input)) else {
            return Ok(None);
        };
        match self.session.begin_bytes(data.id, data.length) {
            Some(Event::Data(number, cost)) => {
                let extra = cost - data.length as u32;
                self.flow = Some(Flow { number, left: data.length, extra });
                Ok(Some(data.header))
            }
            Some(Event::Violation(why)) => Err(Error::protocol(why)),
            _ => Ok(None),
        }
    }

    /// Hands on what of the frame is in the buffer from `at` on; says where it ends. The buffer may
    /// be gone then, but for what is behind that.
    pub(super) fn flow_on(
        &mut self,
        buffer: &mut Vec<u8>,
        at: usize,
        inbound: &mut Inbound,
    ) -> usize {
        let Some(flow) = &mut self.flow else { return at };
        let part = flow.left.min(buffer.len() - at);
        let end = at + part;
        flow.left -= part;
        let extra = std::mem::take(&mut flow.extra) + part as u32;
        let record = Record { kind: kind::DATA, subject: flow.number, extra };
        if flow.left == 0 {
            self.flow = None;
        }
        self.hold.note(record, part);
        let behind = buffer.len() - end;
        if part >= TAKE_PART_BYTES && behind < part && buffer.capacity() <= TAKE_BYTES * 2 {
            let rest = buffer[end..].to_vec();
            let mut taken = std::mem::replace(buffer, rest);
            // V8 counts what is in it, and lets 32 MB of that be garbage: its room must not be twice that.
            taken.shrink_to(end);
            inbound.push_owned(record, "", BodyKind::Bytes, taken, at..end);
            return 0;
        }
        inbound.push(record, "", Body::bytes(&buffer[at..end]));
        end
    }
}

/// From this size on a part takes its buffer along.
const TAKE_PART_BYTES: usize = 16 * 1024;
