//! The dozen libuv functions that the inline driver needs, looked up in the running process.
//!
//! Node exports libuv from its own binary; Bun and Deno don't, and get `None` from
//! [`Loop::new`]. Each handle owns its memory and its callback until libuv has called the close
//! callback, which comes after everything else libuv does with it: that is the whole safety
//! argument of this file. Must not know: connections, messages, JavaScript.
#![expect(unsafe_code, reason = "libuv is a C library")]

use std::{
    ffi::{c_char, c_int, c_void},
    io,
    os::fd::RawFd,
    ptr::NonNull,
    sync::OnceLock,
};

/// The event loop of a JavaScript thread.
#[derive(Clone, Copy)]
pub struct Loop {
    api: &'static Api,
    raw: NonNull<c_void>,
}

/// Watches a descriptor.
pub struct Poll(Handle);
/// Is called once per turn of the loop, and keeps the loop from blocking, while it is started.
pub struct Idle(Handle);
/// Is called once, after a while.
pub struct Timer(Handle);

/// What a descriptor is ready for, or watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest(c_int);

/// A libuv handle that has been initialised and not yet closed.
struct Handle {
    api: &'static Api,
    /// Leaked at creation; owned by libuv between `close` and the close callback.
    raw: NonNull<Storage>,
}

/// The memory of a handle. libuv's own part comes first, so that the pointers are the same.
#[repr(C)]
struct Storage {
    handle: [u64; MAX_HANDLE_WORDS],
    callback: Box<dyn Fn(Result<Interest, i32>)>,
    closed: Option<Box<dyn FnOnce()>>,
}

type Raw = *mut c_void;

/// The functions, all of which have been in libuv's ABI since 1.19.
struct Api {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    poll_init: unsafe extern "C" fn(Raw, Raw, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Raw, c_int, extern "C" fn(Raw, c_int, c_int)) -> c_int,
    poll_stop: unsafe extern "C" fn(Raw) -> c_int,
    idle_init: unsafe extern "C" fn(Raw, Raw) -> c_int,
    idle_start: unsafe extern "C" fn(Raw, extern "C" fn(Raw)) -> c_int,
    idle_stop: unsafe extern "C" fn(Raw) -> c_int,
    timer_init: unsafe extern "C" fn(Raw, Raw) -> c_int,
    timer_start: unsafe extern "C" fn(Raw, extern "C" fn(Raw), u64, u64) -> c_int,
    timer_stop: unsafe extern "C" fn(Raw) -> c_int,
    update_time: unsafe extern "C" fn(Raw),
    close: unsafe extern "C" fn(Raw, extern "C" fn(Raw)),
    reference: unsafe extern "C" fn(Raw),
    unreference: unsafe extern "C" fn(Raw),
    strerror: unsafe extern "C" fn(c_int) -> *const c_char,
}

impl Loop {
    /// The loop at this address, if this process has libuv.
    ///
    /// # Safety
    ///
    /// `raw` must be the `uv_loop_t` of the current thread, and outlive every handle made from it:
    /// handles are closed in an environment's cleanup, which runs before its loop is closed.
    pub unsafe fn new(raw: *mut c_void) -> Option<Self> {
        Some(Self { api: Api::get()?, raw: NonNull::new(raw)? })
    }

    /// Whether this process exports libuv's functions.
    pub fn is_available() -> bool {
        Api::get().is_some()
    }

    fn handle(
        self,
        kind: c_int,
        callback: Box<dyn Fn(Result<Interest, i32>)>,
        init: impl FnOnce(Raw) -> c_int,
    ) -> io::Result<Handle> {
        // SAFETY: a pure function of its argument.
        let size = unsafe { (self.api.handle_size)(kind) };
        if size > MAX_HANDLE_WORDS * 8 {
            return Err(io::Error::other("a libuv handle is larger than expected"));
        }
        let storage = Storage { handle: [0; MAX_HANDLE_WORDS], callback, closed: None };
        let raw = NonNull::from(Box::leak(Box::new(storage)));
        let status = init(raw.as_ptr().cast());
        if status < 0 {
            // SAFETY: libuv refused the handle and keeps no pointer to it; it was leaked just above.
            drop(unsafe { Box::from_raw(raw.as_ptr()) });
            return Err(self.api.error(status));
        }
        Ok(Handle { api: self.api, raw })
    }

