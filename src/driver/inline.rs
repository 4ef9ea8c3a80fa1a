//! The machine inside libuv's loop, on the JavaScript thread: the hot path.
//!
//! The descriptor is read and written directly, TLS between; libuv only tells when. The poll handle is always
//! armed for reading (changing its mask costs two `epoll_ctl`), for writing only after the kernel
//! has refused bytes, and for the peer's leaving even while nothing is read. Must not know:
//! JavaScript, other connections, busy-polling.

use std::{
    io,
    os::fd::{AsFd, AsRawFd},
    time::Instant,
};

use super::{
    batch::{Inbound, Outbound},
    broadcast::Broadcast,
    connection::{Connection, Parting, ReadTurn, Receipt},
    uv::{Interest, Loop, Poll},
};
use crate::{
    error::{Error, Result},
    transport::Wire,
};

/// A connection that the loop drives.
pub struct Inline {
    machine: Box<Connection>,
    wire: Wire,
    poll: Poll,
    interest: Interest,
    /// Writing has failed. What the peer said before it left is still to be read.
    broken: Option<Error>,
}

/// What a turn leads to.
#[derive(Debug)]
pub enum Next {
    /// Wait for more.
    Wait,
    /// Something is left in memory, of which libuv won't tell: continue when the loop has turned.
    Again,
    /// Large frames are under way: continue in a task.
    Offload,
    /// It is over.
    Over(Error),
}

impl Inline {
    /// Registers a connected socket with the loop.
    ///
    /// # Errors
    ///
    /// libuv's refusal; the machine comes back to be told.
    pub fn adopt(
        uv: Loop,
        machine: Box<Connection>,
        wire: Wire,
        ready: impl Fn(Result<Interest, i32>) + 'static,
    ) -> Result<Self, (Box<Connection>, io::Error)> {
        match uv.poll(wire.as_fd().as_raw_fd(), ready) {
            Ok(poll) => {
                let interest = Interest::READABLE.and(Interest::DISCONNECT);
                poll.start(interest);
                Ok(Self { machine, wire, poll, interest, broken: None })
            }
            Err(error) => Err((machine, error)),
        }
    }

    /// Begins or continues the conversation: what waited goes out.
    pub fn open(&mut self, now: Instant, inbound: &mut Inbound) -> Next {
        self.machine.open(now, inbound);
        self.write(now, inbound);
        self.next()
    }

    /// The descriptor is ready.
    #[inline(always)]
    pub fn ready(
        &mut self,
        ready: Interest,
        now: Instant,
        scratch: &mut Vec<u8>,
        inbound: &mut Inbound,
    ) -> Next {
        if ready.has(Interest::WRITABLE) {
            self.write(now, inbound);
        }
        // A peer that has gone is read to the end, even if reading was paused.
        let gone = ready.has(Interest::DISCONNECT);
        if ready.has(Interest::READABLE) || gone {
            let (machine, wire) = (&mut self.machine, &mut self.wire);
            if gone || machine.wants_read() {
                let receive = |buffer: &mut Vec<u8>| wire.receive(buffer);
                match machine.read(now, scratch, inbound, receive) {
                    // A peer that has only stopped reading would never be heard to leave.
                    Ok(ReadTurn::Drained) if self.broken.is_some() => {
                        return Next::Over(
                            self.broken.take().unwrap_or_else(|| machine.farewell()),
                        );
                    }
                    Ok(ReadTurn::Drained | ReadTurn::More) => {}
                    Ok(ReadTurn::Large) => return Next::Offload,
                    Ok(ReadTurn::Ended) => return Next::Over(machine.farewell()),
                    Err(error) => return Next::Over(error),
                }
            }
        }
        // Answers that the machine gave by itself.
        if self.machine.wants_write() && !self.interest.has(Interest::WRITABLE) {
            self.write(now, inbound);
        }
        self.next()
    }

    /// The descriptor has an error: a peer that left without reading everything, mostly. What it
    /// said before is read first, then reading tells which error it was (libuv doesn't).
    pub fn failed(&mut self, now: Instant, scratch: &mut Vec<u8>, inbound: &mut Inbound) -> Next {
        let next = self.ready(Interest::READABLE.and(Interest::DISCONNECT), now, scratch, inbound);
        if matches!(next, Next::Wait | Next::Again) {
            // libuv has stopped the watch.
            self.poll.start(self.interest);
        }
        next
    }

    /// Does what the application wants, and writes it.
    #[inline(always)]
    pub fn submit(&mut self, orders: Outbound<'_>, now: Instant, inbound: &mut Inbound) -> Next {
        self.machine.submit(orders, now, inbound);
        if self.machine.has_unread()
            && let Err(error) = self.machine.read_on(now, inbound)
        {
            return Next::Over(error);
        }
        if !self.interest.has(Interest::WRITABLE) {
            self.write(now, inbound);
        }
        self.next()
    }

