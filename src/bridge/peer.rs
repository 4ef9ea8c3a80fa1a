//! `NativePeer`: who is at the other end, in the shape that JavaScript takes.
//!
//! Must not know: how that became known.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::transport::Peer;

/// Who is at the other end, by the kernel's word.
#[napi(object)]
pub struct NativePeer {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub pid: Option<i32>,
    pub address: Option<String>,
    pub port: Option<u16>,
    pub tls: Option<NativeTlsPeer>,
}

/// What a handshake of TLS has told of it.
#[napi(object)]
pub struct NativeTlsPeer {
    /// Its certificate, in DER.
    pub certificate: Option<Buffer>,
    pub authorized: bool,
    pub complaint: Option<String>,
    pub servername: Option<String>,
}

impl From<Peer> for NativePeer {
    fn from(peer: Peer) -> Self {
        let Peer { uid, gid, pid, address, tls } = peer;
        Self {
            uid,
            gid,
            pid,
            address: address.map(|address| address.ip().to_string()),
            port: address.map(|address| address.port()),
            tls: tls.map(|tls| NativeTlsPeer {
                certificate: tls.certificate.clone().map(Into::into),
                authorized: tls.authorized,
                complaint: tls.complaint.clone(),
                servername: tls.servername.clone(),
            }),
        }
    }
}
