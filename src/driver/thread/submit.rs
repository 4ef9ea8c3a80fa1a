//! Orders of the application: to the machine, or to the task that has it.

use super::{
    Command, Inbound, LargeText, Limits, Next, Outbound, OwnedOutbound, Place, Thread, batch, kind,
    task,
};
use crate::error::Kind;

impl Thread {
    /// Does what the application wants of a connection. See [`flags`].
    #[inline(always)]
    pub fn submit(&self, index: u32, orders: Outbound<'_>) -> u32 {
        self.with_entry(index, |entry, now| {
            let choked = entry.is_choked();
            match &mut entry.place {
                Place::None => {}
                Place::Waiting(machine) | Place::Attached(machine, _) => {
                    machine.submit(orders, now, &mut entry.pending);
                    if machine.has_unread()
                        && let Err(error) = machine.read_on(now, &mut entry.pending)
                    {
                        return Next::Over(error);
                    }
                    return machine.check_overrun().map_or_else(Next::Over, |()| Next::Wait);
                }
                Place::Inline(inline) => return inline.submit(orders, now, &mut entry.pending),
                Place::Task(handle) if choked => {
                    push_answers(handle, orders, &entry.limits, &mut entry.pending);
                }
                Place::Task(handle) => handle.push(Command::Submit(OwnedOutbound::new(orders))),
            }
            Next::Wait
        })
    }

    /// Does a single order whose topic and body are large: in a task, so that writing it delays
    /// nobody.
    pub fn submit_large(&self, index: u32, record: &[u32], text: LargeText) -> u32 {
        let flags = self.with_entry(index, |entry, _| match entry.place {
            Place::Inline(_) => Next::Offload,
            _ => Next::Wait,
        });
        flags
            | self.with_entry(index, |entry, now| {
                let choked = entry.is_choked();
                match &mut entry.place {
                    Place::Task(handle) if !choked => {
                        handle.push(Command::Large(record.into(), text));
                    }
                    Place::Task(handle) => {
                        let text = text.into_utf8();
                        let text = std::str::from_utf8(&text).unwrap_or_default();
                        let orders = Outbound { records: record, text, bytes: None };
                        push_answers(handle, orders, &entry.limits, &mut entry.pending);
                    }
                    Place::Waiting(machine) | Place::Attached(machine, _) => {
                        machine.submit_large(record, text, now, &mut entry.pending);
                        return machine.check_overrun().map_or_else(Next::Over, |()| Next::Wait);
                    }
                    Place::Inline(_) | Place::None => {}
                }
                Next::Wait
            })
    }
}

/// To a task that has too much to do already, only answers go.
fn push_answers(
    handle: &task::Handle,
    orders: Outbound<'_>,
    limits: &Limits,
    pending: &mut Inbound,
) {
    refuse_new(orders, pending);
    let flooded = handle.queued_bytes() > limits.max_answer_bytes();
    handle.push(Command::Overflow(OwnedOutbound::answers(orders, flooded)));
}

/// Fails every order that takes something new on.
fn refuse_new(orders: Outbound<'_>, inbound: &mut Inbound) {
    for order in orders.orders() {
        if order.is_new() && order.subject != batch::NO_SLOT {
            let why = "too much waits to be sent";
            inbound.push_note(kind::FAILED, order.subject, Kind::Overflow as u32, why);
        }
    }
}
