//! `NativeTls`: one side's certificates and demands, made once by `lib/endpoint/tls.js` and shared by all
//! connections of the endpoints that it is given to.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::endpoint::coded;
use crate::{
    error::Error,
    transport::{
        tcp::Tls,
        tls::{ClientTls, Identity, ServerTls, TlsOptions, Version},
    },
};

/// A side of TLS.
#[napi]
pub struct NativeTls(Tls);

/// What it is made of, in DER.
#[napi(object)]
pub struct NativeTlsOptions {
    /// Whether it accepts.
    pub server: bool,
    /// Our own certificate, and those that lead to a root.
    pub cert: Vec<Uint8Array>,
    /// Its key, as PKCS #8.
    pub key: Option<Uint8Array>,
    /// Roots.
    pub ca: Vec<Uint8Array>,
    pub request_cert: bool,
    pub reject_unauthorized: bool,
    pub alpn_protocols: Vec<String>,
    /// Of a client: the name that the server's certificate must be for.
    pub servername: Option<String>,
    /// 12 or 13.
    pub min_version: u32,
    pub max_version: u32,
}

#[napi]
impl NativeTls {
    /// Reads them; throws `<kind number>:<errno>:<message>`, for JavaScript to make its own error of.
    #[napi(constructor)]
    pub fn new(options: NativeTlsOptions) -> Result<Self> {
        read(&options).map(Self).map_err(|error| coded(&error))
    }

    pub(super) fn get(&self, servername: Option<&str>) -> std::result::Result<Tls, Error> {
        match (&self.0, servername) {
            (Tls::Client(tls), Some(name)) => tls.towards(name).map(Tls::Client),
            (tls, _) => Ok(tls.clone()),
        }
    }
}

fn read(options: &NativeTlsOptions) -> std::result::Result<Tls, Error> {
    let all = |parts: &[Uint8Array]| parts.iter().map(|part| part.to_vec()).collect();
    let identity =
        options.key.as_ref().map(|key| Identity { chain: all(&options.cert), key: key.to_vec() });
    let version = |number| if number == 12 { Version::V12 } else { Version::V13 };
    let read = TlsOptions {
        identity,
        roots: all(&options.ca),
        request_cert: options.request_cert,
        reject_unauthorized: options.reject_unauthorized,
        protocols: options.alpn_protocols.clone(),
        oldest: version(options.min_version),
        newest: version(options.max_version),
    };
    if options.server {
        return ServerTls::new(&read).map(Tls::Server);
    }
    let name = options.servername.as_deref().unwrap_or_default();
    ClientTls::new(&read, name).map(Tls::Client)
}
