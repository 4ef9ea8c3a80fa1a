//! N-API calls that napi-rs has no fast form of, each wrapped once.
//!
//! The safety argument of all of them is the same: they are called on the thread of the `Env`,
//! inside an open handle scope, with values made in that scope. The callers see to that.
#![expect(unsafe_code, reason = "N-API is a C interface")]

use std::{ffi::c_void, ptr};

use napi::sys;

/// A JavaScript environment, as N-API hands it around.
#[derive(Debug, Clone, Copy)]
pub(super) struct Env(pub(super) sys::napi_env);

/// A value in the current handle scope.
pub(super) type Value = sys::napi_value;

/// A value that outlives handle scopes.
#[derive(Debug)]
pub(super) struct Reference(sys::napi_ref);

/// An exception is pending, or the environment can't run JavaScript any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

fn check(status: sys::napi_status) -> Result<(), Failed> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Failed) }
}

impl Env {
    #[inline]
    pub(super) fn latin1(self, text: &[u8]) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        let start = text.as_ptr().cast();
        // SAFETY: see above; the pointer and length are those of a slice.
        let status = unsafe {
            sys::napi_create_string_latin1(self.0, start, text.len() as isize, &raw mut value)
        };
        check(status).map(|()| value)
    }

    pub(super) fn utf16(self, text: &[u16]) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: see above; the pointer and length are those of a slice.
        let status = unsafe {
            sys::napi_create_string_utf16(
                self.0,
                text.as_ptr(),
                text.len() as isize,
                &raw mut value,
            )
        };
        check(status).map(|()| value)
    }

    /// A `Buffer` with a copy of these bytes: memory of our own is not allowed in every host.
    pub(super) fn buffer(self, bytes: &[u8]) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        let mut data = ptr::null_mut();
        let start = bytes.as_ptr().cast();
        // SAFETY: see above; the pointer and length are those of a slice.
        let status = unsafe {
            sys::napi_create_buffer_copy(self.0, bytes.len(), start, &raw mut data, &raw mut value)
        };
        check(status).map(|()| value)
    }

    #[inline]
    pub(super) fn uint32(self, number: u32) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: see above.
        let status = unsafe { sys::napi_create_uint32(self.0, number, &raw mut value) };
        check(status).map(|()| value)
    }

    /// An array of numbers.
    pub(super) fn uint32_list(self, numbers: &[u32]) -> Result<Value, Failed> {
        let list = self.array(numbers.len())?;
        for (number, at) in numbers.iter().zip(0u32..) {
            self.set_element(list, at, self.uint32(*number)?)?;
        }
        Ok(list)
    }

    pub(super) fn undefined(self) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: see above.
        let status = unsafe { sys::napi_get_undefined(self.0, &raw mut value) };
        check(status).map(|()| value)
    }

    pub(super) fn array(self, length: usize) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: see above.
        let status = unsafe { sys::napi_create_array_with_length(self.0, length, &raw mut value) };
        check(status).map(|()| value)
    }

    pub(super) fn set_element(self, array: Value, index: u32, value: Value) -> Result<(), Failed> {
        // SAFETY: see above.
        check(unsafe { sys::napi_set_element(self.0, array, index, value) })
    }

    pub(super) fn object(self) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: see above.
        let status = unsafe { sys::napi_create_object(self.0, &raw mut value) };
        check(status).map(|()| value)
    }

    /// A `Uint32Array` over fresh memory, and where that memory is. An `ArrayBuffer`'s memory
    /// doesn't move while the buffer lives and is not transferred.
    pub(super) fn words(self, length: usize) -> Result<(Value, *mut u32), Failed> {
        let mut buffer = ptr::null_mut();
        let mut data: *mut c_void = ptr::null_mut();
        let bytes = length * size_of::<u32>();
        // SAFETY: see above.
        let status =
            unsafe { sys::napi_create_arraybuffer(self.0, bytes, &raw mut data, &raw mut buffer) };
        check(status)?;
        let mut value = ptr::null_mut();
        let kind = sys::TypedarrayType::uint32_array;
        // SAFETY: see above; the view covers the buffer exactly.
        let status =
            unsafe { sys::napi_create_typedarray(self.0, kind, length, buffer, 0, &raw mut value) };
        check(status).map(|()| (value, data.cast()))
    }

    /// The memory of a `Uint8Array` or `Buffer`, valid until JavaScript runs again.
    pub(super) fn bytes<'a>(self, value: Value) -> Result<&'a [u8], Failed> {
        let (data, length) = self.typed_array(value, sys::TypedarrayType::uint8_array)?;
        if data.is_null() || length == 0 {
            return Ok(&[]);
        }
        // SAFETY: N-API vouches for pointer and length; the caller drops the slice before it lets
        // JavaScript run.
        Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
    }

    /// The memory of a `Uint32Array`, valid until JavaScript runs again.
    pub(super) fn uint32s<'a>(self, value: Value) -> Result<&'a [u32], Failed> {
        let (data, length) = self.typed_array(value, sys::TypedarrayType::uint32_array)?;
        if data.is_null() || length == 0 {
            return Ok(&[]);
        }
        // SAFETY: N-API vouches for pointer and length, and a `Uint32Array` is aligned; the caller
        // drops the slice before it lets JavaScript run.
        Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
    }

    /// Where a typed array of this kind lies, and how many elements it has.
    fn typed_array(
        self,
        value: Value,
        wanted: sys::napi_typedarray_type,
    ) -> Result<(*mut c_void, usize), Failed> {
        let mut kind = 0;
        let mut length = 0;
        let mut data: *mut c_void = ptr::null_mut();
        let (buffer, offset) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: see above; the last two results are not wanted.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.0,
                value,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                buffer,
                offset,
            )
        };
        check(status)?;
        if kind == wanted { Ok((data, length)) } else { Err(Failed) }
    }

    pub(super) fn reference(self, value: Value) -> Result<Reference, Failed> {
        let mut reference = ptr::null_mut();
        // SAFETY: see above.
        let status = unsafe { sys::napi_create_reference(self.0, value, 1, &raw mut reference) };
        check(status).map(|()| Reference(reference))
    }

    #[inline]
    pub(super) fn value(self, reference: &Reference) -> Result<Value, Failed> {
        let mut value = ptr::null_mut();
        // SAFETY: see above; the reference is strong, so its value is alive.
        let status = unsafe { sys::napi_get_reference_value(self.0, reference.0, &raw mut value) };
        check(status).map(|()| value)
    }

    pub(super) fn delete(self, reference: &Reference) {
        // SAFETY: see above; called once, when the environment goes away.
        unsafe { sys::napi_delete_reference(self.0, reference.0) };
    }

    /// Runs `body` with a handle scope of its own, which callbacks of libuv have none of. An
    /// exception that it leaves behind is reported.
    pub(super) fn reporting(self, body: impl FnOnce() -> Result<(), Failed>) {
        let mut scope = ptr::null_mut();
        // SAFETY: on the environment's thread.
        if check(unsafe { sys::napi_open_handle_scope(self.0, &raw mut scope) }).is_err() {
            return;
        }
        if body().is_err() {
            self.report_exception();
        }
        // SAFETY: opened just above; values of the scope don't leave the body.
        unsafe { sys::napi_close_handle_scope(self.0, scope) };
    }

    /// Runs what JavaScript has put off, ticks and microtasks, unless a callback further out does.
    #[inline]
    pub(super) fn run_ticks(
        self,
        resource: &Reference,
        context: sys::napi_async_context,
    ) -> Result<(), Failed> {
        let resource = self.value(resource)?;
        let mut scope = ptr::null_mut();
        // SAFETY: on the environment's thread, outside of JavaScript; the context lives as long as
        // the environment.
        check(unsafe { sys::napi_open_callback_scope(self.0, resource, context, &raw mut scope) })?;
        // SAFETY: opened just above.
        check(unsafe { sys::napi_close_callback_scope(self.0, scope) })
    }

    /// An exception that a callback left behind becomes an `uncaughtException`, on every version.
    #[cold]
    fn report_exception(self) {
        let mut pending = false;
        // SAFETY: on the environment's thread.
        unsafe { sys::napi_is_exception_pending(self.0, &raw mut pending) };
        if !pending {
            return;
        }
        let mut exception = ptr::null_mut();
        // SAFETY: one is pending.
        let cleared = unsafe { sys::napi_get_and_clear_last_exception(self.0, &raw mut exception) };
        if check(cleared).is_err() {
            return;
        }
        // SAFETY: the exception is a value of the current scope.
        unsafe { sys::napi_fatal_exception(self.0, exception) };
    }
}