    /// Watches `fd`, which must be non-blocking and stay open until the watch is closed.
    ///
    /// # Errors
    ///
    /// What libuv says.
    pub fn poll(
        self,
        fd: RawFd,
        callback: impl Fn(Result<Interest, i32>) + 'static,
    ) -> io::Result<Poll> {
        // SAFETY: the loop is alive and the memory is as large as the handle.
        let init = |raw| unsafe { (self.api.poll_init)(self.raw.as_ptr(), raw, fd) };
        self.handle(UV_POLL, Box::new(callback), init).map(Poll)
    }

    /// An idle handle that is not started. It never keeps the process alive.
    ///
    /// # Errors
    ///
    /// What libuv says.
    pub fn idle(self, callback: impl Fn() + 'static) -> io::Result<Idle> {
        // SAFETY: the loop is alive and the memory is as large as the handle.
        let init = |raw| unsafe { (self.api.idle_init)(self.raw.as_ptr(), raw) };
        let handle = self.handle(UV_IDLE, Box::new(move |_| callback()), init)?;
        handle.set_referenced(false);
        Ok(Idle(handle))
    }

    /// A timer that is not started. It never keeps the process alive unless told to.
    ///
    /// # Errors
    ///
    /// What libuv says.
    pub fn timer(self, callback: impl Fn() + 'static) -> io::Result<Timer> {
        // SAFETY: the loop is alive and the memory is as large as the handle.
        let init = |raw| unsafe { (self.api.timer_init)(self.raw.as_ptr(), raw) };
        let handle = self.handle(UV_TIMER, Box::new(move |_| callback()), init)?;
        handle.set_referenced(false);
        Ok(Timer(handle))
    }

    /// Makes timers count from now, not from when this turn of the loop began.
    pub fn update_time(self) {
        // SAFETY: the loop is alive, and this is its thread: `Loop` is neither `Send` nor `Sync`.
        unsafe { (self.api.update_time)(self.raw.as_ptr()) }
    }
}

impl Poll {
    /// Watches for this from now on, and for nothing else.
    pub fn start(&self, interest: Interest) {
        // SAFETY: the handle is initialised and not closed; the callback has libuv's signature.
        unsafe { (self.0.api.poll_start)(self.0.raw.as_ptr().cast(), interest.0, on_poll) };
    }

    /// Whether the watch keeps the process alive.
    pub fn set_referenced(&self, referenced: bool) {
        self.0.set_referenced(referenced);
    }

    /// Ends the watch. `then` runs when libuv no longer touches the descriptor.
    pub fn close(self, then: impl FnOnce() + 'static) {
        // SAFETY: the handle is initialised and not closed.
        unsafe { (self.0.api.poll_stop)(self.0.raw.as_ptr().cast()) };
        self.0.close(Some(Box::new(then)));
    }
}

impl Idle {
    /// Keeps the loop from blocking.
    pub fn start(&self) {
        // SAFETY: the handle is initialised and not closed; the callback has libuv's signature.
        unsafe { (self.0.api.idle_start)(self.0.raw.as_ptr().cast(), on_tick) };
    }

    /// Lets the loop block.
    pub fn stop(&self) {
        // SAFETY: the handle is initialised and not closed.
        unsafe { (self.0.api.idle_stop)(self.0.raw.as_ptr().cast()) };
    }

    /// Ends it.
    pub fn close(self, then: impl FnOnce() + 'static) {
        self.0.close(Some(Box::new(then)));
    }
}

impl Timer {
    /// Calls back once after so many milliseconds; forgets an earlier time.
    pub fn start(&self, after_ms: u64) {
        // SAFETY: the handle is initialised and not closed; the callback has libuv's signature.
        unsafe { (self.0.api.timer_start)(self.0.raw.as_ptr().cast(), on_tick, after_ms, 0) };
    }

    /// Forgets the time.
    pub fn stop(&self) {
        // SAFETY: the handle is initialised and not closed.
        unsafe { (self.0.api.timer_stop)(self.0.raw.as_ptr().cast()) };
    }

