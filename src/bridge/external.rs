//! Strings of V8 over memory of ours.
//!
//! Node-API has them since version 10, and Node 20 under the same names as an experiment; so the two
//! functions are looked up at run time, and where they are missing the text is copied. V8 may copy
//! too, as it must in a sandbox, and says so by calling the finalizer at once.
//!
//! V8 doesn't count such memory by itself: `docs/design/large-frames.md` has what that costs.
#![expect(unsafe_code, reason = "Node-API is a C interface")]

use std::{
    cell::Cell,
    ffi::{c_char, c_void},
    ops::Range,
    ptr,
    sync::OnceLock,
};

use napi::sys;

use super::raw::{Env, Failed, Value};
use crate::driver::pool;

type Finalize = unsafe extern "C" fn(sys::napi_env, *mut c_void, *mut c_void);
type Create<T> = unsafe extern "C" fn(
    sys::napi_env,
    *mut T,
    usize,
    Option<Finalize>,
    *mut c_void,
    *mut Value,
    *mut bool,
) -> sys::napi_status;

struct Api {
    latin1: Create<c_char>,
    utf16: Create<u16>,
}

/// A string of the ASCII text in this range of a buffer.
pub(super) fn latin1(env: Env, buffer: Vec<u8>, range: Range<usize>) -> Result<Value, Failed> {
    let worth = api().filter(|_| range.len() >= MIN_EXTERNAL_BYTES);
    let Some(api) = worth else {
        let value = env.latin1(&buffer[range])?;
        pool::give(buffer);
        return Ok(value);
    };
    let owner = keep(env, buffer);
    // SAFETY: just leaked; nobody else has it.
    let text = unsafe { &mut (&mut (*owner))[range] };
    let (start, length) = (text.as_mut_ptr().cast(), text.len());
    let (mut value, mut copied) = (ptr::null_mut(), false);
    // SAFETY: on the environment's thread; the text lives until the finalizer is called.
    let status = unsafe {
        (api.latin1)(
            env.0,
            start,
            length,
            Some(give_text),
            owner.cast(),
            &raw mut value,
            &raw mut copied,
        )
    };
    made(status, value)
}

/// A string of these code units.
pub(super) fn utf16(env: Env, units: Vec<u16>) -> Result<Value, Failed> {
    let worth = api().filter(|_| units.len() >= MIN_EXTERNAL_BYTES);
    let Some(api) = worth else { return env.utf16(&units) };
    let owner = keep(env, units);
    // SAFETY: just leaked; nobody else has it.
    let text = unsafe { &mut *owner };
    let (start, length) = (text.as_mut_ptr(), text.len());
    over_units(api, env, (start, length), drop_units, owner.cast())
}

/// A string of the UTF-16 in this range of a buffer.
pub(super) fn wide(env: Env, mut buffer: Vec<u8>, range: Range<usize>) -> Result<Value, Failed> {
    // What is behind a header and a topic may begin at an odd place.
    let Ok(text) = bytemuck::try_cast_slice_mut::<u8, u16>(&mut buffer[range.clone()]) else {
        let units: Vec<u16> = bytemuck::allocation::pod_collect_to_vec(&buffer[range]);
        pool::give(buffer);
        return utf16(env, units);
    };
    let Some(api) = api().filter(|_| range.len() >= MIN_EXTERNAL_BYTES) else {
        let value = env.utf16(text)?;
        pool::give(buffer);
        return Ok(value);
    };
    // The heap that the text lies in doesn't move with the owner.
    let (start, length) = (text.as_mut_ptr(), text.len());
    let owner = keep(env, buffer);
    over_units(api, env, (start, length), give_text, owner.cast())
}

/// A string over code units that `owner` keeps, and `finalize` gives back.
fn over_units(
    api: &Api,
    env: Env,
    (start, length): (*mut u16, usize),
    finalize: Finalize,
    owner: *mut c_void,
) -> Result<Value, Failed> {
    let (mut value, mut copied) = (ptr::null_mut(), false);
    // SAFETY: on the environment's thread; the text lives until the finalizer is called.
    let status = unsafe {
        (api.utf16)(env.0, start, length, Some(finalize), owner, &raw mut value, &raw mut copied)
    };
    made(status, value)
}

/// A `Buffer` of the bytes in this range of a buffer: over our memory if the host allows that.
pub(super) fn bytes(env: Env, buffer: Vec<u8>, range: Range<usize>) -> Result<Value, Failed> {
    if range.len() < MIN_EXTERNAL_BUFFER_BYTES {
        let value = env.buffer(&buffer[range])?;
        pool::give(buffer);
        return Ok(value);
    }
    let owner = Box::into_raw(Box::new(buffer));
    // SAFETY: just leaked; nobody else has it.
    let bytes = unsafe { &mut (&mut (*owner))[range.clone()] };
    let (start, length) = (bytes.as_mut_ptr().cast(), bytes.len());
    let (mut value, finalize) = (ptr::null_mut(), Some(give_bytes as Finalize));
    // SAFETY: on the environment's thread; the bytes live until the finalizer is called.
    let status = unsafe {
        sys::napi_create_external_buffer(
            env.0,
            length,
            start,
            finalize,
            owner.cast(),
            &raw mut value,
        )
    };
    if status == sys::Status::napi_ok {
        make_v8_look(env, length)?;
        return Ok(value);
    }
    // SAFETY: leaked above; a host that refuses doesn't call the finalizer.
    let buffer = *unsafe { Box::from_raw(owner) };
    let value = env.buffer(&buffer[range])?;
    pool::give(buffer);
    Ok(value)
}

