//! The vocabulary that codecs, sessions and drivers share.
//!
//! A [`Message`] borrows from the buffer it was read into or will be written from: nothing is
//! allocated on the way through. Must not know: how any of it looks on a wire, or what follows
//! from it.

mod trace;

pub use trace::{TRACE_BYTES, TRACE_CHARACTERS, Trace};

/// One thing that a peer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// The first word of a peer whose format has a handshake.
    Hello(Hello),
    /// What the application on the connecting side has to say before it is let in.
    Greeting {
        /// The payload; often none.
        body: Body<'a>,
    },
    /// The accepting side lets the connecting side in.
    Welcome {
        /// What it calls this connection.
        id: &'a str,
    },
    /// The accepting side doesn't.
    Refused {
        /// Why, for people; may be empty.
        reason: &'a str,
    },
    /// A question that wants exactly one [`Message::Response`] or [`Message::Failure`].
    Request(Request<'a>),
    /// The answer to the request with this id.
    Response {
        /// The request's id.
        id: Id,
        /// The answer.
        body: Body<'a>,
    },
    /// The request with this id failed on the peer's side.
    Failure {
        /// The request's id.
        id: Id,
        /// The error, in the words of the format: see [`Failure`].
        error: Failure<'a>,
    },
    /// One way: no answer is expected.
    Event {
        /// What it is about; empty for none.
        topic: &'a str,
        /// The payload.
        body: Body<'a>,
        /// Which trace it belongs to. Boxed: it is rare, and messages are many.
        trace: Option<Box<Trace>>,
    },
    /// The peer no longer wants the answer to its request.
    Cancel {
        /// The request's id.
        id: Id,
    },
    /// Are you there?
    Ping {
        /// Comes back in the [`Message::Pong`].
        token: u64,
    },
    /// I am.
    Pong {
        /// The token of the [`Message::Ping`].
        token: u64,
    },
    /// The peer will send no more requests, and accepts none.
    Goaway {
        /// Why, for people; may be empty.
        reason: &'a str,
        /// Whether the receiver may connect again.
        comeback: Comeback,
    },
    /// A part of a stream beside the calls.
    Stream {
        /// Chosen by who opened the stream: odd from the side that connected, else even.
        id: u64,
        /// What is said in it.
        part: Part<'a>,
    },
    /// From here on the sender wants messages whose topics match this pattern, too.
    Subscribe {
        /// See `session::topics`.
        pattern: &'a str,
    },
    /// From here on it doesn't.
    Unsubscribe {
        /// One that it had subscribed to; empty for all of them.
        pattern: &'a str,
    },
    /// A message that can't be understood, while the stream itself is intact: only this one fails.
    Malformed {
        /// The request or response it would have been, where that much could be read.
        of: Malformed,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// What a malformed message would have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// A request with this id: its sender gets a failure.
    Request(Id),
    /// An answer to our request with this id: the call fails.
    Response(Id),
    /// A part of the stream with this id: the stream is reset. The flag says that it would have
    /// opened it.
    Stream(u64, bool),
    /// Something nobody waits for.
    Other,
}

/// What is said in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The first word.
    Open {
        /// What it is about; empty for none.
        topic: &'a str,
        /// The payload.
        body: Body<'a>,
        /// Bits of [`setting`]; one that is not known is ignored.
        settings: u32,
        /// Which trace it belongs to.
        trace: Option<Trace>,
    },
    /// Bytes, or one value.
    Data(Body<'a>),
    /// So much more may be sent.
    Credit(u32),
    /// Nothing more comes from the sender of this.
    End,
    /// It is over in both directions.
    Reset(Failure<'a>),
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Chosen by the asker; unique among its open requests.
    pub id: Id,
    /// What it is about; empty for none.
    pub topic: &'a str,
    /// The payload.
    pub body: Body<'a>,
    /// How long the asker will wait, in milliseconds from now; 0 for unknown or for ever.
    pub deadline_ms: u32,
    /// Which trace it belongs to.
    pub trace: Option<Box<Trace>>,
}

/// A failed request's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure<'a> {
    /// As the application on the failing side encoded it (JSON).
    Body(Body<'a>),
    /// Made by the core of the failing side, or sent in a format that has no more than this.
    Kind {
        /// The number of an `error::Kind`.
        kind: u8,
        /// For people.
        text: &'a str,
    },
}

/// A payload and how it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body<'a> {
    /// How to read `data`.
    pub kind: BodyKind,
    /// The encoded payload.
    pub data: &'a [u8],
}

/// How a payload is encoded. The numbers are those of the native format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BodyKind {
    /// No payload: `undefined`.
    None = 0,
    /// JSON text in UTF-8.
    Json = 1,
    /// Raw bytes.
    Bytes = 2,
    /// MessagePack.
    MessagePack = 3,
    /// JSON text in UTF-16, little-endian, for peers that read it: what is UTF-16 on both sides anyway
    /// need not be turned into something else in between. On the wire it is JSON with a flag.
    WideJson = 4,
}

