//! Socket files: whose path it is, and with which mode.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink},
        net::{UnixListener as ForeignListener, UnixStream as ForeignStream},
    },
    path::{Path, PathBuf},
    pin::pin,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketType},
};
use tempfile::TempDir;

use super::support::waiting::assert_waits;
use crate::{
    error::{Error, Kind, Result},
    transport::{BindOptions, Endpoint, Listener, bind},
};

fn fresh() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.sock");
    (directory, path)
}

async fn serve(path: &Path) -> Result<Listener> {
    bind(&Endpoint::Path(path.into()), &BindOptions::default()).await
}

fn leave_dead_socket(path: &Path) {
    drop(ForeignListener::bind(path).expect("a free path"));
    assert!(fs::symlink_metadata(path).expect("left behind").file_type().is_socket());
}

fn assert_errno(error: &Error, syscall: &str, errno: Errno) {
    assert_eq!((error.kind(), error.message()), (Kind::System, syscall));
    assert_eq!(error.errno(), Some(errno.raw_os_error()));
}

async fn assert_in_use(path: &Path) {
    let before = fs::symlink_metadata(path).expect("something is there").ino();
    assert_errno(&serve(path).await.expect_err("in use"), "bind", Errno::ADDRINUSE);
    assert_eq!(fs::symlink_metadata(path).expect("untouched").ino(), before);
    assert!(!lock_of(path).exists(), "the lock stays behind");
}

fn lock_of(path: &Path) -> PathBuf {
    path.with_extension("sock.lock")
}

#[tokio::test]
async fn socket_file_is_private_and_gone_after_close() {
    let (directory, path) = fresh();
    let listener = serve(&path).await.expect("a free path");
    let found = fs::symlink_metadata(&path).expect("bound");
    assert_eq!(found.permissions().mode() & 0o7777, 0o600);
    assert_eq!(listener.address(), path.to_str().expect("UTF-8"));

    listener.close().expect("removed");
    assert_eq!(fs::read_dir(&directory).expect("readable").count(), 0);
}

#[tokio::test]
async fn dropping_removes_the_file_too() {
    let (directory, path) = fresh();
    drop(serve(&path).await.expect("a free path"));
    assert_eq!(fs::read_dir(&directory).expect("readable").count(), 0);
}

#[test]
fn mode_is_exact_under_any_umask() {
    const TEST: &str = "mode_is_exact_under_any_umask";
    if let Ok(umask) = std::env::var("SHORTWIRE_TEST_UMASK") {
        return bind_under_umask(&umask);
    }
    // The umask belongs to the process, so each has its own: this very test, told which.
    let test = format!("{}::{TEST}", module_path!());
    let (_crate, test) = test.split_once("::").expect("a crate");
    let (_directory, path) = fresh();
    for umask in ["0", "22", "77", "177", "777"] {
        for mode in ["600", "660", "666", "700", "0"] {
            let output = std::process::Command::new(std::env::current_exe().expect("a test"))
                .args(["--exact", test])
                .env("SHORTWIRE_TEST_UMASK", umask)
                .env("SHORTWIRE_TEST_MODE", mode)
                .env("SHORTWIRE_TEST_PATH", &path)
                .output()
                .expect("it starts");
            assert!(output.status.success(), "umask {umask}, mode {mode}: {output:?}");
            let stdout = String::from_utf8_lossy(&output.stdout);
            assert!(stdout.contains("1 passed"), "the child did not run: {stdout}");
        }
    }
}

/// What the processes of [`mode_is_exact_under_any_umask`] do.
#[tokio::main(flavor = "current_thread")]
async fn bind_under_umask(umask: &str) {
    let octal = |text: &str| u32::from_str_radix(text, 8).expect("octal");
    let given = |name| std::env::var(name).expect("given");
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(octal(umask) as _));
    let (mode, path) = (octal(&given("SHORTWIRE_TEST_MODE")), given("SHORTWIRE_TEST_PATH"));
    let options = BindOptions { mode, ..BindOptions::default() };
    let _listener =
        bind(&Endpoint::Path(path.clone().into()), &options).await.expect("a free path");
    assert_eq!(fs::symlink_metadata(path).expect("bound").mode() & 0o7777, mode);
}

#[test]
#[cfg(target_os = "linux")]
fn linux_binds_with_the_mode_of_the_socket() {
    let (_directory, path) = fresh();
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("one");
    rustix::fs::fchmod(&socket, rustix::fs::Mode::RUSR).expect("it is ours");
    rustix::net::bind(&socket, &SocketAddrUnix::new(&path).expect("short")).expect("a free path");
    assert_eq!(fs::symlink_metadata(path).expect("bound").mode() & 0o377, 0);
}

