//! The end of an environment: a process that exits, a worker that is terminated.
//!
//! Node waits for an asynchronous cleanup hook, and turns its loop meanwhile; without one, libuv
//! handles that are still open would abort the process. So: nothing is delivered from here on, all
//! handles are closed, and when libuv has let go of the last, the hook is removed and the memory
//! freed. (napi-rs's own wrapper of this hook frees its handle too early.)
#![expect(unsafe_code, reason = "N-API is a C interface")]

use std::{ffi::c_void, ptr, sync::Arc};

use napi::sys;

use super::{
    host::JsHost,
    hot::Shared,
    raw::{Env, Failed},
    waker::Waker,
};

/// Everything of one environment that must be given back.
pub(super) struct Remains {
    pub(super) env: Env,
    pub(super) shared: *mut Shared,
    pub(super) host: *const JsHost,
    pub(super) waker: Arc<Waker>,
}

/// Sees to the end of an environment.
pub(super) fn attend(remains: Remains) -> Result<(), Failed> {
    let env = remains.env;
    let argument = Box::into_raw(Box::new(remains)).cast();
    // SAFETY: on the environment's thread; the argument is given back in the hook.
    let status =
        unsafe { sys::napi_add_async_cleanup_hook(env.0, Some(hook), argument, ptr::null_mut()) };
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Failed) }
}

unsafe extern "C" fn hook(handle: sys::napi_async_cleanup_hook_handle, argument: *mut c_void) {
    // SAFETY: leaked in `attend`, and the hook runs once.
    let remains = unsafe { Box::from_raw(argument.cast::<Remains>()) };
    let Remains { env, shared, host, waker } = *remains;
    waker.disconnect();
    // SAFETY: made in `NativeThread::new` and freed below, after libuv's last word.
    let thread = unsafe { &(*shared).thread };
    let thread = std::rc::Rc::clone(thread);
    // SAFETY: owned by the thread, which is alive.
    unsafe { (*host).dispose() };
    // SAFETY: as `thread` above.
    unsafe { (*shared).dispose(env) };
    let kept = std::rc::Rc::clone(&thread);
    thread.shutdown(move || {
        drop(kept);
        // SAFETY: JavaScript of this environment runs no more, so nobody calls the raw functions.
        drop(unsafe { Box::from_raw(shared) });
        // SAFETY: handed to this hook, removed once.
        unsafe { sys::napi_remove_async_cleanup_hook(handle) };
    });
}
