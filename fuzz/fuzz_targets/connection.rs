//! Any bytes into a whole connection, its session and an application behind it, which answers,
//! streams, subscribes, pauses and lets time pass.
//!
//! What must hold: nothing panics; what the connection says can be read by its peer's codec; what it
//! keeps is bounded; and every call that the application has made settles exactly once.
//!
//! Bits of the choice: 1, the client's side; 2, the application decides on the peer; 4, MessagePack;
//! 8, the input begins before the preface; 16, compression, where the input says what was compressed;
//! 32, the same, where it is the compressed stream itself; 64, bytes only; 128, the peer reads
//! nothing.

#![no_main]

mod peer;
mod support;

use std::{
    collections::HashSet,
    io,
    time::{Duration, Instant},
};

use libfuzzer_sys::fuzz_target;
use peer::{Chance, Said};
use shortwire::{
    codec::{Codec, deflate::Deflater, native::VERSION},
    config::{Encoding, Format, Formats, Limits},
    driver::{
        batch::{BLOB, Inbound, NO_SLOT, Outbound, WORDS, kind},
        connection::{Connection, Parting, ReadTurn},
        packing::Packing,
    },
    error::Error,
    message::{BodyKind, Comeback, Hello, Message, Role, capability},
};

fuzz_target!(|data: &[u8]| {
    let [choice, seed, bytes @ ..] = data else { return };
    let before = support::live();
    Play::new(*choice, *seed).run(bytes);
    let after = support::live();
    assert!(after <= before + KEPT_BYTES, "{} bytes stay behind", after - before);
});

/// One connection with its application.
struct Play {
    choice: u8,
    machine: Connection,
    packing: Option<Packing>,
    chance: Chance,
    now: Instant,
    scratch: Vec<u8>,
    said: Said,
    /// Calls that have not settled, by slot.
    open: HashSet<u32>,
    next_slot: u32,
    /// Streams, and requests to be answered.
    streams: Vec<u32>,
    tokens: Vec<u32>,
}

impl Play {
    fn new(choice: u8, seed: u8) -> Self {
        let encoding = match choice & (4 | 64) {
            4 => Encoding::MessagePack,
            64 => Encoding::Raw,
            _ => Encoding::Json,
        };
        let limits = Limits {
            max_frame_bytes: support::MAX_FRAME_BYTES,
            max_queued_bytes: 32 * 1024,
            max_queued_messages: 64,
            max_in_flight: 16,
            max_in_flight_bytes: 32 * 1024,
            max_streams: 8,
            max_subscriptions: 16,
            compression: u32::from(choice & PACKED != 0),
            encoding,
            shapes: true,
            ..Limits::default()
        };
        let format = Format::Shortwire;
        let (machine, peer) = if choice & 1 == 0 {
            (Connection::server(Formats::ALL, limits, None), Role::Client)
        } else {
            (Connection::client(format, limits, format.id_style(7)), Role::Server)
        };
        Self {
            choice,
            machine: if choice & 2 == 0 { machine } else { machine.gated() },
            packing: (choice & PACKED != 0).then(Packing::default),
            chance: Chance::new(seed),
            now: Instant::now(),
            scratch: Vec::new(),
            said: Said::new(peer),
            open: HashSet::new(),
            next_slot: 0,
            streams: Vec::new(),
            tokens: Vec::new(),
        }
    }

    fn run(mut self, bytes: &[u8]) {
        let before = support::live();
        let mut inbound = Inbound::default();
        self.machine.open(self.now, &mut inbound);
        self.hear(&inbound);
        let stream = self.stream(bytes);
        let mut rest = &stream[..];
        let mut turns = 0;
        let end = loop {
            let portion = 1 + self.chance.below(if turns < 4 { 64 } else { 2048 });
            let (now, later) = rest.split_at(portion.min(rest.len()));
            rest = later;
            if let Err(error) = self.turn(now) {
                break error;
            }
            if rest.is_empty() || !self.machine.wants_read() {
                break self.machine.farewell();
            }
            turns += 1;
            let grown = support::live().saturating_sub(before);
            assert!(grown <= HELD_BYTES + stream.len(), "{grown} bytes are held");
        };
        let mut inbound = Inbound::default();
        self.machine.finish(&end, &mut inbound);
        assert!(inbound.is_closed());
        self.hear(&inbound);
        assert!(self.open.is_empty(), "{:?} never settle", self.open);
    }

