//! Every limit and switch of a connection or a server, with its unit, default and effect.
//!
//! Must not know: where the values come from (JavaScript checks them and names the option), or
//! who enforces them.

use std::time::Duration;

/// One connection's limits. All have defaults that suit services on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest whole message, in bytes, in both directions. Default 16 MiB. Checked before
    /// anything is reserved; too low refuses honest payloads, too high lets a peer make this
    /// process hold that much per connection.
    pub max_frame_bytes: u32,
    /// How many bytes may wait to be sent. Default 64 MiB. Past it, calls fail with `Overflow`.
    pub max_queued_bytes: usize,
    /// How many messages may wait to be sent. Default 100,000.
    pub max_queued_messages: usize,
    /// How many requests a peer may have open here. Default 65,536. Told to the peer.
    pub max_in_flight: u32,
    /// How many bytes these may have together. Default 64 MiB. Told to the peer.
    pub max_in_flight_bytes: u32,
    /// How many streams a peer may have open here. Default 1,024. One more is refused; each may hold
    /// as much as its window until the application reads it.
    pub max_streams: u32,
    /// How many patterns of topics a peer may have subscribed to here. Default 10,000. A peer that
    /// wants more is at fault.
    pub max_subscriptions: u32,
    /// How long a peer of a format with a handshake may take over it. Default 10 s; zero: for ever.
    pub handshake_timeout: Duration,
    /// How long a peer may stop within a frame. Default 30 s; zero: for ever.
    pub frame_timeout: Duration,
    /// Silence after which the peer is asked whether it is there; zero: never asked. Default: what
    /// suits the transport, 30 s over TCP and never elsewhere, where the kernel tells of a dead peer.
    pub heartbeat: Option<Duration>,
    /// How long a peer may take no byte of what waits for it. Default zero: for ever, since a peer
    /// that has paused takes none.
    pub stall_timeout: Duration,
    /// How hard to compress, from 1 to 9; zero, the default: not at all.
    pub compression: u32,
    /// How payloads are encoded. Default JSON.
    pub encoding: Encoding,
    /// How many digits jftp's decimal lengths have. Default 7, at most 15. Both sides must be told;
    /// fewer make the largest message smaller.
    pub jftp_header_digits: u8,
    /// Whether payloads that look alike may travel to the application as values: see
    /// `codec::shape`. Default false; set where the application can rebuild them.
    pub shapes: bool,
}

/// How the application encodes its payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, and bytes as they are.
    Json,
    /// MessagePack where the peer reads it.
    MessagePack,
    /// The application does it: it gets every payload as bytes.
    Raw,
}

/// How a connection waits: see `driver::busy_poll`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyPoll {
    /// The longest that a loop may spin after activity. Default 50 µs; zero: never.
    pub budget: Duration,
}

/// Which driver runs a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverKind {
    /// Inline where the platform allows it and the stream is plain, else a task.
    Auto,
    /// In the event loop of the JavaScript thread.
    Inline,
    /// In a tokio task.
    Task,
}

/// The formats that a server may accept or a client may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// This library's own.
    Shortwire,
    /// jftp 1.0.0 to 1.5.2: binary length, object.
    JftpA,
    /// jftp 1.5.3: binary length, array.
    JftpB,
    /// jftp 1.6.2 and later: decimal length, array.
    JftpD,
}

/// How the ids of our calls are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdStyle {
    /// As suits us.
    Joined,
    /// Numbers, counted up from this one.
    CountedFrom(u64),
    /// Texts: this number, a dash, and a count from 0.
    Prefixed(u64),
}

/// A set of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats(u32);

/// What a server does beside the connections' own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at once; one more is closed as soon as it is accepted. Default 10,000.
    pub max_connections: u32,
    /// Connections at once of one user id. Default 10,000.
    pub max_connections_per_uid: u32,
    /// Which formats are accepted. Default all.
    pub formats: Formats,
    /// What a client that says nothing for `silent_after` is taken for. Default: nothing.
    pub silent_format: Option<Format>,
    /// See `silent_format`. Default 50 ms.
    pub silent_after: Duration,
    /// The application decides on every peer before anything that this says is handled, also on
    /// those that can't introduce themselves. Default: it is only asked about those that do.
    pub authorizes: bool,
}

impl Limits {
    /// How many bytes may wait when an answer is added. Calls and messages never take so much: an
    /// answer may pass a full queue, but not without end, since a peer may ask and never read.
    pub const fn max_answer_bytes(&self) -> usize {
        let frame = self.max_frame_bytes as usize;
        let most = if self.max_queued_bytes > frame { self.max_queued_bytes } else { frame };
        most.saturating_mul(2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame_bytes: 16 * 1024 * 1024,
            max_queued_bytes: 64 * 1024 * 1024,
            max_queued_messages: 100_000,
            max_in_flight: 65_536,
            max_in_flight_bytes: 64 * 1024 * 1024,
            max_streams: 1024,
            max_subscriptions: 10_000,
            handshake_timeout: Duration::from_secs(10),
            frame_timeout: Duration::from_secs(30),
            heartbeat: None,
            stall_timeout: Duration::ZERO,
            encoding: Encoding::Json,
            compression: 0,
            jftp_header_digits: 7,
            shapes: false,
        }
    }
}

impl Default for BusyPoll {
    fn default() -> Self {
        Self { budget: Duration::from_micros(50) }
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_uid: 10_000,
            formats: Formats::ALL,
            silent_format: None,
            silent_after: Duration::from_millis(50),
            authorizes: false,
        }
    }
}

impl Format {
    /// All formats, in the order of their bits in [`Formats`].
    pub const ALL: [Self; 4] = [Self::Shortwire, Self::JftpA, Self::JftpB, Self::JftpD];

    /// The name that JavaScript uses for it, in the `protocol` option and property.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shortwire => "shortwire",
            Self::JftpA => "jftp-1.0",
            Self::JftpB => "jftp-1.5",
            Self::JftpD => "jftp",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// How its own clients make ids, from their process id.
    pub const fn id_style(self, pid: u64) -> IdStyle {
        match self {
            Self::Shortwire => IdStyle::Joined,
            Self::JftpA => IdStyle::Prefixed(pid),
            Self::JftpB | Self::JftpD => IdStyle::CountedFrom(pid),
        }
    }

    /// Whether a connection of this format begins with a handshake.
    pub const fn has_handshake(self) -> bool {
        matches!(self, Self::Shortwire)
    }

    /// Whether it has one-way messages.
    pub const fn has_messages(self) -> bool {
        matches!(self, Self::Shortwire)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl Formats {
    /// Every format there is.
    pub const ALL: Self = Self((1 << Format::ALL.len()) - 1);
    /// None.
    pub const NONE: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, format: Format) -> Self {
        Self(self.0 | format.bit())
    }

    /// Whether a format is in the set.
    pub const fn contains(self, format: Format) -> bool {
        self.0 & format.bit() != 0
    }
}
