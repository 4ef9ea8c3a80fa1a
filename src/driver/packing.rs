//! Compression between a connection in a task and its stream.
//!
//! ```text
//!   stream ──► pending ──inflate──► machine ──► deflate ──► output ──► stream
//! ```
//!
//! The prefaces pass as they are; when both have been read, both sides know whether the rest is
//! compressed. So the machine is first handed no more than a preface. Must not know: what the bytes
//! mean beyond that.

use std::{
    io::{self, IoSlice},
    time::Instant,
};

use super::{
    batch::Inbound,
    connection::{Connection, ReadTurn, Stats},
};
use crate::{
    codec::{
        deflate::{Deflater, Inflater},
        native::PREFACE_BYTES,
    },
    error::{Error, Result},
    transport::Stream,
};

/// What one connection needs for it.
#[derive(Debug, Default)]
pub struct Packing {
    phase: Phase,
    /// Bytes of the stream that the machine has not had, and how many of them are used up.
    pending: Vec<u8>,
    used: usize,
    /// The last buffer was filled: there may be more without more input.
    filled: bool,
    /// Compressed bytes that the stream has not taken, and how many of them it has.
    output: Vec<u8>,
    taken: usize,
    /// Bytes of the stream, in each direction.
    bytes_in: u64,
    bytes_out: u64,
}

#[derive(Debug, Default)]
enum Phase {
    /// The peer's preface isn't here.
    #[default]
    Meeting,
    /// No compression.
    Plain,
    /// Compressed.
    Packed(Box<Packed>),
}

/// Made as they are needed: a stranger who says nothing, or whom nobody has answered, costs little.
#[derive(Debug)]
struct Packed {
    level: u32,
    /// Plain bytes of our preface that are still to be written.
    plain: usize,
    deflater: Option<Deflater>,
    inflater: Option<Inflater>,
}

impl Packing {
    /// The peer has introduced itself; with a level, both sides compress.
    pub fn decide(&mut self, level: Option<u32>) {
        if matches!(self.phase, Phase::Meeting) {
            let plain = PREFACE_BYTES.saturating_sub(self.bytes_out as usize);
            self.phase = level.map_or(Phase::Plain, |level| {
                let packed = Packed { level, plain, deflater: None, inflater: None };
                Phase::Packed(Box::new(packed))
            });
        }
    }

    /// Whether the machine can be handed more without a look at the stream.
    pub const fn has_input(&self) -> bool {
        self.filled || self.used < self.pending.len()
    }

    /// Whether the stream has not taken everything.
    pub const fn has_output(&self) -> bool {
        self.taken < self.output.len()
    }

    /// Whether there is a compressor, and whether its opposite.
    #[cfg(test)]
    pub(crate) fn made(&self) -> (bool, bool) {
        match &self.phase {
            Phase::Packed(packed) => (packed.deflater.is_some(), packed.inflater.is_some()),
            _ => (false, false),
        }
    }

    /// Bytes of the stream, in and out.
    pub const fn bytes(&self) -> (u64, u64) {
        (self.bytes_in, self.bytes_out)
    }

    /// Fills a buffer for the machine, as far as it has room.
    ///
    /// # Errors
    ///
    /// Those of `receive`; `InvalidData` for a stream that is corrupt.
    pub fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        mut receive: impl FnMut(&mut Vec<u8>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let start = buffer.len();
        for _ in 0..=MAX_READS {
            self.hand_over(buffer)?;
            let got = buffer.len() - start;
            let stop = match self.phase {
                Phase::Meeting => got > 0,
                _ => buffer.len() == buffer.capacity(),
            };
            if stop {
                return Ok(got);
            }
            self.pending.clear();
            self.used = 0;
            self.pending.reserve(PENDING_BYTES);
            match receive(&mut self.pending) {
                Ok(0) => return Ok(got),
                Ok(count) => self.bytes_in += count as u64,
                Err(error) if got == 0 || error.kind() != io::ErrorKind::WouldBlock => {
                    return Err(error);
                }
                Err(_) => return Ok(got),
            }
        }
        // Much input that says nothing: others get their turn.
        match buffer.len() - start {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            got => Ok(got),
        }
    }

