//! Addresses: what is read as what, and which are refused before or by the kernel.

use std::path::PathBuf;

use rustix::io::Errno;

use crate::{
    error::Kind,
    transport::{BindOptions, Endpoint, bind, connect},
};

#[test]
fn endpoints_are_read_as_written() {
    let path = |path: &str| Endpoint::Path(PathBuf::from(path));
    for (text, endpoint) in [
        ("/run/app.sock", path("/run/app.sock")),
        ("./app.sock", path("./app.sock")),
        ("unix:/run/app.sock", path("/run/app.sock")),
        ("unix:app.sock", path("app.sock")),
        ("unix:@app", path("@app")),
        ("./@app", path("./@app")),
        ("tcp:app", path("tcp:app")),
    ] {
        assert_eq!(Endpoint::parse(text).expect(text), endpoint, "{text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn abstract_names_have_two_spellings() {
    let name = Endpoint::Abstract(b"app".to_vec());
    assert_eq!(Endpoint::parse("@app").expect("valid"), name);
    assert_eq!(Endpoint::parse("\0app").expect("valid"), name);
    assert_eq!(name.to_string(), "@app");
}

#[test]
#[cfg(not(target_os = "linux"))]
fn abstract_names_are_unsupported() {
    assert_eq!(Endpoint::parse("@app").expect_err("refused").kind(), Kind::Unsupported);
}

#[test]
fn what_is_no_endpoint_is_refused() {
    for (text, kind) in [
        ("", Kind::InvalidArg),
        ("unix:", Kind::InvalidArg),
        ("/run/a\0b", Kind::InvalidArg),
        ("tcp://localhost:80", Kind::InvalidArg),
        ("tls://localhost:80", Kind::InvalidArg),
    ] {
        assert_eq!(Endpoint::parse(text).expect_err(text).kind(), kind, "{text:?}");
    }
    #[cfg(target_os = "linux")]
    assert_eq!(Endpoint::parse("@").expect_err("refused").kind(), Kind::InvalidArg);
}

#[tokio::test]
async fn longest_path_works_and_one_byte_more_is_too_long() {
    let directory = tempfile::tempdir().expect("a directory");
    let room = if cfg!(target_os = "linux") { 107 } else { 103 };
    let name_len = room - directory.path().as_os_str().len() - 1;

    let longest = Endpoint::Path(directory.path().join("s".repeat(name_len)));
    let listener = bind(&longest, &BindOptions::default()).await.expect("it fits");
    let _client = connect(&longest).await.expect("it fits");
    assert_eq!(listener.address().len(), room);

    let longer = Endpoint::Path(directory.path().join("s".repeat(name_len + 1)));
    let error = bind(&longer, &BindOptions::default()).await.expect_err("too long");
    assert_eq!((error.kind(), error.message()), (Kind::System, "bind"));
    assert_eq!(error.errno(), Some(Errno::NAMETOOLONG.raw_os_error()));
    let error = connect(&longer).await.expect_err("too long");
    assert_eq!((error.kind(), error.message()), (Kind::System, "connect"));
    assert_eq!(error.errno(), Some(Errno::NAMETOOLONG.raw_os_error()));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn abstract_name_that_is_too_long_is_refused() {
    let endpoint = Endpoint::Abstract(vec![b'n'; 108]);
    let error = bind(&endpoint, &BindOptions::default()).await.expect_err("too long");
    assert_eq!(error.errno(), Some(Errno::NAMETOOLONG.raw_os_error()));
}
