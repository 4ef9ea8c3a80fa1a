//! The answers that a session gives: what to do with a call, a message, a passed deadline.
//!
//! Values, not queues: nothing is allocated for what can be done at once.

use super::Settled;
use crate::{error::Kind, message::Id};

/// What happens to a new request of ours.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// Send it now, under this id.
    Send(Id),
    /// Hand it to [`Session::wait`]: the peer isn't there yet, or has enough.
    Wait,
    /// It fails.
    Refuse(Kind, &'static str),
}

/// What a message leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing.
    Ignored,
    /// The peer has introduced itself: calls flow from here on.
    Ready,
    /// Send the application's greeting.
    Greet,
    /// Let the application decide on the peer; nothing is decoded until it has.
    Decide,
    /// The peer has turned us away: the connection is over.
    TurnedAway,
    /// Hand the request to the application under this token.
    Request(u32),
    /// Settle the call in this slot with the message.
    Settle(u32),
    /// The call in this slot fails: its answer can't be read.
    Unreadable(u32),
    /// Hand the one-way message to the application.
    Message,
    /// The peer no longer wants the answer to the request with this token.
    Cancelled(u32),
    /// Our ping in this slot has been answered.
    Pong(u32),
    /// Answer the ping with this token.
    SendPong(u64),
    /// Answer the request with a failure; the application never sees it.
    Refuse(Id, Kind, &'static str),
    /// The peer has opened a stream: hand it to the application under this number.
    Opened(u32),
    /// Data for the stream of this number, which has cost it so much credit.
    Data(u32, u32),
    /// The stream of this number has more credit: what waits may go on.
    Credited(u32),
    /// The peer sends nothing more in the stream of this number.
    Ended(u32),
    /// The peer has reset the stream of this number.
    Reset(u32),
    /// The stream of this number and id is over, since what came can't be read: tell both sides.
    BrokenStream(u32, u64, &'static str),
    /// Reset the stream with this id; the application never sees it.
    RefuseStream(u64, Kind, &'static str),
    /// The peer says goodbye.
    Goaway,
    /// The peer says which topics it wants.
    Subscription,
    /// The peer broke the rules: the connection is over.
    Violation(&'static str),
}

/// What a passed deadline leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Timeout {
    /// The call in this slot got no answer in time; tell the peer, if it has an id.
    Call(Settled),
    /// Send a ping with this token.
    SendPing(u64),
    /// The connection is over, for this reason.
    Over(Kind, &'static str),
}

/// Plain numbers for `stats()`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Messages that came in, of every kind.
    pub messages_in: u64,
    /// Requests that came in and were handed to the application.
    pub requests_in: u64,
    /// Requests that went out.
    pub requests_out: u64,
    /// Answers to ids that were not pending.
    pub late_responses: u64,
    /// Messages that could not be read.
    pub malformed: u64,
    /// Requests of the peer that were refused for a limit.
    pub refused: u64,
}
