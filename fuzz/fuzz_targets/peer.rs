//! The other end of a connection under test: it reads what is said, and holds the connection to it.

use std::io;

use shortwire::{
    codec::{Codec, Decoded, deflate::Inflater, native::PREFACE_BYTES},
    config::{Format, Limits},
    message::{Message, Role, capability},
};

/// What the connection says, as its peer reads it.
pub struct Said {
    codec: Codec,
    inflater: Inflater,
    plain: usize,
    bytes: Vec<u8>,
}

impl Said {
    /// Nothing said yet.
    pub fn new(peer: Role) -> Self {
        let codec = Codec::new(Format::Shortwire, peer, &Limits::default());
        Self { codec, inflater: Inflater::new(), plain: PREFACE_BYTES, bytes: Vec::new() }
    }

    /// Takes what is written; what is packed is so behind the preface.
    pub fn take(&mut self, slices: &[io::IoSlice<'_>], packed: bool) -> usize {
        let mut taken = 0;
        for slice in slices {
            taken += slice.len();
            let plain = if packed { self.plain } else { usize::MAX };
            let (now, mut rest) = slice.split_at(slice.len().min(plain));
            self.plain = self.plain.saturating_sub(now.len());
            self.bytes.extend_from_slice(now);
            while !rest.is_empty() {
                self.bytes.reserve(4096);
                let used = self.inflater.read(rest, &mut self.bytes).expect("it was compressed");
                rest = &rest[used..];
            }
        }
        self.read();
        taken
    }

    fn read(&mut self) {
        if self.bytes.first() != Some(&0xd7) && !self.codec.is_greeted() {
            return self.bytes.clear();
        }
        let mut at = 0;
        loop {
            match self.codec.decode(&self.bytes[at..]).expect("it can be read") {
                Decoded::Incomplete { .. } => break,
                Decoded::Skip { consumed } => at += consumed,
                Decoded::Message { consumed, message } => {
                    at += consumed;
                    if let Message::Hello(mut hello) = message {
                        hello.capabilities &= !capability::HELLO;
                        self.codec.meet(&hello);
                    }
                }
            }
        }
        self.bytes.drain(..at);
    }
}

/// Numbers that look like chance and are the same for the same seed.
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u8) -> Self {
        Self(u64::from(seed) * 2 + 1)
    }

    /// A number below this one.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    /// One of these.
    pub fn of(&mut self, these: &[u32]) -> Option<u32> {
        if these.is_empty() { None } else { Some(these[self.below(these.len())]) }
    }
}
