//! The tokio runtime: one for all JavaScript threads of the process, started by the first.
//!
//! Two workers: the tasks on it dial, accept and move large frames, and none computes for long.
//! It lives until the process ends. Stopping it with the last environment would gain nothing: its
//! threads sleep in the kernel, hold no JavaScript, and a worker thread that loads the addon again
//! a moment later would pay for starting them anew.

use std::{io, sync::OnceLock};

use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime's handle.
///
/// # Errors
///
/// The threads can't be started.
pub(super) fn handle() -> io::Result<Handle> {
    static RUNTIME: OnceLock<Result<Runtime, io::ErrorKind>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("shortwire")
            .enable_all()
            .build()
            .map_err(|error| error.kind())
    });
    match runtime {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(kind) => Err((*kind).into()),
    }
}

const WORKERS: usize = 2;
