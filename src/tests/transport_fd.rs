//! Inherited descriptors: which are adopted, and that the others are left alone.

use std::{
    net::TcpListener,
    os::{
        fd::{AsRawFd, IntoRawFd},
        unix::net::{UnixDatagram, UnixListener, UnixStream},
    },
};

use rustix::{
    io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd},
    net::{AddressFamily, SocketType},
};

use super::support::bytes::{read_up_to, write_all};
use crate::{
    error::{Error, Kind},
    transport::{BindOptions, Endpoint, bind, connect, tcp::Place},
};

async fn listen(number: i32) -> Error {
    bind(&Endpoint::Fd(number), &BindOptions::default()).await.expect_err("it is unfit")
}

async fn dial(number: i32) -> Error {
    connect(&Endpoint::Fd(number)).await.expect_err("it is unfit")
}

#[tokio::test]
async fn inherited_listener_accepts_and_its_file_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("inherited.sock");
    let inherited = UnixListener::bind(&path).expect("a free path");
    fcntl_setfd(&inherited, FdFlags::empty()).expect("open");

    let endpoint = Endpoint::Fd(inherited.into_raw_fd());
    let listener = bind(&endpoint, &BindOptions::default()).await.expect("it listens");
    assert_eq!(listener.address(), path.to_str().expect("UTF-8"));
    let mut client = UnixStream::connect(&path).expect("it listens");
    let mut accepted = listener.accept().await.expect("one waits").stream;
    write_all(&mut accepted, b"hello").await;
    let mut bytes = [0; 5];
    std::io::Read::read_exact(&mut client, &mut bytes).expect("connected");

    listener.close().expect("nothing to remove");
    assert!(path.exists(), "whoever made it removes it");
    UnixStream::connect(&path).expect_err("it was the only descriptor");
}

#[tokio::test]
async fn inherited_connection_is_spoken_over() {
    let (inherited, mut other) = UnixStream::pair().expect("descriptors are left");
    fcntl_setfd(&inherited, FdFlags::empty()).expect("open");
    let endpoint = Endpoint::Fd(inherited.into_raw_fd());
    let (mut stream, peer) = connect(&endpoint).await.expect("it is connected");
    assert_eq!(peer.uid, Some(rustix::process::geteuid().as_raw()));

    std::io::Write::write_all(&mut other, b"hello").expect("connected");
    assert_eq!(read_up_to(&mut stream, 5).await, b"hello");
    let wire = stream.into_wire().expect("tokio lets go");
    assert!(fcntl_getfd(wire).expect("open").contains(FdFlags::CLOEXEC));
}

#[tokio::test]
async fn standard_streams_and_numbers_that_are_none_are_refused() {
    for number in [-1, 0, 1, 2] {
        assert_eq!(listen(number).await.kind(), Kind::InvalidArg, "{number}");
        assert_eq!(dial(number).await.kind(), Kind::InvalidArg, "{number}");
    }
}

#[tokio::test]
async fn closed_descriptor_is_ebadf() {
    for error in [listen(1_000_000).await, dial(1_000_000).await] {
        assert_eq!(error.errno(), Some(Errno::BADF.raw_os_error()));
    }
}

#[tokio::test]
async fn file_is_no_socket() {
    let file = tempfile::tempfile().expect("writable");
    for error in [listen(file.as_raw_fd()).await, dial(file.as_raw_fd()).await] {
        assert_eq!(error.errno(), Some(Errno::NOTSOCK.raw_os_error()));
    }
    fcntl_getfd(&file).expect("still open");
}