    /// Whether the timer keeps the process alive.
    pub fn set_referenced(&self, referenced: bool) {
        self.0.set_referenced(referenced);
    }

    /// Ends it.
    pub fn close(self, then: impl FnOnce() + 'static) {
        self.0.close(Some(Box::new(then)));
    }
}

impl Handle {
    fn set_referenced(&self, referenced: bool) {
        let api = self.api;
        let change = if referenced { api.reference } else { api.unreference };
        // SAFETY: the handle is initialised and not closed.
        unsafe { change(self.raw.as_ptr().cast()) };
    }

    fn close(self, then: Option<Box<dyn FnOnce()>>) {
        // SAFETY: the storage is alive until the close callback, which can't run before this
        // returns to the loop; nothing else holds a reference into this field.
        unsafe { (*self.raw.as_ptr()).closed = then };
        // SAFETY: the handle is initialised, and closed only here, where `self` ends.
        unsafe { (self.api.close)(self.raw.as_ptr().cast(), on_closed) };
    }
}

impl Interest {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// There is something to read.
    pub const READABLE: Self = Self(1);
    /// There is room to write.
    pub const WRITABLE: Self = Self(2);
    /// The peer has gone: seen even while nothing is read.
    pub const DISCONNECT: Self = Self(4);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of `other` is in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Api {
    fn get() -> Option<&'static Self> {
        static API: OnceLock<Option<Api>> = OnceLock::new();
        API.get_or_init(Self::look_up).as_ref()
    }

    fn look_up() -> Option<Self> {
        #[cfg(unix)]
        let process = libloading::os::unix::Library::this();
        #[cfg(windows)]
        let process = libloading::os::windows::Library::this().ok()?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the type of the field that it is written to is that of libuv's header.
                *unsafe { process.get(concat!("uv_", $name, "\0").as_bytes()) }.ok()?
            };
        }
        Some(Self {
            handle_size: symbol!("handle_size"),
            poll_init: symbol!("poll_init"),
            poll_start: symbol!("poll_start"),
            poll_stop: symbol!("poll_stop"),
            idle_init: symbol!("idle_init"),
            idle_start: symbol!("idle_start"),
            idle_stop: symbol!("idle_stop"),
            timer_init: symbol!("timer_init"),
            timer_start: symbol!("timer_start"),
            timer_stop: symbol!("timer_stop"),
            update_time: symbol!("update_time"),
            close: symbol!("close"),
            reference: symbol!("ref"),
            unreference: symbol!("unref"),
            strerror: symbol!("strerror"),
        })
    }

    fn error(&self, status: c_int) -> io::Error {
        // libuv's numbers are negated errno values on Unix.
        if cfg!(unix) {
            return io::Error::from_raw_os_error(-status);
        }
        // SAFETY: returns a static string for every number.
        let text = unsafe { (self.strerror)(status) };
        // SAFETY: static and NUL-terminated.
        let text = unsafe { std::ffi::CStr::from_ptr(text) };
        io::Error::other(text.to_string_lossy().into_owned())
    }
}

extern "C" fn on_poll(raw: Raw, status: c_int, events: c_int) {
    let result = if status < 0 { Err(-status) } else { Ok(Interest(events)) };
    call(raw, result);
}

extern "C" fn on_tick(raw: Raw) {
    call(raw, Ok(Interest::NONE));
}

fn call(raw: Raw, result: Result<Interest, i32>) {
    // SAFETY: libuv hands back the pointer it was given, whose storage lives until `on_closed`;
    // only a shared reference to the callback is made, here and nowhere else.
    let callback = unsafe { &(*raw.cast::<Storage>()).callback };
    // A panic must not cross C: the callbacks contain theirs, this is the last resort.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| callback(result)));
}

extern "C" fn on_closed(raw: Raw) {
    // SAFETY: leaked in `Loop::handle`; libuv is done with it and calls this once.
    let mut storage = unsafe { Box::from_raw(raw.cast::<Storage>()) };
    if let Some(then) = storage.closed.take() {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(then));
    }
}

/// More than any of the three handles has had in a release of libuv (104 to 160 bytes).
const MAX_HANDLE_WORDS: usize = 64;
const UV_IDLE: c_int = 6;
const UV_POLL: c_int = 8;
const UV_TIMER: c_int = 13;
