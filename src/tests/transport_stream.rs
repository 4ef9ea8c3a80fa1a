//! Connections: dialling, accepting, moving bytes, changing hands.

use std::{
    io::IoSlice,
    os::fd::{AsFd, AsRawFd},
    path::PathBuf,
    pin::pin,
    time::Duration,
};

use rustix::{
    fs::{OFlags, fcntl_getfl},
    io::{Errno, FdFlags, fcntl_getfd},
    process::{getegid, geteuid, getpid},
};
use tempfile::TempDir;

use super::support::{
    bytes::{read_up_to, write_all},
    waiting::assert_waits,
};
use crate::{
    error::Kind,
    transport::{BindOptions, Endpoint, Listener, Stream, bind, connect, pair},
};

fn fresh() -> (TempDir, Endpoint) {
    let directory = tempfile::tempdir().expect("a directory");
    let endpoint = Endpoint::Path(directory.path().join("test.sock"));
    (directory, endpoint)
}

async fn serve(endpoint: &Endpoint) -> Listener {
    bind(endpoint, &BindOptions::default()).await.expect("a free endpoint")
}

async fn assert_talks(mut one: Stream, mut other: Stream) {
    write_all(&mut one, b"ping").await;
    assert_eq!(read_up_to(&mut other, 4).await, b"ping");
}

#[track_caller]
fn assert_private_and_non_blocking(fd: impl AsFd) {
    assert!(fcntl_getfd(&fd).expect("open").contains(FdFlags::CLOEXEC));
    assert!(fcntl_getfl(&fd).expect("open").contains(OFlags::NONBLOCK));
}

#[tokio::test]
async fn client_and_server_talk_and_know_each_other() {
    let (_directory, endpoint) = fresh();
    let listener = serve(&endpoint).await;
    let (client, server_seen) = connect(&endpoint).await.expect("it listens");
    let accepted = listener.accept().await.expect("one waits");
    for peer in [server_seen, accepted.peer, client.peer(), accepted.stream.peer()] {
        assert_eq!(peer.uid, Some(geteuid().as_raw()));
        assert_eq!(peer.gid, Some(getegid().as_raw()));
        assert_eq!(peer.pid, Some(getpid().as_raw_nonzero().get()));
    }
    assert_talks(client, accepted.stream).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn abstract_names_are_taken_while_listened_on() {
    let name = format!("shortwire-test-{}", getpid().as_raw_nonzero());
    let endpoint = Endpoint::parse(&format!("@{name}")).expect("valid");
    let listener = serve(&endpoint).await;
    assert_eq!(listener.address(), format!("@{name}"));
    let error = bind(&endpoint, &BindOptions::default()).await.expect_err("taken");
    assert_eq!(error.errno(), Some(Errno::ADDRINUSE.raw_os_error()));

    let (client, _) = connect(&endpoint).await.expect("it listens");
    assert_talks(client, listener.accept().await.expect("one waits").stream).await;
    listener.close().expect("nothing to remove");
    serve(&endpoint).await;
}

#[tokio::test]
async fn dialling_nobody_says_why() {
    let (directory, endpoint) = fresh();
    let not_a_socket = directory.path().join("file");
    std::fs::write(&not_a_socket, "").expect("writable");
    let dead = directory.path().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&dead).expect("a free path"));
    for (endpoint, errno) in [
        (endpoint, Errno::NOENT),
        (Endpoint::Path(not_a_socket), Errno::CONNREFUSED),
        (Endpoint::Path(dead), Errno::CONNREFUSED),
        (Endpoint::Path(PathBuf::from("/dev/null/x")), Errno::NOTDIR),
    ] {
        let error = connect(&endpoint).await.expect_err("nobody is there");
        assert_eq!((error.kind(), error.message()), (Kind::System, "connect"));
        assert_eq!(error.errno(), Some(errno.raw_os_error()), "{endpoint}");
    }
}

#[tokio::test(start_paused = true)]
#[cfg(target_os = "linux")]
async fn full_queue_is_waited_for() {
    let (_directory, endpoint) = fresh();
    let options = BindOptions { backlog: 0, ..BindOptions::default() };
    let listener = bind(&endpoint, &options).await.expect("a free path");
    let _first = connect(&endpoint).await.expect("room for one");

    let mut second = pin!(connect(&endpoint));
    let patience = tokio::time::timeout(Duration::from_secs(3600), second.as_mut());
    patience.await.expect_err("there is no room, and it is no error");
    listener.accept().await.expect("the first one");
    let (client, _) = second.await.expect("there is room now");
    assert_talks(client, listener.accept().await.expect("the second one").stream).await;
}