#[tokio::test]
async fn unfit_sockets_are_refused_and_stay_as_they_were() {
    let directory = tempfile::tempdir().expect("a directory");
    let listening = UnixListener::bind(directory.path().join("a.sock")).expect("a free path");
    let datagrams = UnixDatagram::bind(directory.path().join("b.sock")).expect("a free path");
    let fresh = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("one");
    let (connected, _other) = UnixStream::pair().expect("descriptors are left");
    fcntl_setfd(&fresh, FdFlags::empty()).expect("open");

    for number in [datagrams.as_raw_fd(), fresh.as_raw_fd(), connected.as_raw_fd()] {
        assert_eq!(listen(number).await.kind(), Kind::InvalidArg);
    }
    for number in [datagrams.as_raw_fd(), fresh.as_raw_fd(), listening.as_raw_fd()] {
        assert_eq!(dial(number).await.kind(), Kind::InvalidArg);
    }
    assert_eq!(fcntl_getfd(&fresh).expect("still open"), FdFlags::empty());
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn sockets_of_other_families_are_unsupported() {
    let netlink = AddressFamily::NETLINK;
    let other = rustix::net::socket(netlink, SocketType::RAW, None).expect("one");
    assert_eq!(listen(other.as_raw_fd()).await.kind(), Kind::Unsupported);
}

#[tokio::test]
async fn inherited_sockets_of_tcp_are_spoken_over() {
    let inherited = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = inherited.local_addr().expect("bound");
    let endpoint = Endpoint::Fd(inherited.into_raw_fd());
    let listener = bind(&endpoint, &BindOptions::default()).await.expect("it listens");
    assert_eq!(listener.address(), format!("tcp://{address}"));

    let inherited = std::net::TcpStream::connect(address).expect("it listens");
    let from = inherited.local_addr().expect("connected");
    let (mut client, server_seen) =
        connect(&Endpoint::Fd(inherited.into_raw_fd())).await.expect("it is connected");
    let mut accepted = listener.accept().await.expect("one waits");
    assert_eq!((server_seen.address, accepted.peer.address), (Some(address), Some(from)));
    write_all(&mut client, b"hello").await;
    assert_eq!(read_up_to(&mut accepted.stream, 5).await, b"hello");
    for stream in [client, accepted.stream] {
        let wire = stream.into_wire().expect("tokio lets go");
        assert!(rustix::net::sockopt::tcp_nodelay(&wire).expect("of TCP"));
        assert!(fcntl_getfd(wire).expect("open").contains(FdFlags::CLOEXEC));
    }
}

#[tokio::test]
async fn options_of_tcp_are_refused_for_sockets_of_unix() {
    let (inherited, mut other) = UnixStream::pair().expect("descriptors are left");
    let place = Place::Fd(inherited.as_raw_fd());
    let error = connect(&super::transport_tcp::at(place)).await.expect_err("it is of Unix");
    assert_eq!(error.kind(), Kind::Unsupported);
    std::io::Write::write_all(&mut other, b"still open").expect("connected");
}

#[tokio::test]
async fn a_shared_listener_stays_whose_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("shared.sock");
    let owner = UnixListener::bind(&path).expect("a free path");
    fcntl_setfd(&owner, FdFlags::empty()).expect("open");
    let endpoint = Endpoint::Fd(owner.as_raw_fd());
    let options = BindOptions { shared: true, ..BindOptions::default() };
    let first = bind(&endpoint, &options).await.expect("it listens");
    let second = bind(&endpoint, &options).await.expect("any number may");
    assert_ne!(first.number(), owner.as_raw_fd());
    assert_ne!(first.number(), second.number());

    first.close().expect("nothing to remove");
    UnixStream::connect(&path).expect("the others listen");
    second.accept().await.expect("one waits");
    second.close().expect("nothing to remove");
    UnixStream::connect(&path).expect("its owner listens");
    assert_eq!(fcntl_getfd(&owner).expect("open"), FdFlags::empty());
    assert!(path.exists(), "whoever made it removes it");
}

#[tokio::test]
async fn what_does_not_listen_is_not_shared() {
    let (connected, _other) = UnixStream::pair().expect("descriptors are left");
    let options = BindOptions { shared: true, ..BindOptions::default() };
    for (number, kind) in [(connected.as_raw_fd(), Kind::InvalidArg), (-1, Kind::InvalidArg)] {
        let error = bind(&Endpoint::Fd(number), &options).await.expect_err("it is unfit");
        assert_eq!(error.kind(), kind, "{error}");
    }
    let error = bind(&Endpoint::Fd(9999), &options).await.expect_err("it is closed");
    assert_eq!(error.errno(), Some(Errno::BADF.raw_os_error()));
}
