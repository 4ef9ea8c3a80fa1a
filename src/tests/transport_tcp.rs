//! TCP: listening, dialling, which address is tried, what the failures say.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use rustix::{io::Errno, net::sockopt};

use super::support::bytes::{read_up_to, write_all};
use crate::{
    error::Kind,
    transport::{
        BindOptions, Endpoint, Listener, Peer, bind, connect, connect_within,
        tcp::{Family, Local, Place, TcpEndpoint, TcpOptions, Tls},
    },
};

pub(super) fn at(place: Place) -> Endpoint {
    Endpoint::Tcp(Box::new(plain(place)))
}

pub(super) fn plain(place: Place) -> TcpEndpoint {
    let options = TcpOptions::default();
    TcpEndpoint {
        place,
        family: Family::Any,
        local: None,
        ipv6_only: false,
        options,
        tls: Tls::Off,
    }
}

fn host(name: &str, port: u16) -> Place {
    Place::Host(name.to_owned(), port)
}

async fn serve(name: &str) -> (Listener, u16) {
    let listener = bind(&at(host(name, 0)), &BindOptions::default()).await.expect("a free port");
    let port = listener.address().rsplit(':').next().and_then(|port| port.parse().ok());
    (listener, port.expect("its address ends with it"))
}

fn is_ipv6_here() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

#[tokio::test]
async fn client_and_server_talk_and_know_each_other() {
    let (listener, port) = serve("127.0.0.1").await;
    assert_eq!(listener.address(), format!("tcp://127.0.0.1:{port}"));
    let (mut client, seen) = connect(&at(host("localhost", port))).await.expect("it listens");
    let mut accepted = listener.accept().await.expect("one waits");
    assert_eq!(seen.address, Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    assert_eq!(accepted.peer.address.map(|address| address.ip()), Some(Ipv4Addr::LOCALHOST.into()));
    assert_eq!((accepted.peer.uid, accepted.peer.pid), (None, None));
    // Nobody tells that another machine is gone; of this machine the kernel does.
    assert_eq!(seen.usual_heartbeat(), Duration::from_secs(30));
    assert_eq!(Peer::default().usual_heartbeat(), Duration::ZERO);
    write_all(&mut client, b"ping").await;
    assert_eq!(read_up_to(&mut accepted.stream, 4).await, b"ping");
}

#[tokio::test]
async fn options_are_set_on_both_sides() {
    let keep_alive = Some(Duration::from_secs(77));
    let lazy = TcpOptions { no_delay: false, keep_alive };
    let server = TcpEndpoint { options: lazy, ..plain(host("127.0.0.1", 0)) };
    let listener =
        bind(&Endpoint::Tcp(Box::new(server)), &BindOptions::default()).await.expect("a port");
    let port = listener.address().rsplit(':').next().expect("one").parse().expect("a number");
    let (client, _) = connect(&at(host("127.0.0.1", port))).await.expect("it listens");
    let accepted = listener.accept().await.expect("one waits").stream;

    let client = client.into_wire().expect("fine");
    let accepted = accepted.into_wire().expect("fine");
    assert!(sockopt::tcp_nodelay(&client).expect("of TCP"));
    assert!(!sockopt::socket_keepalive(&client).expect("of TCP"));
    assert!(!sockopt::tcp_nodelay(&accepted).expect("of TCP"));
    assert!(sockopt::socket_keepalive(&accepted).expect("of TCP"));
    assert_eq!(sockopt::tcp_keepidle(&accepted).expect("of TCP"), Duration::from_secs(77));
}

#[tokio::test]
async fn failures_tell_the_call_and_the_address() {
    let (listener, port) = serve("127.0.0.1").await;
    let error =
        bind(&at(host("127.0.0.1", port)), &BindOptions::default()).await.expect_err("taken");
    assert_eq!(error.message(), format!("listen 127.0.0.1:{port}"));
    assert_eq!(error.errno(), Some(Errno::ADDRINUSE.raw_os_error()));
    drop(listener);
    let error = connect(&at(host("127.0.0.1", port))).await.expect_err("nobody listens");
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::System, &*format!("connect 127.0.0.1:{port}"))
    );
    assert_eq!(error.errno(), Some(Errno::CONNREFUSED.raw_os_error()));
    let error = connect(&at(host("not a name", 1))).await.expect_err("no such host");
    assert_eq!(error.message(), "getaddrinfo not a name");
    assert_eq!(error.errno(), Some(3008));
    let error = connect(&at(host("nul\0nul", 1))).await.expect_err("no such host");
    assert_eq!(error.errno(), Some(3008));
}

