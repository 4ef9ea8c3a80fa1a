//! Calls into JavaScript: batches of a connection, events of a server.
#![expect(unsafe_code, reason = "N-API is a C interface, and records lie in shared memory")]

use std::{ptr, sync::Arc};

use napi::sys;

use super::{
    raw::{Env, Failed, Reference, Value},
    text,
    waker::Waker,
};
use crate::{
    driver::{
        batch::{Inbound, WORDS},
        thread::{Host, ServerEvent},
    },
    error::Error,
};

/// The JavaScript side of one environment.
pub(super) struct JsHost {
    env: Env,
    deliver: Reference,
    server_event: Reference,
    /// `Uint32Array` that both sides see: [`HEAD`] words, then records.
    records: Reference,
    words: *mut u32,
    capacity: usize,
    /// Of the empty callback that ends a turn.
    resource: Reference,
    context: sys::napi_async_context,
    waker: Arc<Waker>,
}

impl JsHost {
    pub(super) fn new(
        env: Env,
        deliver: Value,
        server_event: Value,
        waker: Arc<Waker>,
    ) -> Result<Self, Failed> {
        let capacity = HEAD + SHARED_RECORDS * WORDS + SHARED_NUMBERS;
        let (records, words) = env.words(capacity)?;
        let mut context = ptr::null_mut();
        let (resource, name) = (env.object()?, env.latin1(b"shortwire")?);
        // SAFETY: on the environment's thread, with values of the current scope.
        let status = unsafe { sys::napi_async_init(env.0, resource, name, &raw mut context) };
        if status != sys::Status::napi_ok {
            return Err(Failed);
        }
        Ok(Self {
            env,
            deliver: env.reference(deliver)?,
            server_event: env.reference(server_event)?,
            records: env.reference(records)?,
            words,
            capacity,
            resource: env.reference(resource)?,
            context,
            waker,
        })
    }

    /// The shared records, for JavaScript to read.
    pub(super) fn records(&self) -> Result<Value, Failed> {
        self.env.value(&self.records)
    }

    /// Gives everything back, while the environment still can.
    pub(super) fn dispose(&self) {
        for reference in [&self.deliver, &self.server_event, &self.records, &self.resource] {
            self.env.delete(reference);
        }
        // SAFETY: made in `new`, destroyed once, on the environment's thread.
        unsafe { sys::napi_async_destroy(self.env.0, self.context) };
    }

    fn deliver_batch(
        &self,
        index: u32,
        server: Option<u32>,
        batch: &mut Inbound,
    ) -> Result<(), Failed> {
        let env = self.env;
        let before = HEAD + batch.records().len();
        let numbers = batch.numbers();
        let length = before + numbers.words_behind(before);
        let (own, words) = if length <= self.capacity {
            (None, self.words)
        } else {
            // Rare: a connection with very many open calls has ended, or several batches of many
            // numbers are delivered as one.
            let (records, words) = env.words(length)?;
            (Some(records), words)
        };
        let server = server.map_or(0, |server| server + 1);
        let head = [index, batch.len() as u32, server, numbers.ints() as u32];
        // SAFETY: `words` points to at least `length` words of an `ArrayBuffer` that is kept alive
        // by a reference, or by the current scope; JavaScript is not running.
        let shared = unsafe { std::slice::from_raw_parts_mut(words, length) };
        shared[..HEAD].copy_from_slice(&head);
        shared[HEAD..before].copy_from_slice(batch.records());
        numbers.write(shared, before);

        let text = text::make(env, batch.text(), batch.is_ascii())?;
        let blobs = batch.take_blobs();
        let function = env.value(&self.deliver)?;
        if blobs.is_empty() && own.is_none() {
            return self.call(function, &[text]);
        }
        let array = env.array(blobs.len())?;
        for (blob, at) in blobs.into_iter().zip(0u32..) {
            env.set_element(array, at, text::make_blob(env, blob)?)?;
        }
        let records = own.map_or_else(|| env.undefined(), Ok)?;
        self.call(function, &[text, array, records])
    }

