//! `NativeThread`: what `lib/` sees of the core. Set-up and lifecycle; a few calls per connection.
#![expect(unsafe_code, reason = "N-API is a C interface")]

use std::{ffi::c_void, panic::AssertUnwindSafe, ptr, rc::Rc, sync::Arc, time::Duration};

use napi::{Env, JsValue, Unknown, bindgen_prelude::*, sys};
use napi_derive::napi;

use super::{
    cleanup::{self, Remains},
    endpoint::NativeEndpoint,
    fan_out,
    host::JsHost,
    hot::{self, Shared},
    options::{NativeOptions, NativeServerOptions},
    peer::NativePeer,
    raw::{self, Failed},
    runtime,
    waker::Waker,
};
use crate::{
    driver::{
        connection::{Endurance, Parting},
        inbox::Inbox,
        thread::Thread,
        uv::Loop,
    },
    message::Comeback,
};

/// The connections and servers of this JavaScript thread.
#[napi]
pub struct NativeThread {
    thread: Rc<Thread>,
}

/// Plain numbers of a connection.
#[napi(object)]
pub struct NativeStats {
    pub bytes_in: f64,
    pub bytes_out: f64,
    pub wire_bytes_in: f64,
    pub wire_bytes_out: f64,
    pub messages_in: f64,
    pub requests_in: f64,
    pub requests_out: f64,
    pub queued_bytes: f64,
    pub queued_messages: f64,
    pub pending: u32,
    pub serving: u32,
    pub serving_bytes: f64,
    pub partial_bytes: f64,
    pub undelivered_bytes: f64,
    pub late_responses: f64,
    pub malformed: f64,
    pub refused: f64,
    pub streams: u32,
    pub streams_in: f64,
    pub streams_out: f64,
    pub streams_refused: f64,
    pub stream_queued_bytes: f64,
}

#[napi]
impl NativeThread {
    /// `deliver(text, blobs?, records?)` gets what happens to connections, `serverEvent(…)` what
    /// happens to servers. `memory` is filled with `inbound`, `outbound`, `flush` and `drain`.
    #[napi(constructor)]
    pub fn new(
        env: Env,
        deliver: Unknown<'_>,
        server_event: Unknown<'_>,
        mut memory: Object<'_>,
    ) -> Result<Self> {
        let raw = raw::Env(env.raw());
        let waker = Arc::new(Waker::new());
        let runtime = runtime::handle().map_err(|error| {
            Error::from_reason(format!("shortwire can't start its threads: {error}"))
        })?;
        let inbox = Arc::new(Inbox::new({
            let waker = Arc::clone(&waker);
            move || waker.wake()
        }));
        let host = JsHost::new(raw, deliver.raw(), server_event.raw(), Arc::clone(&waker));
        let host = Box::new(host.map_err(failed)?);
        let host_at = ptr::from_ref::<JsHost>(&host);
        let inbound = host.records().map_err(failed)?;
        let thread = Thread::new(uv_loop(raw), runtime, inbox, host);
        let shared = Shared::new(raw, Rc::clone(&thread)).map_err(failed)?;
        let shared = Box::into_raw(Box::new(shared));
        let remains = Remains { env: raw, shared, host: host_at, waker: Arc::clone(&waker) };
        cleanup::attend(remains).map_err(failed)?;
        waker.connect(raw, on_wake, shared.cast()).map_err(failed)?;

        let context: *mut c_void = shared.cast();
        // SAFETY: just made; freed only with the environment.
        let outbound = unsafe { &*shared }.records(raw).map_err(failed)?;
        let flush = Shared::function(raw, Some(hot::flush), context).map_err(failed)?;
        let drain = Shared::function(raw, Some(hot::drain), context).map_err(failed)?;
        let fan_out = Shared::function(raw, Some(fan_out::fan_out), context).map_err(failed)?;
        let parts = [
            ("inbound", inbound),
            ("outbound", outbound),
            ("flush", flush),
            ("drain", drain),
            ("fanOut", fan_out),
        ];
        for (name, value) in parts {
            // SAFETY: a value of the current scope.
            let value = unsafe { Unknown::from_raw_unchecked(env.raw(), value) };
            memory.set(name, value)?;
        }
        Ok(Self { thread })
    }

    /// The most that this thread's loop may spin after activity, in µs; 0 never spins.
    #[napi]
    pub fn set_busy_poll(&self, budget_us: u32) {
        self.thread.set_busy_poll(Duration::from_micros(u64::from(budget_us)));
    }

    /// A connection without a transport. Some formats' ids begin with the process id.
    #[napi]
    pub fn create(&self, options: NativeOptions, protocol: String, pid: u32) -> u32 {
        self.thread.create(&options.client(&protocol, pid))
    }

    /// A connection without a transport whose peer connects to us.
    #[napi]
    pub fn create_server_side(&self, options: NativeServerOptions) -> u32 {
        self.thread.create_server_side(&options.server())
    }

    /// Connects it. It survives failed attempts, or the loss of the connection, if it says so.
    #[napi]
    pub fn dial(&self, index: u32, endpoint: &NativeEndpoint, attempts: bool, losses: bool) {
        self.thread.dial(index, endpoint.get(), Endurance { attempts, losses });
    }

    /// Ends one that has no transport and is not to get another.
    #[napi]
    pub fn give_up(&self, index: u32, reason: String) -> u32 {
        self.thread.give_up(index, &reason)
    }

