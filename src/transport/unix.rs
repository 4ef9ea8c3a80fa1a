//! Socket files: made with the right mode, taken from the dead, never from the living, removed only
//! by whoever made them.
//!
//! ```text
//!   lock ─► look ─┬─ nothing there ─────────────────────────────► bind ─► mode ─► listen ─► unlock
//!                 ├─ a socket, ours ─► probe ─┬─ refused, thrice ─► unlink ─┘
//!                 │                           └─ anything else ──► EADDRINUSE
//!                 └─ anything else ──────────────────────────────► EADDRINUSE
//! ```
//!
//! `docs/design/socket-files.md` has the races and the alternatives. Must not know: tokio's side of
//! a socket.
//!
//! The file system is asked on the calling thread: a dozen calls on one directory entry, once per
//! server, none of which waits for a peer.

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, MetadataExt},
    },
    path::{self, Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{Mode, fchmod},
    io::Errno,
    net::{SocketAddrUnix, bind as bind_socket, connect, listen},
    process::geteuid,
};
use tokio::time;

use super::{endpoint::path_address, fd, lock::PathLock};
use crate::error::{Error, Result};

/// The file of a socket that we bound.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    removed: bool,
}

/// What makes a file this file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    dev: u64,
    ino: u64,
}

impl SocketFile {
    /// Removes the file if it still is ours; otherwise another server lives there, or somebody has
    /// removed it already.
    ///
    /// To be called while the socket is open. Until then the kernel keeps the inode, so that
    /// its number can't pass to another file; and the socket answers, so that no other server
    /// takes the path for a dead one between our look and our removal.
    ///
    /// # Errors
    ///
    /// When the file is ours and stays.
    pub(super) fn remove(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.removed, true) {
            return Ok(());
        }
        match fs::symlink_metadata(&self.path) {
            Ok(found) if Identity::of(&found) == self.identity => unlink(&self.path),
            _ => Ok(()),
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // There is nobody to tell. What stays behind is a dead socket, which the next server
        // removes.
        let _ = self.remove();
    }
}

impl Identity {
    fn of(found: &fs::Metadata) -> Self {
        Self { dev: found.dev(), ino: found.ino() }
    }
}

/// Makes a socket file and listens on it.
///
/// # Errors
///
/// `EADDRINUSE` for a path that is in use or can't be told from one that is, and what the kernel
/// says.
///
/// # Cancel safety
///
/// Cancel safe: it waits only before it makes anything but the lock, which is given back.
pub(super) async fn bind(path: &Path, mode: u32, backlog: i32) -> Result<(OwnedFd, SocketFile)> {
    let address = path_address(path, "bind")?;
    // Dropped last, after the socket is listening, or after what became of it is cleared away.
    let _lock = PathLock::acquire(path).await?;
    make_way(path, &address).await?;

    let socket = fd::socket().map_err(|error| Error::system("socket", error))?;
    let mode = Mode::from_bits_truncate(mode as _);
    // On Linux a file is bound with the mode of its socket, less the umask, so that it is never
    // wider than it shall be. Elsewhere this fails, and the mode is set below.
    let _ = fchmod(&socket, mode);
    bind_socket(&socket, &address).map_err(|errno| Error::system("bind", errno.into()))?;
    let found = look(path)?.filter(|found| found.file_type().is_socket()).ok_or_else(in_use)?;
    let file = SocketFile {
        // The process may change its directory before it closes the server.
        path: path::absolute(path).unwrap_or_else(|_| path.into()),
        identity: Identity::of(&found),
        removed: false,
    };
    // Nobody can connect before `listen`, so nobody gets in by a mode that is wrong for a moment.
    if Mode::from_raw_mode(found.mode() as _) != mode {
        set_mode(&file, mode).map_err(|error| Error::system("chmod", error))?;
    }
    listen(&socket, backlog).map_err(|errno| Error::system("listen", errno.into()))?;
    Ok((socket, file))
}

/// Listens at an address that has no file.
pub(super) fn listen_at(address: &SocketAddrUnix, backlog: i32) -> Result<OwnedFd> {
    let socket = fd::socket().map_err(|error| Error::system("socket", error))?;
    bind_socket(&socket, address).map_err(|errno| Error::system("bind", errno.into()))?;
    listen(&socket, backlog).map_err(|errno| Error::system("listen", errno.into()))?;
    Ok(socket)
}

/// The error for a path that somebody else has.
pub(super) fn in_use() -> Error {
    Error::system("bind", Errno::ADDRINUSE.into())
}

/// Removes the socket that a server left behind when it died, if that is what is there.
async fn make_way(path: &Path, address: &SocketAddrUnix) -> Result<()> {
    let Some(found) = look(path)? else {
        return Ok(());
    };
    if !found.file_type().is_socket() || !may_reclaim(found.uid(), geteuid().as_raw()) {
        return Err(in_use());
    }
    for attempt in 0..PROBES {
        if attempt > 0 {
            time::sleep(PROBE_PAUSE).await;
        }
        let socket = fd::socket().map_err(|error| Error::system("socket", error))?;
        match connect(&socket, address) {
            Err(Errno::CONNREFUSED) => {}
            Err(Errno::NOENT) => return Ok(()),
            // It answers, or its queue is full (`EAGAIN`), or it is a socket of another type, or we
            // may not know (`EACCES`): none of these is proof that nobody is there.
            _ => return Err(in_use()),
        }
    }
    match look(path)? {
        None => Ok(()),
        Some(again) if Identity::of(&again) == Identity::of(&found) => unlink(path),
        Some(_) => Err(in_use()),
    }
}

/// Whether a dead socket of this owner may be removed: one's own, and any by root.
const fn may_reclaim(owner: u32, user: u32) -> bool {
    owner == user || user == 0
}

/// What is at the path itself, not where it leads.
fn look(path: &Path) -> Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::system("bind", error)),
    }
}

fn unlink(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::system("unlink", error))
        }
        _ => Ok(()),
    }
}

/// Sets the mode of our file, without following what somebody may have put in its place.
#[cfg(target_os = "linux")]
fn set_mode(file: &SocketFile, mode: Mode) -> io::Result<()> {
    use rustix::fs::{OFlags, chmod, open};
    use std::os::fd::AsRawFd;

    // Linux can't change the mode of a name without following it, nor that of a descriptor without
    // opening the file, which a socket doesn't allow. It can through /proc.
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = fs::File::from(open(&file.path, flags, Mode::empty())?);
    if Identity::of(&found.metadata()?) != file.identity {
        return Err(Errno::ADDRINUSE.into());
    }
    chmod(format!("/proc/self/fd/{}", found.as_raw_fd()), mode)?;
    Ok(())
}

/// Sets the mode of our file, without following what somebody may have put in its place.
#[cfg(not(target_os = "linux"))]
fn set_mode(file: &SocketFile, mode: Mode) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, chmodat};

    chmodat(CWD, &file.path, mode, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

/// How often a socket must refuse before it counts as dead. Once isn't enough: a server of another
/// library refuses between its `bind` and its `listen`, and macOS refuses for a full queue.
const PROBES: u32 = 3;

/// What lies between two probes.
const PROBE_PAUSE: Duration = Duration::from_millis(10);