/// The id of a request, as its sender chose it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// A number: what this library sends itself.
    Number(u64),
    /// Any other JSON value, word for word; some dialects let a peer choose it.
    Text(Box<str>),
}

/// What a peer tells of itself when a connection opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// Version of the format.
    pub version: u8,
    /// Capabilities; a bit that is not known is ignored.
    pub capabilities: u32,
    /// The largest message the peer accepts, in bytes.
    pub max_frame_bytes: u32,
    /// How many requests we may have open there.
    pub max_in_flight: u32,
    /// How many bytes these may have together.
    pub max_in_flight_bytes: u32,
}

/// Bits of [`Hello::capabilities`]: a feature is used only if both sides have set its bit.
pub mod capability {
    /// Streams; messages are cut for such a peer.
    pub const STREAMS: u32 = 1;
    /// Reads [`MessagePack`](super::BodyKind::MessagePack).
    pub const MESSAGE_PACK: u32 = 1 << 1;
    /// The connecting side introduces itself with a payload and waits to be let in.
    pub const HELLO: u32 = 1 << 2;
    /// Everything behind the prefaces is compressed.
    pub const DEFLATE: u32 = 1 << 4;
    /// Takes subscriptions to topics.
    pub const TOPICS: u32 = 1 << 3;
    /// Reads [`WideJson`](super::BodyKind::WideJson). Not offered where text in memory has the other
    /// byte order, and would have to be converted all the same.
    pub const WIDE: u32 = 1 << 5;
}

/// What a goodbye says about connecting again. The numbers are those of the native format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Comeback {
    /// Nothing.
    #[default]
    Unsaid = 0,
    /// The peer may: the same service will be there again.
    Welcome = 1,
    /// The peer should stay away.
    Unwelcome = 2,
}

/// What a stream is like, one bit each.
pub mod setting {
    /// It carries values, one to a message, instead of bytes.
    pub const VALUES: u32 = 1;
    /// It carries a file that another stream, a call or a message, has told of.
    pub const FILE: u32 = 8;
}

/// Which side of a connection this is. In dialects without kinds it decides what a frame means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The side that connected.
    Client,
    /// The side that accepted.
    Server,
}

impl<'a> Body<'a> {
    /// No payload.
    pub const NONE: Body<'static> = Body { kind: BodyKind::None, data: &[] };

    /// JSON text.
    pub const fn json(data: &'a [u8]) -> Self {
        Self { kind: BodyKind::Json, data }
    }

    /// Raw bytes.
    pub const fn bytes(data: &'a [u8]) -> Self {
        Self { kind: BodyKind::Bytes, data }
    }
}

impl Comeback {
    /// What this number says; one that isn't known says nothing.
    pub const fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Welcome,
            2 => Self::Unwelcome,
            _ => Self::Unsaid,
        }
    }
}

impl BodyKind {
    /// How a reader sees it that wants nothing decoded.
    pub const fn as_bytes(self) -> Self {
        match self {
            Self::None => Self::None,
            _ => Self::Bytes,
        }
    }

    /// The kind with this number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Json),
            2 => Some(Self::Bytes),
            3 => Some(Self::MessagePack),
            _ => None,
        }
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}