    /// What the peer sends: its preface, and then the input.
    fn stream(&self, bytes: &[u8]) -> Vec<u8> {
        if self.choice & 8 != 0 {
            return bytes.to_vec();
        }
        let hello = Hello {
            version: VERSION,
            capabilities: if self.choice & 2 == 0 {
                u32::MAX & !capability::HELLO
            } else {
                u32::MAX
            },
            max_frame_bytes: 4096,
            max_in_flight: 4,
            max_in_flight_bytes: 4096,
        };
        let mut codec = Codec::new(Format::Shortwire, Role::Client, &Limits::default());
        let mut stream = Vec::new();
        codec.encode(&Message::Hello(hello), &mut stream).expect("a preface");
        if self.choice & PACKED == 16 {
            Deflater::new(1).write(bytes, true, &mut stream).expect("it is compressed");
        } else {
            stream.extend_from_slice(bytes);
        }
        stream
    }

    /// Some bytes arrive; then the application does something, and some is written.
    fn turn(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let mut spins = 0;
        loop {
            let mut inbound = Inbound::default();
            let mut receive = |buffer: &mut Vec<u8>| {
                let room = (buffer.capacity() - buffer.len()).min(bytes.len());
                if room == 0 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                let (now, later) = bytes.split_at(room);
                bytes = later;
                buffer.extend_from_slice(now);
                Ok(room)
            };
            let scratch = &mut self.scratch;
            let turn = match &mut self.packing {
                None => self.machine.read(self.now, scratch, &mut inbound, receive),
                Some(packing) => self.machine.read(self.now, scratch, &mut inbound, |buffer| {
                    packing.read(buffer, &mut receive)
                }),
            };
            if let Some(packing) = &mut self.packing
                && let Some(level) = self.machine.agreed_compression()
            {
                packing.decide(level);
            }
            self.hear(&inbound);
            assert_ne!(turn?, ReadTurn::Ended);
            let more = self.packing.as_ref().is_some_and(Packing::has_input);
            spins += 1;
            if !self.machine.wants_read() || (bytes.is_empty() && !more) || spins == MAX_SPINS {
                break;
            }
        }
        self.act()?;
        self.write()?;
        let stats = self.machine.stats();
        let queued = stats.queued_bytes as usize;
        assert!(queued <= QUEUED_BYTES, "{queued} bytes are queued");
        assert!(stats.partial_bytes <= 3 * u64::from(support::MAX_FRAME_BYTES) + 64 * 1024);
        self.machine.check_overrun()
    }

    /// The application does what it likes.
    fn act(&mut self) -> Result<(), Error> {
        for _ in 0..self.chance.below(4) {
            let slot = self.next_slot;
            let number = self.chance.of(&self.streams).unwrap_or(slot);
            match self.chance.below(12) {
                0 | 1 => {
                    self.next_slot += 1;
                    self.open.insert(slot);
                    let timeout = self.chance.below(3) as u32 * 1000;
                    self.order(kind::REQUEST, slot, "a.b", "{\"a\":[1,2]}", timeout);
                }
                2 => {
                    self.next_slot += 1;
                    self.open.insert(slot);
                    self.order(kind::PING, slot, "", "", 1000);
                }
                3 => {
                    self.next_slot += 1;
                    self.open.insert(slot);
                    self.order(kind::MESSAGE, slot, "a.b", "\"hi\"", 0);
                }
                4 if slot > 0 => self.order(kind::CANCEL, slot - 1, "", "", 0),
                5 if !self.tokens.is_empty() => {
                    let token = self.tokens.swap_remove(0);
                    self.order(kind::RESPONSE, token, "", "[true]", 0);
                }
                6 if !self.tokens.is_empty() => {
                    let token = self.tokens.swap_remove(0);
                    self.order(kind::FAILURE, token, "", "{\"message\":\"no\"}", 0);
                }
                7 => {
                    self.next_slot += 1;
                    self.streams.push(slot + 1);
                    let values = self.chance.below(2) as u32;
                    self.order(kind::OPEN, slot + 1, "stream", "{}", values);
                }
                8 => {
                    let long = format!("\"{}\"", "x".repeat(self.chance.below(6000)));
                    self.order(kind::DATA, number, "", &long, 0);
                }
                9 => {
                    let end = [kind::END, kind::RESET][self.chance.below(2)];
                    self.order(end, number, "", "null", 0);
                }
                10 => {
                    let wish = [kind::SUBSCRIBE, kind::UNSUBSCRIBE][self.chance.below(2)];
                    self.order(wish, NO_SLOT, "a.*", "", 0);
                }
                _ => {
                    let paused = self.chance.below(2) == 0;
                    self.machine.set_paused(paused, self.now);
                }
            }
        }
        if self.chance.below(8) == 0 {
            self.now += Duration::from_millis(self.chance.below(3000) as u64);
            let mut inbound = Inbound::default();
            let passed = self.machine.handle_timeout(self.now, &mut inbound);
            self.hear(&inbound);
            passed?;
        }
        if self.chance.below(64) == 0 {
            let timeout = Duration::from_millis(500);
            let parting = Parting { timeout, reason: "bye".into(), comeback: Comeback::Unsaid };
            self.machine.close(self.now, &parting);
        }
        Ok(())
    }

