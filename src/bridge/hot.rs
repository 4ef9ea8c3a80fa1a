//! The two crossings out of JavaScript on the hot path, as raw N-API functions.
//!
//! `flush(text, bytes?)` hands a batch of orders to a connection, `drain(index)` asks for what
//! happened meanwhile. Their context is the environment's [`Shared`], which outlives them.
#![expect(unsafe_code, reason = "N-API is a C interface, and records lie in shared memory")]

use std::{cell::Cell, ffi::c_void, panic::AssertUnwindSafe, ptr, rc::Rc};

use napi::sys;

use super::{
    raw::{Env, Failed, Reference, Value},
    text,
};
use crate::driver::{
    batch::{Outbound, WORDS},
    connection::OFFLOAD_BYTES,
    thread::Thread,
};

/// What the raw functions of one environment share.
pub(super) struct Shared {
    pub(super) thread: Rc<Thread>,
    /// `Uint32Array` that both sides see: [`HEAD`] words, then records.
    words: *const u32,
    records: Reference,
    pub(super) buffer: Cell<Vec<u8>>,
    /// The last large text was not ASCII.
    wide: Cell<bool>,
}

impl Shared {
    pub(super) fn new(env: Env, thread: Rc<Thread>) -> Result<Self, Failed> {
        let (records, words) = env.words(HEAD + SHARED_RECORDS * WORDS)?;
        let records = env.reference(records)?;
        Ok(Self { thread, words, records, buffer: Cell::default(), wide: Cell::default() })
    }

    /// The shared records, for JavaScript to write.
    pub(super) fn records(&self, env: Env) -> Result<Value, Failed> {
        env.value(&self.records)
    }

    pub(super) fn dispose(&self, env: Env) {
        env.delete(&self.records);
    }

    /// A JavaScript function of `flush` or `drain`.
    pub(super) fn function(
        env: Env,
        callback: sys::napi_callback,
        context: *mut c_void,
    ) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: on the environment's thread; the context outlives the environment's JavaScript.
        let status = unsafe {
            sys::napi_create_function(env.0, ptr::null(), 0, callback, context, &raw mut value)
        };
        if status == sys::Status::napi_ok { Ok(value) } else { Err(Failed) }
    }

    #[inline]
    fn flush(&self, env: Env, text: Value, bytes: Option<Value>) -> Result<u32, Failed> {
        // SAFETY: the array has room for the head and `SHARED_RECORDS` records, is kept alive by
        // `records`, and JavaScript is not running.
        let words =
            unsafe { std::slice::from_raw_parts(self.words, HEAD + SHARED_RECORDS * WORDS) };
        let (index, count) = (words[0], words[1] as usize);
        let records = words.get(HEAD..HEAD + count * WORDS).ok_or(Failed)?;
        let units = records.chunks_exact(WORDS).map(|record| (record[2] + record[3]) as usize);
        let units: usize = units.sum();
        if units >= OFFLOAD_BYTES && count == 1 && bytes.is_none() {
            let text = text::read_large(env, text, units, &self.wide)?;
            return Ok(self.thread.submit_large(index, records, text));
        }
        let mut buffer = self.buffer.take();
        text::read(env, text, units, &mut buffer)?;
        let bytes = bytes.map(|bytes| env.bytes(bytes)).transpose()?;
        let text = simdutf8::basic::from_utf8(&buffer).map_err(|_| Failed)?;
        let result = self.thread.submit(index, Outbound { records, text, bytes });
        keep(&self.buffer, buffer);
        Ok(result)
    }

    /// The head of the shared records, as a fan-out has it.
    pub(super) fn fan_out_head(&self) -> Result<&[u32; 5], Failed> {
        // SAFETY: the array is larger than that, is kept alive by `records`, and JavaScript is not
        // running.
        unsafe { self.words.cast::<[u32; 5]>().as_ref() }.ok_or(Failed)
    }
}

/// `flush(text, bytes?)`: flags.
pub(super) unsafe extern "C" fn flush(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |shared, env, arguments, count| {
        let bytes = (count > 1).then_some(arguments[1]);
        env.uint32(shared.flush(env, arguments[0], bytes)?)
    })
}

/// `drain(index)`: delivers.
pub(super) unsafe extern "C" fn drain(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    call(env, info, |shared, env, arguments, _| {
        let mut index = 0;
        // SAFETY: on the environment's thread.
        let status = unsafe { sys::napi_get_value_uint32(env.0, arguments[0], &raw mut index) };
        if status == sys::Status::napi_ok {
            shared.thread.drain(index);
        }
        Ok(ptr::null_mut())
    })
}

/// Keeps a buffer for the next text, unless it has grown large.
pub(super) fn keep(place: &Cell<Vec<u8>>, buffer: Vec<u8>) {
    place.set(if buffer.capacity() > KEEP_BYTES { Vec::new() } else { buffer });
}

#[inline]
pub(super) fn call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&Shared, Env, [Value; 3], usize) -> Result<Value, Failed>,
) -> sys::napi_value {
    let mut arguments = [ptr::null_mut(); 3];
    let mut count = arguments.len();
    let mut context: *mut c_void = ptr::null_mut();
    let (argc, argv, data) = (&raw mut count, arguments.as_mut_ptr(), &raw mut context);
    // SAFETY: N-API called us with these.
    unsafe { sys::napi_get_cb_info(env, info, argc, argv, ptr::null_mut(), data) };
    // SAFETY: the context was given in `Shared::function` and outlives the function.
    let Some(shared) = (unsafe { context.cast::<Shared>().as_ref() }) else {
        return ptr::null_mut();
    };
    let body = AssertUnwindSafe(|| body(shared, Env(env), arguments, count));
    match std::panic::catch_unwind(body) {
        Ok(Ok(value)) => value,
        _ => {
            let (code, text) = (c"SHORTWIRE_ERR_INTERNAL", c"a call into the core failed");
            // SAFETY: static, NUL-terminated texts; an exception that is pending stays.
            unsafe { sys::napi_throw_error(env, code.as_ptr(), text.as_ptr()) };
            ptr::null_mut()
        }
    }
}

/// Words before the records: connection, count.
pub(super) const HEAD: usize = 2;
/// Records that fit into the shared array; JavaScript flushes before it is full.
pub(super) const SHARED_RECORDS: usize = 256;
/// A buffer that has grown larger than this is not kept.
const KEEP_BYTES: usize = 1024 * 1024;
