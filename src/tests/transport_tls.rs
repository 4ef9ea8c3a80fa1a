//! TLS between two streams: handshakes whole and cut, bytes in any pieces, ends.

use std::{io::IoSlice, path::Path};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    support::bytes::{read_up_to, write_all},
    transport_tcp::plain,
};
use crate::{
    error::{Error, Kind},
    transport::{
        BindOptions, Endpoint, Listener, Stream, bind, connect,
        tcp::{Place, TcpEndpoint, Tls},
        tls::{ClientTls, Identity, ServerTls, TlsOptions, Version},
    },
};

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("__test__/fixtures/certs").join(name)
}

fn certificate(name: &str) -> Vec<u8> {
    let file = file(&format!("{name}.cert.pem"));
    CertificateDer::from_pem_file(file).expect("a fixture").as_ref().to_vec()
}

fn identity(name: &str) -> Option<Identity> {
    let key = PrivateKeyDer::from_pem_file(file(&format!("{name}.key.pem"))).expect("a fixture");
    let key = key.secret_der().to_vec();
    Some(Identity { chain: vec![certificate(name)], key })
}

fn options() -> TlsOptions {
    TlsOptions {
        identity: None,
        roots: vec![certificate("authority")],
        request_cert: false,
        reject_unauthorized: true,
        protocols: vec!["shortwire/1".to_owned()],
        oldest: Version::V12,
        newest: Version::V13,
    }
}

fn secure(place: Place, tls: Tls) -> Endpoint {
    Endpoint::Tcp(Box::new(TcpEndpoint { tls, ..plain(place) }))
}

async fn serve(options: TlsOptions) -> (Listener, u16) {
    let tls = Tls::Server(ServerTls::new(&options).expect("valid"));
    let endpoint = secure(Place::Host("127.0.0.1".to_owned(), 0), tls);
    let listener = bind(&endpoint, &BindOptions::default()).await.expect("a free port");
    let port = listener.address().rsplit(':').next().and_then(|port| port.parse().ok());
    (listener, port.expect("its address ends with it"))
}

fn towards(port: u16, options: &TlsOptions) -> Endpoint {
    let tls = Tls::Client(ClientTls::new(options, "localhost").expect("valid"));
    secure(Place::Host("127.0.0.1".to_owned(), port), tls)
}

/// Both ends, as far as they came.
async fn meet(
    server: TlsOptions,
    client: TlsOptions,
) -> (Result<Stream, Error>, Result<Stream, Error>) {
    let (listener, port) = serve(server).await;
    let endpoint = towards(port, &client);
    let accept = async {
        let mut stream = listener.accept().await.expect("one comes").stream;
        match stream.shake_hands().await {
            Ok(()) => Ok(stream),
            Err(error) => {
                stream.end().await;
                Err(error)
            }
        }
    };
    let (client, server) = tokio::join!(connect(&endpoint), accept);
    (client.map(|(stream, _)| stream), server)
}

async fn pair() -> (Stream, Stream) {
    let server = TlsOptions { identity: identity("server"), ..options() };
    let (client, server) = meet(server, options()).await;
    (client.expect("they agree"), server.expect("they agree"))
}

/// A way between two that takes one byte at a time.
async fn slowly(from: TcpStream, to: TcpStream) {
    from.set_nodelay(true).expect("connected");
    to.set_nodelay(true).expect("connected");
    let (mut from_in, mut from_out) = from.into_split();
    let (mut to_in, mut to_out) = to.into_split();
    let there = async {
        while to_out.write_u8(from_in.read_u8().await?).await.is_ok() {}
        Ok(())
    };
    let back = async {
        while from_out.write_u8(to_in.read_u8().await?).await.is_ok() {}
        Ok(())
    };
    let _: (std::io::Result<()>, std::io::Result<()>) = tokio::join!(there, back);
}