#[tokio::test]
async fn mode_out_of_range_is_refused() {
    let (_directory, path) = fresh();
    let options = BindOptions { mode: 0o1000, ..BindOptions::default() };
    let error = bind(&Endpoint::Path(path), &options).await.expect_err("no such mode");
    assert_eq!(error.kind(), Kind::InvalidArg);
}

#[tokio::test]
async fn live_servers_path_is_not_taken() {
    let (_directory, path) = fresh();
    let _foreign = ForeignListener::bind(&path).expect("a free path");
    assert_in_use(&path).await;
}

#[tokio::test]
async fn server_with_a_full_queue_is_alive() {
    let (_directory, path) = fresh();
    let options = BindOptions { backlog: 0, ..BindOptions::default() };
    let _busy = bind(&Endpoint::Path(path.clone()), &options).await.expect("a free path");
    let _waiting = ForeignStream::connect(&path).expect("room for one");
    assert_in_use(&path).await;
}

#[tokio::test]
async fn socket_of_another_type_is_alive() {
    let (_directory, path) = fresh();
    let _datagrams = std::os::unix::net::UnixDatagram::bind(&path).expect("a free path");
    assert_in_use(&path).await;
}

#[tokio::test(start_paused = true)]
async fn dead_servers_path_is_reclaimed() {
    let (directory, path) = fresh();
    leave_dead_socket(&path);
    let listener = serve(&path).await.expect("nobody is there");
    ForeignStream::connect(&path).expect("the new server is");
    assert_eq!(fs::read_dir(&directory).expect("readable").count(), 1);
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn server_between_its_bind_and_its_listen_is_not_dead() {
    let (_directory, path) = fresh();
    let foreign = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("one");
    rustix::net::bind(&foreign, &SocketAddrUnix::new(&path).expect("short")).expect("free");

    let mut ours = pin!(serve(&path));
    assert_waits(ours.as_mut()).await; // since one refusal is no proof
    rustix::net::listen(&foreign, 1).expect("it is bound");
    assert_errno(&ours.await.expect_err("in use"), "bind", Errno::ADDRINUSE);
    ForeignStream::connect(&path).expect("still there");
}

#[tokio::test]
async fn regular_file_is_not_touched() {
    let (_directory, path) = fresh();
    fs::write(&path, "precious").expect("writable");
    assert_in_use(&path).await;
    assert_eq!(fs::read_to_string(&path).expect("readable"), "precious");
}

#[tokio::test]
async fn directory_is_not_touched() {
    let (_directory, path) = fresh();
    fs::create_dir(&path).expect("writable");
    assert_in_use(&path).await;
}

#[tokio::test]
async fn dangling_symlink_is_not_touched_or_followed() {
    let (directory, path) = fresh();
    let target = directory.path().join("target.sock");
    symlink(&target, &path).expect("writable");
    assert_in_use(&path).await;
    assert!(!target.exists());
}

#[tokio::test]
async fn symlinks_to_sockets_are_not_touched() {
    let (directory, path) = fresh();
    let target = directory.path().join("target.sock");
    symlink(&target, &path).expect("writable");
    let alive = ForeignListener::bind(&target).expect("a free path");
    assert_in_use(&path).await;
    drop(alive);
    assert_in_use(&path).await;
    assert!(target.exists());
}

#[tokio::test]
async fn missing_directory_is_reported_and_not_created() {
    let (directory, _) = fresh();
    let path = directory.path().join("missing").join("test.sock");
    assert_errno(&serve(&path).await.expect_err("no directory"), "bind", Errno::NOENT);
    assert!(!directory.path().join("missing").exists());
}

#[tokio::test]
async fn closing_leaves_the_next_servers_file_alone() {
    let (directory, path) = fresh();
    let old = serve(&path).await.expect("a free path");
    fs::rename(&path, directory.path().join("old.sock")).expect("writable");
    let _new = serve(&path).await.expect("a free path again");

    old.close().expect("nothing to remove");
    ForeignStream::connect(&path).expect("the new server is reachable");
}

#[tokio::test]
async fn closing_leaves_what_replaced_the_file_alone() {
    let (_directory, path) = fresh();
    let listener = serve(&path).await.expect("a free path");
    fs::remove_file(&path).expect("writable");
    fs::write(&path, "precious").expect("writable");
    listener.close().expect("nothing to remove");
    assert_eq!(fs::read_to_string(&path).expect("readable"), "precious");
}

#[tokio::test]
async fn closing_when_the_file_is_gone_is_no_error() {
    let (_directory, path) = fresh();
    let listener = serve(&path).await.expect("a free path");
    fs::remove_file(&path).expect("writable");
    listener.close().expect("nothing to remove");
}