#[tokio::test]
async fn abandoned_accept_loses_no_connection() {
    let (_directory, endpoint) = fresh();
    let listener = serve(&endpoint).await;
    {
        let mut accept = pin!(listener.accept());
        assert_waits(accept.as_mut()).await;
    }
    let (client, _) = connect(&endpoint).await.expect("it listens");
    assert_talks(client, listener.accept().await.expect("one waits").stream).await;
}

#[tokio::test]
async fn stream_changes_hands_with_bytes_on_the_way() {
    let (mut one, other) = pair().expect("descriptors are left");
    write_all(&mut one, b"early").await;
    let wire = other.into_wire().expect("tokio lets go");
    assert_private_and_non_blocking(&wire);
    write_all(&mut one, b" and late").await;

    let mut other = Stream::from_wire(wire).expect("tokio takes it");
    drop(one);
    assert_eq!(read_up_to(&mut other, 100).await, b"early and late");
}

#[tokio::test]
async fn descriptors_stay_in_this_process() {
    let (_directory, endpoint) = fresh();
    let listener = serve(&endpoint).await;
    let (client, _) = connect(&endpoint).await.expect("it listens");
    let accepted = listener.accept().await.expect("one waits").stream;
    for stream in [client, accepted] {
        assert_private_and_non_blocking(stream.into_wire().expect("tokio lets go"));
    }
}

#[tokio::test]
async fn vectored_write_of_any_number_of_slices_goes_out() {
    let (mut one, mut other) = pair().expect("descriptors are left");
    let slices = vec![IoSlice::new(b"ab"); 5000];
    one.ready(false, true).await.expect("the runtime lives");
    let sent = one.try_write(&slices).expect("connected");
    assert!(sent > 2);
    let bytes = read_up_to(&mut other, sent).await;
    assert!(bytes.chunks(2).all(|pair| pair == b"ab"));
}

#[tokio::test]
async fn writer_waits_for_a_slow_reader() {
    let (mut one, mut other) = pair().expect("descriptors are left");
    let bytes = vec![7; 4 * 1024 * 1024];
    let (_, received) =
        tokio::join!(write_all(&mut one, &bytes), read_up_to(&mut other, bytes.len()));
    assert!(received == bytes);
}

#[tokio::test]
async fn writing_to_a_peer_that_left_is_an_error() {
    let (mut one, other) = pair().expect("descriptors are left");
    drop(other);
    one.ready(false, true).await.expect("the runtime lives");
    let slices = [IoSlice::new(b"hello"), IoSlice::new(b"?")];
    for slices in [&slices[..1], &slices] {
        let error = one.try_write(slices).expect_err("nobody reads");
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn foreign_descriptor_is_made_private_and_non_blocking() {
    let (one, other) = std::os::unix::net::UnixStream::pair().expect("descriptors are left");
    rustix::io::fcntl_setfd(&one, FdFlags::empty()).expect("open");
    let number = one.as_raw_fd();
    let stream = Stream::from_fd(one.into()).expect("tokio takes it");
    let wire = stream.into_wire().expect("tokio lets go");
    assert_eq!(wire.as_fd().as_raw_fd(), number);
    assert_private_and_non_blocking(wire);
    drop(other);
}

#[tokio::test]
async fn stream_is_read_and_written_without_a_task() {
    let (mut one, mut other) = pair().expect("descriptors are left");
    let slices = vec![IoSlice::new(b"ab"); 5000];
    assert!(one.ready(false, true).await.is_ok());
    let sent = one.try_write(&slices).expect("connected");

    let mut bytes = Vec::with_capacity(sent + 1);
    assert!(other.ready(true, false).await.expect("the runtime lives"));
    assert_eq!(other.try_read(&mut bytes).expect("connected"), sent);
    let error = other.try_read(&mut bytes).expect_err("nothing more");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    drop(one);
    assert!(other.ready(true, false).await.expect("the runtime lives"));
    assert_eq!(other.try_read(&mut bytes).expect("the end"), 0);
}
