//! One connection's TLS: bytes of the kernel on one side, bytes of the conversation on the other.
//!
//! ```text
//!   kernel ──receive──► incoming ──► rustls ──► plaintext ──► the reader's buffer
//!   kernel ◄───send──── rustls ◄── the writer's slices
//! ```
//!
//! Nothing here waits: what the kernel doesn't take or give at once is tried again when the socket is
//! ready, as with a plain one. What rustls holds is bounded: one record inwards, 64 KiB outwards.

use std::{
    io::{self, BufRead, Write},
    sync::Arc,
};

use rustls::{ClientConnection, Connection, ServerConnection, pki_types::UnixTime};

use super::{
    TlsPeer,
    config::{ClientTls, ServerTls},
    reason,
};
use crate::{
    error::{Error, Kind, Result},
    transport::socket::Kernel,
};

/// One connection's TLS.
#[derive(Debug)]
pub(crate) struct Session {
    tls: Connection,
    side: Side,
    /// From the kernel, and not yet rustls's.
    incoming: Vec<u8>,
    taken: usize,
    /// At its last look the kernel had as much as was asked for: there may be more.
    filled: bool,
    /// Bytes of the conversation that nobody has read.
    plaintext: usize,
    /// Nothing more will come.
    ended: bool,
}

#[derive(Debug)]
enum Side {
    Client(ClientTls),
    Server(ServerTls),
}

impl Session {
    /// The connecting side.
    ///
    /// # Errors
    ///
    /// [`Kind::Internal`]: the configuration has been checked before.
    pub(crate) fn client(tls: &ClientTls) -> Result<Self> {
        let connection = ClientConnection::new(Arc::clone(&tls.config), tls.name.clone());
        let connection = connection.map_err(|error| fault(&error))?;
        Ok(Self::new(connection.into(), Side::Client(tls.clone())))
    }

    /// The accepting side.
    ///
    /// # Errors
    ///
    /// [`Kind::Internal`]: the configuration has been checked before.
    pub(crate) fn server(tls: &ServerTls) -> Result<Self> {
        let connection =
            ServerConnection::new(Arc::clone(&tls.config)).map_err(|error| fault(&error))?;
        Ok(Self::new(connection.into(), Side::Server(tls.clone())))
    }

    fn new(mut tls: Connection, side: Side) -> Self {
        tls.set_buffer_limit(Some(MAX_OUTGOING_BYTES));
        let incoming = Vec::new();
        Self { tls, side, incoming, taken: 0, filled: false, plaintext: 0, ended: false }
    }

    /// Whether the two sides have yet to agree.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Whether something waits for the kernel.
    pub(crate) fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    /// Whether reading would find something without the kernel.
    pub(crate) const fn has_input(&self) -> bool {
        self.plaintext != 0 || self.taken < self.incoming.len() || self.ended
    }

    /// A step of the handshake, as far as it goes without waiting.
    ///
    /// # Errors
    ///
    /// It has failed; the peer is told why, as far as the kernel takes it.
    pub(crate) fn shake_hands(&mut self, socket: &impl Kernel) -> Result<()> {
        while self.is_handshaking() {
            match self.advance(socket) {
                Ok(()) if self.ended => return Err(reason::left()),
                Ok(()) => {}
                Err(error) if is_would_block(&error) => break,
                Err(error) => return Err(Error::disconnected(error)),
            }
        }
        match self.flush(socket) {
            Err(error) if !is_would_block(&error) => return Err(Error::disconnected(error)),
            _ => {}
        }
        if !self.is_handshaking() {
            self.check_protocol()?;
        }
        Ok(())
    }

    /// A peer that names no protocol at all gets through rustls.
    fn check_protocol(&self) -> Result<()> {
        let wanted = match &self.side {
            Side::Client(tls) => &tls.config.alpn_protocols,
            Side::Server(tls) => &tls.config.alpn_protocols,
        };
        if !wanted.is_empty() && self.tls.alpn_protocol().is_none() {
            return Err(reason::no_protocol(wanted));
        }
        Ok(())
    }

