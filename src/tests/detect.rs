//! Strangers, told apart by their first bytes.

use proptest::{collection::vec, prelude::*};

use crate::{
    codec::{Detected, detect},
    config::Format,
};

const A: Detected = Detected::Format(Format::JftpA);
const B: Detected = Detected::Format(Format::JftpB);
const D: Detected = Detected::Format(Format::JftpD);
const OURS: Detected = Detected::Format(Format::Shortwire);
const UNKNOWN: Detected = Detected::Stranger("an unknown protocol");
const TEXT: Detected = Detected::Stranger("HTTP or text");

#[test]
fn first_bytes_tell_who_it_is() {
    let cases: [(&[u8], Detected); 33] = [
        (b"", Detected::More),
        (b"\xd7", OURS),
        (b"\xd7swire\r\n", OURS),
        (b"\0", Detected::More),
        (b"\0\0\0\x2a", Detected::More),
        (b"\0\0\0\x2a{", A),
        (b"\0\0\0\x2a[", B),
        (b"\0\0\0\x2a\0", UNKNOWN),
        (b"\0\0\0\0\0\0\0\x07[", UNKNOWN),
        (b"0", Detected::More),
        (b"000002", Detected::More),
        (b"0000024", D),
        (b"0000024[", D),
        (b"9999999", D),
        (b"0005[", D),
        (b"0000000005[", D),
        (b"0005{", UNKNOWN),
        (b"0\r\n", UNKNOWN),
        (b"\x16\x03\x01\x02\x00", Detected::Stranger("TLS")),
        (b"GET / HTTP/1.1\r\n", TEXT),
        (b"POST / HTTP/1.1\r\n", TEXT),
        (b"PRI * HTTP/2.0\r\n", TEXT),
        (b"HEAD / HTTP/1.1\r\n", TEXT),
        (b"OPTIONS * HTTP/1.1\r\n", TEXT),
        (b"DELETE / HTTP/1.1\r\n", TEXT),
        (b"CONNECT a:1 HTTP/1.1\r\n", TEXT),
        (b"TRACE / HTTP/1.1\r\n", TEXT),
        (b"{\"type\":\"message\",\"data\":1}\x0c", Detected::Stranger("node-ipc or socket-ipc")),
        (b"IPC\xd3{", Detected::Stranger("net-ipc")),
        (b"\xe0\x00\x00", Detected::Stranger("Sockety")),
        (b"SSH-2.0-OpenSSH", UNKNOWN),
        (b"\xff\xff\xff\xff", UNKNOWN),
        (b"\x01\0\0\0{", UNKNOWN),
    ];
    for (input, expected) in cases {
        assert_eq!(detect(input), expected, "{}", input.escape_ascii());
    }
}

proptest! {
    #[test]
    fn an_answer_stays_the_same_when_more_arrives(
        start in prop_oneof![Just(0u8), b'0'..=b'9', any::<u8>()],
        rest in vec(prop_oneof![b'0'..=b'9', Just(b'['), Just(b'{'), Just(0), any::<u8>()], 0..20),
    ) {
        let input: Vec<u8> = [start].into_iter().chain(rest).collect();
        let answers = (0..=input.len()).map(|end| detect(&input[..end]));
        let decided: Vec<_> = answers.skip_while(|answer| *answer == Detected::More).collect();
        prop_assert!(decided.windows(2).all(|pair| pair[0] == pair[1]), "{decided:?}");
        prop_assert!(input.len() < 8 || !decided.is_empty());
    }
}
