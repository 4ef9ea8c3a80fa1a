//! Two machines with a pipe between them and a clock that only moves when it is told to.
//!
//! The pipe has a latency, takes and gives as many bytes at a time as it is told, and holds no more
//! than a kernel would.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use super::orders::{Item, Orders, items};
use crate::{
    config::{Format, Formats, Limits},
    driver::{
        batch::{Inbound, kind},
        connection::{Connection, Parting, ReadTurn},
    },
    error::{Error, Result},
    message::Comeback,
};

/// One side and what it has told its application.
#[derive(Debug)]
pub(in crate::tests) struct End {
    pub(in crate::tests) machine: Connection,
    pub(in crate::tests) heard: Vec<Item>,
    /// Why it is over.
    pub(in crate::tests) over: Option<Error>,
    /// A peer that stops reading.
    pub(in crate::tests) deaf: bool,
    scratch: Vec<u8>,
    incoming: VecDeque<u8>,
    /// When how many of these arrive.
    arrivals: VecDeque<(Instant, usize)>,
}

/// Two sides.
#[derive(Debug)]
pub(in crate::tests) struct Pair {
    pub(in crate::tests) now: Instant,
    pub(in crate::tests) client: End,
    pub(in crate::tests) server: End,
    pub(in crate::tests) latency: Duration,
    /// How many bytes the kernel takes or gives at a time, one after the other, over and over.
    pub(in crate::tests) cuts: Vec<usize>,
    /// How many bytes it holds for a reader.
    pub(in crate::tests) capacity: usize,
    /// The server's application lets in whoever comes, and nobody hears of it.
    pub(in crate::tests) welcomes: bool,
    turn: usize,
}

impl Pair {
    /// Both sides with these limits, not yet met.
    pub(in crate::tests) fn new(limits: Limits) -> Self {
        Self::of(Format::Shortwire, limits, limits)
    }

    pub(in crate::tests) fn of(format: Format, client: Limits, server: Limits) -> Self {
        Self {
            now: Instant::now(),
            client: End::new(Connection::client(format, client, format.id_style(7))),
            server: End::new(Connection::server(Formats::ALL, server, None)),
            latency: Duration::ZERO,
            cuts: vec![usize::MAX],
            capacity: 208 * 1024,
            welcomes: true,
            turn: 0,
        }
    }

    /// Both sides, met.
    pub(in crate::tests) fn met(limits: Limits) -> Self {
        let mut pair = Self::new(limits);
        pair.open();
        pair.run();
        pair.client.heard.clear();
        pair.server.heard.clear();
        pair
    }

    /// The transport is there.
    pub(in crate::tests) fn open(&mut self) {
        for end in [&mut self.client, &mut self.server] {
            let mut inbound = Inbound::default();
            end.machine.open(self.now, &mut inbound);
            end.hear(&inbound);
        }
    }

    pub(in crate::tests) fn client_wants(&mut self, orders: &Orders) {
        self.client.submit(orders, self.now);
    }

    pub(in crate::tests) fn server_wants(&mut self, orders: &Orders) {
        self.server.submit(orders, self.now);
    }

    /// Lets both sides write and read until nothing moves any more.
    pub(in crate::tests) fn run(&mut self) {
        while self.step() {}
    }

    /// One write and one read on each side. False if nothing moved.
    pub(in crate::tests) fn step(&mut self) -> bool {
        let mut moved = false;
        for from_client in [true, false] {
            let (cut_out, cut_in) = (self.cut(), self.cut());
            let (from, to) = if from_client {
                (&mut self.client, &mut self.server)
            } else {
                (&mut self.server, &mut self.client)
            };
            let at = self.now + self.latency;
            moved |= from.write(self.now, at, to, cut_out, self.capacity);
            moved |= to.read(self.now, cut_in);
        }
        if self.welcomes {
            let greeted = |item: &Item| item.kind == kind::HELLO;
            if let Some(at) = self.server.heard.iter().position(greeted) {
                self.server.heard.remove(at);
                self.server_wants(&Orders::new().welcome("id"));
                moved = true;
            }
        }
        moved
    }

    /// Time passes: deadlines first, then what has arrived by then.
    pub(in crate::tests) fn advance(&mut self, by: Duration) {
        self.now += by;
        for end in [&mut self.client, &mut self.server] {
            end.pass_time(self.now);
        }
        self.run();
    }

    fn cut(&mut self) -> usize {
        self.turn += 1;
        self.cuts[self.turn % self.cuts.len()]
    }
}

