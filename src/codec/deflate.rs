//! A connection's bytes as one stream of DEFLATE in each direction (RFC 1951, without a wrapper).
//!
//! The context is kept from the first byte to the last, and each batch of writes ends with a sync
//! flush, so that all of it can be read when it has arrived. Must not know: what the bytes mean.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::error::{Error, Kind, Result};

/// The writing direction.
#[derive(Debug)]
pub struct Deflater(Compress);

/// The reading direction.
#[derive(Debug)]
pub struct Inflater(Decompress);

impl Deflater {
    /// Nothing written yet; `level` from 1, fast, to 9, small.
    pub fn new(level: u32) -> Self {
        Self(Compress::new(Compression::new(level), false))
    }

    /// Appends `input`, compressed; with `flush`, all of it can be read from the result.
    ///
    /// # Errors
    ///
    /// `Internal`: the compressor has lost its way.
    pub fn write(&mut self, mut input: &[u8], flush: bool, output: &mut Vec<u8>) -> Result<()> {
        let mode = if flush { FlushCompress::Sync } else { FlushCompress::None };
        loop {
            output.reserve(STEP_BYTES);
            let before = self.0.total_in();
            self.0
                .compress_vec(input, output, mode)
                .map_err(|_| Error::library(Kind::Internal, "the compressor failed"))?;
            let taken = self.0.total_in().saturating_sub(before) as usize;
            input = input.get(taken..).unwrap_or_default();
            // Room that is left over says that there was no more to come.
            if input.is_empty() && output.len() < output.capacity() {
                return Ok(());
            }
        }
    }
}

impl Inflater {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// Appends what `input` becomes, as far as `output` has room, and never makes more: however small
    /// the input of a hostile peer, it costs no more memory than was made beforehand. Says how much
    /// of the input is used up.
    ///
    /// # Errors
    ///
    /// `Protocol`: this is not DEFLATE, or it has an end.
    pub fn read(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<usize> {
        let before = self.0.total_in();
        match self.0.decompress_vec(input, output, FlushDecompress::None) {
            Ok(Status::Ok | Status::BufError) => {
                Ok(self.0.total_in().saturating_sub(before) as usize)
            }
            Ok(Status::StreamEnd) => Err(Error::protocol("the peer ended its compressed stream")),
            Err(_) => Err(Error::protocol("the peer's compressed stream is corrupt")),
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

/// By how much the output grows at a time.
const STEP_BYTES: usize = 16 * 1024;
