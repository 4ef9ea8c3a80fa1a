//! `NativeEndpoint`: where to listen or to dial, taken apart by `lib/endpoint.js`, which has checked
//! every part and names the one that is wrong; here they only change their shape.

use std::time::Duration;

use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::{
    error::{Error, Kind},
    transport::{
        Endpoint,
        tcp::{Family, Local, Place, TcpEndpoint, TcpOptions},
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
    pub no_delay: Option<bool>,
    pub keep_alive: Option<bool>,
    pub keep_alive_initial_delay_ms: Option<u32>,
}

#[napi]
impl NativeEndpoint {
    /// Reads it; throws `<kind number>:<errno>:<message>`, for JavaScript to make its own error of.
    #[napi(constructor)]
    pub fn new(address: NativeAddress) -> Result<Self> {
        read(address).map(Self).map_err(|error| coded(&error))
    }

    pub(super) fn get(&self) -> Endpoint {
        self.0.clone()
    }
}

impl NativeAddress {
    fn tcp(&self, place: Place) -> std::result::Result<Endpoint, Error> {
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
            options: TcpOptions {
                no_delay: self.no_delay.unwrap_or(true),
                keep_alive: (self.keep_alive == Some(true))
                    .then(|| Duration::from_millis(u64::from(delay))),
            },
        };
        Ok(Endpoint::Tcp(Box::new(endpoint)))
    }
}

fn read(mut address: NativeAddress) -> std::result::Result<Endpoint, Error> {
    if let Some(path) = &address.path {
        return Endpoint::parse(path);
    }
    if let Some(fd) = address.fd {
        let plain = address.no_delay.is_none() && address.keep_alive.is_none();
        return if plain { Ok(Endpoint::Fd(fd)) } else { address.tcp(Place::Fd(fd)) };
    }
    let host = address.host.take().unwrap_or_default();
    let port = address.port.unwrap_or_default();
    address.tcp(Place::Host(host, port))
}

fn coded(error: &Error) -> napi::Error {
    let errno = error.errno().unwrap_or_default();
    napi::Error::from_reason(format!("{}:{errno}:{}", error.kind() as u8, error.message()))
}