    fn order(&mut self, kind: u32, subject: u32, topic: &str, json: &str, extra: u32) {
        let head = kind | (BodyKind::Json as u32) << 8;
        let records = [head, subject, topic.len() as u32, json.len() as u32, extra];
        let text = [topic, json].concat();
        let orders = Outbound { records: &records, text: &text, bytes: None };
        let mut inbound = Inbound::default();
        self.machine.submit(orders, self.now, &mut inbound);
        self.hear(&inbound);
    }

    fn write(&mut self) -> Result<(), Error> {
        if self.choice & 128 != 0 {
            return Ok(());
        }
        let packed = matches!(self.machine.agreed_compression(), Some(Some(_)));
        let (machine, said, now) = (&mut self.machine, &mut self.said, self.now);
        let mut inbound = Inbound::default();
        let written = match &mut self.packing {
            None => machine.write(now, &mut inbound, |slices| Ok(said.take(slices, false))),
            Some(packing) => machine.write(now, &mut inbound, |slices| {
                packing.write(slices, |slices| Ok(said.take(slices, packed)))
            }),
        };
        self.hear(&inbound);
        written.map(|_| ())
    }

    /// The application gets a batch.
    fn hear(&mut self, inbound: &Inbound) {
        let text = std::str::from_utf8(inbound.text()).expect("UTF-8");
        let units = text.encode_utf16().count() as u32;
        let mut start = 0;
        let mut later = Vec::new();
        for words in inbound.records().chunks_exact(WORDS) {
            let [head, subject, topic_end, end, extra] = *words else { unreachable!() };
            assert!(start <= topic_end && topic_end <= units);
            start = topic_end;
            if head & BLOB == 0 {
                assert!(start <= end && end <= units);
                start = end;
            }
            match head & 0xff {
                kind::RESPONSE | kind::FAILURE | kind::FAILED | kind::SENT => {
                    assert!(self.open.remove(&subject), "slot {subject} settles again");
                }
                kind::PING => assert!(self.open.remove(&subject), "slot {subject} settles again"),
                kind::REQUEST => self.tokens.push(subject),
                kind::OPEN => self.streams.push(subject),
                kind::DATA => later.push((kind::CREDIT, subject, extra)),
                kind::HELLO => later.push((kind::WELCOME, 0, 0)),
                kind::RESET => self.streams.retain(|number| *number != subject),
                _ => {}
            }
        }
        assert_eq!(start, units, "text that belongs to nobody");
        for (kind, subject, extra) in later {
            self.decide(kind, subject, extra);
        }
    }

    /// What the application answers at once.
    fn decide(&mut self, order: u32, subject: u32, extra: u32) {
        match order {
            kind::WELCOME if self.chance.below(8) == 0 => {
                self.order(kind::REFUSED, 0, "", "no", 0);
            }
            kind::WELCOME => {
                self.order(kind::WELCOME, 0, "id", "", 0);
                if self.machine.has_unread() {
                    let mut inbound = Inbound::default();
                    // The next turn meets what is wrong with it again.
                    let _ = self.machine.read_on(self.now, &mut inbound);
                    self.hear(&inbound);
                }
            }
            _ if self.chance.below(4) != 0 => self.order(order, subject, "", "", extra),
            _ => {}
        }
    }
}

/// Bits of the choice.
const PACKED: u8 = 16 | 32;
/// Room for the limits of the test, twice over, and for compression.
const HELD_BYTES: usize = 2 * 1024 * 1024;
/// What may wait for a peer that reads nothing.
const QUEUED_BYTES: usize = 256 * 1024;
/// What the fuzzer itself may have kept meanwhile.
const KEPT_BYTES: usize = 256 * 1024;
/// How often a turn looks again: inflating makes much of little.
const MAX_SPINS: usize = 64;