    fn hand_over(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let room = buffer.capacity() - buffer.len();
        let rest = &self.pending[self.used..];
        let used = match &mut self.phase {
            Phase::Packed(packed) if packed.inflater.is_some() || !rest.is_empty() => {
                let inflater = packed.inflater.get_or_insert_with(Inflater::new);
                let used = inflater.read(rest, buffer).map_err(corrupt)?;
                self.filled = buffer.len() == buffer.capacity();
                used
            }
            phase => {
                // A later revision's preface is longer: what follows the known comes byte by byte.
                let most = match phase {
                    Phase::Meeting if self.bytes_in as usize > rest.len() => 1,
                    Phase::Meeting => PREFACE_BYTES,
                    _ => usize::MAX,
                };
                let count = rest.len().min(room).min(most);
                buffer.extend_from_slice(&rest[..count]);
                count
            }
        };
        self.used += used;
        Ok(())
    }

    /// Takes bytes of the machine; says how many.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub fn write(
        &mut self,
        slices: &[IoSlice<'_>],
        mut send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Phase::Packed(packed) = &mut self.phase else {
            let sent = send(slices)?;
            self.bytes_out += sent as u64;
            return Ok(sent);
        };
        if packed.plain > 0 {
            let first = slices.first().map_or(&[][..], |slice| slice);
            let sent = send(&[IoSlice::new(&first[..first.len().min(packed.plain)])])?;
            packed.plain -= sent;
            self.bytes_out += sent as u64;
            return Ok(sent);
        }
        self.flush(&mut send)?;
        let all: usize = slices.iter().map(|slice| slice.len()).sum();
        let mut left = all.min(BATCH_BYTES);
        let batch = left;
        if let Phase::Packed(packed) = &mut self.phase {
            let level = packed.level;
            let deflater = packed.deflater.get_or_insert_with(|| Deflater::new(level));
            for slice in slices {
                let part = &slice[..slice.len().min(left)];
                left -= part.len();
                deflater.write(part, left == 0, &mut self.output).map_err(corrupt)?;
                if left == 0 {
                    break;
                }
            }
        }
        match self.flush(&mut send) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(batch),
        }
    }

    /// Writes what the stream has not taken.
    ///
    /// # Errors
    ///
    /// Those of `send`, "would block" among them.
    pub fn flush(
        &mut self,
        mut send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while self.has_output() {
            match send(&[IoSlice::new(&self.output[self.taken..])]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    self.taken += sent;
                    self.bytes_out += sent as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.output.clear();
        self.output.shrink_to(KEEP_BYTES);
        self.taken = 0;
        Ok(())
    }
}

/// One turn of reading: through the compression, if the connection may have one.
///
/// # Errors
///
/// The connection is over.
pub fn read(
    packing: &mut Option<Box<Packing>>,
    machine: &mut Connection,
    stream: &mut Stream,
    now: Instant,
    scratch: &mut Vec<u8>,
    inbound: &mut Inbound,
) -> Result<ReadTurn> {
    let Some(packing) = packing else {
        return machine.read(now, scratch, inbound, |buffer| stream.try_read(buffer));
    };
    let receive = |buffer: &mut Vec<u8>| packing.read(buffer, |buffer| stream.try_read(buffer));
    let turn = machine.read(now, scratch, inbound, receive)?;
    if let Some(level) = machine.agreed_compression() {
        packing.decide(level);
    }
    Ok(turn)
}

/// One turn of writing, likewise.
///
/// # Errors
///
/// The connection is over.
pub fn write(
    packing: &mut Option<Box<Packing>>,
    machine: &mut Connection,
    stream: &mut Stream,
    now: Instant,
    inbound: &mut Inbound,
) -> Result<bool> {
    let Some(packing) = packing else {
        return machine.write(now, inbound, |slices| stream.try_write(slices));
    };
    match packing.flush(|slices| stream.try_write(slices)) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
            return Err(Error::disconnected(error));
        }
        _ => {}
    }
    machine.write(now, inbound, |slices| packing.write(slices, |slices| stream.try_write(slices)))
}

/// Whether the machine can be handed more without the stream, and whether the stream has something to
/// take without the machine.
pub fn waiting(packing: Option<&Packing>) -> (bool, bool) {
    packing.map_or((false, false), |packing| (packing.has_input(), packing.has_output()))
}

/// The machine's numbers; with compression, the bytes of the stream among them.
pub fn stats(packing: Option<&Packing>, machine: &Connection) -> Stats {
    let mut stats = machine.stats();
    if let Some(packing) = packing {
        (stats.wire_bytes_in, stats.wire_bytes_out) = packing.bytes();
    }
    stats
}

fn corrupt(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What is read from the stream at once.
const PENDING_BYTES: usize = 64 * 1024;
/// How often it is read in one go while nothing comes of it.
const MAX_READS: usize = 8;
/// What is compressed between two flushes: it counts as written from then on.
const BATCH_BYTES: usize = 64 * 1024;
/// Room for output that is kept.
const KEEP_BYTES: usize = 64 * 1024;