#[tokio::test]
async fn local_address_and_port_are_used_or_refused() {
    let (listener, port) = serve("127.0.0.1").await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let local = Local {
        address: Some(IpAddr::from([127, 0, 0, 1])),
        port: free.expect("a free port").port(),
    };
    let endpoint = |local| {
        let local = Some(local);
        Endpoint::Tcp(Box::new(TcpEndpoint { local, ..plain(host("127.0.0.1", port)) }))
    };
    let _client = connect(&endpoint(local)).await.expect("it listens");
    let accepted = listener.accept().await.expect("one waits");
    assert_eq!(accepted.peer.address.map(|address| address.port()), Some(local.port));

    let foreign = Local { address: Some(IpAddr::from([203, 0, 113, 1])), port: 0 };
    let error = connect(&endpoint(foreign)).await.expect_err("not of this machine");
    assert_eq!(
        (error.message(), error.errno()),
        ("bind 203.0.113.1", Some(Errno::ADDRNOTAVAIL.raw_os_error()))
    );

    let other_family = Local { address: Some(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])), port: 0 };
    let error = connect(&endpoint(other_family)).await.expect_err("never meets");
    assert_eq!(error.errno(), Some(Errno::INVAL.raw_os_error()));
}

#[tokio::test]
async fn family_chooses_among_addresses() {
    let (listener, port) = serve("127.0.0.1").await;
    let of =
        |family| Endpoint::Tcp(Box::new(TcpEndpoint { family, ..plain(host("127.0.0.1", port)) }));
    connect(&of(Family::V4)).await.expect("it listens");
    listener.accept().await.expect("one waits");
    let error = connect(&of(Family::V6)).await.expect_err("it has none");
    assert_eq!(error.errno(), Some(3008));
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    if !is_ipv6_here() {
        return;
    }
    // `localhost` may have either first; each server listens on one of them alone.
    for address in ["127.0.0.1", "::1"] {
        let (listener, port) = serve(address).await;
        let found = connect(&at(host("localhost", port))).await;
        // Some systems know it as an address of IPv4 only.
        let Ok((_, peer)) = found else {
            assert_eq!(address, "::1");
            continue;
        };
        assert_eq!(peer.address.map(|found| found.ip().to_string()), Some(address.to_owned()));
        listener.accept().await.expect("one waits");
    }
}

#[tokio::test]
async fn listening_on_all_of_ipv6_takes_ipv4_unless_told_otherwise() {
    if !is_ipv6_here() {
        return;
    }
    for (ipv6_only, errno) in [(false, None), (true, Some(Errno::CONNREFUSED.raw_os_error()))] {
        let server = TcpEndpoint { ipv6_only, ..plain(host("::", 0)) };
        let listener =
            bind(&Endpoint::Tcp(Box::new(server)), &BindOptions::default()).await.expect("a port");
        let port = listener.address().rsplit(':').next().expect("one").parse().expect("a number");
        let found = connect(&at(host("127.0.0.1", port))).await;
        assert_eq!(found.err().and_then(|error| error.errno()), errno);
        connect(&at(host("::1", port))).await.expect("it listens");
    }
}

#[tokio::test]
async fn silent_host_is_given_up_in_time() {
    // A queue of one, and that is taken: the kernel leaves the next one without an answer.
    let options = BindOptions { backlog: 0, ..BindOptions::default() };
    let listener = bind(&at(host("127.0.0.1", 0)), &options).await.expect("a free port");
    let port = listener.address().rsplit(':').next().expect("one").parse().expect("a number");
    let endpoint = at(host("127.0.0.1", port));
    let mut waiting = Vec::new();
    let error = loop {
        match connect_within(&endpoint, Duration::from_millis(100)).await {
            Ok(connected) => waiting.push(connected),
            Err(error) => break error,
        }
    };
    assert_eq!(error.message(), format!("connect 127.0.0.1:{port}"));
    assert_eq!(error.errno(), Some(Errno::TIMEDOUT.raw_os_error()));
}
