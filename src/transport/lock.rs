//! The lock under which a socket file is made: `<path>.lock`.
//!
//! Whoever holds it may look at the path, remove a dead socket there and bind its own, without a
//! second one doing the same in between. It is held for that long only, then its file is removed.
//! `docs/design/socket-files.md` has the argument why removing it is safe. Must not know: what the
//! path holds.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, open},
    io::Errno,
    process::geteuid,
};

use super::{pause::Pauses, unix::in_use};
use crate::error::{Error, Result};

/// The lock of one path, held until dropped.
#[derive(Debug)]
pub(crate) struct PathLock {
    file: File,
    path: PathBuf,
}

impl PathLock {
    /// Takes the lock of a socket's path, waiting for others that are at it.
    ///
    /// # Errors
    ///
    /// What the kernel says about the directory, as `bind` would have failed, or about a lock file
    /// that isn't one (`ELOOP` for a symlink); `EADDRINUSE` when the lock is kept for longer than
    /// anybody needs it, by a stopped process or somebody else's program.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(crate) async fn acquire(socket: &Path) -> Result<Self> {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let mut pauses = Pauses::new();
        loop {
            if let Some(file) = try_lock(&path)? {
                return Ok(Self { file, path });
            }
            if pauses.waited() >= PATIENCE {
                return Err(in_use());
            }
            pauses.wait().await;
        }
    }
}

impl Drop for PathLock {
    fn drop(&mut self) {
        // A file with something in it, or of another owner, is somebody else's that happens to bear
        // this name: it was good enough to lock, it isn't ours to remove.
        let ours = self.file.metadata().is_ok_and(|found| {
            found.is_file() && found.len() == 0 && found.uid() == geteuid().as_raw()
        });
        if ours {
            // Should it fail, an empty file stays behind, which the next one locks and removes.
            let _ = fs::remove_file(&self.path);
        }
        // Closing alone isn't enough: a process that another thread is just starting has a copy of
        // the descriptor until it comes to exec.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// The locked file, or nothing if another one is quicker.
fn try_lock(path: &Path) -> Result<Option<File>> {
    let Some(file) = open_or_create(path).map_err(open_failed)? else {
        return Ok(None);
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK | Errno::INTR) => return Ok(None),
        Err(errno) => return Err(Error::system("flock", errno.into())),
    }
    // The last holder may have removed the file between our opening and our locking it. Then the
    // lock is on a file that nobody else can find, and worth nothing.
    Ok(is_still_at(&file, path).then_some(file))
}

fn open_or_create(path: &Path) -> Result<Option<File>, Errno> {
    // Non-blocking for the sake of a FIFO; never through a symlink, which may lead anywhere.
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    // In two steps, since Linux refuses O_CREAT for existing files of other owners in sticky
    // directories, to root as well.
    match open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => {}
        opened => return opened.map(|fd| Some(fd.into())),
    }
    match open(path, flags | OFlags::CREATE | OFlags::EXCL, Mode::RUSR | Mode::WUSR) {
        Err(Errno::EXIST) => Ok(None),
        created => created.map(|fd| Some(fd.into())),
    }
}

fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
        _ => false,
    }
}

fn open_failed(errno: Errno) -> Error {
    // These are about the lock file itself. The rest is about the directory: `bind` would have said
    // the same.
    let syscall = match errno {
        Errno::LOOP | Errno::ISDIR | Errno::NXIO => "open",
        _ => "bind",
    };
    Error::system(syscall, errno.into())
}

/// The lock is held for a few system calls and, when there is a dead socket, some tens of
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