#[tokio::test]
async fn both_sides_know_each_other_by_their_certificates() {
    for newest in [Version::V12, Version::V13] {
        let server =
            TlsOptions { identity: identity("server"), request_cert: true, newest, ..options() };
        let client = TlsOptions { identity: identity("client"), ..options() };
        let (client, server) = meet(server, client).await;
        let (mut client, mut server) = (client.expect("they agree"), server.expect("they agree"));
        assert!(!client.is_handshaking());
        let of_client = server.peer().tls.expect("it is there");
        assert_eq!(of_client.certificate, Some(certificate("client")));
        assert_eq!((of_client.authorized, &of_client.complaint), (true, &None));
        assert_eq!(of_client.servername.as_deref(), Some("localhost"));
        let of_server = client.peer().tls.expect("it is there");
        assert_eq!(of_server.certificate, Some(certificate("server")));
        write_all(&mut client, b"ping").await;
        assert_eq!(read_up_to(&mut server, 4).await, b"ping");
    }
}

#[tokio::test]
async fn much_goes_through_in_either_direction() {
    let (mut client, mut server) = pair().await;
    let bytes: Vec<u8> = (0..4_000_000u32).map(|at| at.to_le_bytes()[0]).collect();
    // More than all buffers on the way can hold.
    for (from, to) in [(0, 1), (1, 0)] {
        let mut ends = [&mut client, &mut server];
        let [one, other] = ends.get_disjoint_mut([from, to]).expect("two");
        let write = async {
            write_all(one, &bytes).await;
            while one.wants_write() {
                one.ready(false, true).await.expect("the runtime lives");
                one.flush().expect("connected");
            }
        };
        let ((), received) = tokio::join!(write, read_up_to(other, bytes.len()));
        assert!(received == bytes);
    }
}

#[tokio::test]
async fn what_has_been_decrypted_is_read_without_waiting_for_the_kernel() {
    let (mut client, mut server) = pair().await;
    write_all(&mut client, &[7; 1000]).await;
    for _ in 0..100 {
        // The kernel has nothing more after the first.
        assert_eq!(read_up_to(&mut server, 10).await.len(), 10);
    }
}

#[tokio::test]
async fn writer_is_told_when_nobody_reads() {
    let (mut client, _server) = pair().await;
    let slab = vec![1; 256 * 1024];
    let mut written = 0;
    let error = loop {
        match client.try_write(&[IoSlice::new(&slab)]) {
            Ok(count) => written += count,
            Err(error) => break error,
        }
        assert!(written < 64 << 20, "it is taken without end");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert!(client.wants_write());
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let server = TlsOptions { identity: identity("server"), ..options() };
    let (listener, port) = serve(server).await;
    let relay = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let there = relay.local_addr().expect("bound").port();
    let between = async {
        let (from, _) = relay.accept().await.expect("one comes");
        slowly(from, TcpStream::connect(("127.0.0.1", port)).await.expect("it listens")).await;
    };
    let talk = async {
        let accept = async {
            let mut stream = listener.accept().await.expect("one comes").stream;
            stream.shake_hands().await.expect("they agree");
            stream
        };
        let endpoint = towards(there, &options());
        let (client, mut server) = tokio::join!(connect(&endpoint), accept);
        let (mut client, _) = client.expect("they agree");
        write_all(&mut client, b"slowly").await;
        assert_eq!(read_up_to(&mut server, 6).await, b"slowly");
        client.end().await;
        assert!(read_up_to(&mut server, 1).await.is_empty());
        server.end().await;
    };
    tokio::join!(between, talk);
}

#[tokio::test]
async fn refusals_reach_both_sides() {
    let serving = |name| TlsOptions { identity: identity(name), ..options() };
    let asking = TlsOptions { request_cert: true, ..serving("server") };
    for (server, client, there, here) in [
        (serving("impostor"), options(), "not signed by anyone in ca", "refused: UnknownCA"),
        (serving("expired"), options(), "has expired", "refused: CertificateExpired"),
        (serving("elsewhere"), options(), "not for localhost", "refused: BadCertificate"),
    ] {
        let (client, server) = meet(server, client).await;
        let (client, server) = (client.expect_err("refused"), server.expect_err("refused"));
        assert_eq!((client.kind(), server.kind()), (Kind::Tls, Kind::Tls));
        assert!(client.message().contains(there), "{client}");
        assert!(server.message().contains(here), "{server}");
    }
    // With 1.3 a client is done before the server has looked at it, and hears of it afterwards.
    let (client, server) = meet(asking, options()).await;
    assert!(server.expect_err("refused").message().contains("showed no certificate"));
    let mut client = client.expect("not refused yet");
    let error = loop {
        client.ready(true, false).await.expect("the runtime lives");
        match client.try_read(&mut Vec::with_capacity(10)) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => break Error::disconnected(error),
            Ok(count) => panic!("{count} bytes of a refusal"),
        }
    };
    assert_eq!(error.kind(), Kind::Tls);
    assert!(error.message().contains("CertificateRequired"), "{error}");
}