impl End {
    pub(in crate::tests) fn new(machine: Connection) -> Self {
        Self {
            machine,
            heard: Vec::new(),
            over: None,
            deaf: false,
            scratch: Vec::new(),
            incoming: VecDeque::new(),
            arrivals: VecDeque::new(),
        }
    }

    /// One whose application decides on every peer.
    pub(in crate::tests) fn gated(mut self) -> Self {
        self.machine = self.machine.gated();
        self
    }

    /// What it was told, of this kind.
    pub(in crate::tests) fn of_kind(&self, kind: u32) -> Vec<&Item> {
        self.heard.iter().filter(|item| item.kind == kind).collect()
    }

    /// Bytes from somebody who is no machine.
    pub(in crate::tests) fn feed(&mut self, now: Instant, bytes: &[u8]) {
        if self.over.is_some() || !self.machine.wants_read() {
            return;
        }
        self.incoming.extend(bytes);
        self.arrivals.push_back((now, bytes.len()));
        while self.read(now, usize::MAX) {}
    }

    pub(in crate::tests) fn submit(&mut self, orders: &Orders, now: Instant) {
        let mut inbound = Inbound::default();
        self.machine.submit(orders.outbound(), now, &mut inbound);
        let read_on = if self.machine.has_unread() {
            self.machine.read_on(now, &mut inbound)
        } else {
            Ok(())
        };
        self.hear(&inbound);
        self.check(read_on);
    }

    pub(in crate::tests) fn pass_time(&mut self, now: Instant) {
        let mut inbound = Inbound::default();
        let passed = self.machine.handle_timeout(now, &mut inbound);
        self.hear(&inbound);
        self.check(passed);
    }

    /// The stream has ended.
    pub(in crate::tests) fn end(&mut self) {
        let farewell = self.machine.farewell();
        self.check::<()>(Err(farewell));
    }

    fn write(
        &mut self,
        now: Instant,
        at: Instant,
        to: &mut Self,
        cut: usize,
        capacity: usize,
    ) -> bool {
        if self.over.is_some() || !self.machine.wants_write() {
            return false;
        }
        let mut inbound = Inbound::default();
        let mut left = cut;
        let mut moved = false;
        let written = self.machine.write(now, &mut inbound, |slices| {
            let room = capacity.saturating_sub(to.incoming.len()).min(left);
            let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
            let before = to.incoming.len();
            to.incoming.extend(bytes.take(room));
            let taken = to.incoming.len() - before;
            left -= taken;
            to.arrivals.push_back((at, taken));
            moved |= taken > 0;
            if taken == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
        });
        self.hear(&inbound);
        self.check(written);
        moved
    }

    fn read(&mut self, now: Instant, cut: usize) -> bool {
        let arrived = self.arrivals.iter().take_while(|(at, _)| *at <= now);
        let ready: usize = arrived.map(|(_, count)| count).sum();
        if self.over.is_some() || self.deaf || ready == 0 || !self.machine.wants_read() {
            return false;
        }
        let mut left = ready.min(cut);
        let mut inbound = Inbound::default();
        let (machine, incoming) = (&mut self.machine, &mut self.incoming);
        let read = machine.read(now, &mut self.scratch, &mut inbound, |buffer| {
            let room = buffer.capacity() - buffer.len();
            let count = room.min(left);
            if count == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            left -= count;
            buffer.extend(incoming.drain(..count));
            Ok(count)
        });
        self.forget_arrivals(ready.min(cut) - left);
        self.hear(&inbound);
        assert_ne!(read.as_ref().ok(), Some(&ReadTurn::Ended));
        self.check(read);
        true
    }

    fn forget_arrivals(&mut self, mut count: usize) {
        while let Some((_, first)) = self.arrivals.front_mut() {
            let taken = count.min(*first);
            *first -= taken;
            count -= taken;
            if *first != 0 {
                return;
            }
            self.arrivals.pop_front();
        }
    }

    fn check<T>(&mut self, outcome: Result<T>) {
        if let Err(error) = outcome {
            let mut inbound = Inbound::default();
            if self.machine.outlives(&error) {
                self.machine.lose(&error, &mut inbound);
            } else {
                self.machine.finish(&error, &mut inbound);
            }
            self.hear(&inbound);
            self.over = Some(error);
        }
    }

    fn hear(&mut self, inbound: &Inbound) {
        self.heard.extend(items(inbound));
    }
}

/// A goodbye that says nothing about coming back.
pub(in crate::tests) fn parting(timeout: Duration, reason: &str) -> Parting {
    Parting { timeout, reason: reason.into(), comeback: Comeback::Unsaid }
}
