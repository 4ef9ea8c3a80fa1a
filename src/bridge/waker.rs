//! Wakes a JavaScript thread from any other.
//!
//! A thread-safe function of N-API, which exists in every host, libuv or not. It never keeps the
//! process alive by itself; `hold` makes it do so while there is a reason. After the environment
//! has begun to go away, waking is a no-op: the lock makes sure that nobody is in the middle of it.
#![expect(unsafe_code, reason = "N-API is a C interface")]

use std::{
    ffi::{CStr, c_void},
    ptr,
    sync::{Mutex, PoisonError},
};

use napi::sys;

use super::raw::{Env, Failed};

/// The way to wake one JavaScript thread.
#[derive(Debug)]
pub(super) struct Waker(Mutex<Option<Function>>);

#[derive(Debug)]
struct Function(sys::napi_threadsafe_function);

// SAFETY: N-API allows calling a thread-safe function from any thread; the lock keeps the handle
// from being used after it was given up.
unsafe impl Send for Function {}

impl Waker {
    /// Without a function yet: made before what it wakes.
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// From now on, `wake` makes the environment's thread call `on_wake` with `context`.
    pub(super) fn connect(
        &self,
        env: Env,
        on_wake: unsafe extern "C" fn(sys::napi_env, sys::napi_value, *mut c_void, *mut c_void),
        context: *mut c_void,
    ) -> Result<(), Failed> {
        let name = env.latin1(NAME.to_bytes())?;
        let mut function = ptr::null_mut();
        // SAFETY: on the environment's thread. The context stays alive until `disconnect`.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env.0,
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                context,
                Some(on_wake),
                &raw mut function,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(Failed);
        }
        // SAFETY: made just above, on this thread.
        unsafe { sys::napi_unref_threadsafe_function(env.0, function) };
        *self.lock() = Some(Function(function));
        Ok(())
    }

    /// Wakes the thread, soon. From any thread.
    pub(super) fn wake(&self) {
        let mut guard = self.lock();
        let Some(Function(function)) = &*guard else {
            return;
        };
        let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
        // SAFETY: not yet given up, which the lock held here prevents.
        let status =
            unsafe { sys::napi_call_threadsafe_function(*function, ptr::null_mut(), mode) };
        if status == sys::Status::napi_closing {
            // Node has begun to end it before our own hook ran. The answer counts as our release,
            // after which the function may be freed at any time.
            *guard = None;
        }
    }

    /// Whether this keeps the process alive. On the environment's thread.
    pub(super) fn hold(&self, env: Env, held: bool) {
        let guard = self.lock();
        let Some(Function(function)) = &*guard else {
            return;
        };
        if held {
            // SAFETY: on the environment's thread; not yet given up.
            unsafe { sys::napi_ref_threadsafe_function(env.0, *function) };
        } else {
            // SAFETY: as above.
            unsafe { sys::napi_unref_threadsafe_function(env.0, *function) };
        }
    }

    /// No more waking. N-API frees the function with the environment.
    pub(super) fn disconnect(&self) {
        if let Some(Function(function)) = self.lock().take() {
            let mode = sys::ThreadsafeFunctionReleaseMode::abort;
            // SAFETY: the one reference that was made in `connect`.
            unsafe { sys::napi_release_threadsafe_function(function, mode) };
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Function>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NAME: &CStr = c"shortwire";
