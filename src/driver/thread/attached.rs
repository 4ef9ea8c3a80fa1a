//! Connections over a stream that the application reads and writes itself.

use std::time::Instant;

use super::{Inbound, Inner, Next, Place, Thread, kind};
use crate::{driver::batch::Record, message::BodyKind};

impl Thread {
    /// Speaks over a stream that the application reads and writes.
    pub fn attach(&self, index: u32) -> u32 {
        self.with_entry(index, |entry, now| {
            if let Place::Waiting(mut machine) = std::mem::replace(&mut entry.place, Place::None) {
                entry.pending.push_note(kind::OPENED, 0, 0, "");
                machine.forbid_compression();
                machine.open(now, &mut entry.pending);
                entry.place = Place::Attached(machine, true);
            }
            Next::Wait
        })
    }

    /// What the attached stream has received.
    pub fn feed(&self, index: u32, mut bytes: &[u8]) -> u32 {
        let mut scratch = Vec::new();
        self.with_entry(index, |entry, now| {
            let Place::Attached(machine, _) = &mut entry.place else {
                return Next::Wait;
            };
            while !bytes.is_empty() {
                let receive = |buffer: &mut Vec<u8>| {
                    let room = buffer.capacity() - buffer.len();
                    let (now, later) = bytes.split_at(room.min(bytes.len()));
                    buffer.extend_from_slice(now);
                    bytes = later;
                    if now.is_empty() {
                        Err(std::io::ErrorKind::WouldBlock.into())
                    } else {
                        Ok(now.len())
                    }
                };
                if let Err(error) = machine.read(now, &mut scratch, &mut entry.pending, receive) {
                    return Next::Over(error);
                }
            }
            Next::Wait
        })
    }

    /// The attached stream has room, or none.
    pub fn set_writable(&self, index: u32, writable: bool) -> u32 {
        self.with_entry(index, |entry, _| {
            if let Place::Attached(_, room) = &mut entry.place {
                *room = writable;
            }
            Next::Wait
        })
    }

    /// The attached stream has ended.
    pub fn end(&self, index: u32) -> u32 {
        self.with_entry(index, |entry, _| match &entry.place {
            Place::Attached(machine, _) => Next::Over(machine.farewell()),
            _ => Next::Wait,
        })
    }
}

impl Inner {
    /// After any turn of such a connection: what it has for the stream, and whether it is done.
    pub(super) fn turn_attached(&mut self, index: u32, now: Instant, batch: &mut Inbound) {
        let Some(entry) = self.entries.get_mut(index as usize) else {
            return;
        };
        let Place::Attached(machine, room) = &mut entry.place else {
            return;
        };
        if !*room {
            machine.note_output(now);
        }
        // One turn of writing may leave some in the lanes, for which nothing else would ever come.
        while *room && machine.wants_write() {
            let output = machine.take_output(now, batch);
            let (whole, body) = (0..output.len(), BodyKind::Bytes);
            let record = Record { kind: kind::OUTPUT, subject: 0, extra: 0 };
            batch.push_owned(record, "", body, output, whole);
        }
        if machine.is_drained() {
            let farewell = machine.farewell();
            self.finish(index, &farewell, batch);
        }
    }
}
