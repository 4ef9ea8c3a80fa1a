//! What went wrong with TLS, in words for whoever has to mend it.

use rustls::{CertificateError, Error as TlsError, InvalidMessage};

use crate::error::{Error, Kind};

/// A handshake, or what followed it, came to nothing.
pub(super) fn failure(error: &TlsError) -> Error {
    Error::remote(Kind::Tls, format!("TLS failed: {}", describe(error)))
}

/// The other side didn't agree on what is spoken inside.
pub(super) fn no_protocol(wanted: &[Vec<u8>]) -> Error {
    let wanted: Vec<_> = wanted.iter().map(|name| String::from_utf8_lossy(name)).collect();
    let wanted = wanted.join(" or ");
    Error::remote(Kind::Tls, format!("TLS failed: the peer doesn't speak {wanted} (ALPN)"))
}

/// The stream ended before the handshake. A server that is ended in the middle does so as well as one
/// that speaks plainly, so it is worth another try.
pub(super) fn left() -> Error {
    let why = "the peer left during the handshake of TLS; perhaps it doesn't speak it";
    Error::remote(Kind::Disconnected, why)
}

pub(super) fn describe(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(error) => describe_certificate(error),
        TlsError::NoCertificatesPresented => "the peer showed no certificate".into(),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the peer doesn't speak TLS".into()
        }
        TlsError::AlertReceived(alert) => format!("the peer refused: {alert:?}"),
        other => other.to_string(),
    }
}

fn describe_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the peer's certificate has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the peer's certificate is not valid yet".into()
        }
        CertificateError::UnknownIssuer => {
            "the peer's certificate is not signed by anyone in ca".into()
        }
        CertificateError::NotValidForName => "the peer's certificate is for another name".into(),
        CertificateError::NotValidForNameContext { expected, .. } => {
            format!("the peer's certificate is not for {}", expected.to_str())
        }
        other => format!("the peer's certificate is not good: {other}"),
    }
}