    /// Queues a broadcast and writes it.
    #[inline]
    pub fn broadcast(
        &mut self,
        message: &Broadcast,
        now: Instant,
        inbound: &mut Inbound,
    ) -> (Receipt, Next) {
        let receipt = self.machine.broadcast(message);
        if receipt != Receipt::Queued {
            return (receipt, Next::Wait);
        }
        (receipt, self.flush(now, inbound))
    }

    /// Writes what waits.
    pub fn flush(&mut self, now: Instant, inbound: &mut Inbound) -> Next {
        if !self.interest.has(Interest::WRITABLE) {
            self.write(now, inbound);
        }
        self.next()
    }

    /// The application takes nothing new for a while, or takes it again.
    pub fn set_paused(&mut self, paused: bool, now: Instant) -> Next {
        self.machine.set_paused(paused, now);
        self.next()
    }

    /// Says goodbye.
    pub fn close(&mut self, now: Instant, parting: &Parting, inbound: &mut Inbound) -> Next {
        self.machine.close(now, parting);
        self.write(now, inbound);
        self.next()
    }

    /// A deadline may have passed. What has come in time counts, even if this thread was too busy
    /// to look at it.
    pub fn handle_timeout(
        &mut self,
        now: Instant,
        scratch: &mut Vec<u8>,
        inbound: &mut Inbound,
    ) -> Next {
        match self.ready(Interest::READABLE, now, scratch, inbound) {
            // The last look, below, sees again whether something is left in memory.
            Next::Wait | Next::Again => {}
            other => return other,
        }
        if let Err(error) = self.machine.handle_timeout(now, inbound) {
            return Next::Over(error);
        }
        if self.machine.wants_write() && !self.interest.has(Interest::WRITABLE) {
            self.write(now, inbound);
        }
        self.next()
    }

    /// The machine.
    pub const fn machine(&mut self) -> &mut Connection {
        &mut self.machine
    }

    /// The machine, to look at.
    pub const fn look(&self) -> &Connection {
        &self.machine
    }

    /// Whether it keeps the process alive.
    pub fn set_referenced(&self, referenced: bool) {
        self.poll.set_referenced(referenced);
    }

    /// Whether there is TLS on its wire.
    pub const fn is_secure(&self) -> bool {
        self.wire.is_secure()
    }

    /// Leaves the loop, for another driver.
    pub fn into_parts(self) -> (Box<Connection>, Wire) {
        // libuv has let go of the descriptor once `uv_poll_stop` has returned.
        self.poll.close(|| {});
        (self.machine, self.wire)
    }

    /// Leaves the loop for good. `then` runs when the descriptor has been closed.
    pub fn shut(self, then: impl FnOnce() + 'static) {
        let wire = self.wire;
        self.poll.close(move || {
            drop(wire);
            then();
        });
    }

    fn write(&mut self, now: Instant, inbound: &mut Inbound) {
        if self.broken.is_some() {
            return;
        }
        let wire = &mut self.wire;
        let written = self.machine.write(now, inbound, |slices| wire.send(slices));
        if let Err(error) = written.and_then(|_| wire.flush().map_err(Error::disconnected)) {
            self.broken = Some(error);
        }
    }

    #[inline]
    fn next(&mut self) -> Next {
        // Can't be written to, and has nothing to say: no event would ever come.
        if self.broken.is_some()
            && !self.wire.has_input()
            && let Some(error) = self.broken.take()
        {
            return Next::Over(error);
        }
        let waits = self.machine.wants_write() || self.wire.wants_write();
        let wants_write = waits && self.broken.is_none();
        if self.machine.wants_write()
            && let Err(error) = self.machine.check_overrun()
        {
            return Next::Over(error);
        }
        if wants_write && self.machine.is_heavy() {
            return Next::Offload;
        }
        if self.machine.is_drained() && !wants_write {
            return Next::Over(self.machine.farewell());
        }
        let mut interest = Interest::DISCONNECT;
        if self.broken.is_some() || self.machine.wants_read() {
            interest = interest.and(Interest::READABLE);
        }
        if wants_write {
            interest = interest.and(Interest::WRITABLE);
        }
        if interest != self.interest {
            self.interest = interest;
            self.poll.start(interest);
        }
        // Only what the next turn would read: all else would be a turn in vain, again and again.
        if self.wire.holds_input() && self.machine.wants_read() {
            return Next::Again;
        }
        Next::Wait
    }
}