    /// Calls a function. Ticks and microtasks are for [`turn`](Self::turn), or for whoever called.
    #[inline]
    fn call(&self, function: Value, arguments: &[Value]) -> Result<(), Failed> {
        let mut receiver = ptr::null_mut();
        // SAFETY: on the environment's thread.
        unsafe { sys::napi_get_undefined(self.env.0, &raw mut receiver) };
        let mut result = ptr::null_mut();
        let (count, start) = (arguments.len(), arguments.as_ptr());
        // SAFETY: on the environment's thread, with values of the current scope.
        let status = unsafe {
            sys::napi_call_function(self.env.0, receiver, function, count, start, &raw mut result)
        };
        if status == sys::Status::napi_ok { Ok(()) } else { Err(Failed) }
    }

    /// Calls into JavaScript from the event loop; ticks and microtasks follow.
    ///
    /// Node pushes an async context for a callback that its C++ makes, and clears what JavaScript's
    /// own contexts inside of it leave behind by a slow path. `lib/core/core.js` enters one anyway,
    /// that of the socket. Thus the call is made without one, and an empty callback closes the turn.
    #[inline]
    fn turn(&self, body: impl FnOnce() -> Result<(), Failed>) {
        self.env.reporting(|| {
            body()?;
            self.env.run_ticks(&self.resource, self.context)
        });
    }

    fn server_event_now(&self, server: u32, event: &ServerEvent) -> Result<(), Failed> {
        let env = self.env;
        let address = match event {
            ServerEvent::TurnedAway(peer) => peer.address.map(|address| address.to_string()),
            _ => None,
        };
        let (kind, error, text) = match event {
            ServerEvent::Listening(Ok((address, _))) => (LISTENING, None, address.as_str()),
            ServerEvent::Listening(Err(error)) => (FAILED, Some(error), error.message()),
            ServerEvent::Closed(Ok(())) => (CLOSED, None, ""),
            ServerEvent::Closed(Err(error)) => (CLOSED, Some(error), error.message()),
            ServerEvent::TurnedAway(_) => {
                (TURNED_AWAY, None, address.as_deref().unwrap_or_default())
            }
        };
        let (uid, pid) = match event {
            ServerEvent::TurnedAway(peer) => {
                (peer.uid.unwrap_or(u32::MAX), peer.pid.map_or(u32::MAX, |pid| pid as u32))
            }
            _ => (u32::MAX, u32::MAX),
        };
        let number = error.map_or(u32::MAX, |error| error.kind() as u32);
        let errno = match event {
            ServerEvent::Listening(Ok((_, descriptor))) => *descriptor,
            _ => error.and_then(Error::errno).unwrap_or_default(),
        } as u32;
        let arguments = [
            env.uint32(server)?,
            env.uint32(kind)?,
            env.utf16(&text.encode_utf16().collect::<Vec<_>>())?,
            env.uint32(number)?,
            env.uint32(errno)?,
            env.uint32(uid)?,
            env.uint32(pid)?,
        ];
        self.call(env.value(&self.server_event)?, &arguments)
    }
}

impl Host for JsHost {
    fn deliver(&self, index: u32, server: Option<u32>, batch: &mut Inbound, from_call: bool) {
        let mut body = || self.deliver_batch(index, server, batch);
        if from_call {
            // An exception goes on to whoever called.
            let _ = body();
        } else {
            self.turn(body);
        }
    }

    fn server_event(&self, server: u32, event: ServerEvent) {
        self.turn(|| self.server_event_now(server, &event));
    }

    fn hold(&self, held: bool) {
        self.waker.hold(self.env, held);
    }
}

/// Words before the records: connection, count, server + 1, count of ints.
pub(super) const HEAD: usize = 4;
/// Records that fit into the shared array.
const SHARED_RECORDS: usize = 4096;
/// Words of numbers that fit behind them. Pages that are never used cost nothing.
const SHARED_NUMBERS: usize = 128 * 1024;

// Kinds of server events, mirrored in `lib/core/records.js`.
pub(super) const LISTENING: u32 = 1;
pub(super) const FAILED: u32 = 2;
pub(super) const CLOSED: u32 = 3;
pub(super) const TURNED_AWAY: u32 = 4;