    /// Lets it speak over a stream that JavaScript reads and writes.
    #[napi]
    pub fn attach(&self, index: u32) -> u32 {
        self.thread.attach(index)
    }

    /// The attached stream has received this.
    #[napi]
    pub fn feed(&self, index: u32, bytes: Uint8Array) -> u32 {
        self.thread.feed(index, &bytes)
    }

    /// The attached stream has room, or none.
    #[napi]
    pub fn set_writable(&self, index: u32, writable: bool) -> u32 {
        self.thread.set_writable(index, writable)
    }

    /// The attached stream has ended.
    #[napi]
    pub fn end(&self, index: u32) -> u32 {
        self.thread.end(index)
    }

    /// Stops handing over requests and messages after a while, or goes on with it.
    #[napi]
    pub fn set_paused(&self, index: u32, paused: bool) -> u32 {
        self.thread.set_paused(index, paused)
    }

    /// Says goodbye; `comeback` is a number of `Comeback`.
    #[napi]
    pub fn close(&self, index: u32, timeout_ms: u32, reason: String, comeback: u32) -> u32 {
        let timeout = Duration::from_millis(u64::from(timeout_ms));
        let comeback = Comeback::from_number(comeback.into());
        self.thread.close(index, &Parting { timeout, reason: reason.into(), comeback })
    }

    /// Ends it now.
    #[napi]
    pub fn destroy(&self, index: u32, reason: String) -> u32 {
        self.thread.destroy(index, &reason)
    }

    /// Whether it keeps the process alive.
    #[napi]
    pub fn set_referenced(&self, index: u32, referenced: bool) {
        self.thread.set_referenced(index, referenced);
    }

    /// Its numbers.
    #[napi]
    pub fn stats(&self, index: u32) -> NativeStats {
        let stats = self.thread.stats(index);
        let counters = stats.counters;
        NativeStats {
            bytes_in: stats.bytes_in as f64,
            bytes_out: stats.bytes_out as f64,
            wire_bytes_in: stats.wire_bytes_in as f64,
            wire_bytes_out: stats.wire_bytes_out as f64,
            messages_in: counters.messages_in as f64,
            requests_in: counters.requests_in as f64,
            requests_out: counters.requests_out as f64,
            queued_bytes: stats.queued_bytes as f64,
            queued_messages: stats.queued_messages as f64,
            pending: stats.pending,
            serving: stats.serving,
            serving_bytes: stats.serving_bytes as f64,
            partial_bytes: stats.partial_bytes as f64,
            undelivered_bytes: stats.undelivered_bytes as f64,
            late_responses: counters.late_responses as f64,
            malformed: counters.malformed as f64,
            refused: counters.refused as f64,
            streams: stats.streams.open,
            streams_in: stats.streams.opened_in as f64,
            streams_out: stats.streams.opened_out as f64,
            streams_refused: stats.streams.refused as f64,
            stream_queued_bytes: stats.stream_queued_bytes as f64,
        }
    }

    /// Its peer.
    #[napi]
    pub fn peer(&self, index: u32) -> NativePeer {
        self.thread.peer(index).into()
    }

    /// The driver that runs it now.
    #[napi]
    pub fn driver(&self, index: u32) -> Option<&'static str> {
        self.thread.driver(index)
    }

    /// Listens; `serverEvent` tells what comes of it.
    #[napi]
    pub fn listen(&self, endpoint: &NativeEndpoint, options: NativeServerOptions) -> u32 {
        self.thread.listen(endpoint.get(), &options.server())
    }

    /// Stops listening; `serverEvent` tells when it is done.
    #[napi]
    pub fn unlisten(&self, server: u32) {
        self.thread.unlisten(server);
    }

    /// Whether a server keeps the process alive.
    #[napi]
    pub fn set_server_referenced(&self, server: u32, referenced: bool) {
        self.thread.set_server_referenced(server, referenced);
    }

    /// A server's connections, and peers turned away for a limit.
    #[napi]
    pub fn server_counts(&self, server: u32) -> Vec<f64> {
        let (connected, turned_away) = self.thread.server_counts(server);
        vec![connected as f64, turned_away as f64]
    }
}

/// Whether connections can run in the event loop of the JavaScript thread here.
#[napi]
pub fn inline_available() -> bool {
    Loop::is_available()
}

fn failed(_: Failed) -> Error {
    Error::from_reason("a call of Node-API failed")
}

fn uv_loop(env: raw::Env) -> Option<Loop> {
    let mut raw = ptr::null_mut();
    // SAFETY: on the environment's thread.
    let status = unsafe { sys::napi_get_uv_event_loop(env.0, &raw mut raw) };
    if status != sys::Status::napi_ok {
        return None;
    }
    // SAFETY: this environment's loop, on its thread; handles are closed in its cleanup hook.
    unsafe { Loop::new(raw.cast()) }
}

unsafe extern "C" fn on_wake(
    env: sys::napi_env,
    _: sys::napi_value,
    context: *mut c_void,
    _: *mut c_void,
) {
    // Without an environment, it is being torn down and nobody is left to tell.
    if env.is_null() {
        return;
    }
    // SAFETY: given in `connect`; freed after `disconnect`, from when on this isn't called.
    let Some(shared) = (unsafe { context.cast::<Shared>().as_ref() }) else {
        return;
    };
    let thread = Rc::clone(&shared.thread);
    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| thread.take_mail()));
}
