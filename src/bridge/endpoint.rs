//! `NativeEndpoint`: where to listen or to dial, taken apart by `lib/endpoint/endpoint.js`, which has checked
//! every part and names the one that is wrong; here they only change their shape.

use std::time::Duration;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::tls::NativeTls;
use crate::{
    error::{Error, Kind},
    transport::{
        Endpoint,
        tcp::{Family, Local, Place, TcpEndpoint, TcpOptions, Tls},
    },
};

/// An endpoint that the core has read; it may be used again and again.
#[napi]
pub struct NativeEndpoint(Endpoint);

/// The parts of one. Exactly one of `path`, `fd`, and `host` with `port` is there.
#[napi(object)]
pub struct NativeAddress {
    pub path: Option<String>,
    pub fd: Option<i32>,
    pub host: Option<String>,
    pub port: Option<u16>,
    /// 4 or 6; any, if left out.
    pub family: Option<u32>,
    pub local_address: Option<String>,
    pub local_port: Option<u16>,
    pub ipv6_only: Option<bool>,
    /// Of a client with TLS: the name that the server's certificate must be for.
    pub servername: Option<String>,
    pub no_delay: Option<bool>,
    pub keep_alive: Option<bool>,
    pub keep_alive_initial_delay_ms: Option<u32>,
}

#[napi]
impl NativeEndpoint {
    /// Reads it; throws `<kind number>:<errno>:<message>`, for JavaScript to make its own error of.
    #[napi(constructor)]
    pub fn new(address: NativeAddress, tls: Option<&NativeTls>) -> Result<Self> {
        read(address, tls).map(Self).map_err(|error| coded(&error))
    }

    pub(super) fn get(&self) -> Endpoint {
        self.0.clone()
    }
}

impl NativeAddress {
    fn tcp(&self, place: Place, tls: Option<&NativeTls>) -> std::result::Result<Endpoint, Error> {
        let parse = |text: &String| {
            let wrong =
                |_| Error::local(Kind::InvalidArg, "endpoint.localAddress must be an address");
            text.parse().map_err(wrong)
        };
        let address = self.local_address.as_ref().map(parse).transpose()?;
        let port = self.local_port;
        let local = (address.is_some() || port.is_some())
            .then(|| Local { address, port: port.unwrap_or_default() });
        let delay = self.keep_alive_initial_delay_ms.unwrap_or_default();
        let endpoint = TcpEndpoint {
            place,
            family: match self.family {
                Some(4) => Family::V4,
                Some(6) => Family::V6,
                _ => Family::Any,
            },
            local,
            ipv6_only: self.ipv6_only.unwrap_or_default(),
            tls: match tls {
                None => Tls::Off,
                Some(tls) => tls.get(self.servername.as_deref())?,
            },
            options: TcpOptions {
                no_delay: self.no_delay.unwrap_or(true),
                keep_alive: (self.keep_alive == Some(true))
                    .then(|| Duration::from_millis(u64::from(delay))),
            },
        };
        Ok(Endpoint::Tcp(Box::new(endpoint)))
    }
}

fn read(
    mut address: NativeAddress,
    tls: Option<&NativeTls>,
) -> std::result::Result<Endpoint, Error> {
    if let Some(path) = &address.path {
        return Endpoint::parse(path);
    }
    if let Some(fd) = address.fd {
        let options = address.no_delay.is_some() || address.keep_alive.is_some();
        let tcp = options || tls.is_some();
        return if tcp { address.tcp(Place::Fd(fd), tls) } else { Ok(Endpoint::Fd(fd)) };
    }
    let host = address.host.take().unwrap_or_default();
    let port = address.port.unwrap_or_default();
    address.tcp(Place::Host(host, port), tls)
}

pub(super) fn coded(error: &Error) -> napi::Error {
    let errno = error.errno().unwrap_or_default();
    napi::Error::from_reason(format!("{}:{errno}:{}", error.kind() as u8, error.message()))
}