/// V8 looks at how much memory its young buffers keep, and collects them beyond 32 MB, only when it
/// makes the memory for one itself. Of ours it would let 64 MB be garbage, and then mark the whole
/// heap. So every now and then it makes a tiny one.
fn make_v8_look(env: Env, length: usize) -> Result<(), Failed> {
    thread_local! {
        static UNSEEN_BYTES: Cell<usize> = const { Cell::new(0) };
    }
    let unseen = UNSEEN_BYTES.get() + length;
    let looks = unseen >= LOOK_BYTES;
    UNSEEN_BYTES.set(if looks { 0 } else { unseen });
    if looks { env.buffer(&[0; 8]).map(drop) } else { Ok(()) }
}

fn made(status: sys::napi_status, value: Value) -> Result<Value, Failed> {
    // When it fails the finalizer isn't called: the text is leaked, since V8 is out of memory then.
    if status == sys::Status::napi_ok { Ok(value) } else { Err(Failed) }
}

/// Leaks the memory of a text, and tells V8 what it is about to keep: of strings that it doesn't
/// know the size of it lets hundreds of megabytes be garbage before it looks. Node's own tell it, too.
fn keep<T>(env: Env, memory: Vec<T>) -> *mut Vec<T> {
    adjust(env.0, told_bytes(&memory));
    Box::into_raw(Box::new(memory))
}

/// The memory of a text that V8 has let go.
///
/// # Safety
///
/// `owner` comes from [`keep`], with the same type, and is given here once.
unsafe fn take_back<T>(env: sys::napi_env, owner: *mut c_void) -> Vec<T> {
    // SAFETY: the caller's promise.
    let memory = *unsafe { Box::from_raw(owner.cast::<Vec<T>>()) };
    // Without an environment nobody counts any more.
    if !env.is_null() {
        adjust(env, -told_bytes(&memory));
    }
    memory
}

/// What V8 is told of some memory.
fn told_bytes<T>(memory: &Vec<T>) -> i64 {
    i64::try_from(memory.capacity() * size_of::<T>() / TOLD_SHARE).unwrap_or(i64::MAX)
}

fn adjust(env: sys::napi_env, bytes: i64) {
    let mut total = 0;
    // SAFETY: on the environment's thread. Finalizers run while V8 collects, and may do just this.
    unsafe { sys::napi_adjust_external_memory(env, bytes, &raw mut total) };
}

unsafe extern "C" fn give_text(env: sys::napi_env, _: *mut c_void, owner: *mut c_void) {
    // SAFETY: kept by `latin1` or `wide`; V8 calls this once.
    pool::give(unsafe { take_back(env, owner) });
}

unsafe extern "C" fn give_bytes(_: sys::napi_env, _: *mut c_void, owner: *mut c_void) {
    // SAFETY: leaked in `bytes`; V8 calls this once.
    pool::give(*unsafe { Box::from_raw(owner.cast::<Vec<u8>>()) });
}

unsafe extern "C" fn drop_units(env: sys::napi_env, _: *mut c_void, owner: *mut c_void) {
    // SAFETY: kept by `utf16`; V8 calls this once.
    drop(unsafe { take_back::<u16>(env, owner) });
}

fn api() -> Option<&'static Api> {
    static API: OnceLock<Option<Api>> = OnceLock::new();
    API.get_or_init(look_up).as_ref()
}

fn look_up() -> Option<Api> {
    #[cfg(unix)]
    let process = libloading::os::unix::Library::this();
    #[cfg(windows)]
    let process = libloading::os::windows::Library::this().ok()?;
    // SAFETY: the type is that of Node's header, in all versions that have it.
    let latin1 = unsafe { process.get(b"node_api_create_external_string_latin1\0") }.ok()?;
    // SAFETY: as above.
    let utf16 = unsafe { process.get(b"node_api_create_external_string_utf16\0") }.ok()?;
    Some(Api { latin1: *latin1, utf16: *utf16 })
}

/// Below this, copying is cheaper than having the collector call back.
const MIN_EXTERNAL_BYTES: usize = 128 * 1024;
/// The same, of bytes.
const MIN_EXTERNAL_BUFFER_BYTES: usize = 16 * 1024;
/// V8 looks when it has been told of 64 MB. By half of the truth it does so at 128: twice as often, the
/// slowest calls took a tenth longer.
const TOLD_SHARE: usize = 2;
/// V8 looks whenever so much has been handed over.
const LOOK_BYTES: usize = 1024 * 1024;