    /// Appends what there is of the conversation, as far as the buffer has room; zero at the end.
    ///
    /// # Errors
    ///
    /// "Would block", those of the kernel, and one of ours inside of an [`io::Error`] if the peer
    /// breaks TLS.
    pub(crate) fn read(&mut self, socket: &impl Kernel, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let before = buffer.len();
        loop {
            self.take_plaintext(buffer)?;
            let read = buffer.len() - before;
            if buffer.len() == buffer.capacity() || (self.ended && self.plaintext == 0) {
                return Ok(read);
            }
            // That was all: another look at the kernel would be in vain.
            if read != 0 && !self.filled && self.taken == self.incoming.len() {
                return Ok(read);
            }
            match self.advance(socket) {
                Ok(()) => {}
                // What was read counts; whatever it was shows again, or isn't missed.
                Err(_) if read != 0 => return Ok(read),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes of the conversation what fits into 64 KiB of ciphertext, and hands on what the kernel
    /// takes of that.
    ///
    /// # Errors
    ///
    /// "Would block" if nothing was taken, and those of the kernel.
    pub(crate) fn write(
        &mut self,
        socket: &impl Kernel,
        slices: &[io::IoSlice<'_>],
    ) -> io::Result<usize> {
        self.flush(socket)?;
        let written = self.tls.writer().write_vectored(slices)?;
        match self.flush(socket) {
            Err(error) if !is_would_block(&error) => Err(error),
            _ if written == 0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(written),
        }
    }

    /// Hands on what waits.
    ///
    /// # Errors
    ///
    /// "Would block" if something is left, and those of the kernel.
    pub(crate) fn flush(&mut self, socket: &impl Kernel) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut Sink(socket))?;
        }
        Ok(())
    }

    /// Tells the peer that nothing more will come, as far as the kernel takes it.
    pub(crate) fn say_goodbye(&mut self, socket: &impl Kernel) {
        self.tls.send_close_notify();
        // Whoever can't be told finds out by the end of the stream.
        let _ = self.flush(socket);
    }

    /// What the handshake has told.
    pub(crate) fn peer(&self) -> TlsPeer {
        let chain = self.tls.peer_certificates().unwrap_or_default();
        let now = UnixTime::now();
        let verdict = match &self.side {
            Side::Client(tls) => Some(tls.verifier.check(chain, &tls.name, &[], now)),
            Side::Server(tls) => tls.verifier.as_ref().map(|verifier| verifier.check(chain, now)),
        };
        let servername = match &self.tls {
            Connection::Server(server) => server.server_name().map(str::to_owned),
            Connection::Client(_) => None,
        };
        TlsPeer {
            certificate: chain.first().map(|own| own.as_ref().to_vec()),
            authorized: matches!(verdict, Some(Ok(()))),
            complaint: verdict.and_then(Result::err).map(|error| reason::describe(&error)),
            servername,
        }
    }

    fn take_plaintext(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        let mut room = buffer.capacity() - buffer.len();
        while room != 0 && self.plaintext != 0 {
            let mut reader = self.tls.reader();
            let chunk = reader.fill_buf()?;
            let taken = chunk.len().min(room);
            buffer.extend_from_slice(&chunk[..taken]);
            reader.consume(taken);
            self.plaintext = self.plaintext.saturating_sub(taken.max(1));
            room -= taken;
        }
        Ok(())
    }

    /// Lets rustls have what is there, or asks the kernel for more.
    fn advance(&mut self, socket: &impl Kernel) -> io::Result<()> {
        if self.taken == self.incoming.len() {
            self.fetch(socket)?;
            if self.ended {
                return Ok(());
            }
        }
        let mut rest = &self.incoming[self.taken..];
        self.taken += self.tls.read_tls(&mut rest)?;
        if self.taken == self.incoming.len() {
            // Idle connections hold no buffer.
            (self.incoming, self.taken) = (Vec::new(), 0);
        }
        match self.tls.process_new_packets() {
            Ok(state) => {
                self.plaintext = state.plaintext_bytes_to_read();
                self.ended = state.peer_has_closed();
            }
            Err(error) => {
                // Tells the peer why.
                let _ = self.flush(socket);
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason::failure(&error)));
            }
        }
        // Answers of TLS itself: the next flight, new keys.
        match self.flush(socket) {
            Err(error) if !is_would_block(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn fetch(&mut self, socket: &impl Kernel) -> io::Result<()> {
        // A small call needs little; whoever has filled that has much to say.
        let step = if self.filled { MAX_INCOMING_BYTES } else { MIN_INCOMING_BYTES };
        let mut incoming = Vec::with_capacity(step);
        self.filled = false;
        let received = socket.receive(&mut incoming)?;
        self.filled = received == incoming.capacity();
        // Without a goodbye of TLS's own; the conversation has one, and knows what to think.
        self.ended = received == 0;
        (self.incoming, self.taken) = (incoming, 0);
        Ok(())
    }
}

/// What rustls writes to.
struct Sink<'a, K>(&'a K);

impl<K: Kernel> Write for Sink<'_, K> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(&[io::IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.send(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

fn fault(error: &rustls::Error) -> Error {
    Error::library(Kind::Internal, format!("TLS can't begin: {error}"))
}

/// What is asked of the kernel at once: less than a record of the largest size, or a few of them.
const MIN_INCOMING_BYTES: usize = 8 * 1024;
const MAX_INCOMING_BYTES: usize = 64 * 1024;
/// What may wait for the kernel as ciphertext.
const MAX_OUTGOING_BYTES: usize = 64 * 1024;
