//! JavaScript's options as the core's configuration.
//!
//! `lib/options/options.js` has filled in the defaults and checked every type and range, and names the
//! option when one is wrong; here they only change their shape.

use std::time::Duration;

use napi_derive::napi;

use crate::{
    config::{DriverKind, Encoding, Format, Formats, Limits, ServerLimits},
    driver::thread::{ClientOptions, ServerOptions},
    transport::BindOptions,
};

/// A connection's options.
#[napi(object)]
pub struct NativeOptions {
    pub max_frame_bytes: u32,
    pub max_queued_bytes: f64,
    pub max_queued_messages: u32,
    pub max_in_flight: u32,
    pub max_in_flight_bytes: u32,
    pub max_streams: u32,
    pub max_subscriptions: u32,
    pub handshake_timeout_ms: u32,
    pub frame_timeout_ms: u32,
    /// Left out: as suits the transport.
    pub heartbeat_ms: Option<u32>,
    pub stall_timeout_ms: u32,
    pub jftp_header_digits: u32,
    /// 0 to 9.
    pub compression: u32,
    /// `json`, `msgpack` or `raw`.
    pub encoding: String,
    pub shapes: bool,
    /// `auto`, `inline` or `task`.
    pub driver: String,
}

/// A server's options.
#[napi(object)]
pub struct NativeServerOptions {
    pub connection: NativeOptions,
    pub max_connections: u32,
    pub max_connections_per_uid: u32,
    pub protocols: Vec<String>,
    pub silent_protocol: Option<String>,
    pub silent_ms: u32,
    /// JavaScript decides on every peer.
    pub authorizes: bool,
    pub mode: u32,
    pub backlog: i32,
    /// Of a descriptor: it stays whose it is, and a duplicate listens.
    pub shared: bool,
    /// False for a listener that others accept from.
    pub accepts: bool,
}

impl NativeOptions {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            max_frame_bytes: self.max_frame_bytes,
            max_queued_bytes: self.max_queued_bytes as usize,
            max_queued_messages: self.max_queued_messages as usize,
            max_in_flight: self.max_in_flight,
            max_in_flight_bytes: self.max_in_flight_bytes,
            max_streams: self.max_streams,
            max_subscriptions: self.max_subscriptions,
            handshake_timeout: ms(self.handshake_timeout_ms),
            frame_timeout: ms(self.frame_timeout_ms),
            heartbeat: self.heartbeat_ms.map(ms),
            stall_timeout: ms(self.stall_timeout_ms),
            compression: self.compression,
            encoding: match self.encoding.as_str() {
                "msgpack" => Encoding::MessagePack,
                "raw" => Encoding::Raw,
                _ => Encoding::Json,
            },
            jftp_header_digits: self.jftp_header_digits as u8,
            shapes: self.shapes,
        }
    }

    pub(super) fn driver(&self) -> DriverKind {
        match self.driver.as_str() {
            "inline" => DriverKind::Inline,
            "task" => DriverKind::Task,
            _ => DriverKind::Auto,
        }
    }

    pub(super) fn client(&self, protocol: &str, pid: u32) -> ClientOptions {
        let format = Format::from_name(protocol).unwrap_or(Format::Shortwire);
        ClientOptions {
            limits: self.limits(),
            format,
            driver: self.driver(),
            ids: format.id_style(u64::from(pid)),
        }
    }
}

impl NativeServerOptions {
    pub(super) fn server(&self) -> ServerOptions {
        let formats = self.protocols.iter().filter_map(|name| Format::from_name(name));
        ServerOptions {
            limits: self.connection.limits(),
            server: ServerLimits {
                max_connections: self.max_connections,
                max_connections_per_uid: self.max_connections_per_uid,
                formats: formats.fold(Formats::NONE, Formats::with),
                silent_format: self.silent_protocol.as_deref().and_then(Format::from_name),
                silent_after: ms(self.silent_ms),
                authorizes: self.authorizes,
            },
            driver: self.connection.driver(),
            bind: BindOptions { mode: self.mode, backlog: self.backlog, shared: self.shared },
            accepts: self.accepts,
        }
    }
}

fn ms(ms: u32) -> Duration {
    Duration::from_millis(u64::from(ms))
}