#[tokio::test]
async fn who_leaves_or_talks_nonsense_during_the_handshake_is_told_apart() {
    let server = TlsOptions { identity: identity("server"), ..options() };
    let (listener, port) = serve(server).await;
    for (bytes, kind) in [
        (&b""[..], Kind::Disconnected),
        (b"\x16\x03\x01", Kind::Disconnected),
        (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", Kind::Tls),
        (b"GET / HTTP/1.1\r\n\r\n", Kind::Tls),
        (b"\x17\x03\x03\x00\x01\x00", Kind::Tls),
    ] {
        let mut raw = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
        raw.write_all(bytes).await.expect("connected");
        raw.shutdown().await.expect("connected");
        let mut stream = listener.accept().await.expect("one comes").stream;
        let error = stream.shake_hands().await.expect_err("no handshake");
        assert_eq!(error.kind(), kind, "{bytes:?}: {error}");
    }
}

#[tokio::test]
async fn a_stream_with_tls_leaves_tokio_and_comes_back() {
    let (client, mut server) = pair().await;
    write_all(&mut server, b"early").await;
    let mut wire = client.into_wire().expect("tokio lets go");
    let mut heard = Vec::with_capacity(64);
    while heard.len() < b"early".len() {
        match wire.receive(&mut heard) {
            Ok(read) => assert_ne!(read, 0),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
    }
    assert_eq!(heard, b"early");
    assert!(!wire.holds_input());
    assert_eq!(
        wire.send(&[IoSlice::new(b"an "), IoSlice::new(b"answer")]).expect("it has room"),
        9
    );
    assert!(!wire.wants_write());
    assert_eq!(read_up_to(&mut server, 9).await, b"an answer");

    let mut client = Stream::from_wire(wire).expect("tokio takes it");
    write_all(&mut client, b"back").await;
    assert_eq!(read_up_to(&mut server, 4).await, b"back");
}

#[tokio::test]
async fn what_a_wire_holds_in_memory_is_told() {
    let (client, mut server) = pair().await;
    let mut wire = client.into_wire().expect("tokio lets go");
    write_all(&mut server, &[7; 1000]).await;
    drop(server);
    let mut heard = Vec::with_capacity(1000);
    let mut steps = 0;
    while heard.len() < 1000 {
        let mut step = Vec::with_capacity(300);
        match wire.receive(&mut step) {
            Ok(read) => assert_eq!(read, step.len()),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        steps += usize::from(!step.is_empty());
        heard.append(&mut step);
        assert!(wire.holds_input() || heard.is_empty() || heard.len() == 1000);
    }
    assert_eq!((steps, heard), (4, vec![7; 1000]));
}

#[test]
fn options_that_cannot_be_used_are_named() {
    let server = TlsOptions { identity: identity("server"), ..options() };
    let named = |error: Error, option: &str| {
        assert_eq!(error.kind(), Kind::InvalidArg);
        assert!(error.message().starts_with(&format!("endpoint.tls.{option}")), "{error}");
    };
    named(ServerTls::new(&options()).expect_err("no certificate"), "cert");
    let mixed = Identity { chain: vec![certificate("client")], ..identity("server").expect("one") };
    let mixed = TlsOptions { identity: Some(mixed), ..options() };
    named(ServerTls::new(&mixed).expect_err("of two"), "cert");
    let garbled = Identity { chain: vec![certificate("server")], key: vec![1, 2, 3] };
    let garbled = TlsOptions { identity: Some(garbled), ..options() };
    named(ServerTls::new(&garbled).expect_err("no key"), "key");
    let rootless = TlsOptions { roots: vec![vec![0]], request_cert: true, ..server };
    named(ServerTls::new(&rootless).expect_err("no roots"), "ca");
    named(ClientTls::new(&rootless, "localhost").expect_err("no roots"), "ca");
    named(ClientTls::new(&options(), "a b").expect_err("no name"), "servername");
}
